//! Reading the log back, page by page.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
};

use ports::{
    BoxError,
    driven::{LogPage, LogQuery, LogSource},
};

use crate::names::Names;

/// The current file of the log.
#[derive(Clone, Debug)]
pub struct LogFile {
    names: Names,
}

impl LogFile {
    pub(crate) fn new(names: Names) -> Self {
        Self { names }
    }

    /// The log in `directory`, for reading.
    pub fn in_directory(directory: PathBuf) -> Self {
        Self::new(Names::Daily(directory))
    }

    /// Today's file, or the newest if nothing was said today.
    fn current(&self) -> PathBuf {
        let today = self.names.current();
        if today.exists() {
            return today;
        }
        let newest = self.names.existing().ok().and_then(|files| files.into_iter().next());
        newest.unwrap_or(today)
    }
}

impl LogSource for LogFile {
    fn tail(&self, query: LogQuery) -> Result<LogPage, BoxError> {
        let path = self.current();
        let name = path.display().to_string();
        match File::open(&path) {
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

fn read(mut file: File, name: String, query: LogQuery) -> io::Result<LogPage> {
    let size = file.metadata()?.len();
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
        let log = LogFile::in_directory(dir.path().to_owned());
        let file = File::create(log.names.current()).expect("it is writable");
        (dir, log, file)
    }

    #[test]
    fn what_a_cursor_means() {
        let (_dir, log, mut file) = log();
        file.write_all(b"one\ntwo\nthree\nfour\n").unwrap();
        #[rustfmt::skip]
        let table = [
            // cursor, limit, bytes      lines                             truncated reset
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
        fs::write(log.names.current(), "new\n").unwrap();
        let page = log.tail(query(Some(page.cursor), 9, 100)).unwrap();
        assert!(page.reset);
        assert_eq!(page.lines, ["new"]);
    }

    #[test]
    fn no_file_has_no_lines_and_yesterdays_is_better_than_none() {
        let (dir, log, _file) = log();
        fs::remove_file(log.names.current()).unwrap();
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
