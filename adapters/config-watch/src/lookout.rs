//! The thread that keeps an eye on the files.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt, io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};
use tokio::sync::watch;
use tracing::{debug, warn};

use crate::places::{Places, Stamp, stamp};

/// How often the files are looked at, whatever the kernel tells. It tells
/// nothing about network mounts, nor that a directory further up was replaced.
const LOOK: Duration = Duration::from_secs(2);

/// The thread needs next to none.
const STACK: usize = 256 * 1024;

/// How it is found out that something happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Eyes {
    /// How often the files are looked at.
    pub(crate) look: Duration,
    /// Whether the kernel is asked to tell.
    pub(crate) are_told: bool,
}

impl Default for Eyes {
    fn default() -> Self {
        Self { look: LOOK, are_told: true }
    }
}

/// Keeps an eye on files until it is dropped.
pub(crate) struct Lookout(Arc<Shared>);

/// What the thread, the kernel's messenger and the owner share.
#[derive(Default)]
struct Shared {
    desk: Mutex<Desk>,
    bell: Condvar,
}

#[derive(Default)]
struct Desk {
    /// The files to watch, where the thread does not know of them yet.
    files: Option<Vec<PathBuf>>,
    /// Whether the kernel told something about one of `names`.
    is_noticed: bool,
    is_over: bool,
    names: BTreeSet<OsString>,
}

impl Lookout {
    /// Starts the thread. What is returned changes when something happened.
    pub(crate) fn start(eyes: Eyes) -> io::Result<(Self, watch::Receiver<()>)> {
        let shared = Arc::new(Shared::default());
        let (news, told) = watch::channel(());
        let watcher = eyes.are_told.then(|| watcher(&shared)).flatten();
        let thread = thread::Builder::new().name("config-watch".to_owned()).stack_size(STACK);
        let round = Round {
            look: eyes.look,
            shared: Arc::clone(&shared),
            news,
            watcher,
            places: Places::default(),
            stamps: BTreeMap::new(),
        };
        thread.spawn(move || round.run())?;
        Ok((Self(shared), told))
    }

    /// The files to watch from now on.
    pub(crate) fn watch(&self, files: Vec<PathBuf>) {
        self.0.desk().files = Some(files);
        self.0.bell.notify_one();
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        // Nobody waits for the thread: the disk it looks at may hang.
        self.0.desk().is_over = true;
        self.0.bell.notify_one();
    }
}

impl fmt::Debug for Lookout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookout").finish_non_exhaustive()
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // What lies on it is good at every moment.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something to do, at most for `look`.
    fn wait(&self, look: Duration) -> MutexGuard<'_, Desk> {
        let is_idle = |desk: &mut Desk| desk.files.is_none() && !desk.is_noticed && !desk.is_over;
        let waited = self.bell.wait_timeout_while(self.desk(), look, is_idle);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Takes what the kernel tells.
    fn take(&self, told: &notify::Result<Event>) {
        let mut desk = self.desk();
        if concerns(told, &desk.names) {
            desk.is_noticed = true;
            self.bell.notify_one();
        }
    }
}

/// The kernel's messenger, or nothing where it has none left to give.
fn watcher(shared: &Arc<Shared>) -> Option<RecommendedWatcher> {
    let shared = Arc::clone(shared);
    match notify::recommended_watcher(move |told| shared.take(&told)) {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            warn!(
                target: "config",
                error = &error as &dyn std::error::Error,
                "the configuration is not watched but looked at from time to time",
            );
            None
        }
    }
}

/// Whether what the kernel tells may be about one of `names`. Being read
/// concerns nobody; that it lost count or failed concerns everybody.
fn concerns(told: &notify::Result<Event>, names: &BTreeSet<OsString>) -> bool {
    let Ok(event) = told else { return true };
    if event.need_rescan() {
        return true;
    }
    let is_reading = match event.kind {
        EventKind::Access(how) => how != AccessKind::Close(AccessMode::Write),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => false,
    };
    let mut called = event.paths.iter().filter_map(|path| path.file_name());
    !is_reading && called.any(|name| names.contains(name))
}

/// What the thread knows.
struct Round {
    look: Duration,
    shared: Arc<Shared>,
    news: watch::Sender<()>,
    watcher: Option<RecommendedWatcher>,
    /// What the kernel was asked to watch.
    places: Places,
    /// What the files looked like.
    stamps: BTreeMap<PathBuf, Option<Stamp>>,
}

