//! Putting a backup in the place of what is there.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, RenameFlags, renameat_with, syncfs},
    io::Errno,
};

use crate::{
    BackupError, Manifest,
    plan::{CONFIG, STATE},
    read,
};

/// The list of tokens that were taken back, in a state directory.
const REVOKED: &str = "revoked-tokens";
/// Says that a staging directory may hold the state that was replaced.
const READY: &str = "ready";

/// A backup that was unpacked beside the state directory and is not in its place
/// yet. Dropping it leaves it there; the next one clears it away.
#[derive(Debug)]
pub struct Restore {
    staging: PathBuf,
    state_dir: PathBuf,
    config: PathBuf,
    stamp: String,
    manifest: Manifest,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the state is that was replaced, if there was one.
    pub earlier_state: Option<PathBuf>,
    /// Where the configuration is that was replaced, if it lies apart.
    pub earlier_config: Option<PathBuf>,
}

/// Unpacks the backup in `archive` into `target`, which is new or empty, and
/// leaves it there.
pub fn unpack(archive: &Path, target: &Path) -> Result<Manifest, BackupError> {
    match fs::read_dir(target).map(|mut entries| entries.next().is_none()) {
        Ok(false) => return Err(BackupError::Exists(target.to_owned())),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(BackupError::at(target)(error));
        }
        Ok(true) | Err(_) => (),
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(target);
    made.map_err(BackupError::at(target))?;
    read::unpack(archive, target)
}

impl Restore {
    /// Unpacks the backup in `archive` beside `state_dir` and checks it. `stamp`
    /// becomes part of the names of what is replaced.
    pub fn stage(
        archive: &Path,
        state_dir: &Path,
        config: &Path,
        stamp: &str,
    ) -> Result<Self, BackupError> {
        // The directory itself, so that a link to it stays one.
        let state_dir = match fs::canonicalize(state_dir) {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => state_dir.to_owned(),
            Err(error) => return Err(BackupError::at(state_dir)(error)),
        };
        let staging = beside(&state_dir, ".restoring");
        clear(&staging, &beside(&state_dir, &format!(".interrupted-restore-{stamp}")))?;
        let directory = |path: &Path| {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
            made.map_err(BackupError::at(path))
        };
        directory(&staging.join(STATE))?;
        let (config, stamp) = (config.to_owned(), stamp.to_owned());
        let staged = read::unpack(archive, &staging).and_then(|manifest| {
            let restore = Self { staging: staging.clone(), state_dir, config, stamp, manifest };
            restore.keep_revocations()?;
            Ok(restore)
        });
        if staged.is_err() {
            // What is left is cleared away by the next one.
            let _ = fs::remove_dir_all(&staging);
        }
        staged
    }

    /// What the backup holds.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where the file `place` of the state directory is for now.
    pub fn staged(&self, place: &str) -> PathBuf {
        self.staging.join(STATE).join(place)
    }

    /// Takes it away again.
    pub fn discard(self) -> Result<(), BackupError> {
        fs::remove_dir_all(&self.staging).map_err(BackupError::at(&self.staging))
    }

    /// Puts it in its place.
    pub fn install(self) -> Result<Restored, BackupError> {
        let earlier_state = if self.manifest.origin.only_config {
            None
        } else {
            self.exchange()?;
            self.put_aside()?
        };
        let earlier_config = self.install_config()?;
        fs::remove_dir_all(&self.staging).map_err(BackupError::at(&self.staging))?;
        Ok(Restored { earlier_state, earlier_config })
    }

    /// What was taken back until now stays taken back, and what had been when
    /// the backup was made.
    fn keep_revocations(&self) -> Result<(), BackupError> {
        let current = self.state_dir.join(REVOKED);
        let revoked = match fs::read(&current) {
            Ok(revoked) => revoked,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(BackupError::at(current)(error)),
        };
        let staged = self.staged(REVOKED);
        let append = || {
            let mut options = OpenOptions::new();
            let mut file = options.append(true).create(true).mode(0o600).open(&staged)?;
            // A line of its own, whatever stands at the end of the other list.
            file.write_all(&[b"\n", &*revoked, b"\n"].concat())?;
            file.sync_all()
        };
        append().map_err(BackupError::at(&staged))
    }

    /// The step before which the old state is in place, and after which the new
    /// one is.
    fn exchange(&self) -> Result<(), BackupError> {
        let (staged, state) = (self.staging.join(STATE), &self.state_dir);
        let failed = BackupError::at(&self.staging);
        let ready = || {
            File::create(self.staging.join(READY))?;
            Ok(syncfs(File::open(&self.staging)?)?)
        };
        ready().map_err(failed)?;
        if !state.exists() {
            return fs::rename(&staged, state).map_err(BackupError::at(state));
        }
        match renameat_with(CWD, &staged, CWD, state, RenameFlags::EXCHANGE) {
            Ok(()) => sync_parent(state),
            Err(Errno::BUSY | Errno::XDEV) => Err(BackupError::Mounted(state.clone())),
            Err(error) => Err(BackupError::at(state)(error.into())),
        }
    }

    fn put_aside(&self) -> Result<Option<PathBuf>, BackupError> {
        let replaced = self.staging.join(STATE);
        if !replaced.exists() {
            return Ok(None);
        }
        let aside = beside(&self.state_dir, &format!(".before-restore-{}", self.stamp));
        fs::rename(&replaced, &aside).map_err(BackupError::at(&aside))?;
        sync_parent(&aside)?;
        Ok(Some(aside))
    }

    /// The configuration, where it lies apart from the state or is all there is.
    fn install_config(&self) -> Result<Option<PathBuf>, BackupError> {
        let mut names = self.manifest.files.keys();
        let name = names.find(|name| name.starts_with(CONFIG) || self.manifest.origin.only_config);
        let Some(staged) = name.map(|name| self.staging.join(name)) else { return Ok(None) };
        let failed = BackupError::at(&self.config);
        let place = || {
            let text = fs::read(&staged)?;
            let aside = beside(&self.config, &format!(".before-restore-{}", self.stamp));
            let earlier = match fs::hard_link(&self.config, &aside) {
                Ok(()) => Some(aside),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            if let Some(directory) = self.config.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
            }
            let unfinished = beside(&self.config, ".restoring");
            let mut options = OpenOptions::new();
            let options = options.write(true).create(true).truncate(true).mode(0o600);
            let mut file = options.open(&unfinished)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&unfinished, &self.config)?;
            Ok(earlier)
        };
        let earlier = place().map_err(failed)?;
        sync_parent(&self.config)?;
        Ok(earlier)
    }
}

/// Clears away what an earlier restore left in `staging`, unless the state it
/// replaced may be in there: that is kept as `aside`.
fn clear(staging: &Path, aside: &Path) -> Result<(), BackupError> {
    let cleared = if staging.join(READY).exists() {
        fs::rename(staging, aside)
    } else {
        fs::remove_dir_all(staging)
    };
    match cleared {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BackupError::at(staging)(error))
        }
        _ => Ok(()),
    }
}

fn sync_parent(path: &Path) -> Result<(), BackupError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    File::open(directory).and_then(|it| it.sync_all()).map_err(BackupError::at(directory))
}

/// The path whose name is longer by `suffix`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
