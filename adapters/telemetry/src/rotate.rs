//! A file that is replaced before it becomes too long or too old, and a disk
//! that may be full.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustix::fs::OFlags;

use crate::names::Names;

/// How many times as long as one file all files together may be.
const FILES: u64 = 6;

/// Where the log is kept, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Storage {
    pub(crate) names: Names,
    /// How long a file may become, in bytes.
    pub(crate) longest: u64,
    /// How long a file is kept that is no longer written. Zero: as long as
    /// there is room.
    pub(crate) kept: Duration,
}

/// What whoever writes, whoever reads and whoever decides know together.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<RwLock<Storage>>);

impl Shared {
    pub(crate) fn new(storage: Storage) -> Self {
        Self(Arc::new(RwLock::new(storage)))
    }

    pub(crate) fn now(&self) -> Storage {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, storage: Storage) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = storage;
    }
}

/// Hears when the file can no longer be written, and when it can again.
pub(crate) trait Trouble: Send {
    fn begins(&mut self, path: &Path, error: &io::Error);

    /// So many lines were not kept.
    fn ends(&mut self, path: &Path, lines: u64);
}

/// Writes to the current file of a log. Nobody but the owner can read it.
///
/// Writing never fails: a line that cannot be kept is counted, and somebody is
/// told once.
#[derive(Debug)]
pub(crate) struct RotatedFile<T> {
    shared: Shared,
    file: Option<Opened>,
    lost: u64,
    trouble: T,
}

#[derive(Debug)]
struct Opened {
    storage: Storage,
    path: PathBuf,
    file: File,
    size: u64,
    // Whether the end of the last line is missing.
    torn: bool,
}

impl<T: Trouble> RotatedFile<T> {
    /// The file is opened with the first line.
    pub(crate) fn new(shared: Shared, trouble: T) -> Self {
        Self { shared, file: None, lost: 0, trouble }
    }

    fn keep(&mut self, line: &[u8]) {
        let storage = self.shared.now();
        let path = storage.names.current();
        match self.put(storage, &path, line) {
            Ok(()) if 0 < self.lost => {
                self.trouble.ends(&path, self.lost);
                self.lost = 0;
            }
            Ok(()) => (),
            Err(error) => {
                self.lost += 1;
                if self.lost == 1 {
                    self.trouble.begins(&path, &error);
                }
            }
        }
    }

    fn put(&mut self, storage: Storage, path: &Path, line: &[u8]) -> io::Result<()> {
        let longest = storage.longest;
        let fits = |open: &Opened| open.size == 0 || open.size + line.len() as u64 <= longest;
        let same = |open: &Opened| open.storage == storage && open.path == path;
        match &mut self.file {
            Some(open) if same(open) && fits(open) => open.append(line),
            _ => {
                let mut open = Opened::new(storage, path)?;
                if !fits(&open) {
                    // Rather a file that is too long than a line that is lost.
                    if open.storage.names.retire(path).is_ok() {
                        open = Opened::new(open.storage, path)?;
                    }
                }
                open.storage.forget_old(path);
                self.file.insert(open).append(line)
            }
        }
    }
}

impl Opened {
    fn new(storage: Storage, path: &Path) -> io::Result<Self> {
        let directory = storage.names.directory();
        if !directory.as_os_str().is_empty() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        // A link is not followed, and a pipe nobody reads does not hold us.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).mode(0o600).custom_flags(flags).open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { storage, path: path.to_owned(), file, size, torn: false })
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.write(b"\n")?;
            self.torn = false;
        }
        let before = self.size;
        let written = self.write(line);
        self.torn = written.is_err() && before < self.size;
        written
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.file.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.size += written as u64;
                    bytes = &bytes[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Storage {
    /// Removes what is too old, and the oldest of what is too much together.
    fn forget_old(&self, current: &Path) {
        let most = self.longest.saturating_mul(FILES);
        let mut together = 0_u64;
        for file in self.names.existing().unwrap_or_default() {
            together = together.saturating_add(file.size);
            let age = SystemTime::now().duration_since(file.changed).unwrap_or_default();
            let old = !self.kept.is_zero() && self.kept < age;
            if file.path != current && (old || most < together) {
                // One that cannot be removed now is tried again next time.
                let _ = fs::remove_file(file.path);
            }
        }
    }
}

impl<T: Trouble> Write for RotatedFile<T> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.keep(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |open| open.file.flush())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::{PermissionsExt, symlink},
        sync::Mutex,
    };

    use super::*;

    /// What was said about the disk.
    type Told = Arc<Mutex<Vec<String>>>;

    impl Trouble for Told {
        fn begins(&mut self, path: &Path, error: &io::Error) {
            let name = path.file_name().unwrap().display();
            self.lock().unwrap().push(format!("{name}: {}", error.kind()));
        }

        fn ends(&mut self, _: &Path, lines: u64) {
            self.lock().unwrap().push(format!("{lines} lost"));
        }
    }

    fn storage(names: Names, longest: u64) -> Storage {
        Storage { names, longest, kept: Duration::ZERO }
    }

    fn log(names: Names, longest: u64) -> RotatedFile<Told> {
        RotatedFile::new(Shared::new(storage(names, longest)), Told::default())
    }

