//! Reading the log back, page by page.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use ports::{
    BoxError,
    config::LoggingConfig,
    driven::{LogPage, LogQuery, LogSource},
};
use rustix::fs::OFlags;

use crate::{
    control::storage,
    names::{Existing, Names},
    rotate::Shared,
};

/// The current file of the log.
#[derive(Clone, Debug)]
pub struct LogFile {
    shared: Shared,
}

impl LogFile {
    pub(crate) fn of(shared: Shared) -> Self {
        Self { shared }
    }

    /// The log in `directory`, for reading.
    pub fn in_directory(directory: &Path) -> Self {
        Self::configured(directory, &LoggingConfig::default())
    }

    /// The log that `logging` keeps, in `directory` unless it names a file, for
    /// reading.
    pub fn configured(directory: &Path, logging: &LoggingConfig) -> Self {
        Self::of(Shared::new(storage(directory, logging)))
    }

    /// The file that is written now; of daily ones the newest if nothing was
    /// said today.
    fn current(&self) -> PathBuf {
        let names = self.shared.now().names;
        let current = names.current();
        if matches!(names, Names::Fixed(_)) || current.exists() {
            return current;
        }
        let newest = names.existing().ok().and_then(|files| files.into_iter().next());
        newest.map_or(current, |Existing { path, .. }| path)
    }
}

/// Opens a file, and nothing that could keep a reader waiting.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::other("the log is no file that can be read back"))
}

