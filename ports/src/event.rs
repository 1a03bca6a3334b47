//! What clients are told without having asked.
//!
//! The rules about it (who, and what if there is no room) are in
//! [`domain::event`]; how it is spelled is the business of the `wire` adapter.

use std::sync::Arc;

use domain::{
    access::Access,
    agent::FailureKind,
    client::ClientId,
    event::{Class, EventKind},
    ids::{AgentId, RunId, SessionId},
    run::{Delta, StopReason},
    session::SessionKey,
    time::Timestamp,
};

use crate::{
    Json,
    view::{HealthSummary, PresenceEntry, SessionMessage, SessionsChanged},
};

/// Something clients are told.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub body: Body,
    /// Whom of those who may see it this one is for.
    pub audience: Audience,
    /// Versions of the shared state, on `presence` and `health`.
    pub state: Option<StateVersion>,
}

/// Whom of those who may see an event it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All of them.
    Everyone,
    /// The administrators among them.
    Administrators,
    /// All but the administrators.
    Others,
    /// One of them.
    Client(ClientId),
    /// Those who subscribed.
    Subscribers(Topic),
}

/// What clients can subscribe to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Changes of the list of sessions (`sessions.subscribe`).
    Sessions,
    /// The transcript and the runs of one session
    /// (`sessions.messages.subscribe`).
    Messages(SessionKey),
}

/// Versions of the state all clients share. Both begin at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateVersion {
    /// Goes up when somebody comes or goes.
    pub presence: u64,
    /// Goes up with every health summary.
    pub health: u64,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Body {
    /// The gateway is alive.
    Tick(Timestamp),
    /// A fresh health summary.
    Health(Arc<HealthSummary>),
    /// Who is connected.
    Presence(Arc<[PresenceEntry]>),
    /// A heartbeat was sent or skipped.
    Heartbeat(Json),
    /// What an agent is doing.
    Agent(AgentRecord),
    /// What an agent answers.
    Chat(ChatRecord),
    /// The gateway is about to stop.
    Shutdown {
        /// Why, for a person.
        reason: &'static str,
        /// When it will be back, in milliseconds, if it will.
        restart_expected_ms: Option<u64>,
    },
    /// A session was created, changed or deleted.
    SessionsChanged(Arc<SessionsChanged>),
    /// A message was added to a transcript.
    SessionMessage(Arc<SessionMessage>),
    /// Something that is spelled the same in every protocol, and already is.
    Notice(EventKind, Json),
}

/// One step of a run, for those who watch closely (`ws-protocol.md` 8.5).
#[derive(Clone, Debug)]
pub struct AgentRecord {
    /// The run.
    pub run: RunId,
    /// The session, spelled as whoever started the run spelled it.
    pub session_key: Arc<str>,
    /// The session, for those who subscribed to it.
    pub session: SessionKey,
    /// Its transcript.
    pub session_id: SessionId,
    /// Who answers.
    pub agent: AgentId,
    /// Counts the steps of this run from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: AgentStep,
}

/// A step of a run.
#[derive(Clone, Debug)]
pub enum AgentStep {
    /// It begins.
    Started {
        /// When.
        at: Timestamp,
    },
    /// A model was chosen.
    Model {
        /// Who offers it.
        provider: Box<str>,
        /// Which.
        model: Box<str>,
    },
    /// A model failed and the next one is asked.
    Fallback {
        /// The model that failed.
        from: Box<str>,
        /// How.
        reason: FailureKind,
    },
    /// It says something.
    Assistant(Delta),
    /// What it used so far.
    Usage {
        /// Tokens written.
        output_tokens: u64,
    },
    /// It ended, well or stopped.
    Ended {
        /// When it began.
        started_at: Timestamp,
        /// When it ended.
        ended_at: Timestamp,
        /// Why it stopped before its end, if it did.
        stopped: Option<StopReason>,
    },
    /// It failed.
    Failed {
        /// When it began.
        started_at: Timestamp,
        /// When it failed.
        ended_at: Timestamp,
        /// Why, for a person.
        error: Box<str>,
    },
}

