//! Reading and writing the file.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, OFlags, flock};

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What is in the file at `path`, if there is one. A link is not followed, and a
/// pipe not waited for.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    if about.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    if LONGEST < about.len() {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Waits until nobody else writes in the folder of `path`. Others wait until
/// what is returned is dropped.
pub(crate) fn lock(path: &Path) -> io::Result<File> {
    let folder = folder(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let file = File::open(folder)?;
    flock(&file, FlockOperation::LockExclusive)?;
    Ok(file)
}

/// Puts `bytes` in the file at `path`. Whoever reads it meanwhile, or after the
/// power failed, finds all of the old text or all of the new.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Only one at a time gets here, so one name is enough. What somebody left
    // there who did not get to the end is of no use.
    let unfinished = unfinished(path);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => (),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(folder(path))?.sync_all()
}

fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("json.unfinished")
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}
