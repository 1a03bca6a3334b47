//! The end of a run: written down, and told.

use std::sync::Arc;

use domain::{
    run::{RunStatus, StopReason},
    session::{Session, preview_of},
    spending::Spending,
    time::Timestamp,
};
use ports::{
    Json,
    driven::{Change, CommitError, Committed, EndedRun, Record, ToolCall, Urgency},
    driving::{Outcome, Reply},
    event::{Audience, Body, Event, Topic},
    view::{
        Content, Message, MessagePart, MessageRole, MessageUsage, SessionMessage, SessionRow,
        SessionsChanged,
    },
};
use tracing::{error, field, info};

use super::{
    Chat, RunSummary,
    run::{Keeping, Purpose, Run},
    spending::spending_of,
    story::Story,
};

impl Chat {
    /// Writes the end of a run down and tells everybody whom it concerns.
    pub(super) async fn conclude(
        &self,
        run: &Run,
        mut story: Story<'_>,
        outcome: Outcome,
    ) -> Arc<RunSummary> {
        let now = self.0.deps.clock.now();
        let summary = Arc::new(summary_of(run, &story, &outcome, now));
        let cost = self.cost_so_far(&story, story.usage);
        let spending = spending_of(run, &summary, &outcome, cost);
        let usage = MessageUsage::of(story.usage, cost);
        let answer = self.record_of(run, &story, usage, &outcome, now);
        let message = answer.as_ref().map(|record| record.message.clone());
        run.span.record("outcome", field::display(&summary.status));
        info!(outcome = %summary.status, "run ended");
        self.0.deps.meter.run_ended(&EndedRun {
            model: summary.model.as_ref(),
            status: summary.status,
            usage: summary.usage,
            took: now.since(summary.started_at),
        });

        match &run.keeping {
            Keeping::Behind { listener, .. } => {
                self.hand_over(listener, Reply::End(outcome.clone()));
                story.end(&outcome, message);
                self.write_end(run, &summary, answer, spending, Urgency::Lazy).await;
            }
            Keeping::Recorded => {
                self.write_end(run, &summary, answer, spending, Urgency::Now).await;
                story.end(&outcome, message);
            }
        }
        summary
    }

    /// Gives the end to the listener without waiting for it: a reader that is
    /// slow must not hold up the session.
    fn hand_over(&self, listener: &tokio::sync::mpsc::Sender<Reply>, end: Reply) {
        if let Err(tokio::sync::mpsc::error::TrySendError::Full(end)) = listener.try_send(end) {
            let listener = listener.clone();
            // Ends when the reader has read on or has left.
            self.0.deps.tasks.spawn(async move { listener.send(end).await });
        }
    }

    async fn write_end(
        &self,
        run: &Run,
        summary: &RunSummary,
        answer: Option<Record>,
        spending: Option<Spending>,
        urgency: Urgency,
    ) {
        let question = match &run.keeping {
            Keeping::Behind { question, .. } => question.as_slice(),
            Keeping::Recorded => &[],
        };
        let records: Vec<Record> = question.iter().cloned().chain(answer).collect();
        let decided = run.opened.edit(urgency, |slot| {
            let mut changes = changes(run, summary, &records, slot);
            changes.extend(spending.map(|spent| Change::Spend(Box::new(spent))));
            Ok::<_, CommitError>((changes, ()))
        });
        let written = match decided {
            Ok((receipt, ())) => receipt.await,
            Err(error) => Err(error),
        };
        match written {
            Ok(Committed { offsets }) => {
                if run.purpose == Purpose::Compact && summary.status == RunStatus::Ok {
                    self.begin_history_at(run, offsets.last().copied()).await;
                }
                self.tell_records(run, &records, &offsets);
            }
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "the end of a run is not on disk");
            }
        }
    }

    /// What was summed up need not be shown to the model again.
    async fn begin_history_at(&self, run: &Run, offset: Option<u64>) {
        let Some(offset) = offset else { return };
        let decided = run.opened.edit(Urgency::Now, |slot| {
            if let Some(session) = slot.as_mut().filter(|session| session.id == run.session_id) {
                session.history_from = offset;
                session.compactions += 1;
            }
            Ok::<_, CommitError>((Vec::new(), ()))
        });
        if let Ok((receipt, ())) = decided
            && let Err(error) = receipt.await
        {
            error!(error = &error as &dyn std::error::Error, "a compaction is not on disk");
        }
    }

    /// Tells those who subscribed that the transcript and the session changed.
    pub(super) fn tell_records(&self, run: &Run, records: &[Record], offsets: &[u64]) {
        for (record, offset) in records.iter().zip(offsets) {
            self.0.deps.events.publish(Event {
                body: Body::SessionMessage(Arc::new(SessionMessage {
                    session_key: run.key.to_string(),
                    agent_id: Some(run.agent.to_string()),
                    message: record.message.clone(),
                    message_id: record.id.to_string(),
                    message_seq: *offset,
                })),
                audience: Audience::Subscribers(Topic::Messages(run.key.clone())),
                state: None,
            });
        }
        if let Some(session) = run.opened.session() {
            self.tell_changed(&session, "message");
        }
    }

    pub(super) fn tell_changed(&self, session: &Session, reason: &'static str) {
        let running = !self.lanes().queue.runs_of(&session.key).is_empty();
        self.0.deps.events.publish(Event {
            body: Body::SessionsChanged(Arc::new(SessionsChanged {
                session_key: session.key.to_string(),
                agent_id: session.key.agent().map(String::from),
                reason,
                ts: self.0.deps.clock.now(),
                session: Some(SessionRow::new(session, running)),
            })),
            audience: Audience::Subscribers(Topic::Sessions),
            state: None,
        });
    }

    /// The answer as it will stand in the transcript; nothing when there is
    /// nothing to say.
    fn record_of(
        &self,
        run: &Run,
        story: &Story<'_>,
        usage: MessageUsage,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Option<Record> {
        let calls = match outcome {
            Outcome::Done { calls, .. } => calls.as_slice(),
            Outcome::Stopped { .. } | Outcome::Failed { .. } => &[],
        };
        let (text, stop_reason, error) = match outcome {
            Outcome::Done { text, .. } if run.purpose == Purpose::Compact => {
                (text, "compaction", None)
            }
            Outcome::Done { text, finish, .. } => (text, finish.as_str(), None),
            Outcome::Stopped { text, reason: StopReason::Shutdown } => (text, "interrupted", None),
            Outcome::Stopped { text, .. } => (text, "aborted", None),
            Outcome::Failed { message, .. } => (&String::new(), "error", Some(message.clone())),
        };
        let silent = text.trim().is_empty();
        if silent && calls.is_empty() && error.is_none() && stop_reason != "interrupted" {
            return None;
        }
        let part = (!silent).then(|| MessagePart::Text { text: text.trim().to_owned() });
        let message = Message {
            content: Content::Parts(part.into_iter().chain(calls.iter().map(asked_for)).collect()),
            provider: story.model.as_ref().map(|model| model.provider().to_owned()),
            model: story.model.as_ref().map(|model| model.model().to_owned()),
            usage: Some(usage),
            stop_reason: Some(stop_reason.to_owned()),
            error_message: error,
            run_id: Some(run.id.to_string()),
            ..Message::text(MessageRole::Assistant, "", now)
        };
        Some(self.record(&message))
    }

    /// `message` as a record with a name of its own.
    pub(super) fn record(&self, message: &Message) -> Record {
        let id = self.0.deps.entropy.uuid();
        Record {
            id: id.parse().expect("a UUID is a name"),
            at: message.timestamp,
            message: Json::of(message),
        }
    }
}

