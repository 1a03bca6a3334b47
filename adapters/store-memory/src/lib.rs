#![doc = include_str!("../README.md")]

mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

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

use crate::state::State;

/// A [`Journal`] and [`Archive`] that is gone when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for MemoryStore {
    fn submit(
        &self,
        changes: Vec<Change>,
        _: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        let receipt = self.state().apply(changes);
        Box::pin(std::future::ready(receipt))
    }
}

#[async_trait]
impl Archive for MemoryStore {
    async fn session(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        Ok(self.state().session(key))
    }

    async fn session_by_id(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state().session_by_id(id))
    }

    async fn sessions(&self, query: SessionQuery) -> Result<SessionPage, StoreError> {
        Ok(self.state().sessions(&query))
    }

    async fn history(
        &self,
        session: &SessionId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, StoreError> {
        Ok(self.state().history(session, query))
    }

    async fn record(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        Ok(self.state().record(session, id))
    }

    async fn run(&self, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
        Ok(self.state().run(run))
    }

    async fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        Ok(self.state().open_runs())
    }

    async fn spendings(&self, query: SpendingQuery) -> Result<SpendingPage, StoreError> {
        Ok(self.state().spendings(&query))
    }

    async fn entries(&self, drawer: Drawer) -> Result<Vec<Entry>, StoreError> {
        Ok(self.state().entries(drawer))
    }

    async fn stats(&self) -> Result<StoreStats, StoreError> {
        Ok(self.state().stats())
    }
}
