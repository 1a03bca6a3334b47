#![doc = include_str!("../README.md")]

mod check;
mod checksum;
mod counters;
mod damage;
mod database;
mod directory;
mod error;
mod place;
mod queue;
mod read;
mod reader;
mod row;
mod schema;
mod snapshot;
mod writer;

use std::{
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    thread::{self, JoinHandle},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    ids::{MessageId, RunId, SessionId},
    session::{Session, SessionKey},
};
use ports::{
    BoxFuture,
    driven::{
        Archive, Change, CommitError, Committed, Drawer, Entry, HistoryPage, HistoryQuery, Journal,
        RunRecord, SessionPage, SessionQuery, SpendingPage, SpendingQuery, StoreError, StoreStats,
        StoredRecord, Urgency,
    },
};
use tokio::sync::oneshot;

pub use crate::{
    check::quick_check,
    counters::Counters,
    snapshot::{check_snapshot, snapshot},
};
use crate::{
    counters::Tally,
    damage::Damage,
    error::{Unusable, io_error},
    queue::{Bounds, Queue, Submission},
    reader::Reader,
    writer::Writer,
};

/// A [`Journal`] and [`Archive`] in a SQLite file.
///
/// [`shutdown`](Self::shutdown) ends it well. Dropping it does the same, but
/// blocks the thread meanwhile.
#[derive(Debug)]
pub struct SqliteStore {
    queue: Arc<Queue>,
    tally: Arc<Tally>,
    damage: Arc<Damage>,
    writer: Mutex<Option<Writing>>,
    // For what takes microseconds, and for what may take long.
    quick: Arc<Reader>,
    long: Arc<Reader>,
}

/// The thread that writes, and the end of it.
#[derive(Debug)]
struct Writing {
    thread: JoinHandle<()>,
    ended: oneshot::Receiver<Result<(), StoreError>>,
}

/// How the store behaves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many submissions may wait. One more is refused.
    pub max_waiting: usize,
    /// How many bytes of messages may wait.
    pub max_waiting_bytes: usize,
    /// How long a lazy submission waits for company.
    pub lazy_wait: Duration,
    /// How large the file may become, in pages of 4 KiB. Then it is as if the
    /// disk were full.
    pub max_pages: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_waiting: 16_384,
            max_waiting_bytes: 64 << 20,
            lazy_wait: Duration::from_millis(10),
            max_pages: None,
        }
    }
}

/// Histories longer than this are not read where others wait.
const LONG_HISTORY: usize = 1_000;
/// What the writer's thread has for its stack.
const STACK: usize = 512 << 10;

impl SqliteStore {
    /// Opens the store at `path`, making it and its directory if there is none.
    ///
    /// Nobody else can open it, or another store in the same directory, until
    /// this one is closed. How long it takes does not depend on how much is
    /// stored.
    pub fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let directory = match path.parent() {
            Some(directory) if directory != Path::new("") => directory,
            _ => Path::new("."),
        };
        let lock = directory::claim(directory)?;
        let connection = database::open_writer(path, options.max_pages)?;
        let queue = Arc::new(Queue::new(Bounds {
            submissions: options.max_waiting,
            bytes: options.max_waiting_bytes,
            patience: options.lazy_wait,
        }));
        let tally = Arc::<Tally>::default();
        let damage = Arc::<Damage>::default();
        let reader =
            |name| Reader::start(name, path, Arc::clone(&damage)).map(Arc::new).map_err(io_error);
        let quick = reader("store-read")?;
        let long = reader("store-read-long")?;
        let writer = Writer::new(connection, Arc::clone(&queue), Arc::clone(&tally));
        let readers = [Arc::clone(&quick), Arc::clone(&long)];
        let writer = Mutex::new(Some(write(writer, readers, lock).map_err(io_error)?));
        Ok(Self { queue, tally, damage, writer, quick, long })
    }

    /// Writes everything that was submitted, brings the file into the state in
    /// which it can be copied alone, and gives it back. Later submissions and
    /// questions are refused.
    ///
    /// Safe to call again, and to drop: the writer goes on by itself.
    pub async fn shutdown(&self) -> Result<(), StoreError> {
        self.queue.close();
        let writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match writing {
            None => Ok(()),
            Some(Writing { ended, .. }) => {
                ended.await.unwrap_or_else(|_| Err(Unusable::Closed.into()))
            }
        }
    }

    /// What the store has done since it was opened.
    pub fn counters(&self) -> Counters {
        self.tally.read()
    }

    /// How many damaged records were found since the store was opened.
    pub fn damaged(&self) -> u64 {
        self.damage.count()
    }
}

