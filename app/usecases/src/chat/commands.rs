//! What people type after a slash (`ws-protocol.md` 8.2).
//!
//! A command is answered by the gateway itself. Question and answer stand in
//! the transcript like any other, marked so that no model is shown them.

use std::{fmt::Write, sync::Arc};

use domain::{
    access::Denied,
    agent::ModelRef,
    command::{COMMANDS, Command},
    ids::AgentId,
    run::{RunStatus, StopReason, Usage},
    session::{ResponseUsage, Session, Thinking},
};
use ports::{
    driven::{Change, CommitError, Record, RunEnd, RunRecord, Urgency},
    event::{Audience, Body, ChatRecord, ChatState, Event, Topic},
    view::{Message, MessageRole, SessionMessage},
};

use super::{
    Chat, RunSummary, Send, SendError, Sent,
    accept::{known_run, stored, touch},
    run::Purpose,
};
use crate::book::{Opened, Turn};

/// How much of a conversation stays when there is no model to sum it up.
const KEEP: u64 = 20;

/// What a command does to its session, and what it answers.
struct Effect {
    reply: String,
    change: Box<dyn FnOnce(&mut Session) + std::marker::Send>,
}

impl Effect {
    fn says(reply: impl Into<String>) -> Self {
        Self { reply: reply.into(), change: Box::new(|_| ()) }
    }

    fn does(
        reply: impl Into<String>,
        change: impl FnOnce(&mut Session) + std::marker::Send + 'static,
    ) -> Self {
        Self { reply: reply.into(), change: Box::new(change) }
    }
}

impl Chat {
    /// Obeys a command, or accepts a message for the agent.
    pub(super) async fn obey_or_accept(
        &self,
        send: Send,
        agent: AgentId,
        opened: Opened,
        turn: Turn,
    ) -> Result<Sent, SendError> {
        let text = send.text.clone();
        let Some(typed) = Command::parse(&text) else {
            return self.accept(send, agent, opened, turn, Purpose::Answer).await;
        };
        let scope = typed.command.spec().scope;
        if !send.may_command.grants(scope) {
            return Err(Denied::Scope(scope).into());
        }
        let argument = typed.argument;
        let effect = match typed.command {
            Command::Help => Effect::says(help()),
            Command::Status => Effect::says(self.status_text(&agent, &opened)),
            Command::Model => self.choose_model(&agent, &opened, argument),
            Command::Think => self.choose_thinking(&opened, argument),
            Command::Usage if argument == Some("cost") => {
                let spent = self.spent_in(&send.key).await.map_err(CommitError::Store)?;
                Effect::says(spent)
            }
            Command::Usage => choose_usage(&opened, argument),
            Command::Stop => {
                let stopped = self.abort_because(&send.key, None, StopReason::Stop);
                return Ok(Sent::Stopped(stopped.unwrap_or_default()));
            }
            Command::New | Command::Reset => {
                return self.start_over(send, agent, opened, turn).await;
            }
            Command::Compact => match argument.map(str::parse::<u64>) {
                None if self.has_model(&agent, &opened) => {
                    return self.accept(send, agent, opened, turn, Purpose::Compact).await;
                }
                None => self.forget(&opened, KEEP).await?,
                Some(Ok(keep)) => self.forget(&opened, keep).await?,
                Some(Err(_)) => Effect::says("Say how many entries to keep, as in /compact 20."),
            },
        };
        self.answer_command(send, agent, opened, turn, effect).await
    }

    /// A new transcript under the same key; what follows the command is its
    /// first message.
    async fn start_over(
        &self,
        send: Send,
        agent: AgentId,
        opened: Opened,
        turn: Turn,
    ) -> Result<Sent, SendError> {
        // The runs of this very session: none of them belongs to another one.
        let _ = self.abort_because(&send.key, None, StopReason::Stop);
        let id = self.new_session_id();
        let now = self.0.deps.clock.now();
        let text = send.text.clone();
        let first = Command::parse(&text).and_then(|typed| typed.argument);
        let Some(first) = first else {
            let effect = Effect::does("A new conversation begins.", move |session| {
                *session = session.reset(id, now);
            });
            return self.answer_command(send, agent, opened, turn, effect).await;
        };
        let (receipt, ()) = opened.edit(Urgency::Now, |slot| {
            if let Some(session) = slot {
                *session = session.reset(id, now);
            }
            Ok::<_, CommitError>((Vec::new(), ()))
        })?;
        receipt.await?;
        let send = Send { text: first.to_owned(), ..send };
        self.accept(send, agent, opened, turn, Purpose::Answer).await
    }

