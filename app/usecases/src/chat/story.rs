//! What clients are told about a run while it goes on.

use std::{sync::Arc, time::Duration};

use domain::{
    agent::{FailureKind, ModelRef},
    run::{Delta, DeltaBuffer, Usage},
    time::Timestamp,
};
use ports::{
    driving::Outcome,
    event::{AgentRecord, AgentStep, Body, ChatRecord, ChatState, Event},
};

use super::{Chat, run::Run};

/// How often readers hear of new text, at most (`ws-protocol.md` 8.3).
const DELTA_INTERVAL: Duration = Duration::from_millis(150);

/// What was told about a run so far.
pub(super) struct Story<'a> {
    chat: &'a Chat,
    run: &'a Run,
    seq: u64,
    buffer: DeltaBuffer,
    pub(super) started_at: Timestamp,
    pub(super) model: Option<ModelRef>,
    pub(super) usage: Usage,
}

impl<'a> Story<'a> {
    /// Tells that `run` begins.
    pub(super) fn begin(chat: &'a Chat, run: &'a Run) -> Self {
        let mut story = Self::silent(chat, run);
        story.agent(AgentStep::Started { at: story.started_at });
        story
    }

    /// Tells nothing, as nothing happened.
    pub(super) fn silent(chat: &'a Chat, run: &'a Run) -> Self {
        Self {
            chat,
            run,
            seq: 0,
            buffer: DeltaBuffer::new(DELTA_INTERVAL),
            started_at: chat.0.deps.clock.now(),
            model: None,
            usage: Usage::default(),
        }
    }

    /// Everything that was said.
    pub(super) fn text(&self) -> &str {
        self.buffer.text()
    }

    /// Takes note of more text, and passes it on when it is time.
    pub(super) fn say(&mut self, piece: &str) {
        let delta = self.buffer.push(piece, self.now());
        self.tell(delta);
    }

    /// Passes on what waits, when it is time.
    pub(super) fn poll(&mut self) {
        let delta = self.buffer.poll(self.now());
        self.tell(delta);
    }

    /// Passes on what waits.
    pub(super) fn flush(&mut self) {
        let delta = self.buffer.flush();
        self.tell(delta);
    }

    /// When there is something to pass on, and how far away that is.
    pub(super) fn due_in(&self) -> Option<(Timestamp, Duration)> {
        let due = self.buffer.due()?;
        Some((due, due.since(self.now())))
    }

    fn tell(&mut self, delta: Option<Delta>) {
        let Some(delta) = delta else { return };
        self.agent(AgentStep::Assistant(delta.clone()));
        self.chat(ChatState::Delta(delta));
    }

    /// A model was chosen.
    pub(super) fn model(&mut self, model: ModelRef) {
        self.agent(AgentStep::Model {
            provider: model.provider().into(),
            model: model.model().into(),
        });
        self.model = Some(model);
    }

    /// A model failed, and the next one is asked.
    pub(super) fn fallback(&mut self, from: &ModelRef, reason: FailureKind) {
        self.agent(AgentStep::Fallback { from: from.to_string().into(), reason });
    }

    /// What it used.
    pub(super) fn used(&mut self, usage: Usage) {
        self.usage = usage;
        if 0 < usage.output {
            self.agent(AgentStep::Usage { output_tokens: usage.output });
        }
    }

    /// How far it is, before anything is said.
    pub(super) fn status(&mut self, phase: &'static str) {
        self.chat(ChatState::Status(phase));
    }

    /// Tells how it ended; `message` is the answer as it stands in the
    /// transcript.
    pub(super) fn end(&mut self, outcome: &Outcome, message: Option<ports::Json>) {
        let (started_at, ended_at) = (self.started_at, self.now());
        match outcome {
            Outcome::Done { finish, .. } => {
                self.agent(AgentStep::Ended { started_at, ended_at, stopped: None });
                let stop_reason = Some(finish.as_str().into());
                self.chat(ChatState::Final { message, stop_reason });
            }
            Outcome::Stopped { reason, text } => {
                self.agent(AgentStep::Ended { started_at, ended_at, stopped: Some(*reason) });
                let text = (!text.is_empty()).then(|| Arc::from(text.as_str()));
                self.chat(ChatState::Aborted { reason: *reason, text });
            }
            Outcome::Failed { message, kind } => {
                let error: Box<str> = message.as_str().into();
                self.agent(AgentStep::Failed { started_at, ended_at, error: error.clone() });
                self.chat(ChatState::Error { message: error, kind: *kind });
            }
        }
    }

    fn agent(&mut self, step: AgentStep) {
        self.seq += 1;
        let run = self.run;
        self.publish(Body::Agent(AgentRecord {
            run: run.id.clone(),
            session_key: Arc::clone(&run.client_key),
            session: run.key.clone(),
            session_id: run.session_id.clone(),
            agent: run.agent.clone(),
            seq: self.seq,
            at: self.now(),
            step,
        }));
    }

    fn chat(&mut self, state: ChatState) {
        let run = self.run;
        self.publish(Body::Chat(ChatRecord {
            run: run.id.clone(),
            session_key: Arc::clone(&run.client_key),
            session: run.key.clone(),
            agent: run.agent.clone(),
            seq: self.seq,
            at: self.now(),
            state,
        }));
    }

    fn publish(&self, body: Body) {
        self.chat.0.deps.events.publish(Event::new(body));
    }

    fn now(&self) -> Timestamp {
        self.chat.0.deps.clock.now()
    }
}
