//! The token on disk.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};
use rustix::{fs::OFlags, io::Errno};
use tracing::warn;
use zeroize::Zeroizing;

use crate::{SecretsError, is_no_secret};

/// The name of the file.
const FILE: &str = "gateway-token";
/// How many random bytes a token is made of.
const BYTES: usize = 32;
/// How long a file with a token can be at most, in bytes.
const LONGEST: u64 = 4096;

/// Where the token of a state directory is.
pub(crate) fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}

/// The token in `state_dir`. When there is none, one is made; of several that
/// try at the same time, all get the same one.
pub(crate) fn read_or_make(state_dir: &Path) -> Result<Zeroizing<String>, SecretsError> {
    read_or_make_at(state_dir, FILE)
}

/// The same for a secret in a file of another name.
pub(crate) fn read_or_make_at(
    state_dir: &Path,
    name: &str,
) -> Result<Zeroizing<String>, SecretsError> {
    let path = state_dir.join(name);
    if let Some(token) = read(&path)? {
        return Ok(token);
    }
    let token = random_text()?;
    match make(state_dir, &path, &token) {
        Ok(()) => Ok(token),
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let missing = || io::Error::from(io::ErrorKind::NotFound);
            read(&path)?.ok_or_else(|| SecretsError::Io { path, source: missing() })
        }
        Err(source) => Err(SecretsError::Io { path, source }),
    }
}

/// The token in the file at `path`, if there is such a file.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, SecretsError> {
    let failed = |source| SecretsError::Io { path: path.to_owned(), source };
    // A pipe must not keep us waiting, nor a link lead elsewhere.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Err(SecretsError::NotAFile(path.to_owned()));
        }
        Err(error) => return Err(failed(error)),
    };
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(SecretsError::NotAFile(path.to_owned()));
    }
    if about.permissions().mode() & 0o077 != 0 {
        warn!(path = %path.display(), "others could read the token; they no longer can");
        file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    }
    let mut text = Zeroizing::new(String::new());
    file.take(LONGEST).read_to_string(&mut text).map_err(failed)?;
    if is_no_secret(&text) {
        return Err(SecretsError::BlankFile(path.to_owned()));
    }
    Ok(Some(Zeroizing::new(text.trim().to_owned())))
}

/// Writes `token` to a new file and gives it its name only when all of it is on
/// disk, so that nobody ever reads half a token.
pub(crate) fn make(state_dir: &Path, path: &Path, token: &str) -> io::Result<()> {
    let unfinished = write_unfinished(state_dir, token)?;
    // Unlike renaming, linking never replaces a file.
    let named = fs::hard_link(&unfinished, path);
    fs::remove_file(&unfinished)?;
    named?;
    File::open(state_dir)?.sync_all()
}

/// Puts `token`, or a new one, in place of whatever token there is. Whoever reads
/// the file meanwhile reads one of the two.
pub(crate) fn replace(state_dir: &Path, token: Option<&str>) -> Result<(), SecretsError> {
    let token = match token {
        Some(token) if is_no_secret(token) => return Err(SecretsError::NotASecret("token")),
        Some(token) => Zeroizing::new(token.trim().to_owned()),
        None => random_text()?,
    };
    let path = path(state_dir);
    let replaced = rename(state_dir, &path, &token);
    replaced.map_err(|source| SecretsError::Io { path, source })
}

fn rename(state_dir: &Path, path: &Path, token: &str) -> io::Result<()> {
    let unfinished = write_unfinished(state_dir, token)?;
    let named = fs::rename(&unfinished, path);
    if named.is_err() {
        fs::remove_file(&unfinished)?;
    }
    named?;
    File::open(state_dir)?.sync_all()
}

/// Writes `token` to a new file of no name that counts.
fn write_unfinished(state_dir: &Path, token: &str) -> io::Result<PathBuf> {
    let random = random_text().map_err(io::Error::other)?;
    let unfinished = state_dir.join(format!(".secret.{}", &random[..12]));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(token.as_bytes()).and_then(|()| file.sync_all());
    match written {
        Ok(()) => Ok(unfinished),
        Err(error) => {
            fs::remove_file(&unfinished)?;
            Err(error)
        }
    }
}

fn random_text() -> Result<Zeroizing<String>, SecretsError> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    SystemRandom::new().fill(bytes.as_mut())?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref())))
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::symlink, sync::Barrier, thread};

    use ports::driven::Secrets;

    use super::*;
    use crate::{Given, SecretsFile};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn the_first_start_makes_a_token_that_stays() {
        // Each test has a process of its own, so this harms nobody.
        rustix::process::umask(rustix::fs::Mode::empty());
        let dir = tempfile::tempdir().unwrap();
        let first = SecretsFile::open(dir.path(), Given::default()).unwrap();
        let token = read(&path(dir.path())).unwrap().unwrap();

        assert_eq!(token.len(), 43);
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(mode(&path(dir.path())), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left over");
        let second = SecretsFile::open(dir.path(), Given::default()).unwrap();
        assert!(first.is_token(&token) && second.is_token(&token));
    }

    #[test]
    fn many_first_starts_agree_on_one_token() {
        let dir = tempfile::tempdir().unwrap();
        let all_ready = Barrier::new(16);
        let tokens: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        all_ready.wait();
                        read_or_make(dir.path()).unwrap()
                    })
                })
                .collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_a_directory_and_a_blank_file_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = path(dir.path());
        fs::write(dir.path().join("elsewhere"), "a token").unwrap();
        symlink("elsewhere", &file).unwrap();
        assert!(matches!(read_or_make(dir.path()), Err(SecretsError::NotAFile(_))));
        fs::remove_file(&file).unwrap();
        symlink("nowhere", &file).unwrap();
        assert!(matches!(read_or_make(dir.path()), Err(SecretsError::NotAFile(_))));
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert!(matches!(read_or_make(dir.path()), Err(SecretsError::NotAFile(_))));
        fs::remove_dir(&file).unwrap();
        for text in ["", " \n", "undefined", "null"] {
            fs::write(&file, text).unwrap();
            assert!(matches!(read_or_make(dir.path()), Err(SecretsError::BlankFile(_))), "{text}");
        }
    }

    #[test]
    fn a_token_is_replaced_as_a_whole() {
        let dir = tempfile::tempdir().unwrap();
        let file = path(dir.path());
        replace(dir.path(), Some(" chosen by hand\n")).unwrap();
        assert_eq!(read_or_make(dir.path()).unwrap().as_str(), "chosen by hand");
        for text in ["", " ", "undefined", "NULL"] {
            assert!(replace(dir.path(), Some(text)).is_err(), "{text:?}");
        }
        assert_eq!(read_or_make(dir.path()).unwrap().as_str(), "chosen by hand");
        replace(dir.path(), None).unwrap();
        assert_eq!(read_or_make(dir.path()).unwrap().len(), 43);
        assert_eq!(mode(&file), 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn a_token_others_can_read_is_taken_from_them() {
        let dir = tempfile::tempdir().unwrap();
        let file = path(dir.path());
        fs::write(&file, "  a token with a line break\n").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read_or_make(dir.path()).unwrap().as_str(), "a token with a line break");
        assert_eq!(mode(&file), 0o600);
    }
}
