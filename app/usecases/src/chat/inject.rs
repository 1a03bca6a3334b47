//! Putting words into the agent's mouth.

use std::sync::Arc;

use domain::{
    ids::{MessageId, RunId},
    session::SessionKey,
};
use ports::{
    driven::{Change, CommitError, StoreError, Urgency},
    event::{Audience, Body, ChatRecord, ChatState, Event, Topic},
    view::{Message, MessageRole, MessageUsage, SessionMessage},
};

use super::Chat;

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum InjectError {
    /// There is no such session.
    #[error("session not found")]
    NoSession,
    /// It could not be written down.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for InjectError {
    fn from(error: StoreError) -> Self {
        Self::Commit(error.into())
    }
}

impl Chat {
    /// Adds a message of the agent that no model has said. When this returns, it
    /// is on disk.
    pub async fn inject(
        &self,
        key: &SessionKey,
        client_key: Arc<str>,
        text: &str,
        label: Option<&str>,
    ) -> Result<MessageId, InjectError> {
        let turn = self.0.deps.book.turn(key).await;
        let opened = self.0.deps.book.open(key).await?;
        let now = self.0.deps.clock.now();
        let text = match label {
            Some(label) => format!("[{label}]\n\n{text}"),
            None => text.to_owned(),
        };
        let mut message = Message::text(MessageRole::Assistant, text, now);
        message.stop_reason = Some("injected".to_owned());
        message.usage = Some(MessageUsage::default());
        let record = self.record(&message);
        let (receipt, session) = opened.edit(Urgency::Now, |slot| {
            let session = slot.as_mut().ok_or(InjectError::NoSession)?;
            session.updated_at = now.max(session.updated_at);
            let append = Change::Append { session: session.id.clone(), record: record.clone() };
            Ok::<_, InjectError>((vec![append], session.clone()))
        })?;
        drop(turn);
        let committed = receipt.await?;

        let agent = self.0.deps.config.current().agents.default_agent();
        let run: RunId = format!("inject-{}", record.id).parse().expect("it is short and plain");
        self.0.deps.events.publish(Event {
            body: Body::SessionMessage(Arc::new(SessionMessage {
                session_key: key.to_string(),
                agent_id: key.agent().map(String::from),
                message: record.message.clone(),
                message_id: record.id.to_string(),
                message_seq: committed.offsets.first().copied().unwrap_or_default(),
            })),
            audience: Audience::Subscribers(Topic::Messages(key.clone())),
            state: None,
        });
        self.tell_changed(&session, "message");
        self.0.deps.events.publish(Event::new(Body::Chat(ChatRecord {
            run,
            session_key: client_key,
            session: key.clone(),
            agent: key.agent().unwrap_or(agent),
            seq: 0,
            at: now,
            state: ChatState::Final {
                message: Some(record.message),
                stop_reason: Some("injected".into()),
            },
        })));
        Ok(record.id)
    }
}
