//! The files below a root, and how they are reached without ever leaving it.
//!
//! Every name of a path is opened relative to the folder before it, and never
//! when it is a link. So it does not matter what is renamed meanwhile: there is
//! no moment between looking and opening in which a name could come to mean
//! something else.

use std::{fs::File, io, os::fd::OwnedFd, path::Path};

use domain::plain_path::PlainPath;
use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, fstat, open, openat, statat},
    io::Errno,
};

/// The page of a folder.
const INDEX: &str = "index.html";

/// A file that was found.
#[derive(Debug)]
pub struct Found {
    /// The file.
    pub file: File,
    /// How long it is.
    pub length: u64,
    /// Another one as soon as the file is another one.
    pub version: String,
    /// Its extension.
    pub extension: Option<String>,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// There is no such file, or none that is shown.
    #[error("not found")]
    Nothing,
    /// It is a folder, and the path does not say so.
    #[error("a folder")]
    Folder,
    /// It is a folder without a page.
    #[error("a folder without a page")]
    NoIndex,
    /// The disk says no.
    #[error("the file cannot be read")]
    Disk(#[from] io::Error),
}

impl From<Errno> for Lost {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ACCESS | Errno::NAMETOOLONG
            // A device or a socket nobody is behind.
            | Errno::NXIO => Self::Nothing,
            errno => Self::Disk(errno.into()),
        }
    }
}

/// The file below `root` that `path` means.
pub fn find(root: &Path, path: &PlainPath) -> Result<Found, Lost> {
    let folder = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut here = open(root, folder, Mode::empty())?;
    let names: Vec<&str> = path.names().collect();
    let (last, above) = match names.split_last() {
        Some((last, above)) if !path.is_folder() => (Some(*last), above),
        _ => (None, &*names),
    };
    for name in above {
        here = openat(&here, *name, folder | OFlags::NOFOLLOW, Mode::empty())?;
    }
    match last {
        Some(name) => file(&here, name, path.extension()),
        None => match file(&here, INDEX, Some("html".to_owned())) {
            Err(Lost::Nothing | Lost::Folder) => Err(Lost::NoIndex),
            found => found,
        },
    }
}

/// The regular file `name` in `folder`.
fn file(folder: &OwnedFd, name: &str, extension: Option<String>) -> Result<Found, Lost> {
    // Looked at first, because opening a device can have consequences.
    let before = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    match FileType::from_raw_mode(before.st_mode) {
        FileType::RegularFile => (),
        FileType::Directory => return Err(Lost::Folder),
        _ => return Err(Lost::Nothing),
    }
    // Opening a pipe that came in between waits for nobody.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = openat(folder, name, flags, Mode::empty())?;
    let stat = fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Lost::Nothing);
    }
    let length = u64::try_from(stat.st_size).unwrap_or(0);
    let version =
        format!("{:x}-{length:x}-{:x}.{:x}", stat.st_ino, stat.st_mtime, stat.st_mtime_nsec);
    Ok(Found { file: file.into(), length, version, extension })
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::{fs::symlink, net::UnixListener},
    };

    use rustix::fs::{CWD, mknodat};

    use super::*;

    fn look(root: &Path, path: &str) -> Result<u64, String> {
        let path = PlainPath::parse(path).unwrap();
        find(root, &path).map(|found| found.length).map_err(|lost| lost.to_string())
    }

    #[test]
    fn only_plain_files_below_the_root_are_found() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("canvas");
        fs::create_dir_all(root.join("sub/empty")).unwrap();
        fs::write(home.path().join("secret"), "secret").unwrap();
        fs::write(root.join("a.txt"), "abc").unwrap();
        fs::write(root.join("sub/index.html"), "ab").unwrap();
        fs::write(root.join("locked"), "").unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink("a.txt", root.join("in")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("sub", root.join("down")).unwrap();
        symlink("round", root.join("round")).unwrap();
        mknodat(CWD, root.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let _socket = UnixListener::bind(root.join("socket")).unwrap();
        #[rustfmt::skip]
        let table = [
            ("/a.txt",          Ok(3)),
            ("/locked",         Ok(0)),
            ("/sub/index.html", Ok(2)),
            ("/sub/",           Ok(2)),
            ("/sub",            Err("a folder")),
            ("/",               Err("a folder without a page")),
            ("/sub/empty/",     Err("a folder without a page")),
            ("/a.txt/",         Err("not found")),
            ("/a.txt/b",        Err("not found")),
            ("/nothing",        Err("not found")),
            ("/nothing/",       Err("not found")),
            ("/out",            Err("not found")),
            ("/in",             Err("not found")),
            ("/up/secret",      Err("not found")),
            ("/up/canvas/a.txt", Err("not found")),
            ("/down/index.html", Err("not found")),
            ("/down/",          Err("not found")),
            ("/round",          Err("not found")),
            ("/pipe",           Err("not found")),
            ("/socket",         Err("not found")),
        ];
        for (path, expected) in table {
            assert_eq!(look(&root, path), expected.map_err(str::to_owned), "{path}");
        }
        assert_eq!(look(&home.path().join("none"), "/a.txt"), Err("not found".to_owned()));
    }

    #[test]
    fn a_changed_file_has_another_version() {
        let root = tempfile::tempdir().unwrap();
        let path = PlainPath::parse("/a").unwrap();
        let version = |text: &str| {
            fs::write(root.path().join("b"), text).unwrap();
            fs::rename(root.path().join("b"), root.path().join("a")).unwrap();
            find(root.path(), &path).unwrap().version
        };
        let first = version("one");
        assert_eq!(find(root.path(), &path).unwrap().version, first);
        assert_ne!(version("three"), first);
    }
}
