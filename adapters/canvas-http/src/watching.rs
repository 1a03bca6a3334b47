//! Noticing that a file of the canvas changed, while somebody looks at it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode},
};
use tokio::sync::watch;
use tracing::warn;

use crate::{folder, is_of_interest};

/// How many folders are watched. A canvas has a few.
const MOST_FOLDERS: usize = 4096;
/// The thread needs next to none.
const STACK: usize = 256 * 1024;

/// Who looks at which folder.
#[derive(Default)]
pub(crate) struct Lookouts {
    /// The watch everybody shares, as long as somebody needs it.
    current: Mutex<Weak<Watch>>,
    /// Whether it was said already that there can be none.
    is_told: Arc<AtomicBool>,
}

/// A watch over a folder and those in it, until it is dropped.
pub(crate) struct Watch {
    root: PathBuf,
    news: watch::Receiver<u64>,
    end: mpsc::Sender<Heard>,
}

/// Why there is no watch.
#[derive(Debug, thiserror::Error)]
enum Blind {
    #[error("the system does not tell")]
    System(#[from] notify::Error),
    #[error("a folder cannot be read")]
    Disk(#[from] io::Error),
    #[error("there are more than {MOST_FOLDERS} folders")]
    Crowded,
}

enum Heard {
    Told(notify::Result<Event>),
    /// Nobody looks any more.
    Over,
}

impl Lookouts {
    /// A watch over `root`, which looks already. Nothing if there can be none,
    /// which is said once.
    pub(crate) async fn watch(&self, root: &Path) -> Option<Arc<Watch>> {
        let watch = self.shared(root)?;
        let mut news = watch.news.clone();
        // Whoever looks has something to say at once; who does not, hangs up.
        news.wait_for(|news| 0 < *news).await.ok()?;
        Some(watch)
    }

    fn shared(&self, root: &Path) -> Option<Arc<Watch>> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = current.upgrade().filter(|it| it.root == root && it.is_looking());
        if shared.is_some() {
            return shared;
        }
        let watch = Watch::start(root.to_owned(), Arc::clone(&self.is_told));
        let watch = Arc::new(watch.map_err(|error| tell(&self.is_told, &error)).ok()?);
        *current = Arc::downgrade(&watch);
        Some(watch)
    }
}

impl Watch {
    fn start(root: PathBuf, is_told: Arc<AtomicBool>) -> io::Result<Self> {
        let (end, heard) = mpsc::channel();
        let (told, news) = watch::channel(0);
        let thread = thread::Builder::new().name("canvas-watch".to_owned()).stack_size(STACK);
        let (place, ear) = (root.clone(), end.clone());
        thread.spawn(move || {
            if let Err(error) = look(&place, ear, &heard, &told) {
                tell(&is_told, &error);
            }
        })?;
        Ok(Self { root, news, end })
    }

    /// Changes whenever a file does. Hangs up when nobody looks any more.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.news.clone()
    }

    fn is_looking(&self) -> bool {
        self.news.has_changed().is_ok()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Nobody waits for the thread: the disk it looks at may hang.
        let _ = self.end.send(Heard::Over);
    }
}

fn tell(is_told: &AtomicBool, error: &(dyn std::error::Error + 'static)) {
    if !is_told.swap(true, Ordering::Relaxed) {
        warn!(error, "pages of the canvas do not follow their files");
    }
}

/// Looks after `root` until it is over.
fn look(
    root: &Path,
    ear: mpsc::Sender<Heard>,
    heard: &mpsc::Receiver<Heard>,
    told: &watch::Sender<u64>,
) -> Result<(), Blind> {
    // A page that shows A2UI comes before anybody looked for a file.
    folder::prepare(root);
    let watcher = notify::recommended_watcher(move |event| {
        // Nobody listens: then it is over.
        let _ = ear.send(Heard::Told(event));
    })?;
    let mut eyes = Eyes { root, watcher, folders: 0 };
    eyes.watch(root)?;
    told.send_modify(|news| *news += 1);
    while let Ok(Heard::Told(event)) = heard.recv() {
        let event = event?;
        if event.need_rescan() {
            eyes.watch(root)?;
        } else if !eyes.is_news(&event) {
            continue;
        }
        for path in event.paths.iter().filter(|path| is_folder(path)) {
            eyes.watch(path)?;
        }
        told.send_modify(|news| *news += 1);
    }
    Ok(())
}

struct Eyes<'a> {
    root: &'a Path,
    watcher: RecommendedWatcher,
    folders: usize,
}

