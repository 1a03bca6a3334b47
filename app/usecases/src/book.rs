//! The book of sessions: the one place where a session is changed.
//!
//! Several use cases change sessions (a message was said, a label was set, a
//! run ended), and none may overwrite what another has just decided. So a
//! session that somebody works on lives here; a change is decided on what it is
//! *now*, under a short lock, and handed to the journal in the same moment.
//! Nobody waits for the disk while holding the lock.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::session::{Session, SessionKey};
use ports::{
    BoxFuture,
    driven::{Archive, Change, CommitError, Committed, Journal, StoreError, Urgency},
};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// The sessions somebody works on, and the way to change them.
#[derive(Clone)]
pub struct Book(Arc<Inner>);

struct Inner {
    archive: Arc<dyn Archive>,
    journal: Arc<dyn Journal>,
    live: Mutex<HashMap<SessionKey, Live>>,
    // Where those stand who have not got to a session yet.
    lines: Mutex<HashMap<SessionKey, Arc<AsyncMutex<()>>>>,
}

/// A session somebody works on.
struct Live {
    session: Option<Session>,
    // How many `Opened` and receipts keep it here.
    users: usize,
}

/// A session that was opened. While it is, what [`Book`] knows about it is what
/// counts.
pub struct Opened {
    book: Book,
    key: SessionKey,
}

/// Being next at a session: whoever asked later waits until this is dropped.
pub struct Turn {
    book: Book,
    key: SessionKey,
    place: Option<OwnedMutexGuard<()>>,
}

/// Says whether a change was kept. Dropping it does not take the change back.
pub type Receipt = BoxFuture<Result<Committed, CommitError>>;

impl Book {
    /// A book over a store.
    pub fn new(archive: Arc<dyn Archive>, journal: Arc<dyn Journal>) -> Self {
        Self(Arc::new(Inner { archive, journal, live: Mutex::default(), lines: Mutex::default() }))
    }

    /// Waits until everybody who asked for `key` before is done with it. Opening
    /// a session may have to wait for the disk, and the message that was sent
    /// first has to be the first all the same. To be dropped as soon as what was
    /// decided is handed in, not when it is on disk.
    pub async fn turn(&self, key: &SessionKey) -> Turn {
        let line = Arc::clone(self.lines().entry(key.clone()).or_default());
        // Made first, so that whoever gives up waiting tidies up as well.
        let mut turn = Turn { book: self.clone(), key: key.clone(), place: None };
        turn.place = Some(line.lock_owned().await);
        turn
    }

    /// Opens the session under `key`, whether it exists or not.
    pub async fn open(&self, key: &SessionKey) -> Result<Opened, StoreError> {
        if let Some(opened) = self.join(key) {
            return Ok(opened);
        }
        let session = self.0.archive.session(key).await?;
        Ok(self.keep(key, session))
    }

    /// Opens a session that nobody can have heard of yet, without asking the
    /// store: its name was made up a moment ago.
    pub fn open_unheard_of(&self, key: &SessionKey) -> Opened {
        self.join(key).unwrap_or_else(|| self.keep(key, None))
    }

    fn join(&self, key: &SessionKey) -> Option<Opened> {
        let mut live = self.live();
        live.get_mut(key)?.users += 1;
        Some(Opened { book: self.clone(), key: key.clone() })
    }

    /// Whoever loaded first decides what the session is.
    fn keep(&self, key: &SessionKey, session: Option<Session>) -> Opened {
        let mut live = self.live();
        live.entry(key.clone()).or_insert(Live { session, users: 0 }).users += 1;
        Opened { book: self.clone(), key: key.clone() }
    }

    fn release(&self, key: &SessionKey) {
        let mut live = self.live();
        let Some(entry) = live.get_mut(key) else { return };
        entry.users -= 1;
        if entry.users == 0 {
            live.remove(key);
        }
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<SessionKey, Arc<AsyncMutex<()>>>> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> MutexGuard<'_, HashMap<SessionKey, Live>> {
        self.0.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opened {
    /// The session as it is now, if it exists.
    pub fn session(&self) -> Option<Session> {
        self.book.live().get(&self.key).and_then(|live| live.session.clone())
    }

    /// Lets `decide` change the session as it is now, and hands in the changes
    /// it returns, preceded by the session itself if that changed.
    ///
    /// `decide` gets `None` for a session that does not exist, and creates it
    /// by putting one there. To delete it, it takes it out and returns
    /// [`Change::DeleteSession`]. When it fails, nothing happened.
    pub fn edit<T, E>(
        &self,
        urgency: Urgency,
        decide: impl FnOnce(&mut Option<Session>) -> Result<(Vec<Change>, T), E>,
    ) -> Result<(Receipt, T), E> {
        let mut live = self.book.live();
        let entry = live.entry(self.key.clone()).or_insert(Live { session: None, users: 0 });
        let mut session = entry.session.clone();
        let (mut changes, answer) = decide(&mut session)?;
        if let Some(session) = session.as_ref().filter(|now| entry.session.as_ref() != Some(*now)) {
            changes.insert(0, Change::PutSession(session.clone()));
        }
        let before = std::mem::replace(&mut entry.session, session);
        entry.users += 1;
        // Under the lock: what is decided first is written first.
        let receipt = self.book.0.journal.submit(changes, urgency);
        drop(live);

        let kept = Opened { book: self.book.clone(), key: self.key.clone() };
        let receipt = async move {
            let committed = receipt.await;
            if committed.is_err() {
                kept.take_back(before);
            }
            committed
        };
        Ok((Box::pin(receipt), answer))
    }

    /// The disk refused a change: what was there before counts again.
    fn take_back(&self, before: Option<Session>) {
        if let Some(live) = self.book.live().get_mut(&self.key) {
            live.session = before;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.place = None;
        let mut lines = self.book.lines();
        // Nobody stands in it but the book itself.
        if lines.get(&self.key).is_some_and(|line| Arc::strong_count(line) == 1) {
            lines.remove(&self.key);
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.book.release(&self.key);
    }
}

impl fmt::Debug for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Book").field("live", &self.live().len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("key", &self.key).finish_non_exhaustive()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("key", &self.key).finish_non_exhaustive()
    }
}
