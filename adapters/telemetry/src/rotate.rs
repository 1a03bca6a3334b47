//! A file that is replaced before it becomes too long or too old.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
};

use rustix::fs::OFlags;

use crate::names::Names;

/// How long a file may become, in bytes.
const LONGEST: u64 = 10 * 1024 * 1024;
/// How many files are kept.
const KEPT: usize = 7;

/// Writes to the current file of a log. Nobody but the owner can read it.
#[derive(Debug)]
pub(crate) struct RotatedFile {
    names: Names,
    longest: u64,
    file: File,
    path: PathBuf,
    size: u64,
}

impl RotatedFile {
    pub(crate) fn open(names: Names) -> io::Result<Self> {
        Self::with_longest(names, LONGEST)
    }

    fn with_longest(names: Names, longest: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(names.directory())?;
        let path = names.current();
        let (file, size) = open(&path)?;
        let log = Self { names, longest, file, path, size };
        log.forget_old();
        Ok(log)
    }

    /// Begins a new file, if it is time.
    fn turn_over(&mut self, more: u64) -> io::Result<()> {
        let path = self.names.current();
        let full = 0 < self.size && self.longest < self.size + more;
        if path == self.path && !full {
            return Ok(());
        }
        if path == self.path {
            fs::rename(&path, self.names.retired(&path))?;
        }
        (self.file, self.size) = open(&path)?;
        self.path = path;
        self.forget_old();
        Ok(())
    }

    fn forget_old(&self) {
        // One that cannot be removed now is tried again next time.
        for old in self.names.existing().unwrap_or_default().into_iter().skip(KEPT) {
            let _ = fs::remove_file(old);
        }
    }
}

fn open(path: &PathBuf) -> io::Result<(File, u64)> {
    let no_link = OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).mode(0o600).custom_flags(no_link).open(path)?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

impl Write for RotatedFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // Rather a file that is too long than a line that is lost.
        let _ = self.turn_over(line.len() as u64);
        let written = self.file.write(line)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &std::path::Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_full_file_is_retired_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let logs = dir.path().join("logs");
        let names = Names::Daily(logs.clone());
        let mut log = RotatedFile::with_longest(names.clone(), 10).unwrap();
        for line in 0..40 {
            writeln!(log, "line {line:03}").unwrap();
        }
        let files = names.existing().unwrap();
        assert_eq!(files.len(), KEPT);
        assert_eq!(fs::read_to_string(names.current()).unwrap(), "line 039\n");
        assert!(files.iter().all(|file| mode(file) == 0o600));
        assert_eq!(mode(&logs), 0o700);
    }

    #[test]
    fn a_named_file_is_retired_beside_itself() {
        let dir = tempfile::tempdir().unwrap();
        let names = Names::Fixed(dir.path().join("my.log"));
        fs::write(dir.path().join("my.log.txt"), "not ours").unwrap();
        let mut log = RotatedFile::with_longest(names.clone(), 10).unwrap();
        for line in 0..3 {
            writeln!(log, "line {line:03}").unwrap();
        }
        let mut found: Vec<_> =
            names.existing().unwrap().iter().map(|it| it.file_name().unwrap().to_owned()).collect();
        found.sort();
        assert_eq!(found, ["my.log", "my.log.1", "my.log.2"]);
    }

    #[test]
    fn a_file_is_continued_after_a_restart_and_a_line_longer_than_all_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let names = Names::Daily(dir.path().to_owned());
        for _ in 0..2 {
            let mut log = RotatedFile::with_longest(names.clone(), 100).unwrap();
            writeln!(log, "hello").unwrap();
        }
        assert_eq!(fs::read_to_string(names.current()).unwrap(), "hello\nhello\n");
        let mut log = RotatedFile::with_longest(names.clone(), 5).unwrap();
        writeln!(log, "longer than five").unwrap();
        assert_eq!(fs::read_to_string(names.current()).unwrap(), "longer than five\n");
    }

    #[test]
    fn a_link_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let names = Names::Daily(dir.path().join("logs"));
        fs::create_dir(dir.path().join("logs")).unwrap();
        std::os::unix::fs::symlink("../elsewhere", names.current()).unwrap();
        assert!(RotatedFile::open(names).is_err());
        assert!(!dir.path().join("elsewhere").exists());
    }
}
