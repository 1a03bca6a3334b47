//! Accepting a message.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use domain::{
    access::{Denied, Scopes},
    agent::ModelRef,
    attachment::Attachment,
    ids::{AgentId, RunId},
    run::{StopReason, Submitted, is_stop_word},
    session::{SendPolicy, Session, SessionKey, Thinking, preview_of, title_of},
};
use ports::{
    driven::{
        Change, CommitError, ModelMessage, ModelPart, ModelRole, RunRecord, Sampling, StoreError,
        ToolUse, Urgency,
    },
    view::{Content, Message, MessagePart, MessageRole},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    Chat, RunSummary,
    run::{self, Acceptance, History, Keeping, NoRoom, Purpose, Run},
};
use crate::book::{Opened, Turn};

/// A message to an agent.
#[derive(Clone, Debug)]
pub struct Send {
    /// The conversation.
    pub key: SessionKey,
    /// The same, as the client spelled it.
    pub client_key: Arc<str>,
    /// Names the run; sending under the same name again changes nothing.
    pub run: RunId,
    /// What is said.
    pub text: String,
    /// What is shown.
    pub attachments: Vec<Attachment>,
    /// How long to think, instead of what is set for the session.
    pub thinking: Option<Thinking>,
    /// How long it may take, instead of what is configured.
    pub timeout: Option<Duration>,
    /// A model other than the session's.
    pub model: Option<ModelRef>,
    /// Instructions in addition to the agent's own.
    pub instructions: Option<String>,
    /// What the sender may do; decides which commands work.
    pub may_command: Scopes,
    /// Who says it, for the transcript.
    pub sender: Option<String>,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// It was accepted and is on disk.
    Started {
        /// How many runs of the session are ahead.
        queued_ahead: usize,
    },
    /// A run of this name is active or waiting; nothing changed.
    InFlight,
    /// A run of this name ended before; nothing changed.
    Finished(Arc<RunSummary>),
    /// It was a word that stops runs, and these were stopped.
    Stopped(Vec<RunId>),
}

/// Why a message was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// There is nothing in it.
    #[error("message or attachment required")]
    Empty,
    /// Speaking is not allowed in this session.
    #[error("send blocked by session policy")]
    Blocked,
    /// Too many messages wait in this session.
    #[error("too many messages are waiting in this session")]
    QueueFull,
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Stopping,
    /// The sender may not use this command.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such agent.
    #[error("unknown agent id \"{0}\"")]
    UnknownAgent(AgentId),
    /// It could not be written down.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for SendError {
    fn from(error: StoreError) -> Self {
        Self::Commit(error.into())
    }
}

impl From<NoRoom> for SendError {
    fn from(no_room: NoRoom) -> Self {
        match no_room {
            NoRoom::QueueFull => Self::QueueFull,
            NoRoom::Stopping => Self::Stopping,
        }
    }
}

impl Chat {
    /// Sends a message. When this returns [`Sent::Started`], the message is on
    /// disk and its run is active or waiting.
    pub async fn send(&self, send: Send) -> Result<Sent, SendError> {
        if send.attachments.is_empty() && is_stop_word(&send.text) {
            let stopped = self.abort_because(&send.key, None, StopReason::Stop);
            return Ok(Sent::Stopped(stopped.unwrap_or_default()));
        }
        if send.text.trim().is_empty() && send.attachments.is_empty() {
            return Err(SendError::Empty);
        }
        if let Some(sent) = self.repeated(&send.run).await? {
            return Ok(sent);
        }
        let agent = self.agent_of(&send.key)?;
        let turn = self.0.deps.book.turn(&send.key).await;
        let opened = self.0.deps.book.open(&send.key).await?;
        // Opening may have taken a while; the same message may have come twice.
        if self.in_flight(&send.run).await {
            return Ok(Sent::InFlight);
        }
        let blocked = |session: Session| session.settings.send_policy == Some(SendPolicy::Deny);
        if opened.session().is_some_and(blocked) {
            return Err(SendError::Blocked);
        }
        self.obey_or_accept(send, agent, opened, turn).await
    }

    /// Whether a run of this name is known, and how it is.
    async fn repeated(&self, run: &RunId) -> Result<Option<Sent>, StoreError> {
        if self.in_flight(run).await {
            return Ok(Some(Sent::InFlight));
        }
        Ok(self.summary(run).map(Sent::Finished))
    }

    /// Whether a run of this name is active or waiting, and on disk. One that is
    /// just being written down is waited for: nobody is told that a message is
    /// safe before it is.
    async fn in_flight(&self, run: &RunId) -> bool {
        let known = self.lanes().runs.get(run).cloned();
        match known {
            Some(run) => run.accepted().await,
            None => false,
        }
    }

    /// Who answers in `key`.
    pub(super) fn agent_of(&self, key: &SessionKey) -> Result<AgentId, SendError> {
        let config = self.0.deps.config.current();
        let agent = key.agent().unwrap_or_else(|| config.agents.default_agent());
        match config.agents.find(&agent) {
            Some(_) => Ok(agent),
            None => Err(SendError::UnknownAgent(agent)),
        }
    }

