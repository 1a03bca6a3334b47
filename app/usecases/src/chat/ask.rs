//! Asking on behalf of an HTTP client: the answer is a stream, and whoever
//! stops reading stops the run.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    ids::AgentId,
    run::Submitted,
    session::{SendPolicy, Session},
    time::Timestamp,
};
use futures_util::stream;
use ports::{
    driven::ModelPart,
    driving::{Answer, AskError, Conversations, Question},
    view::{Content, Message, MessagePart, MessageRole},
};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Chat,
    run::{self, Acceptance, History, Keeping, NoRoom, Purpose, Run},
};

/// How many pieces of an answer may wait for the reader before the run waits.
const UNREAD: usize = 64;

#[async_trait]
impl Conversations for Chat {
    async fn ask(&self, question: Question) -> Result<Answer, AskError> {
        let config = self.0.deps.config.current();
        if config.agents.find(&question.agent).is_none() {
            return Err(AskError::UnknownAgent(question.agent));
        }
        let book = &self.0.deps.book;
        let known = if question.fresh {
            Ok(book.open_unheard_of(&question.session))
        } else {
            book.open(&question.session).await
        };
        let opened = match known {
            Ok(opened) => opened,
            // The answer does not depend on the disk; keeping it does, and says
            // so in the log.
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "a session cannot be read");
                self.0.deps.book.open_unheard_of(&question.session)
            }
        };
        let session = opened.session();
        let blocked = |session: &Session| session.settings.send_policy == Some(SendPolicy::Deny);
        if session.as_ref().is_some_and(blocked) {
            return Err(AskError::Blocked);
        }
        let now = self.0.deps.clock.now();
        let session_id = session.as_ref().map_or_else(|| self.new_session_id(), |it| it.id.clone());
        let settings = session.map(|session| session.settings).unwrap_or_default();
        let records = stored(&question, now).iter().map(|message| self.record(message)).collect();
        let (listener, replies) = mpsc::channel(UNREAD);
        let history = if question.history.is_empty() {
            History::Transcript
        } else {
            History::Given(question.history)
        };
        let span = run::span(&question.run, &question.session);
        let run = Arc::new(Run {
            id: question.run,
            client_key: question.session.as_str().into(),
            key: question.session,
            session_id,
            agent: question.agent,
            asked_at: now,
            purpose: Purpose::Answer,
            message: question.message,
            history,
            instructions: question.instructions,
            model: question.model.or(settings.model),
            thinking: question.thinking.or(settings.thinking),
            sampling: question.sampling,
            tools: question.tools,
            timeout: Duration::from_secs(config.agents.defaults.timeout_seconds.max(1)),
            opened,
            keeping: Keeping::Behind { listener, question: records },
            stop: CancellationToken::new(),
            stop_reason: OnceLock::new(),
            acceptance: watch::Sender::new(Acceptance::Accepted),
            span,
        });
        match self.enqueue(&run) {
            Ok(Submitted::Start | Submitted::Queued { .. }) => (),
            Ok(Submitted::Known) => return Err(AskError::KnownRun),
            Err(NoRoom::QueueFull) => return Err(AskError::QueueFull),
            Err(NoRoom::Stopping) => return Err(AskError::Stopping),
        }
        let replies = stream::unfold(replies, |mut replies| async move {
            let reply = replies.recv().await?;
            Some((reply, replies))
        });
        Ok(Box::pin(replies))
    }

    fn agents(&self) -> Vec<AgentId> {
        let config = self.0.deps.config.current();
        let first = config.agents.default_agent();
        let others = config.agents.all().into_iter().map(|agent| agent.agent_id());
        std::iter::once(first.clone()).chain(others.filter(|agent| *agent != first)).collect()
    }
}

/// The question as it stands in the transcript: what tools said each by itself,
/// then what a person said.
fn stored(question: &Question, now: Timestamp) -> Vec<Message> {
    let run_id = Some(question.run.to_string());
    let mut messages = Vec::new();
    let mut said = Vec::new();
    for part in &question.message.parts {
        match part {
            ModelPart::Text(text) => said.push(MessagePart::Text { text: text.clone() }),
            ModelPart::Image { mime, data } => {
                said.push(MessagePart::Image { data: data.clone(), mime_type: mime.clone() });
            }
            ModelPart::Result(result) => messages.push(Message {
                tool_call_id: Some(result.call.clone()),
                is_error: Some(result.failed),
                run_id: run_id.clone(),
                ..Message::text(MessageRole::ToolResult, &result.text, now)
            }),
            // Only models ask for tools.
            ModelPart::Call(_) => (),
        }
    }
    if !said.is_empty() {
        let content = Content::Parts(said);
        messages.push(Message { content, run_id, ..Message::text(MessageRole::User, "", now) });
    }
    messages
}