    /// Writes a command and its answer down, and tells everybody.
    async fn answer_command(
        &self,
        send: Send,
        agent: AgentId,
        opened: Opened,
        turn: Turn,
        effect: Effect,
    ) -> Result<Sent, SendError> {
        let now = self.0.deps.clock.now();
        let mut question = stored(&send, now);
        question.stop_reason = Some("command".to_owned());
        let mut answer = Message::text(MessageRole::Assistant, effect.reply.clone(), now);
        answer.stop_reason = Some("command".to_owned());
        answer.run_id = Some(send.run.to_string());
        let records = [self.record(&question), self.record(&answer)];
        let new_id = self.new_session_id();
        let end = RunEnd { status: RunStatus::Ok, stop: None, error: None, at: now };

        let (receipt, session) = opened.edit(Urgency::Now, |slot| {
            let session = slot.get_or_insert_with(|| Session::fresh(send.key.clone(), new_id, now));
            (effect.change)(session);
            touch(session, &Send { text: String::new(), ..send.clone() }, now);
            let begun = RunRecord {
                run: send.run.clone(),
                session: send.key.clone(),
                session_id: session.id.clone(),
                accepted_at: now,
                end: None,
            };
            let append = |record: &Record| Change::Append {
                session: session.id.clone(),
                record: record.clone(),
            };
            let mut changes: Vec<Change> = records.iter().map(append).collect();
            changes.push(Change::BeginRun(begun));
            changes.push(Change::EndRun { run: send.run.clone(), end });
            Ok::<_, CommitError>((changes, session.clone()))
        })?;
        drop(turn);
        let offsets = match receipt.await {
            Ok(committed) => committed.offsets,
            Err(CommitError::KnownRun(known)) => return Ok(known_run(&known)),
            Err(error) => return Err(error.into()),
        };

        for (record, offset) in records.iter().zip(offsets) {
            self.0.deps.events.publish(Event {
                body: Body::SessionMessage(Arc::new(SessionMessage {
                    session_key: send.key.to_string(),
                    agent_id: Some(agent.to_string()),
                    message: record.message.clone(),
                    message_id: record.id.to_string(),
                    message_seq: offset,
                })),
                audience: Audience::Subscribers(Topic::Messages(send.key.clone())),
                state: None,
            });
        }
        self.tell_changed(&session, "message");
        let [_, answer] = records;
        self.0.deps.events.publish(Event::new(Body::Chat(ChatRecord {
            run: send.run.clone(),
            session_key: send.client_key,
            session: send.key,
            agent,
            seq: 1,
            at: now,
            state: ChatState::Final { message: Some(answer.message), stop_reason: None },
        })));
        self.remember(&Arc::new(RunSummary {
            run: send.run,
            status: RunStatus::Ok,
            stop: None,
            error: None,
            text: effect.reply.into(),
            usage: Usage::default(),
            model: None,
            started_at: now,
            ended_at: now,
        }));
        Ok(Sent::Started { queued_ahead: 0 })
    }

    fn model_of(&self, agent: &AgentId, opened: &Opened) -> Option<ModelRef> {
        let chosen = opened.session().and_then(|session| session.settings.model);
        chosen.or_else(|| self.0.deps.agents.models_of(agent).into_iter().next())
    }

    /// Whether a model that can sum up is connected.
    fn has_model(&self, agent: &AgentId, opened: &Opened) -> bool {
        self.model_of(agent, opened).is_some_and(|model| model.provider() != "builtin")
    }

    fn status_text(&self, agent: &AgentId, opened: &Opened) -> String {
        let session = opened.session();
        let model = self.model_of(agent, opened);
        let model = model.map_or_else(|| "none".to_owned(), |model| model.to_string());
        let tokens = session.as_ref().map(|session| session.tokens).unwrap_or_default();
        let thinking = self.thinking_of(session.as_ref());
        format!(
            "Agent: {agent}\nModel: {model}\nThinking: {thinking}\nTokens: {} read, {} written\n\
             Active runs: {}",
            tokens.input,
            tokens.output,
            self.active_runs(),
        )
    }