impl Eyes<'_> {
    /// Watches `folder` and all below it, but nothing that is ignored.
    fn watch(&mut self, folder: &Path) -> Result<(), Blind> {
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            if !is_of_interest(self.root, &folder) {
                continue;
            }
            self.folders += 1;
            if MOST_FOLDERS < self.folders {
                return Err(Blind::Crowded);
            }
            // First the watch, then what is there already: nothing is missed.
            let watched = self.watcher.watch(&folder, RecursiveMode::NonRecursive);
            match watched.map_err(Blind::System).and_then(|()| Ok(below(&folder)?)) {
                Ok(folders) => waiting.extend(folders),
                // It went away again meanwhile.
                Err(_) if folder != self.root && !folder.exists() => (),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether something changed that somebody could see.
    fn is_news(&self, event: &Event) -> bool {
        let is_reading = match event.kind {
            EventKind::Access(how) => how != AccessKind::Close(AccessMode::Write),
            EventKind::Any
            | EventKind::Create(_)
            | EventKind::Modify(_)
            | EventKind::Remove(_)
            | EventKind::Other => false,
        };
        !is_reading && event.paths.iter().any(|path| is_of_interest(self.root, path))
    }
}

/// The folders in `folder`.
fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.filter_map(Result::ok);
    Ok(entries.map(|entry| entry.path()).filter(|path| is_folder(path)).collect())
}

/// Whether `path` is a folder itself, and no link to one.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|it| it.is_dir())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Waits until there is news, for as long as a test may take.
    async fn hear(news: &mut watch::Receiver<u64>) {
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, news.changed()).await.expect("there is no news").unwrap();
    }

    #[tokio::test]
    async fn changes_are_told_also_those_in_new_folders() {
        let home = tempfile::tempdir().unwrap();
        let (root, lookouts) = (home.path(), Lookouts::default());
        let watch = lookouts.watch(root).await.unwrap();
        let mut news = watch.news();
        news.mark_unchanged();
        fs::write(root.join("a.html"), "a").unwrap();
        hear(&mut news).await;
        fs::create_dir_all(root.join("b/c")).unwrap();
        // The folder is watched some time after it was made, and not before that
        // is told.
        loop {
            fs::write(root.join("b/c/d.css"), "d").unwrap();
            news.mark_unchanged();
            let heard = tokio::time::timeout(Duration::from_millis(50), news.changed()).await;
            if heard.is_ok() && watch.news.borrow().gt(&3) {
                break;
            }
        }
    }

    #[tokio::test]
    async fn hidden_files_and_packages_are_ignored() {
        let root = Path::new("/canvas");
        let event = |kind, path: &str| Event::new(kind).add_path(root.join(path));
        let changed = EventKind::Modify(notify::event::ModifyKind::Any);
        let watcher = notify::recommended_watcher(|_| ()).unwrap();
        let eyes = Eyes { root, watcher, folders: 0 };
        #[rustfmt::skip]
        let table = [
            (changed,                                "a.html",                 true),
            (changed,                                "a/b.css",                true),
            (EventKind::Access(AccessKind::Read),    "a.html",                 false),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), "a.html", true),
            (changed,                                ".a.html.swp",            false),
            (changed,                                ".git/HEAD",              false),
            (changed,                                "node_modules/x/y.js",    false),
            (changed,                                "a/node_modules/y.js",    false),
        ];
        for (kind, path, expected) in table {
            assert_eq!(eyes.is_news(&event(kind, path)), expected, "{kind:?} {path}");
        }
        assert!(!eyes.is_news(&Event::new(changed).add_path("/other/a.html".into())));
    }

    #[tokio::test]
    async fn a_watch_is_shared_while_somebody_needs_it() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let lookouts = Lookouts::default();
        let first = lookouts.watch(one.path()).await.unwrap();
        let again = lookouts.watch(one.path()).await.unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let other = lookouts.watch(two.path()).await.unwrap();
        assert!(!Arc::ptr_eq(&first, &other));
        let mut news = first.news();
        drop((first, again));
        // It ends with whoever needed it last.
        while news.changed().await.is_ok() {}
    }

    #[tokio::test]
    async fn what_cannot_be_watched_is_said_once() {
        let home = tempfile::tempdir().unwrap();
        let lookouts = Lookouts::default();
        fs::write(home.path().join("file"), "").unwrap();
        for _ in 0..2 {
            assert!(lookouts.watch(&home.path().join("file/canvas")).await.is_none());
        }
        assert!(lookouts.is_told.load(Ordering::Relaxed));
    }
}