    /// Queues the run, writes the message down, and lets the run go.
    pub(super) async fn accept(
        &self,
        send: Send,
        agent: AgentId,
        opened: Opened,
        turn: Turn,
        purpose: Purpose,
    ) -> Result<Sent, SendError> {
        let now = self.0.deps.clock.now();
        let session = opened.session();
        let session_id = match &session {
            Some(session) => session.id.clone(),
            None => self.new_session_id(),
        };
        let settings = session.map(|session| session.settings).unwrap_or_default();
        let config = self.0.deps.config.current();
        let configured = Duration::from_secs(config.agents.defaults.timeout_seconds.max(1));
        let message = stored(&send, now);
        let span = run::span(&send.run, &send.key);
        let run = Arc::new(Run {
            id: send.run.clone(),
            key: send.key.clone(),
            client_key: Arc::clone(&send.client_key),
            session_id: session_id.clone(),
            agent,
            asked_at: now,
            purpose,
            message: spoken(&send),
            history: History::Transcript,
            instructions: send.instructions.clone(),
            model: send.model.clone().or(settings.model),
            thinking: send.thinking.or(settings.thinking),
            sampling: Sampling::default(),
            tools: ToolUse::default(),
            timeout: send.timeout.unwrap_or(configured),
            opened,
            keeping: Keeping::Recorded,
            stop: CancellationToken::new(),
            stop_reason: OnceLock::new(),
            acceptance: watch::Sender::new(Acceptance::Pending),
            span,
        });
        let queued_ahead = match self.enqueue(&run)? {
            Submitted::Start => 0,
            Submitted::Queued { ahead } => ahead,
            Submitted::Known if self.in_flight(&send.run).await => return Ok(Sent::InFlight),
            Submitted::Known => {
                let refused = "the same message was refused a moment ago";
                return Err(StoreError::Unavailable(refused.into()).into());
            }
        };

        // From here on the run has its place, and whoever comes later is behind
        // it. It begins when the message is on disk.
        let record = self.record(&message);
        let begun = RunRecord {
            run: send.run.clone(),
            session: send.key.clone(),
            session_id: session_id.clone(),
            accepted_at: now,
            end: None,
        };
        let (receipt, ()) = run.opened.edit(Urgency::Now, |slot| {
            let session = slot
                .get_or_insert_with(|| Session::fresh(send.key.clone(), session_id.clone(), now));
            touch(session, &send, now);
            let append = Change::Append { session: run.session_id.clone(), record: record.clone() };
            Ok::<_, SendError>((vec![append, Change::BeginRun(begun)], ()))
        })?;
        drop(turn);
        match receipt.await {
            Ok(committed) => {
                run.acceptance.send_replace(Acceptance::Accepted);
                self.tell_records(&run, std::slice::from_ref(&record), &committed.offsets);
                Ok(Sent::Started { queued_ahead })
            }
            Err(error) => {
                run.acceptance.send_replace(Acceptance::Refused);
                self.withdraw(&run.id);
                match error {
                    CommitError::KnownRun(known) => Ok(known_run(&known)),
                    error => Err(error.into()),
                }
            }
        }
    }

    /// A name for a new transcript.
    pub(super) fn new_session_id(&self) -> domain::ids::SessionId {
        self.0.deps.entropy.uuid().parse().expect("a UUID is a name")
    }
}

/// What a repeated call is told about a run from before the last start.
pub(super) fn known_run(known: &RunRecord) -> Sent {
    match &known.end {
        Some(end) => Sent::Finished(Arc::new(RunSummary::of_record(known, end))),
        None => Sent::InFlight,
    }
}

/// What a message changes about its session.
pub(super) fn touch(session: &mut Session, send: &Send, now: domain::time::Timestamp) {
    session.updated_at = now.max(session.updated_at);
    if session.channel.is_none() {
        session.channel = Some("webchat".into());
    }
    if session.title.is_none() {
        session.title = title_of(&send.text);
    }
    if let Some(preview) = preview_of(&send.text) {
        session.preview = Some(preview);
    }
}

/// The message as it stands in the transcript.
pub(super) fn stored(send: &Send, now: domain::time::Timestamp) -> Message {
    let text = (!send.text.is_empty()).then(|| MessagePart::Text { text: send.text.clone() });
    let images = send.attachments.iter().map(|attachment| MessagePart::Image {
        data: attachment.data.clone(),
        mime_type: attachment.mime.clone(),
    });
    Message {
        content: Content::Parts(text.into_iter().chain(images).collect()),
        idempotency_key: Some(send.run.to_string()),
        ..Message::text(MessageRole::User, "", now)
    }
}

/// The message as a model reads it.
fn spoken(send: &Send) -> ModelMessage {
    let text = (!send.text.is_empty()).then(|| ModelPart::Text(send.text.clone()));
    let images = send.attachments.iter().map(|attachment| ModelPart::Image {
        mime: attachment.mime.clone(),
        data: attachment.data.clone(),
    });
    ModelMessage { role: ModelRole::User, parts: text.into_iter().chain(images).collect() }
}
