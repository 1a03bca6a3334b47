//! What log files are called.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use jiff::{Zoned, civil::Date};

/// How many files that became too long are kept of one name.
const ARCHIVES: usize = 5;

/// The files of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// `openclaw-<date>.log` in a directory, and `openclaw-<date>.<n>.log` for
    /// those that became too long; 1 is the newest of them.
    Daily(PathBuf),
    /// One file, and `<file>.<n>` in the same way.
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

    /// Gives `path`, which is full, the number 1, and those before it the next
    /// higher one; the last goes.
    pub(crate) fn retire(&self, path: &Path) -> io::Result<()> {
        for number in (1..ARCHIVES).rev() {
            match fs::rename(self.archive(path, number), self.archive(path, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => (),
            }
        }
        fs::rename(path, self.archive(path, 1))
    }

    fn archive(&self, path: &Path, number: usize) -> PathBuf {
        match self {
            Self::Daily(_) => path.with_extension(format!("{number}.log")),
            Self::Fixed(_) => with_suffix(path, &format!(".{number}")),
        }
    }

    /// The directory they are in.
    pub(crate) fn directory(&self) -> &Path {
        match self {
            Self::Daily(directory) => directory,
            Self::Fixed(path) => path.parent().unwrap_or(Path::new(".")),
        }
    }

    /// All of them, the newest first.
    pub(crate) fn existing(&self) -> io::Result<Vec<Existing>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.directory())? {
            let entry = entry?;
            // Somebody else may take a file away while we look.
            let Ok(about) = entry.metadata() else { continue };
            if about.is_file() && self.has(&entry.file_name().to_string_lossy()) {
                let (changed, size) = (about.modified()?, about.len());
                found.push(Existing { path: entry.path(), changed, size });
            }
        }
        found.sort_by(|a, b| (b.changed, &b.path).cmp(&(a.changed, &a.path)));
        Ok(found)
    }

    fn has(&self, name: &str) -> bool {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match self {
            Self::Daily(_) => {
                let middle = name.strip_prefix("openclaw-").and_then(|it| it.strip_suffix(".log"));
                middle.is_some_and(|middle| {
                    let (date, number) = middle.split_once('.').unwrap_or((middle, "0"));
                    date.parse::<Date>().is_ok() && is_number(number)
                })
            }
            Self::Fixed(path) => {
                let own = path.file_name().unwrap_or_default().to_string_lossy();
                name.strip_prefix(&*own).is_some_and(|rest| {
                    rest.is_empty() || rest.strip_prefix('.').is_some_and(is_number)
                })
            }
        }
    }
}

/// A file of the log that is there.
#[derive(Debug)]
pub(crate) struct Existing {
    pub(crate) path: PathBuf,
    pub(crate) changed: SystemTime,
    pub(crate) size: u64,
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[test]
fn only_files_of_the_log_are_files_of_the_log() {
    let daily = Names::Daily("/logs".into());
    let fixed = Names::Fixed("/logs/my.log".into());
    #[rustfmt::skip]
    let table = [
        (&daily, "openclaw-2026-01-27.log", true), (&daily, "openclaw-2026-01-27.3.log", true),
        (&daily, "openclaw-gateway.log", false), (&daily, "openclaw-2026-01-27.x.log", false),
        (&daily, "openclaw-2026-01-27.log.gz", false), (&daily, "openclaw-2026-13-27.log", false),
        (&fixed, "my.log", true), (&fixed, "my.log.1", true),
        (&fixed, "my.log.old", false), (&fixed, "my.log1", false), (&fixed, "my.log.", false),
    ];
    for (names, name, ours) in table {
        assert_eq!(names.has(name), ours, "{name}");
    }
}
