//! What has to be watched to notice that a file is another one now.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

/// How many links are followed on the way to a file, as the kernel does.
const LINKS: usize = 40;

/// The directories in which files and the links on the way to them lie, and
/// what those are called there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    /// By their path without links. A directory that is not there has nothing
    /// to know it by.
    pub(crate) directories: BTreeMap<PathBuf, Option<Identity>>,
    /// Names of files, links, and of the directories themselves.
    pub(crate) names: BTreeSet<OsString>,
}

/// Tells one directory from another one that is at the same place later. The
/// number alone does not: it is given away again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    number: u64,
    made: Option<SystemTime>,
}

/// What one sees of a file without reading it, links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    number: u64,
    size: u64,
    written: (i64, i64),
    changed: (i64, i64),
}

impl Places {
    /// Those on the way to each of `files`.
    pub(crate) fn of<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        let mut places = Self::default();
        for file in files {
            places.trace(file);
        }
        places
    }

    /// Walks to `file` and remembers each place where a link, or the file
    /// itself, could be replaced.
    fn trace(&mut self, file: &Path) {
        let Ok(file) = std::path::absolute(file) else { return };
        // What is left of the way, the next step last.
        let mut way = steps(&file);
        let mut directory = PathBuf::from("/");
        let mut links = 0;
        while let Some(step) = way.pop() {
            if step == OsStr::new("/") {
                directory = PathBuf::from("/");
                continue;
            }
            if step == OsStr::new("..") {
                directory.pop();
                continue;
            }
            let entry = directory.join(&step);
            match fs::read_link(&entry) {
                Ok(target) if links < LINKS => {
                    self.remember(&directory, step);
                    way.extend(steps(&target));
                    links += 1;
                }
                Ok(_) => return,
                Err(_) if way.is_empty() => self.remember(&directory, step),
                Err(_) => directory = entry,
            }
        }
    }

    fn remember(&mut self, directory: &Path, name: OsString) {
        self.names.insert(name);
        self.names.extend(directory.file_name().map(OsStr::to_owned));
        if !self.directories.contains_key(directory) {
            let identity = fs::metadata(directory).ok().filter(Metadata::is_dir);
            self.directories.insert(directory.to_owned(), identity.as_ref().map(Identity::of));
        }
    }
}

/// The steps of a path, the first one last.
fn steps(path: &Path) -> Vec<OsString> {
    let steps = path.components().filter(|step| !matches!(step, Component::CurDir));
    let mut steps: Vec<OsString> = steps.map(|step| step.as_os_str().to_owned()).collect();
    steps.reverse();
    steps
}

impl Identity {
    fn of(about: &Metadata) -> Self {
        Self { device: about.dev(), number: about.ino(), made: about.created().ok() }
    }
}

/// What `file` looks like now, if it is there.
pub(crate) fn stamp(file: &Path) -> Option<Stamp> {
    let about = fs::metadata(file).ok()?;
    Some(Stamp {
        device: about.dev(),
        number: about.ino(),
        size: about.size(),
        written: (about.mtime(), about.mtime_nsec()),
        changed: (about.ctime(), about.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The directories and names on the way to `file`, as far as they are below
    /// `root`, as text.
    fn places(root: &Path, file: &str) -> (Vec<String>, Vec<String>) {
        let places = Places::of([&root.join(file)]);
        let below = |path: &PathBuf| Some(path.strip_prefix(root).ok()?.to_str()?.to_owned());
        let top = root.file_name().unwrap();
        let names = places.names.iter().filter(|name| *name != top);
        (
            places.directories.keys().filter_map(below).collect(),
            names.map(|name| name.to_str().unwrap().to_owned()).collect(),
        )
    }

    #[test]
    fn every_link_on_the_way_is_watched_where_it_lies() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for directory in ["etc/..one", "home", "deep/er"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        fs::write(root.join("home/plain"), "").unwrap();
        // As Kubernetes does.
        symlink("..one", root.join("etc/..data")).unwrap();
        symlink("..data/file", root.join("etc/file")).unwrap();
        fs::write(root.join("etc/..one/file"), "").unwrap();
        symlink(root.join("home"), root.join("deep/er/link")).unwrap();
        symlink("../home/plain", root.join("deep/up")).unwrap();
        symlink("round", root.join("home/round")).unwrap();

        #[rustfmt::skip]
        let table: [(&str, &[&str], &[&str]); 7] = [
            ("home/plain",          &["home"],                  &["home", "plain"]),
            ("home/absent",         &["home"],                  &["absent", "home"]),
            ("home/../home/plain",  &["home"],                  &["home", "plain"]),
            ("etc/file",            &["etc", "etc/..one"],      &["..data", "..one", "etc", "file"]),
            ("deep/er/link/plain",  &["deep/er", "home"],       &["er", "home", "link", "plain"]),
            ("deep/up",             &["deep", "home"],          &["deep", "home", "plain", "up"]),
            ("home/round",          &["home"],                  &["home", "round"]),
        ];
        for (file, directories, names) in table {
            let (found, called) = places(&root, file);
            assert_eq!(found, directories, "{file}");
            assert_eq!(called, names, "{file}");
        }
    }

    #[test]
    fn a_directory_made_anew_is_another_one() {
        let root = tempfile::tempdir().unwrap();
        let (directory, file) = (root.path().join("d"), root.path().join("d/file"));
        let places = || Places::of([&file]);
        let absent = places();
        fs::create_dir(&directory).unwrap();
        let first = places();
        assert_eq!(first, places());
        fs::remove_dir(&directory).unwrap();
        assert_eq!(places(), absent);
        fs::create_dir(&directory).unwrap();
        assert_ne!(places(), first);
    }

    #[test]
    fn a_file_looks_different_when_it_was_written() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        let absent = stamp(&file);
        assert_eq!(absent, None);
        fs::write(&file, "a").unwrap();
        let written = stamp(&file);
        assert!(written.is_some() && written == stamp(&file));
        fs::write(&file, "ab").unwrap();
        assert_ne!(stamp(&file), written);
    }
}
