//! The one thread that writes.
//!
//! It takes everything that waits, writes it in one transaction, syncs once, and
//! then hands out the receipts. Each submission has a savepoint of its own, so
//! one that is refused does not take the others with it.

mod apply;
mod sweep;

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use ports::driven::{Change, CommitError, Committed, StoreError};
use rusqlite::Connection;
use tracing::{error, warn};

use crate::{
    counters::Tally,
    error::{Unusable, is_lost_sync, store_error},
    queue::{Next, Queue, Receipt, Submission},
    writer::{apply::Heads, sweep::Sweep},
};

pub(crate) use apply::spend;

/// The writing end of the store.
#[derive(Debug)]
pub(crate) struct Writer {
    connection: Connection,
    queue: Arc<Queue>,
    tally: Arc<Tally>,
    heads: Heads,
    sweep: Sweep,
    /// How many submissions the last batch had, and how long they may be waited
    /// for this time.
    company: usize,
    grace: Duration,
    /// Whether the log holds what the file does not.
    unsettled: bool,
}

/// Copying the log into the file waits until nothing has come for this long.
const QUIET: Duration = Duration::from_secs(1);
/// The longest wait for company; a sync takes milliseconds on most disks.
const MAX_GRACE: Duration = Duration::from_micros(500);
/// Waiting for company may take this part of what a commit takes.
const GRACE_PART: u32 = 8;

/// A submission that was tried.
type Tried = (tokio::sync::oneshot::Sender<Receipt>, Receipt);

impl Writer {
    pub(crate) fn new(connection: Connection, queue: Arc<Queue>, tally: Arc<Tally>) -> Self {
        Self {
            connection,
            queue,
            tally,
            heads: Heads::default(),
            sweep: Sweep::Look,
            company: 0,
            grace: Duration::ZERO,
            unsettled: true,
        }
    }

    /// What it takes its work from.
    pub(crate) fn queue(&self) -> Arc<Queue> {
        Arc::clone(&self.queue)
    }

    /// Writes until the queue is closed and empty.
    pub(crate) fn run(&mut self) {
        loop {
            match self.queue.next(self.company, self.grace, self.quiet()) {
                Next::Write(batch) => self.write(batch),
                Next::Tidy => self.tidy(),
                Next::Stop => break,
            }
        }
    }

    /// Copies the log into the file and lets go of both.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
            .and_then(|()| self.connection.close().map_err(|(_, error)| error))
            .map_err(|error| store_error("database", error))
    }

    /// How long nothing has to come before there is something to tidy up.
    fn quiet(&self) -> Option<Duration> {
        match self.sweep {
            Sweep::Look | Sweep::Goes => Some(Duration::ZERO),
            Sweep::Done | Sweep::Failed => self.unsettled.then_some(QUIET),
        }
    }

    fn write(&mut self, batch: Vec<Submission>) {
        if self.tally.sync_failed.load(Ordering::Relaxed) {
            for Submission { receipt, .. } in batch {
                let refused = CommitError::Store(Unusable::SyncFailed.into());
                // As below.
                let _ = receipt.send(Err(refused));
            }
            return;
        }
        let began = Instant::now();
        let count = batch.len();
        let mut tried = Vec::with_capacity(count);
        if let Err(error) = self.commit(batch, &mut tried) {
            self.give_up(&mut tried, &error);
        }
        let took = began.elapsed();
        self.unsettled = true;
        self.company = if count == 1 { 0 } else { count };
        self.grace = MAX_GRACE.min(took / GRACE_PART);
        for (receipt, outcome) in tried {
            // Whoever does not wait for the receipt has no use for it.
            let _ = receipt.send(outcome);
        }
    }

    fn commit(&mut self, batch: Vec<Submission>, tried: &mut Vec<Tried>) -> Result<(), StoreError> {
        let count = batch.len() as u64;
        let mut lost = self.execute("BEGIN IMMEDIATE").err();
        for Submission { changes, receipt, .. } in batch {
            let outcome = match lost {
                None => self.submission(&changes).unwrap_or_else(|error| {
                    lost = Some(error);
                    Ok(Committed::default())
                }),
                Some(_) => Ok(Committed::default()),
            };
            // When the transaction is lost, `give_up` has the last word.
            tried.push((receipt, outcome));
        }
        match lost {
            Some(error) => return Err(error),
            None => self.execute("COMMIT")?,
        }
        self.tally.commits.fetch_add(1, Ordering::Relaxed);
        self.tally.submissions.fetch_add(count, Ordering::Relaxed);
        Ok(())
    }

    /// Applies one submission, or nothing of it. Fails only when the whole
    /// transaction is lost.
    fn submission(&mut self, changes: &[Change]) -> Result<Receipt, StoreError> {
        self.execute("SAVEPOINT submission")?;
        match apply::apply(&self.connection, &mut self.heads, changes) {
            Ok(applied) => {
                self.execute("RELEASE submission")?;
                if applied.deleted_transcript {
                    self.sweep = Sweep::Look;
                }
                Ok(Ok(applied.committed))
            }
            // A full disk, for one, ends the transaction.
            Err(CommitError::Store(error)) if self.connection.is_autocommit() => Err(error),
            Err(refused) => {
                self.heads.forget_those_of(changes);
                self.execute("ROLLBACK TO submission")?;
                self.execute("RELEASE submission")?;
                Ok(Err(refused))
            }
        }
    }

    /// Takes everything back and says so to all: a refusal, too, may rest on what
    /// is taken back.
    fn give_up(&mut self, tried: &mut [Tried], error: &StoreError) {
        self.heads.clear();
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            let error = &error as &dyn std::error::Error;
            warn!(error, "a transaction could not be taken back");
        }
        for (_, outcome) in tried {
            *outcome = Err(CommitError::Store(again(error)));
        }
    }

    /// Does a little of what can wait.
    fn tidy(&mut self) {
        match self.sweep {
            Sweep::Look | Sweep::Goes => {
                self.sweep = sweep::slice(&self.connection).unwrap_or_else(|error| {
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "deleted records could not be cleared away");
                    Sweep::Failed
                });
                if !self.connection.is_autocommit() {
                    // It failed half way; what it did may be lost.
                    let _ = self.execute("ROLLBACK");
                }
                self.unsettled |= matches!(self.sweep, Sweep::Goes);
            }
            Sweep::Done | Sweep::Failed => {
                self.unsettled = false;
                let settled =
                    self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
                if let Err(error) = settled {
                    self.watch_for_lost_sync(&error);
                    let error = &error as &dyn std::error::Error;
                    warn!(error, "the log could not be copied into the database");
                }
            }
        }
    }

    /// After a failed sync nothing more is acknowledged: only a restart, which
    /// reads what really is on disk, can tell what was kept.
    fn watch_for_lost_sync(&self, error: &rusqlite::Error) {
        if is_lost_sync(error) && !self.tally.sync_failed.swap(true, Ordering::Relaxed) {
            error!("the disk failed to sync: nothing is written any more until a restart");
        }
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut it| it.execute(()))
            .inspect_err(|error| self.watch_for_lost_sync(error))
            .map_err(|error| store_error("database", error))?;
        Ok(())
    }
}

/// The same error for another one it happened to.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full(source) => StoreError::Full(source.to_string().into()),
        StoreError::Unavailable(source) => StoreError::Unavailable(source.to_string().into()),
        StoreError::Corrupt { what, source } => {
            StoreError::Corrupt { what, source: source.to_string().into() }
        }
    }
}
