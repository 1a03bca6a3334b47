//! The directory the store lives in: only for us, and only for one of us.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use ports::driven::StoreError;

use crate::error::{Unusable, io_error};

/// The file that is locked. It stays when the lock goes: the kernel gives the
/// lock back however the process ends.
const LOCK: &str = "gateway.lock";

/// Makes `directory` if there is none, takes it away from everybody else's eyes,
/// and locks it for as long as the file that is returned stays open.
pub(crate) fn claim(directory: &Path) -> Result<File, StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io_error)?;
    let mode = fs::metadata(directory).map_err(io_error)?.permissions().mode();
    if mode & 0o1000 != 0 {
        // A directory like /tmp cannot be made ours alone.
        return Err(Unusable::Shared.into());
    }
    keep_private(directory, 0o700).map_err(io_error)?;
    lock(&directory.join(LOCK))
}

/// Takes away what `path` grants beyond `mode`.
pub(crate) fn keep_private(path: &Path, mode: u32) -> io::Result<()> {
    let found = fs::metadata(path)?.permissions().mode();
    if found & 0o777 & !mode == 0 {
        return Ok(());
    }
    fs::set_permissions(path, Permissions::from_mode(found & mode))
}

/// Opens a file that nobody else can read, making it if there is none.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let mut file = private_file(path).map_err(io_error)?;
    match file.try_lock() {
        Ok(()) => {
            write_pid(&mut file).map_err(io_error)?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Without the number the message is still true.
            let _ = file.take(32).read_to_string(&mut pid);
            Err(Unusable::Locked(pid.trim().to_owned()).into())
        }
        Err(TryLockError::Error(error)) => Err(io_error(error)),
    }
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}