/// A call as it stands in the transcript.
fn asked_for(call: &ToolCall) -> MessagePart {
    MessagePart::ToolCall {
        id: call.id.clone(),
        name: call.name.clone(),
        arguments: serde_json::from_str(&call.arguments)
            .unwrap_or_else(|_| call.arguments.as_str().into()),
    }
}

/// What the end of a run changes, given what its session is by then.
fn changes(
    run: &Run,
    summary: &RunSummary,
    records: &[Record],
    slot: &mut Option<Session>,
) -> Vec<Change> {
    let mut changes = Vec::with_capacity(records.len() + 1);
    let recorded = matches!(run.keeping, Keeping::Recorded);
    if !recorded {
        slot.get_or_insert_with(|| {
            Session::fresh(run.key.clone(), run.session_id.clone(), run.asked_at)
        });
    }
    // A session that was deleted meanwhile keeps quiet; one that was reset
    // keeps the answer where the question is.
    if let Some(session) = slot {
        for record in records {
            changes
                .push(Change::Append { session: run.session_id.clone(), record: record.clone() });
        }
        if session.id == run.session_id {
            count(session, run, summary);
        }
    }
    if recorded {
        changes.push(Change::EndRun { run: run.id.clone(), end: summary.end() });
    }
    changes
}

fn count(session: &mut Session, run: &Run, summary: &RunSummary) {
    session.updated_at = summary.ended_at.max(session.updated_at);
    session.tokens.input += summary.usage.input;
    session.tokens.output += summary.usage.output;
    if 0 < summary.usage.total() {
        session.tokens.context = summary.usage.total();
    }
    session.aborted_last_run = summary.status == RunStatus::Aborted;
    if let Some(model) = &summary.model {
        session.model_provider = Some(model.provider().into());
        session.model = Some(model.model().into());
    }
    if session.title.is_none() {
        session.title = domain::session::title_of(&run.message.plain_text());
    }
    if let Some(preview) = preview_of(&summary.text) {
        session.preview = Some(preview);
    }
}

fn summary_of(run: &Run, story: &Story<'_>, outcome: &Outcome, now: Timestamp) -> RunSummary {
    let (status, stop, error, text) = match outcome {
        Outcome::Done { text, .. } => (RunStatus::Ok, None, None, text.trim()),
        Outcome::Stopped { reason, text } => (RunStatus::Aborted, Some(*reason), None, text.trim()),
        Outcome::Failed { message, .. } => (RunStatus::Error, None, Some(message.clone()), ""),
    };
    RunSummary {
        run: run.id.clone(),
        status,
        stop,
        error,
        text: text.into(),
        usage: story.usage,
        model: story.model.clone(),
        started_at: story.started_at,
        ended_at: now,
    }
}
