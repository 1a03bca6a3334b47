//! The file and its backups on the disk: changed wholly or not at all.
//!
//! The new text is written beside the file and synced; the old one becomes the
//! newest backup; then the new one takes the file's name in one step. Dying
//! anywhere leaves the old or the new file. Nobody else of ours writes in the
//! meantime, for a lock of the kernel's is held; what other programs did is
//! noticed by reading the file once more right before its name is taken.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::disk::{Disk, Lock};

/// How many backups there are, the newest without a number.
const BACKUPS: usize = 5;

/// A file that nobody else of ours writes while this is there.
pub(crate) struct Held<'a> {
    disk: &'a dyn Disk,
    /// The file itself, where links lead.
    file: PathBuf,
    _lock: Lock,
}

/// Why a file was not replaced.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplaceError {
    /// Somebody else changed it.
    #[error("the file was changed in between")]
    Changed,
    /// The disk does not do its part.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl<'a> Held<'a> {
    /// Waits until nobody else of ours writes the file that `path` means.
    pub(crate) fn take(disk: &'a dyn Disk, path: &Path) -> io::Result<Self> {
        let file = disk.target(path)?;
        let lock = disk.lock(&beside(&file, ".lock"))?;
        Ok(Self { disk, file, _lock: lock })
    }

    /// The bytes of the file; none if it is not there.
    pub(crate) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        self.disk.read(&self.file)
    }

    /// Puts `new` in the place of `old`, which it is if nobody else changed it.
    pub(crate) fn replace(&self, old: Option<&[u8]>, new: &[u8]) -> Result<(), ReplaceError> {
        let (fresh, spare) = (beside(&self.file, ".new.tmp"), beside(&self.file, ".old.tmp"));
        let replaced = self.replace_by(old, new, &fresh, &spare);
        if replaced.is_err() {
            // What is left over is taken away by the next change otherwise.
            let _ = self.disk.remove(&fresh);
            let _ = self.disk.remove(&spare);
        }
        replaced
    }

    fn replace_by(
        &self,
        old: Option<&[u8]>,
        new: &[u8],
        fresh: &Path,
        spare: &Path,
    ) -> Result<(), ReplaceError> {
        self.put(fresh, new)?;
        if let Some(old) = old {
            self.put(spare, old)?;
            self.check(old.into())?;
            self.rotate(spare)?;
        }
        self.check(old)?;
        self.disk.rename(fresh, &self.file)?;
        Ok(self.disk.sync_names(directory(&self.file))?)
    }

    /// Writes a file of its own and returns when it is on the disk.
    fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.disk.remove(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => (),
        }
        self.disk.create(path, &self.file)?;
        self.disk.write(path, bytes)?;
        self.disk.sync(path)
    }

    fn check(&self, old: Option<&[u8]>) -> Result<(), ReplaceError> {
        if self.read()?.as_deref() == old { Ok(()) } else { Err(ReplaceError::Changed) }
    }

    /// Makes `newest` the newest backup.
    fn rotate(&self, newest: &Path) -> io::Result<()> {
        let backups: Vec<_> = (0..BACKUPS).map(|age| backup(&self.file, age)).collect();
        for pair in backups.windows(2).rev() {
            match self.disk.rename(&pair[0], &pair[1]) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => (),
            }
        }
        self.disk.rename(newest, &backups[0])
    }
}

/// The backup of `file` that is `age` changes older than the newest.
fn backup(file: &Path, age: usize) -> PathBuf {
    if age == 0 { beside(file, ".bak") } else { beside(file, &format!(".bak.{age}")) }
}

/// The file beside `file` whose name is longer by `suffix`.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn directory(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
