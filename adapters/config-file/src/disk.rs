//! What is asked of the disk, one step at a time, so that a test can have every
//! one of them fail.

use std::{
    any::Any,
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_millis(10);

/// Held until it is dropped, or the process ends, however it does.
pub(crate) type Lock = Box<dyn Any>;

/// A disk.
pub(crate) trait Disk: Send + Sync {
    /// The file that is meant by `path`: where links lead, if it is one.
    fn target(&self, path: &Path) -> io::Result<PathBuf>;
    /// Waits until nobody else holds the file `path`, which is made, and its
    /// directory with it, if it is not there.
    fn lock(&self, path: &Path) -> io::Result<Lock>;
    /// The bytes of a file; none if it is not there.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// Makes a file that is not there yet, for its owner only, who is the owner
    /// of `like`, or of its directory if that is not there.
    fn create(&self, path: &Path, like: &Path) -> io::Result<()>;
    /// Writes all of `bytes` into an empty file.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Returns when what a file holds is on the disk.
    fn sync(&self, path: &Path) -> io::Result<()>;
    /// Puts `from` in the place of `to`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Returns when the names in a directory are on the disk.
    fn sync_names(&self, dir: &Path) -> io::Result<()>;
    /// Takes a file away.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Debug)]
pub(crate) struct Real;

impl Disk for Real {
    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        /// How many links may follow each other, as for the kernel.
        const LINKS: usize = 40;
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            match fs::read_link(&path) {
                Ok(to) => path = path.parent().unwrap_or(Path::new("")).join(to),
                // It is a file, or not there.
                Err(error) if is_no_link(&error) => return Ok(path),
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("too many links"))
    }

    fn lock(&self, path: &Path) -> io::Result<Lock> {
        if let Some(dir) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).mode(0o600).open(path)?;
        adopt(&lock, path.parent().unwrap_or(Path::new(".")))?;
        let since = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Box::new(lock)),
                Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, path: &Path, like: &Path) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        adopt(&file, like)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.write_all(bytes)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_names(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// Gives `file` to the owner of `like`, or of its directory if that is not there:
/// what root changes stays its owner's. Others may not give files away.
fn adopt(file: &File, like: &Path) -> io::Result<()> {
    let directory = || fs::metadata(like.parent().unwrap_or(Path::new(".")));
    let like = fs::metadata(like).or_else(|_| directory())?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    match fchown(file, Some(like.uid()), Some(like.gid())) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        done => done,
    }
}

fn is_no_link(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound)
}
