//! What log files are called.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::{Zoned, civil::Date};

/// The files of one log.
#[derive(Clone, Debug)]
pub(crate) enum Names {
    /// `openclaw-<date>.log` in a directory, and `openclaw-<date>.<n>.log` for
    /// those that became too long.
    Daily(PathBuf),
    /// One file, and `<file>.<n>`.
    Fixed(PathBuf),
}

impl Names {
    /// The file that is written now.
    pub(crate) fn current(&self) -> PathBuf {
        self.on(Zoned::now().date())
    }

    /// The file that is written on `date`.
    pub(crate) fn on(&self, date: Date) -> PathBuf {
        match self {
            Self::Daily(directory) => directory.join(format!("openclaw-{date}.log")),
            Self::Fixed(path) => path.clone(),
        }
    }

    /// What `path` is called when it is full; nothing is called so yet.
    pub(crate) fn retired(&self, path: &Path) -> PathBuf {
        let name = |n: usize| match self {
            Self::Daily(_) => path.with_extension(format!("{n}.log")),
            Self::Fixed(_) => with_suffix(path, &format!(".{n}")),
        };
        (1..10_000).map(name).find(|name| !name.exists()).unwrap_or_else(|| name(0))
    }

    /// The directory they are in.
    pub(crate) fn directory(&self) -> &Path {
        match self {
            Self::Daily(directory) => directory,
            Self::Fixed(path) => path.parent().unwrap_or(Path::new(".")),
        }
    }

    /// All of them, the newest first.
    pub(crate) fn existing(&self) -> io::Result<Vec<PathBuf>> {
        let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
        for entry in fs::read_dir(self.directory())? {
            let entry = entry?;
            let about = entry.metadata()?;
            if about.is_file() && self.has(&entry.file_name().to_string_lossy()) {
                found.push((about.modified()?, entry.path()));
            }
        }
        found.sort();
        Ok(found.into_iter().rev().map(|(_, path)| path).collect())
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Daily(_) => name
                .strip_prefix("openclaw-")
                .is_some_and(|rest| rest.strip_suffix(".log").is_some()),
            Self::Fixed(path) => {
                let own = path.file_name().unwrap_or_default().to_string_lossy();
                let number =
                    |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
                name.strip_prefix(&*own).is_some_and(|rest| {
                    rest.is_empty() || rest.strip_prefix('.').is_some_and(number)
                })
            }
        }
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