impl Round {
    fn run(mut self) {
        loop {
            let (files, mut is_news) = {
                let mut desk = self.shared.wait(self.look);
                if desk.is_over {
                    return;
                }
                (desk.files.take(), std::mem::take(&mut desk.is_noticed))
            };
            if let Some(files) = files {
                is_news |= self.take_note(files);
            }
            // First the directories, then the files: what happens in between is
            // told by the one or seen in the other.
            self.watch();
            is_news |= self.look();
            if is_news {
                self.news.send_replace(());
            }
        }
    }

    /// Watches these files from now on. Returns whether one is new.
    fn take_note(&mut self, files: Vec<PathBuf>) -> bool {
        let before = std::mem::take(&mut self.stamps);
        for file in files {
            let stamp = before.get(&file).copied().flatten();
            self.stamps.insert(file, stamp);
        }
        self.stamps.keys().any(|file| !before.contains_key(file))
    }

    /// Lets the kernel watch where the files are now.
    fn watch(&mut self) {
        let places = Places::of(self.stamps.keys());
        if places == self.places {
            return;
        }
        self.shared.desk().names.clone_from(&places.names);
        let before = std::mem::replace(&mut self.places, places);
        let Some(watcher) = &mut self.watcher else { return };
        let now = &self.places.directories;
        for directory in before.directories.keys() {
            if now.get(directory) != before.directories.get(directory) {
                // It may be gone, and the watch with it.
                let _ = watcher.unwatch(directory);
            }
        }
        for (directory, identity) in now {
            if identity.is_none() || before.directories.get(directory) == Some(identity) {
                continue;
            }
            if let Err(error) = watcher.watch(directory, RecursiveMode::NonRecursive) {
                let error = &error as &dyn std::error::Error;
                debug!(target: "config", error, "looked at from time to time: {}", directory.display());
            }
        }
    }

    /// Looks at the files. Returns whether one is another than before.
    fn look(&mut self) -> bool {
        let mut is_other = false;
        for (file, before) in &mut self.stamps {
            let now = stamp(file);
            is_other |= now != *before;
            *before = now;
        }
        is_other
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use notify::event::{CreateKind, DataChange, Flag, ModifyKind, RemoveKind, RenameMode};

    use super::*;

    #[test]
    fn what_concerns_the_file() {
        let write = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let open = EventKind::Access(AccessKind::Open(AccessMode::Any));
        let close = |mode| EventKind::Access(AccessKind::Close(mode));
        let rename = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        #[rustfmt::skip]
        let table = [
            (write,                                 "/d/file",  true),
            (write,                                 "/d/other", false),
            (write,                                 "/",        false),
            (open,                                  "/d/file",  false),
            (close(AccessMode::Read),               "/d/file",  false),
            (close(AccessMode::Write),              "/d/file",  true),
            (rename,                                "/d/file",  true),
            (EventKind::Create(CreateKind::File),   "/d/file",  true),
            (EventKind::Remove(RemoveKind::File),   "/d/file",  true),
            (EventKind::Remove(RemoveKind::Folder), "/d",       true),
            (EventKind::Remove(RemoveKind::Folder), "/d/sub",   false),
        ];
        let names = BTreeSet::from(["d".into(), "file".into()]);
        for (kind, path, expected) in table {
            let told = Ok(Event::new(kind).add_path(path.into()));
            assert_eq!(concerns(&told, &names), expected, "{kind:?} {path}");
        }
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert!(concerns(&Ok(lost), &names));
        assert!(concerns(&Err(notify::Error::generic("no")), &names));
    }

    #[test]
    fn only_what_was_not_watched_before_is_news() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str| directory.path().join(name);
        fs::write(file("a"), "").unwrap();
        let mut round = Round {
            look: LOOK,
            shared: Arc::default(),
            news: watch::channel(()).0,
            watcher: None,
            places: Places::default(),
            stamps: BTreeMap::new(),
        };
        #[rustfmt::skip]
        let table: [(&[&str], bool); 6] = [
            (&["a"],      true),
            (&["a"],      false),
            (&["b", "a"], true),
            (&["a", "b"], false),
            (&["b"],      false),
            (&["a"],      true),
        ];
        for (files, is_news) in table {
            let files = files.iter().map(|name| file(name)).collect();
            assert_eq!(round.take_note(files), is_news);
            round.look();
        }
        assert!(!round.look());
        fs::write(file("a"), "more").unwrap();
        assert!(round.look());
        round.take_note(vec![file("a")]);
        assert!(!round.look(), "what was seen of it is remembered");
    }
}