impl LogSource for LogFile {
    fn tail(&self, query: LogQuery) -> Result<LogPage, BoxError> {
        let path = self.current();
        let name = path.display().to_string();
        match open(&path) {
            Ok(file) => Ok(read(file, name, query)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(LogPage {
                file: name,
                cursor: 0,
                size: 0,
                lines: Vec::new(),
                truncated: false,
                reset: query.cursor.is_some_and(|cursor| 0 < cursor),
            }),
            Err(error) => Err(error.into()),
        }
    }

    fn path(&self) -> String {
        self.current().display().to_string()
    }
}

fn read(file: File, name: String, query: LogQuery) -> io::Result<LogPage> {
    let size = file.metadata()?.len();
    read_to(file, name, query, size)
}

/// Reads as if the file were `size` bytes long.
fn read_to(mut file: File, name: String, query: LogQuery, size: u64) -> io::Result<LogPage> {
    let end = size.saturating_sub(query.max_bytes);
    let (start, reset, truncated) = match query.cursor {
        None => (end, false, 0 < end),
        // The file was replaced by a shorter one.
        Some(cursor) if size < cursor => (end, true, 0 < end),
        Some(cursor) if cursor < end => (end, true, true),
        Some(cursor) => (cursor, false, false),
    };
    // The byte before tells whether the first line is a whole one.
    let before = start.saturating_sub(1);
    file.seek(SeekFrom::Start(before))?;
    let mut bytes = Vec::new();
    // Less, if the file is cut short at this very moment. The cursor is beyond
    // its end then, which the next call notices.
    file.take(size - before).read_to_end(&mut bytes)?;
    let bytes = match (start, query.cursor) {
        (0, _) => &bytes[..],
        // A reader who comes back has seen the beginning of the line.
        (_, Some(_)) if !reset => bytes.get(1..).unwrap_or_default(),
        _ if bytes.first() == Some(&b'\n') => &bytes[1..],
        _ => bytes.iter().position(|byte| *byte == b'\n').map_or(&[][..], |at| &bytes[at + 1..]),
    };
    let lines: Vec<_> = lines(bytes).collect();
    let skipped = lines.len().saturating_sub(query.limit);
    let lines = lines.into_iter().skip(skipped).collect();
    Ok(LogPage { file: name, cursor: size, size, lines, truncated, reset })
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = String> {
    let bytes = bytes.strip_suffix(b"\n").or(Some(bytes)).filter(|_| !bytes.is_empty());
    let pieces = bytes.into_iter().flat_map(|bytes| bytes.split(|byte| *byte == b'\n'));
    pieces.map(|line| String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use proptest::prelude::*;

    use super::*;

    fn query(cursor: Option<u64>, limit: usize, max_bytes: u64) -> LogQuery {
        LogQuery { cursor, limit, max_bytes }
    }

    fn log() -> (tempfile::TempDir, LogFile, File) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let log = LogFile::in_directory(dir.path());
        let file = File::create(log.current()).expect("it is writable");
        (dir, log, file)
    }

    #[test]
    fn what_a_cursor_means() {
        let (_dir, log, mut file) = log();
        file.write_all(b"one\ntwo\nthree\nfour\n").unwrap();
        #[rustfmt::skip]
        let table = [
            // cursor, limit, bytes      lines                             truncated reset
            (None,     9,     19,  &["one", "two", "three", "four"][..], false, false),
            (None,     9,     18,  &["two", "three", "four"],            true,  false),
            (None,     1,     1,   &[],                                  true,  false),
            (None,     9,     100, &["one", "two", "three", "four"][..], false, false),
            (None,     2,     100, &["three", "four"],                   false, false),
            (None,     9,     11,  &["three", "four"],                   true,  false),
            (None,     9,     10,  &["four"],                            true,  false),
            (None,     9,     3,   &[],                                  true,  false),
            (Some(0),  9,     100, &["one", "two", "three", "four"],     false, false),
            (Some(8),  9,     100, &["three", "four"],                   false, false),
            (Some(10), 9,     100, &["ree", "four"],                     false, false),
            (Some(19), 9,     100, &[],                                  false, false),
            (Some(99), 9,     100, &["one", "two", "three", "four"],     false, true),
            (Some(99), 9,     11,  &["three", "four"],                   true,  true),
            (Some(0),  9,     11,  &["three", "four"],                   true,  true),
            (Some(8),  9,     11,  &["three", "four"],                   false, false),
            (Some(7),  9,     11,  &["three", "four"],                   true,  true),
            (Some(8),  1,     100, &["four"],                            false, false),
            (Some(u64::MAX), 9, 3, &[],                                  true,  true),
        ];
        for (cursor, limit, bytes, lines, truncated, reset) in table {
            let page = log.tail(query(cursor, limit, bytes)).unwrap();
            assert_eq!(page.lines, lines, "{cursor:?} {limit} {bytes}");
            assert_eq!((page.truncated, page.reset), (truncated, reset), "{cursor:?} {bytes}");
            assert_eq!((page.cursor, page.size), (19, 19));
        }
    }

    #[test]
    fn half_a_line_is_told_at_once_and_its_rest_later() {
        let (_dir, log, mut file) = log();
        file.write_all(b"one\ntw").unwrap();
        let page = log.tail(query(None, 9, 100)).unwrap();
        assert_eq!(page.lines, ["one", "tw"]);
        file.write_all(b"o\nthree\n").unwrap();
        let page = log.tail(query(Some(page.cursor), 9, 100)).unwrap();
        assert_eq!(page.lines, ["o", "three"]);
    }

    #[test]
    fn a_new_file_begins_anew() {
        let (_dir, log, mut file) = log();
        file.write_all(b"a long first file\n").unwrap();
        let page = log.tail(query(None, 9, 100)).unwrap();
        fs::write(log.current(), "new\n").unwrap();
        let page = log.tail(query(Some(page.cursor), 9, 100)).unwrap();
        assert!(page.reset);
        assert_eq!(page.lines, ["new"]);
    }

    #[test]
    fn a_file_that_is_cut_short_while_it_is_read_is_noticed_next_time() {
        let (_dir, log, mut file) = log();
        file.write_all(b"one\ntwo\nthree\n").unwrap();
        let opened = open(&log.current()).unwrap();
        // Opened, but not read yet: whoever rotates by copying empties it now.
        let size = opened.metadata().unwrap().len();
        file.set_len(0).unwrap();
        let page = read_to(opened, "log".into(), query(None, 9, 100), size).unwrap();
        assert_eq!((page.lines.len(), page.cursor, page.reset), (0, 14, false));
        let page = log.tail(query(Some(page.cursor), 9, 100)).unwrap();
        assert_eq!((page.cursor, page.reset), (0, true));
    }

    #[test]
    fn a_file_that_is_renamed_while_it_is_read_is_read_to_its_end() {
        let (dir, log, mut file) = log();
        file.write_all(b"one\ntwo\n").unwrap();
        let opened = open(&log.current()).unwrap();
        fs::rename(log.current(), dir.path().join("retired")).unwrap();
        fs::write(log.current(), "new\n").unwrap();
        let page = read(opened, "log".into(), query(Some(4), 9, 100)).unwrap();
        assert_eq!((page.lines, page.cursor), (vec!["two".to_owned()], 8));
        let page = log.tail(query(Some(8), 9, 100)).unwrap();
        assert_eq!((page.lines, page.reset), (vec!["new".to_owned()], true));
    }

    #[test]
    fn a_named_log_is_read_by_its_name_and_a_pipe_is_no_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("my.log");
        let file = Some(path.to_str().unwrap().to_owned());
        let logging = LoggingConfig { file, ..LoggingConfig::default() };
        let log = LogFile::configured(dir.path(), &logging);
        fs::write(dir.path().join("my.log.1"), "retired\n").unwrap();
        assert_eq!(log.tail(query(Some(7), 9, 100)).unwrap().size, 0);
        let (fifo, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
        rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, mode, 0).unwrap();
        assert!(log.tail(query(None, 9, 100)).is_err());
    }

    #[test]
    fn no_file_has_no_lines_and_yesterdays_is_better_than_none() {
        let (dir, log, _file) = log();
        fs::remove_file(log.current()).unwrap();
        let page = log.tail(query(None, 9, 100)).unwrap();
        assert_eq!((page.size, page.lines.len()), (0, 0));
        fs::write(dir.path().join("openclaw-2020-01-01.log"), "old\n").unwrap();
        assert_eq!(log.tail(query(None, 9, 100)).unwrap().lines, ["old"]);
        assert!(log.path().ends_with("openclaw-2020-01-01.log"));
    }

    proptest! {
        /// However the lines arrive and whenever somebody looks, a reader who
        /// follows the cursor gets every line once, in order.
        #[test]
        fn a_follower_misses_nothing(
            bursts in prop::collection::vec(prop::collection::vec("[a-zé]{0,20}", 0..6), 0..20),
        ) {
            let (_dir, log, mut file) = log();
            let (mut cursor, mut read, mut written) = (Some(0), Vec::new(), Vec::new());
            for burst in bursts {
                for line in burst {
                    writeln!(file, "{line}").unwrap();
                    written.push(line);
                }
                let page = log.tail(query(cursor, 5000, 1_000_000)).unwrap();
                prop_assert!(!page.reset && !page.truncated);
                read.extend(page.lines);
                cursor = Some(page.cursor);
            }
            prop_assert_eq!(read, written);
        }
    }
}