    /// One line, as the thread that writes gives it to the file.
    fn say(log: &mut RotatedFile<Told>, line: &str) {
        log.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn found(directory: &Path) -> Vec<String> {
        let names = fs::read_dir(directory).unwrap().map(|it| it.unwrap().file_name());
        let mut names: Vec<_> = names.map(|it| it.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_full_file_is_retired_and_the_oldest_go() {
        let dir = tempfile::tempdir().unwrap();
        let logs = dir.path().join("logs");
        let names = Names::Daily(logs.clone());
        let mut log = log(names.clone(), 10);
        for line in 0..40 {
            say(&mut log, &format!("line {line:03}"));
        }
        let current = names.current();
        assert_eq!(fs::read_to_string(&current).unwrap(), "line 039\n");
        for (number, line) in (1..=5).zip((34..39).rev()) {
            let archive = current.with_extension(format!("{number}.log"));
            assert_eq!(fs::read_to_string(archive).unwrap(), format!("line {line:03}\n"));
        }
        assert_eq!(found(&logs).len(), 6);
        assert!(names.existing().unwrap().iter().all(|file| mode(&file.path) == 0o600));
        assert_eq!(mode(&logs), 0o700);
    }

    #[test]
    fn a_named_file_is_retired_beside_itself_and_others_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("my.log.txt"), "not ours").unwrap();
        let mut log = log(Names::Fixed(dir.path().join("my.log")), 10);
        for line in 0..3 {
            say(&mut log, &format!("line {line:03}"));
        }
        assert_eq!(found(dir.path()), ["my.log", "my.log.1", "my.log.2", "my.log.txt"]);
    }

    #[test]
    fn what_is_too_old_or_too_much_goes_when_a_file_is_opened() {
        let dir = tempfile::tempdir().unwrap();
        let old = |name: &str, hours: u64, size: usize| {
            let path = dir.path().join(name);
            fs::write(&path, vec![b'x'; size]).unwrap();
            let time = SystemTime::now() - Duration::from_hours(hours);
            File::options().append(true).open(&path).unwrap().set_modified(time).unwrap();
        };
        old("openclaw-2026-01-03.log", 73, 1);
        old("openclaw-2026-01-04.log", 71, 1);
        old("openclaw-2026-01-05.log", 25, 100);
        old("openclaw-2026-01-05.1.log", 26, 90);
        old("openclaw-notes.log", 999, 1);
        let names = Names::Daily(dir.path().to_owned());
        let kept = Duration::from_hours(72);
        let shared = Shared::new(Storage { names: names.clone(), longest: 50, kept });
        let mut log = RotatedFile::new(shared.clone(), Told::default());

        say(&mut log, "hello");
        let today = names.current().file_name().unwrap().to_str().unwrap().to_owned();
        let mut expected = [
            "openclaw-2026-01-04.log",
            "openclaw-2026-01-05.1.log",
            "openclaw-2026-01-05.log",
            "openclaw-notes.log",
            &today,
        ];
        expected.sort_unstable();
        assert_eq!(found(dir.path()), expected);

        // What may be kept became less: that is in force with the next line.
        shared.set(Storage { names, longest: 20, kept });
        say(&mut log, "hello");
        let mut expected = ["openclaw-2026-01-05.log", "openclaw-notes.log", today.as_str()];
        expected.sort_unstable();
        assert_eq!(found(dir.path()), expected);
    }

    #[test]
    fn a_file_is_continued_after_a_restart_and_a_line_longer_than_all_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let names = Names::Daily(dir.path().to_owned());
        for _ in 0..2 {
            say(&mut log(names.clone(), 100), "hello");
        }
        assert_eq!(fs::read_to_string(names.current()).unwrap(), "hello\nhello\n");
        say(&mut log(names.clone(), 5), "longer than five");
        assert_eq!(fs::read_to_string(names.current()).unwrap(), "longer than five\n");
    }

    #[test]
    fn the_next_line_goes_where_the_log_was_moved_to() {
        let dir = tempfile::tempdir().unwrap();
        let [one, two] = ["one.log", "two.log"].map(|name| dir.path().join("logs").join(name));
        let shared = Shared::new(storage(Names::Fixed(one.clone()), 100));
        let mut log = RotatedFile::new(shared.clone(), Told::default());
        say(&mut log, "first");
        shared.set(storage(Names::Fixed(two.clone()), 100));
        say(&mut log, "second");
        assert_eq!(fs::read_to_string(one).unwrap(), "first\n");
        assert_eq!(fs::read_to_string(two).unwrap(), "second\n");
    }

    #[test]
    fn a_link_is_not_written_through_and_a_pipe_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let [link, pipe] = ["link", "pipe"].map(|name| dir.path().join(name));
        symlink("elsewhere", &link).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
        for path in [link, pipe] {
            let mut log = log(Names::Fixed(path), 100);
            say(&mut log, "hello");
            assert_eq!(log.trouble.lock().unwrap().len(), 1);
        }
        assert!(!dir.path().join("elsewhere").exists());
    }

    #[test]
    fn a_log_that_cannot_be_written_says_so_once_and_goes_on_when_it_can() {
        let dir = tempfile::tempdir().unwrap();
        let logs = dir.path().join("logs");
        fs::write(&logs, "a file where a directory should be").unwrap();
        let names = Names::Fixed(logs.join("my.log"));
        let mut log = log(names.clone(), 100);
        for line in ["one", "two", "three"] {
            say(&mut log, line);
        }
        fs::remove_file(&logs).unwrap();
        for line in ["four", "five"] {
            say(&mut log, line);
        }
        assert_eq!(fs::read_to_string(names.current()).unwrap(), "four\nfive\n");
        assert_eq!(*log.trouble.lock().unwrap(), ["my.log: entity already exists", "3 lost"]);
    }

    /// `/dev/full` takes nothing, as a full disk does.
    #[test]
    fn a_full_disk_loses_lines_and_nothing_else() {
        let mut log = log(Names::Fixed("/dev/full".into()), 100);
        for _ in 0..3 {
            say(&mut log, "hello");
        }
        log.flush().unwrap();
        assert_eq!(*log.trouble.lock().unwrap(), ["full: no storage space"]);
    }
}