    fn thinking_of(&self, session: Option<&Session>) -> Thinking {
        let configured = self.0.deps.config.current().agents.defaults.thinking_default;
        let chosen = session.and_then(|session| session.settings.thinking);
        chosen.or(configured).unwrap_or(Thinking::Off)
    }

    fn choose_model(&self, agent: &AgentId, opened: &Opened, argument: Option<&str>) -> Effect {
        let Some(name) = argument else {
            let model = self.model_of(agent, opened);
            let model = model.map_or_else(|| "none".to_owned(), |model| model.to_string());
            let mut text = format!("Model: {model}\nOf this agent:");
            for model in self.0.deps.agents.models_of(agent) {
                // Writing to a text cannot fail.
                let _ = write!(text, "\n- {model}");
            }
            return Effect::says(text + "\nChoose one with /model provider/name.");
        };
        if name.eq_ignore_ascii_case("default") {
            return Effect::does("The default model answers from now on.", |session| {
                session.settings.model = None;
            });
        }
        match name.parse::<ModelRef>() {
            Ok(model) if self.0.deps.agents.offers(&model) => {
                Effect::does(format!("{model} answers from now on."), |session| {
                    session.settings.model = Some(model);
                })
            }
            Ok(model) => Effect::says(format!("There is no model {model}. See /model.")),
            Err(error) => Effect::says(format!("{error}.")),
        }
    }

    fn choose_thinking(&self, opened: &Opened, argument: Option<&str>) -> Effect {
        match argument.map(str::parse::<Thinking>) {
            None => {
                let level = self.thinking_of(opened.session().as_ref());
                Effect::says(format!("Thinking: {level}"))
            }
            Some(Ok(level)) => Effect::does(format!("Thinking: {level}"), move |session| {
                session.settings.thinking = Some(level);
            }),
            Some(Err(error)) => Effect::says(format!("The level {error}.")),
        }
    }

    /// Keeps the newest `keep` entries; older ones stay on disk and are not
    /// shown any more.
    async fn forget(&self, opened: &Opened, keep: u64) -> Result<Effect, SendError> {
        let Some(session) = opened.session() else {
            return Ok(Effect::says("There is nothing to forget."));
        };
        let query = ports::driven::HistoryQuery {
            before: None,
            from: session.history_from,
            limit: usize::try_from(keep.clamp(1, 1000)).unwrap_or(1000),
            max_bytes: usize::MAX,
        };
        let page = self.0.deps.archive.history(&session.id, query).await?;
        match page.records.first() {
            Some(oldest) if page.more => {
                let from = oldest.offset;
                Ok(Effect::does("Older messages are forgotten.", move |session| {
                    session.history_from = from;
                    session.compactions += 1;
                }))
            }
            _ => Ok(Effect::says("There is nothing to forget.")),
        }
    }
}

fn choose_usage(opened: &Opened, argument: Option<&str>) -> Effect {
    match argument.map(str::parse::<ResponseUsage>) {
        None => {
            let session = opened.session();
            let tokens = session.as_ref().map(|session| session.tokens).unwrap_or_default();
            let mode = session.and_then(|session| session.settings.response_usage);
            Effect::says(format!(
                "Tokens: {} read, {} written\nShown below answers: {}",
                tokens.input,
                tokens.output,
                mode.unwrap_or(ResponseUsage::Off),
            ))
        }
        Some(Ok(mode)) => Effect::does(format!("Shown below answers: {mode}"), move |session| {
            session.settings.response_usage = Some(mode);
        }),
        Some(Err(error)) => Effect::says(format!("The mode {error}.")),
    }
}

fn help() -> String {
    let mut text = "Commands:".to_owned();
    for spec in COMMANDS {
        let argument = spec.argument.map(|argument| format!(" [{}]", argument.name));
        // Writing to a text cannot fail.
        let _ = write!(text, "\n/{}{}: {}", spec.names[0], argument.unwrap_or_default(), spec.doc);
    }
    text
}
