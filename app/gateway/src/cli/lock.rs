//! One gateway per state directory.
//!
//! The lock is the kernel's, so it ends with the process that holds it, however
//! that ends. What stands in the file only says who that is.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{FlockOperation, OFlags, flock};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

/// How often to try again, for whoever looks at the lock holds it for an
/// instant.
const TRIES: u32 = 5;
/// How long to wait between tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The lock of a state directory. Dropping it lets go.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Holder {
    /// The process.
    pub(crate) pid: u32,
    /// When it was started, in the kernel's own unit, to tell it from a later
    /// process of the same number.
    pub(crate) start_time: Option<u64>,
    /// Where it listens, once it does.
    pub(crate) url: Option<String>,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another gateway has it.
    #[error("gateway already running{}", .0.as_ref().map(|it| format!(" (pid {})", it.pid)).unwrap_or_default())]
    Held(Option<Holder>),
    /// There is something else in its place.
    #[error("failed to acquire gateway lock at {}: {}", path.display(), source.kind())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
}

impl Lock {
    /// Takes the lock of `state_dir`.
    pub(crate) async fn acquire(state_dir: &Path) -> Result<Self, LockError> {
        let path = path(state_dir);
        let failed = |source| LockError::Io { path: path.clone(), source };
        let mut file = open(&path, true).map_err(failed)?;
        for _ in 0..TRIES {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => {
                    let mut lock = Self { file };
                    lock.write(&Holder::this(None)).map_err(failed)?;
                    return Ok(lock);
                }
                Err(rustix::io::Errno::WOULDBLOCK) => sleep(PAUSE).await,
                Err(error) => return Err(failed(error.into())),
            }
        }
        Err(LockError::Held(read(&mut file)))
    }

    /// Says where the gateway listens.
    pub(crate) fn announce(&mut self, url: String) -> io::Result<()> {
        self.write(&Holder::this(Some(url)))
    }

    fn write(&mut self, holder: &Holder) -> io::Result<()> {
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(&serde_json::to_vec(holder)?)
    }
}

impl Holder {
    /// The process `pid`, as it is now.
    pub(crate) fn process(pid: u32) -> Self {
        Self { pid, start_time: start_time(pid), url: None }
    }

    fn this(url: Option<String>) -> Self {
        Self { url, ..Self::process(std::process::id()) }
    }

    /// Who holds the lock of `state_dir`, if anybody does.
    pub(crate) fn of(state_dir: &Path) -> Option<Self> {
        let mut file = open(&path(state_dir), false).ok()?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            // Nobody does; closing the file lets go of it.
            Ok(()) => None,
            Err(_) => read(&mut file),
        }
    }

    /// Whether the process is still there, and is not another one of the same
    /// number.
    pub(crate) fn is_alive(&self) -> bool {
        start_time(self.pid).is_some_and(|now| self.start_time.is_none_or(|then| then == now))
    }
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("gateway.lock")
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    let no_link = OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = OpenOptions::new();
    options.read(true).write(create).create(create).mode(0o600).custom_flags(no_link).open(path)
}

fn read(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(4096).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// When a process was started, unless it has ended.
fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in brackets, may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    // The 22nd of all, and two came before the state.
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn only_one_gateway_has_the_lock_and_says_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Holder::of(dir.path()), None);
        let mut lock = Lock::acquire(dir.path()).await.unwrap();
        lock.announce("ws://127.0.0.1:1".into()).unwrap();

        let holder = Holder::of(dir.path()).unwrap();
        assert_eq!(
            (holder.pid, holder.url.as_deref()),
            (std::process::id(), Some("ws://127.0.0.1:1"))
        );
        assert!(holder.is_alive());
        let refused = Lock::acquire(dir.path()).await.unwrap_err();
        let expected = format!("gateway already running (pid {})", std::process::id());
        assert_eq!(refused.to_string(), expected);

        drop(lock);
        assert_eq!(Holder::of(dir.path()), None, "what stands in the file does not count");
        Lock::acquire(dir.path()).await.unwrap();
    }

    #[tokio::test]
    async fn a_lock_left_behind_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        // As after `kill -9`, with a number that belongs to somebody else now.
        fs::write(path(dir.path()), r#"{"pid":1,"startTime":5}"#).unwrap();
        assert_eq!(Holder::of(dir.path()), None);
        Lock::acquire(dir.path()).await.unwrap();
        let reused = Holder { pid: std::process::id(), start_time: Some(1), url: None };
        assert!(!reused.is_alive());
    }

    #[tokio::test]
    async fn something_else_in_its_place_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(path(dir.path())).unwrap();
        let error = Lock::acquire(dir.path()).await.unwrap_err().to_string();
        assert!(error.starts_with("failed to acquire gateway lock at"), "{error}");
    }
}