/// Starts the thread that writes. At its end it waits for those who read, so that
/// the lock is held until nobody has the file open.
fn write(mut writer: Writer, readers: [Arc<Reader>; 2], lock: File) -> io::Result<Writing> {
    let (end, ended) = oneshot::channel();
    let work = move || {
        let _gone = Abandon(writer.queue());
        writer.run();
        for reader in readers {
            reader.close();
        }
        let result = writer.close();
        drop(lock);
        // Whoever does not wait for the end has no use for it.
        let _ = end.send(result);
    };
    let thread =
        thread::Builder::new().name("store-write".to_owned()).stack_size(STACK).spawn(work)?;
    Ok(Writing { thread, ended })
}

/// Abandons the queue when the writer is gone, even if it panicked.
struct Abandon(Arc<Queue>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.queue.close();
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Writing { thread, .. }) = writer.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Journal for SqliteStore {
    fn submit(
        &self,
        changes: Vec<Change>,
        urgency: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        let (receipt, received) = oneshot::channel();
        self.queue.push(Submission { changes, urgency, receipt });
        Box::pin(async move {
            received.await.unwrap_or_else(|_| Err(CommitError::Store(Unusable::Closed.into())))
        })
    }
}

#[async_trait]
impl Archive for SqliteStore {
    async fn session(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        let key = key.clone();
        self.quick.ask(move |connection, damage| read::session(connection, damage, &key)).await
    }

    async fn session_by_id(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let id = id.clone();
        self.quick.ask(move |connection, damage| read::session_by_id(connection, damage, &id)).await
    }

    async fn sessions(&self, query: SessionQuery) -> Result<SessionPage, StoreError> {
        let reader = if read::is_long(&query) { &self.long } else { &self.quick };
        reader.ask(move |connection, damage| read::sessions(connection, damage, &query)).await
    }

    async fn history(
        &self,
        session: &SessionId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, StoreError> {
        let session = session.clone();
        let reader = if LONG_HISTORY < query.limit { &self.long } else { &self.quick };
        reader
            .ask(move |connection, damage| read::history(connection, damage, &session, query))
            .await
    }

    async fn record(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let (session, id) = (session.clone(), id.clone());
        self.quick
            .ask(move |connection, damage| read::record(connection, damage, &session, &id))
            .await
    }

    async fn run(&self, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
        let run = run.clone();
        self.quick.ask(move |connection, damage| read::checked_run(connection, damage, &run)).await
    }

    async fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        self.quick.ask(read::open_runs).await
    }

    async fn spendings(&self, query: SpendingQuery) -> Result<SpendingPage, StoreError> {
        self.long.ask(move |connection, damage| read::spendings(connection, damage, &query)).await
    }

    async fn entries(&self, drawer: Drawer) -> Result<Vec<Entry>, StoreError> {
        self.long.ask(move |connection, damage| read::entries(connection, damage, drawer)).await
    }

    async fn stats(&self) -> Result<StoreStats, StoreError> {
        if self.tally.sync_failed.load(Ordering::Relaxed) {
            return Err(Unusable::SyncFailed.into());
        }
        self.quick.ask(read::stats).await
    }
}
