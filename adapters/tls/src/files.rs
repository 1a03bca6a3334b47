//! Files with keys in them: for their owner only, and never half written.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::Path,
    time::SystemTime,
};

/// How long a file with certificates can be at most, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What is in the file at `path`.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if LONGEST < bytes.len() as u64 {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is too long"));
    }
    Ok(bytes)
}

/// Makes `directory`, for its owner only, if it is not there.
pub(crate) fn make_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Puts `bytes` into the file `name` of `directory`, for its owner only. Whoever
/// reads it, also after a power failure, finds all of the old or all of the new.
pub(crate) fn write(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = directory.join(format!(".{name}.{}", std::process::id()));
    // Left behind by a process of the same number that was killed.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => (),
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, directory.join(name)));
    if written.is_err() {
        // The error that matters is the first.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    File::open(directory)?.sync_all()
}

/// What changes about a file when it is replaced or written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    changed: Option<SystemTime>,
}

/// The stamp of what is at `path`, wherever a link leads, if it is there.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let about = fs::metadata(path).ok()?;
    Some(Stamp {
        device: about.dev(),
        inode: about.ino(),
        length: about.len(),
        changed: about.modified().ok(),
    })
}

/// Whether others than the owner may read what is at `path`.
pub(crate) fn is_readable_by_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|about| about.mode() & 0o044 != 0)
}

#[test]
fn a_file_is_replaced_whole_and_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let directory = dir.path().join("a/b");
    make_directory(&directory).unwrap();
    make_directory(&directory).unwrap();
    let path = directory.join("key.pem");
    assert_eq!(stamp(&path), None);
    write(&directory, "key.pem", b"one").unwrap();
    let first = stamp(&path);
    // As left behind by a process that was killed.
    fs::write(directory.join(format!(".key.pem.{}", std::process::id())), "half").unwrap();
    write(&directory, "key.pem", b"two").unwrap();

    assert_eq!(read(&path).unwrap(), b"two");
    assert_ne!(stamp(&path), first);
    assert!(!is_readable_by_others(&path));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(dir.path().join("a")).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn what_is_too_long_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    let file = File::create(&path).unwrap();
    file.set_len(LONGEST).unwrap();
    assert!(read(&path).is_ok());
    file.set_len(LONGEST + 1).unwrap();
    assert_eq!(read(&path).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
}
