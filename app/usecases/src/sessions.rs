//! The list of conversations, and everything that is done to one besides
//! talking (`ws-protocol.md` 9).

mod change;
mod list;
mod patch;
mod preview;
mod resolve;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    ids::{ParseIdError, SessionId},
    session::{Session, SessionKey},
    time::Timestamp,
};
use ports::{
    driven::{
        Archive, Clock, CommitError, ConfigSource, Entropy, EventSink, HistoryQuery, StoreError,
    },
    event::{Audience, Body, Event, Topic},
    view::{SessionRow, SessionsChanged},
};

pub use self::{
    change::{Compacted, Create},
    list::{Extras, ListQuery, Listed, Special},
    patch::{ModelPatch, SettingsPatch},
    preview::{Preview, PreviewItem, PreviewStatus},
    resolve::{Filter, Named},
};
use crate::{book::Book, facts::Facts, models::Models};

/// How long deleting and resetting wait for a run to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Knows the runs of the sessions.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Whether a run of `key` is active or waiting.
    fn active(&self, key: &SessionKey) -> bool;

    /// Stops every run of `key` and waits until they have ended, but not longer
    /// than `patience`. Says whether they have.
    async fn stop_and_wait(&self, key: &SessionKey, patience: Duration) -> bool;
}

/// The list of conversations.
#[derive(Clone)]
pub struct Sessions(Arc<Deps>);

/// What keeping the list takes.
pub struct Deps {
    /// Reads sessions.
    pub archive: Arc<dyn Archive>,
    /// Changes sessions.
    pub book: Book,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The configuration in force.
    pub config: Arc<dyn ConfigSource>,
    /// Makes up names.
    pub entropy: Arc<dyn Entropy>,
    /// Tells clients.
    pub events: Arc<dyn EventSink>,
    /// What the gateway knows about itself.
    pub facts: Arc<Facts>,
    /// Knows which models there are.
    pub models: Models,
    /// Knows the runs.
    pub runs: Arc<dyn Runs>,
}

/// Why something cannot be done to a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// There is no such session.
    #[error("No session found: {0}")]
    NotFound(String),
    /// There are several.
    #[error("Multiple sessions found {0}")]
    Ambiguous(String),
    /// The main session stays.
    #[error("Cannot delete the main session ({0}).")]
    Main(SessionKey),
    /// A run does not end.
    #[error("Session {0} is still active; try again in a moment.")]
    StillActive(SessionKey),
    /// A setting that cannot be set.
    #[error("{0}")]
    Setting(String),
    /// The change was not kept.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source of randomness gave something that is no name.
    #[error(transparent)]
    Name(#[from] ParseIdError),
}

impl Sessions {
    /// The list kept by `deps`.
    pub fn new(deps: Deps) -> Self {
        Self(Arc::new(deps))
    }

    /// The session `key`, if there is one.
    pub async fn get(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        self.0.archive.session(key).await
    }

    /// The session a run belongs to, if the run is known.
    pub async fn of_run(&self, run: &domain::ids::RunId) -> Result<Option<SessionKey>, StoreError> {
        Ok(self.0.archive.run(run).await?.map(|record| record.session))
    }

    /// The row of `session` in the list.
    pub fn row(&self, session: &Session) -> SessionRow {
        SessionRow::new(session, self.0.runs.active(&session.key))
    }

    /// What the store is called.
    pub fn store(&self) -> &str {
        &self.0.facts.store
    }

    /// Tells those who follow the list.
    fn changed(&self, key: &SessionKey, reason: &'static str, session: Option<&Session>) {
        let changed = SessionsChanged {
            session_key: key.to_string(),
            agent_id: key.agent().map(String::from),
            reason,
            ts: self.now(),
            session: session.map(|session| self.row(session)),
        };
        self.0.events.publish(Event {
            audience: Audience::Subscribers(Topic::Sessions),
            ..Event::new(Body::SessionsChanged(Arc::new(changed)))
        });
    }

    /// The place of the newest record of `session`, if there is one that was
    /// not compacted away.
    async fn last_place(&self, session: &Session) -> Result<Option<u64>, StoreError> {
        let query = HistoryQuery {
            before: None,
            from: session.history_from,
            limit: 1,
            max_bytes: usize::MAX,
        };
        let page = self.0.archive.history(&session.id, query).await?;
        Ok(page.records.last().map(|stored| stored.offset))
    }

    fn fresh_id(&self) -> Result<SessionId, ParseIdError> {
        self.0.entropy.uuid().parse()
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("store", &self.0.facts.store).finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