/// What an agent answers (`ws-protocol.md` 8.3).
#[derive(Clone, Debug)]
pub struct ChatRecord {
    /// The run.
    pub run: RunId,
    /// The session, spelled as whoever started the run spelled it.
    pub session_key: Arc<str>,
    /// The session, for those who subscribed to it.
    pub session: SessionKey,
    /// Who answers.
    pub agent: AgentId,
    /// The `seq` of the agent's step this belongs to.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// How far it is.
    pub state: ChatState,
}

/// How far an answer is.
#[derive(Clone, Debug)]
pub enum ChatState {
    /// Nothing is said yet. Only clients of protocol 4 are told.
    Status(&'static str),
    /// More text.
    Delta(Delta),
    /// All of it.
    Final {
        /// The message as it stands in the transcript, unless nothing was said.
        message: Option<Json>,
        /// Why the model stopped, as in `stop`, or `injected`.
        stop_reason: Option<Box<str>>,
    },
    /// It was stopped.
    Aborted {
        /// Why.
        reason: StopReason,
        /// What was said until then. Only clients of protocol 4 are told.
        text: Option<Arc<str>>,
    },
    /// It failed.
    Error {
        /// Why, for a person.
        message: Box<str>,
        /// What kind of failure it was.
        kind: Option<FailureKind>,
    },
}

impl Event {
    /// `body`, for everyone who may see it.
    pub fn new(body: Body) -> Self {
        Self { body, audience: Audience::Everyone, state: None }
    }

    /// `payload` as an event of `kind`, for everyone who may see it.
    pub fn notice(kind: EventKind, payload: &impl serde::Serialize) -> Self {
        Self::new(Body::Notice(kind, Json::of(payload)))
    }

    /// The same, for `audience` only.
    #[must_use]
    pub fn meant_for(self, audience: Audience) -> Self {
        Self { audience, ..self }
    }

    /// The same, for one client only.
    #[must_use]
    pub fn to(self, client: ClientId) -> Self {
        Self { audience: Audience::Client(client), ..self }
    }

    /// Which event it is.
    pub fn kind(&self) -> EventKind {
        match &self.body {
            Body::Tick(_) => EventKind::Tick,
            Body::Health(_) => EventKind::Health,
            Body::Presence(_) => EventKind::Presence,
            Body::Heartbeat(_) => EventKind::Heartbeat,
            Body::Agent(_) => EventKind::Agent,
            Body::Chat(_) => EventKind::Chat,
            Body::Shutdown { .. } => EventKind::Shutdown,
            Body::SessionsChanged(_) => EventKind::SessionsChanged,
            Body::SessionMessage(_) => EventKind::SessionMessage,
            Body::Notice(kind, _) => *kind,
        }
    }

    /// Who may see it.
    pub fn access(&self) -> Access {
        self.kind().rule().access
    }

    /// What happens to it when there is no room. Only deltas are replaced by
    /// later ones; everything else that belongs to a run has to arrive.
    pub fn class(&self) -> Class {
        match (self.kind().rule().class, self.coalesce_key()) {
            (Class::Coalesced, None) => Class::Critical,
            (class, _) => class,
        }
    }

    /// Two events with the same key: the later one makes the earlier one
    /// superfluous.
    pub fn coalesce_key(&self) -> Option<(EventKind, &RunId)> {
        match &self.body {
            Body::Chat(ChatRecord { run, state: ChatState::Delta(_), .. })
            | Body::Agent(AgentRecord { run, step: AgentStep::Assistant(_), .. }) => {
                Some((self.kind(), run))
            }
            _ => None,
        }
    }

    /// The session it belongs to, if it belongs to one.
    pub fn session(&self) -> Option<&SessionKey> {
        match &self.body {
            Body::Chat(record) => Some(&record.session),
            Body::Agent(record) => Some(&record.session),
            _ => None,
        }
    }
}
