//! The threads that read.
//!
//! What is known to take microseconds has one, and what may take long has
//! another, so that the one never waits behind the other.

use std::{
    ffi::c_int,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, SyncSender, TrySendError},
    },
    thread::{self, JoinHandle},
};

use ports::driven::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    damage::Damage,
    database,
    error::{Unusable, store_error},
};

/// A reading end of the store.
#[derive(Debug)]
pub(crate) struct Reader {
    // Nothing, once it is closed.
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    closing: Arc<AtomicBool>,
}

type Job = Box<dyn FnOnce(&mut Desk) + Send>;

/// What a reading thread works with. The connection is opened when it is first
/// needed.
struct Desk {
    path: PathBuf,
    connection: Option<Connection>,
    damage: Arc<Damage>,
    closing: Arc<AtomicBool>,
}

/// How many steps of SQLite's machine a question may take before it is asked
/// whether the store closes meanwhile: a fraction of a millisecond.
const STEPS: c_int = 10_000;
/// How many questions may wait.
const MAX_WAITING: usize = 4_096;
/// SQLite needs little.
const STACK: usize = 256 << 10;

impl Reader {
    /// Starts a thread that reads the database at `path`.
    pub(crate) fn start(name: &str, path: &Path, damage: Arc<Damage>) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::sync_channel::<Job>(MAX_WAITING);
        let closing = Arc::<AtomicBool>::default();
        let mut desk =
            Desk { path: path.to_owned(), connection: None, damage, closing: Arc::clone(&closing) };
        let work = move || waiting.into_iter().for_each(|job| job(&mut desk));
        let thread = thread::Builder::new().name(name.to_owned()).stack_size(STACK).spawn(work)?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)), closing })
    }

    /// What `question` finds. It is not asked if nobody waits for the answer any
    /// more.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection, &Damage) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |desk| {
            if !answer.is_closed() {
                // Whoever left in between has no use for it.
                let _ = answer.send(desk.look_up(question));
            }
        });
        self.hand_in(job)?;
        answered.await.unwrap_or_else(|_| Err(Unusable::Closed.into()))
    }

    fn hand_in(&self, job: Job) -> Result<(), Unusable> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        match jobs.as_ref().ok_or(Unusable::Closed)?.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(Unusable::Overloaded("read")),
            Err(TrySendError::Disconnected(_)) => Err(Unusable::Closed),
        }
    }

    /// Lets nothing more in, and breaks off what takes long: a search through a
    /// large store would hold up the end for seconds. Returns when the connection
    /// is closed.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        drop(self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A thread that panicked has nothing open either.
            let _ = thread.join();
        }
    }
}

impl Desk {
    fn look_up<T>(
        &mut self,
        question: impl FnOnce(&Connection, &Damage) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.open().map_err(|error| store_error("database", error))?,
        };
        let answer = question(&connection, &self.damage);
        self.connection = Some(connection);
        answer
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let mut connection = database::open_reader(&self.path)?;
        let closing = Arc::clone(&self.closing);
        connection.progress_handler(STEPS, Some(move || closing.load(Ordering::Relaxed)))?;
        Ok(connection)
    }
}
