//! Reading what was said.

use domain::{
    ids::MessageId,
    session::{Session, SessionKey, Thinking},
};
use ports::driven::{HistoryQuery, StoreError, StoredRecord};

use super::Chat;

/// A part of a conversation.
#[derive(Clone, Debug)]
pub struct History {
    /// The session, if it exists.
    pub session: Option<Session>,
    /// The records, the oldest first.
    pub records: Vec<StoredRecord>,
    /// Whether there are older ones.
    pub more: bool,
    /// How long its model thinks.
    pub thinking: Thinking,
}

impl Chat {
    /// The part of a conversation that `query` lets through. A session that
    /// does not exist has none.
    pub async fn history(
        &self,
        key: &SessionKey,
        query: HistoryQuery,
    ) -> Result<History, StoreError> {
        let opened = self.0.deps.book.open(key).await?;
        let session = opened.session();
        let configured = self.0.deps.config.current().agents.defaults.thinking_default;
        let chosen = session.as_ref().and_then(|session| session.settings.thinking);
        let thinking = chosen.or(configured).unwrap_or(Thinking::Off);
        let Some(found) = &session else {
            return Ok(History { session, records: Vec::new(), more: false, thinking });
        };
        let from = query.from.max(found.history_from);
        let page = self.0.deps.archive.history(&found.id, HistoryQuery { from, ..query }).await?;
        Ok(History { session, records: page.records, more: page.more, thinking })
    }

    /// One message of a conversation.
    pub async fn message(
        &self,
        key: &SessionKey,
        id: &MessageId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let opened = self.0.deps.book.open(key).await?;
        match opened.session() {
            Some(session) => self.0.deps.archive.record(&session.id, id).await,
            None => Ok(None),
        }
    }
}
