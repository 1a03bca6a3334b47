//! Tokens that were taken back, in a file that only grows.

use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use ports::driven::{Revocations, StoreError};
use ring::digest::{SHA256, digest};
use rustix::fs::OFlags;

use crate::SecretsError;

/// The name of the file.
const FILE: &str = "revoked-tokens";

/// A list in the state directory, apart from the database: putting an old
/// database back in its place brings no token back (`security.md` V-19). A line
/// is a fingerprint, which says nothing about the token.
pub struct RevokedFile(Arc<Inner>);

struct Inner {
    path: PathBuf,
    // Locked for as long as the disk takes, and so never where others wait.
    file: Mutex<File>,
    state: Mutex<State>,
}

struct State {
    revoked: HashSet<Box<str>>,
    /// Those of `revoked` that a failing disk did not take.
    unwritten: HashSet<Box<str>>,
}

impl RevokedFile {
    /// The list in `state_dir`, which is begun if there is none.
    pub fn open(state_dir: &Path) -> Result<Self, SecretsError> {
        let path = state_dir.join(FILE);
        let failed = |source| SecretsError::Io { path: path.clone(), source };
        let file = open(&path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(SecretsError::NotAFile(path));
        }
        let mut revoked = HashSet::new();
        // A line that was not finished by a crash was not acknowledged.
        for line in BufReader::new(&file).lines() {
            let line = line.map_err(failed)?;
            let line = line.trim();
            if is_fingerprint(line) {
                revoked.insert(line.into());
            }
        }
        File::open(state_dir).and_then(|it| it.sync_all()).map_err(failed)?;
        let state = Mutex::new(State { revoked, unwritten: HashSet::new() });
        Ok(Self(Arc::new(Inner { path, file: Mutex::new(file), state })))
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is not written yet.
    fn append(&self) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let unwritten = self.state().unwritten.clone();
        if unwritten.is_empty() {
            return Ok(());
        }
        // A line of its own, whatever an earlier crash left at the end.
        let lines: String = unwritten.iter().flat_map(|it| ["\n", it, "\n"]).collect();
        file.write_all(lines.as_bytes())?;
        file.sync_data()?;
        self.state().unwritten.retain(|it| !unwritten.contains(it));
        Ok(())
    }
}

#[async_trait]
impl Revocations for RevokedFile {
    fn is_revoked(&self, purpose: &str) -> bool {
        self.0.state().revoked.contains(&*fingerprint(purpose))
    }

    async fn revoke(&self, purposes: &[String]) -> Result<(), StoreError> {
        {
            let mut state = self.0.state();
            for fingerprint in purposes.iter().map(|purpose| fingerprint(purpose)) {
                // In force at once, whatever the disk says.
                if state.revoked.insert(fingerprint.clone()) {
                    state.unwritten.insert(fingerprint);
                }
            }
            if state.unwritten.is_empty() {
                return Ok(());
            }
        }
        let inner = Arc::clone(&self.0);
        let appended = tokio::task::spawn_blocking(move || inner.append()).await;
        let appended = appended.unwrap_or_else(|error| Err(io::Error::other(error)));
        appended.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => StoreError::Full(error.into()),
            _ => StoreError::Unavailable(error.into()),
        })
    }
}

fn open(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)
}

fn fingerprint(purpose: &str) -> Box<str> {
    let digest = digest(&SHA256, purpose.as_bytes());
    let digits = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
    };
    digest.as_ref().iter().flat_map(digits).collect::<String>().into()
}

fn is_fingerprint(line: &str) -> bool {
    line.len() == 64 && line.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl std::fmt::Debug for RevokedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RevokedFile").field("path", &self.0.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn what_was_revoked_stays_revoked() {
        let dir = tempfile::tempdir().unwrap();
        let list = RevokedFile::open(dir.path()).unwrap();
        assert!(!list.is_revoked("a"));
        list.revoke(&["a".into(), "b".into()]).await.unwrap();
        list.revoke(&["a".into()]).await.unwrap();
        assert!(list.is_revoked("a") && list.is_revoked("b") && !list.is_revoked("c"));

        let again = RevokedFile::open(dir.path()).unwrap();
        assert!(again.is_revoked("a") && again.is_revoked("b") && !again.is_revoked("c"));
        let text = fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert_eq!(text.lines().filter(|line| is_fingerprint(line)).count(), 2, "each once");
        assert!(!text.contains("device"), "a line says nothing about the token");
    }

    #[tokio::test]
    async fn half_a_line_does_not_spoil_the_next() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "0123456789abcdef").unwrap();
        let list = RevokedFile::open(dir.path()).unwrap();
        list.revoke(&["a".into()]).await.unwrap();
        assert!(RevokedFile::open(dir.path()).unwrap().is_revoked("a"));
    }

    /// A disk that is full takes nothing; what it did not take is in force all
    /// the same, and is written with the next.
    #[tokio::test]
    async fn what_the_disk_did_not_take_is_in_force_and_comes_later() {
        let dir = tempfile::tempdir().unwrap();
        let list = RevokedFile::open(dir.path()).unwrap();
        let good = {
            let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
            std::mem::replace(&mut *list.0.file.lock().unwrap(), full)
        };
        let refused = list.revoke(&["a".into()]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Full(_)), "{refused:?}");
        assert!(list.is_revoked("a"));
        assert!(!RevokedFile::open(dir.path()).unwrap().is_revoked("a"), "not on disk yet");

        *list.0.file.lock().unwrap() = good;
        list.revoke(&["b".into()]).await.unwrap();
        let again = RevokedFile::open(dir.path()).unwrap();
        assert!(again.is_revoked("a") && again.is_revoked("b"));
    }

    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("elsewhere", dir.path().join(FILE)).unwrap();
        assert!(RevokedFile::open(dir.path()).is_err());
    }
}
