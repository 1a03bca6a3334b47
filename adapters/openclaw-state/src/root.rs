//! The directory, and nothing outside it.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use ports::driven::{ForeignItem, ForeignKind, LeftOut};

use crate::OpenError;

/// Files that are read whole are not larger than this.
const MAX_FILE: u64 = 64 << 20;

/// Whether `directory` looks like the state of OpenClaw: there is an agent with
/// conversations in it.
pub fn holds_state(directory: &Path) -> bool {
    Root::open(directory).is_ok()
}

/// The directory that is read.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    path: PathBuf,
}

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum NoFile {
    /// There is none.
    Absent,
    /// There is something, but not a file of this directory that can be read.
    Unreadable(String),
}

impl Root {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: path.to_owned(), source };
        let path = fs::canonicalize(path).map_err(failed)?;
        fs::read_dir(&path).map_err(failed)?;
        let root = Self { path };
        let inhabited = root.list("agents").iter().any(|agent| {
            ["sessions", "agent/openclaw-agent.sqlite"]
                .iter()
                .any(|name| root.path.join("agents").join(agent).join(name).exists())
        });
        if inhabited { Ok(root) } else { Err(OpenError::NotState(root.path)) }
    }

    /// The names in a directory, in order; none where there is no directory.
    pub(crate) fn list(&self, directory: &str) -> Vec<String> {
        let Ok(place) = self.inside(&self.path.join(directory)) else { return Vec::new() };
        let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    /// Where the file `name` really is.
    pub(crate) fn file(&self, name: &str) -> Result<PathBuf, NoFile> {
        let path = match self.inside(&self.path.join(name)) {
            Ok(path) => path,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(NoFile::Absent),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(NoFile::Unreadable("it may not be read".to_owned()));
            }
            Err(_) => {
                let why = "it leads out of the directory and is not followed";
                return Err(NoFile::Unreadable(why.to_owned()));
            }
        };
        match fs::metadata(&path) {
            Ok(about) if about.is_file() => Ok(path),
            Ok(_) => Err(NoFile::Unreadable("it is not a plain file".to_owned())),
            Err(error) => Err(NoFile::Unreadable(error.kind().to_string())),
        }
    }

    /// The file `name`, whole.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, NoFile> {
        let path = self.file(name)?;
        let read = || {
            let mut content = Vec::new();
            File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut content)?;
            Ok::<_, io::Error>(content)
        };
        let content = read().map_err(|error| NoFile::Unreadable(error.kind().to_string()))?;
        if MAX_FILE < content.len() as u64 {
            return Err(NoFile::Unreadable(format!("it is larger than {} MiB", MAX_FILE >> 20)));
        }
        Ok(content)
    }

    /// `path` without links, if it is below the directory.
    fn inside(&self, path: &Path) -> io::Result<PathBuf> {
        let real = fs::canonicalize(path)?;
        if real.starts_with(&self.path) {
            return Ok(real);
        }
        Err(io::Error::other("outside"))
    }
}

/// Something that is not taken over.
pub(crate) fn left_out(
    what: ForeignKind,
    at: impl Into<String>,
    why: impl Into<String>,
) -> ForeignItem {
    ForeignItem::LeftOut(LeftOut { what, at: at.into(), why: why.into() })
}

#[test]
fn nothing_outside_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    fs::create_dir_all(state.join("agents/main/sessions")).unwrap();
    fs::write(dir.path().join("secret"), "x").unwrap();
    std::os::unix::fs::symlink("../secret", state.join("openclaw.json")).unwrap();
    std::os::unix::fs::symlink("/", state.join("devices")).unwrap();
    fs::write(state.join("own"), "y").unwrap();
    std::os::unix::fs::symlink("own", state.join("also-own")).unwrap();

    let root = Root::open(&state).unwrap();
    assert!(matches!(root.read("openclaw.json"), Err(NoFile::Unreadable(_))));
    assert!(matches!(root.read("../secret"), Err(NoFile::Unreadable(_))));
    assert!(matches!(root.read("nothing"), Err(NoFile::Absent)));
    assert!(root.list("devices").is_empty());
    assert_eq!(root.read("also-own").unwrap(), b"y");
    assert!(!holds_state(dir.path()));
}
