//! One run, from its lane to its end.

use std::{
    future,
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use domain::{
    agent::ModelRef,
    ids::{AgentId, RunId, SessionId},
    run::{Aborted, StopReason, Submitted, Usage},
    session::{ResponseUsage, SessionKey, Thinking},
    spending::Cost,
    time::Timestamp,
};
use futures_util::StreamExt;
use ports::{
    driven::{AgentEvent, AgentTurn, ModelMessage, Record, Sampling, ToolCall, ToolUse},
    driving::{Outcome, Reply},
};
use tokio::{
    sync::{mpsc, watch},
    time,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug, field::Empty, info_span};

use super::{Chat, summary::RunSummary};
use crate::{book::Opened, chat::story::Story};

/// A run that was accepted, or is about to be.
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) key: SessionKey,
    /// The session as whoever asked spelled it: their events say it so, too.
    pub(super) client_key: Arc<str>,
    pub(super) session_id: SessionId,
    pub(super) agent: AgentId,
    pub(super) asked_at: Timestamp,
    pub(super) purpose: Purpose,
    pub(super) message: ModelMessage,
    pub(super) history: History,
    pub(super) instructions: Option<String>,
    pub(super) model: Option<ModelRef>,
    pub(super) thinking: Option<Thinking>,
    pub(super) sampling: Sampling,
    pub(super) tools: ToolUse,
    pub(super) timeout: Duration,
    /// Keeps what is known about the session at hand until the run ends.
    pub(super) opened: Opened,
    pub(super) keeping: Keeping,
    pub(super) stop: CancellationToken,
    pub(super) stop_reason: OnceLock<StopReason>,
    pub(super) acceptance: watch::Sender<Acceptance>,
    /// What happens in the run. Made where it was asked for, so that it belongs to
    /// the same trace, and not to that of the run before it.
    pub(super) span: Span,
}

/// The span of a run that is asked for here.
pub(super) fn span(run: &RunId, session: &SessionKey) -> Span {
    info_span!("run", %run, %session, outcome = Empty)
}

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// An answer.
    Answer,
    /// A summary that takes the place of what was said before.
    Compact,
}

/// What the model is shown before the question.
pub(super) enum History {
    /// What stands in the transcript.
    Transcript,
    /// What the caller says was said.
    Given(Vec<ModelMessage>),
}

/// How a run is written down.
pub(super) enum Keeping {
    /// The question is on disk before anybody hears of the run; so is the end
    /// before anybody hears of that.
    Recorded,
    /// Everything is written behind the answer, which goes to this listener.
    /// The run is aborted when the listener leaves.
    Behind { listener: mpsc::Sender<Reply>, question: Vec<Record> },
}

/// Whether the question of a run is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acceptance {
    Pending,
    Accepted,
    Refused,
}

/// Why a run did not get into its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoom {
    QueueFull,
    Stopping,
}

impl Chat {
    /// Puts `run` into the lane of its session, and starts it when the lane is
    /// free. It does nothing before it is accepted.
    pub(super) fn enqueue(&self, run: &Arc<Run>) -> Result<Submitted, NoRoom> {
        let room = self.0.deps.config.current().gateway.limits.queued_runs_per_session;
        let mut lanes = self.lanes();
        if lanes.stopping {
            return Err(NoRoom::Stopping);
        }
        lanes.queue.keep_to(room);
        let submitted = lanes.queue.submit(&run.key, &run.id).map_err(|_| NoRoom::QueueFull)?;
        if submitted != Submitted::Known {
            lanes.runs.insert(run.id.clone(), Arc::clone(run));
        }
        if submitted == Submitted::Start {
            self.start(Arc::clone(run));
        }
        Ok(submitted)
    }

    fn start(&self, run: Arc<Run>) {
        let span = run.span.clone();
        self.0.deps.tasks.spawn(self.clone().live(run).instrument(span));
    }

    async fn live(self, run: Arc<Run>) {
        // A run that is refused was taken off its lane by whoever refused it.
        if run.accepted().await {
            let summary = self.go(&run).await;
            self.leave(&run.id, Some(summary));
        }
    }

    async fn go(&self, run: &Run) -> Arc<RunSummary> {
        let mut story = Story::begin(self, run);
        let outcome = self.answer(run, &mut story).await;
        self.conclude(run, story, outcome).await
    }

    /// Takes a run off its lane and starts the next one.
    fn leave(&self, run: &RunId, summary: Option<Arc<RunSummary>>) {
        let mut lanes = self.lanes();
        let next = lanes.queue.finish(run);
        lanes.runs.remove(run);
        if let Some(next) = next.and_then(|next| lanes.runs.get(&next)) {
            self.start(Arc::clone(next));
        }
        drop(lanes);
        if let Some(summary) = summary {
            self.remember(&summary);
        }
        self.0.idle.notify_waiters();
    }

    /// Takes a run that was refused off its lane, so that the same message can
    /// be sent again at once.
    pub(super) fn withdraw(&self, run: &RunId) {
        let decided = self.lanes().queue.abort(run);
        match decided {
            Aborted::Active => self.leave(run, None),
            Aborted::Waiting => {
                self.lanes().runs.remove(run);
                self.0.idle.notify_waiters();
            }
            Aborted::Unknown => (),
        }
    }

    /// Ends a run that was stopped while it waited.
    pub(super) fn end_without_start(&self, run: Arc<Run>) {
        let chat = self.clone();
        let span = run.span.clone();
        let end = async move {
            if run.accepted().await {
                let story = Story::silent(&chat, &run);
                let outcome = Outcome::Stopped { reason: run.reason(), text: String::new() };
                let summary = chat.conclude(&run, story, outcome).await;
                chat.remember(&summary);
            }
            chat.lanes().ending -= 1;
            chat.0.idle.notify_waiters();
        };
        self.0.deps.tasks.spawn(end.instrument(span));
    }

    async fn answer(&self, run: &Run, story: &mut Story<'_>) -> Outcome {
        let reason = tokio::select! {
            biased;
            reason = run.unwanted() => reason,
            () = time::sleep(run.timeout) => StopReason::Timeout,
            outcome = self.converse(run, story) => return outcome,
        };
        story.flush();
        Outcome::Stopped { reason, text: story.text().to_owned() }
    }

    /// Asks the agent and passes on what it says.
    async fn converse(&self, run: &Run, story: &mut Story<'_>) -> Outcome {
        let messages = match self.messages_for(run).await {
            Ok(messages) => messages,
            Err(error) => return Outcome::Failed { message: error.to_string(), kind: None },
        };
        let turn = AgentTurn {
            run: run.id.clone(),
            agent: run.agent.clone(),
            session: run.key.clone(),
            model: run.model.clone(),
            thinking: run.thinking,
            instructions: run.instructions.clone(),
            messages,
            sampling: run.sampling.clone(),
            tools: run.tools.clone(),
        };
        story.status("starting_model");
        let mut events = match self.0.deps.agent.start(turn).await {
            Ok(events) => events,
            Err(error) => {
                return Outcome::Failed { message: error.message, kind: Some(error.kind) };
            }
        };

        let mut calls = Calls::default();
        let mut flush = pin!(time::sleep(Duration::ZERO));
        let mut armed = None;
        loop {
            let due = story.due_in();
            if due.is_some() && armed != due.map(|(at, _)| at) {
                armed = due.map(|(at, _)| at);
                let pause = due.map_or(Duration::ZERO, |(_, pause)| pause);
                flush.as_mut().reset(time::Instant::now() + pause);
            }
            let event = tokio::select! {
                biased;
                event = events.next() => event,
                () = &mut flush, if due.is_some() => {
                    armed = None;
                    story.poll();
                    continue;
                }
            };
            match event {
                Some(Ok(AgentEvent::Text(piece))) => {
                    story.say(&piece);
                    if !run.pass_on(|| Reply::Text(piece)).await {
                        return gone(story);
                    }
                }
                Some(Ok(AgentEvent::Thinking(piece))) => {
                    if !run.pass_on(|| Reply::Thinking(piece)).await {
                        return gone(story);
                    }
                }
                Some(Ok(AgentEvent::CallBegun { at, id, name })) => {
                    calls.begin(&id, &name);
                    if !run.pass_on(|| Reply::CallBegun { at, id, name }).await {
                        return gone(story);
                    }
                }
                Some(Ok(AgentEvent::CallArguments { at, piece })) => {
                    calls.more(at, &piece);
                    if !run.pass_on(|| Reply::CallArguments { at, piece }).await {
                        return gone(story);
                    }
                }
                Some(Ok(AgentEvent::Model(model))) => story.model(model),
                Some(Ok(AgentEvent::Fallback { from, kind })) => story.fallback(&from, kind),
                // Also known when the run is stopped before its end.
                Some(Ok(AgentEvent::Usage(used))) => story.usage = used,
                Some(Ok(AgentEvent::End(finish))) => {
                    let usage = story.usage;
                    let cost = self.cost_so_far(story, usage);
                    if let Some(footer) = run.footer(usage, cost) {
                        story.say(&footer);
                    }
                    story.flush();
                    story.used(usage);
                    let (text, calls) = (story.text().to_owned(), calls.0);
                    return Outcome::Done { text, calls, finish, usage };
                }
                Some(Err(error)) => {
                    debug!(kind = %error.kind, "the agent failed");
                    story.flush();
                    return Outcome::Failed { message: error.message, kind: Some(error.kind) };
                }
                None => {
                    let message = "the agent fell silent".to_owned();
                    return Outcome::Failed { message, kind: None };
                }
            }
        }
    }
}

/// What is left when whoever asked has left.
fn gone(story: &Story<'_>) -> Outcome {
    Outcome::Stopped { reason: StopReason::Disconnected, text: story.text().to_owned() }
}

/// The tools an agent asked the caller for, as far as it has said it.
#[derive(Default)]
struct Calls(Vec<ToolCall>);

impl Calls {
    fn begin(&mut self, id: &str, name: &str) {
        self.0.push(ToolCall { id: id.into(), name: name.into(), arguments: String::new() });
    }

    fn more(&mut self, at: usize, piece: &str) {
        if let Some(call) = self.0.get_mut(at) {
            call.arguments.push_str(piece);
        }
    }
}

impl Run {
    /// Tells whoever waits for the answer. Answers `false` when they have left.
    async fn pass_on(&self, reply: impl FnOnce() -> Reply) -> bool {
        match &self.keeping {
            Keeping::Behind { listener, .. } => listener.send(reply()).await.is_ok(),
            Keeping::Recorded => true,
        }
    }

    /// Says that the run should stop, and why. The first reason counts.
    pub(super) fn stop(&self, reason: StopReason) {
        // A second reason comes too late.
        let _ = self.stop_reason.set(reason);
        self.stop.cancel();
    }

    /// What is said below the answer about its cost, where that is wished for.
    fn footer(&self, usage: Usage, cost: Option<Cost>) -> Option<String> {
        if matches!(self.keeping, Keeping::Behind { .. }) || self.purpose != Purpose::Answer {
            return None;
        }
        let Usage { input, output, cache_read, cache_write } = usage;
        match self.opened.session()?.settings.response_usage? {
            ResponseUsage::Off => None,
            ResponseUsage::Tokens => Some(format!("\n\nTokens: {input} read, {output} written")),
            ResponseUsage::Full => {
                let cost = cost.map(|cost| format!(", ${:.4}", cost.total().dollars()));
                Some(format!(
                    "\n\nTokens: {input} read ({cache_read} from the cache, {cache_write} to it), \
                     {output} written{}",
                    cost.unwrap_or_default()
                ))
            }
        }
    }

    fn reason(&self) -> StopReason {
        self.stop_reason.get().copied().unwrap_or(StopReason::Rpc)
    }

    /// Resolves with the reason when the run should stop.
    async fn unwanted(&self) -> StopReason {
        let left = async {
            match &self.keeping {
                Keeping::Behind { listener, .. } => listener.closed().await,
                Keeping::Recorded => future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.cancelled() => self.reason(),
            () = left => StopReason::Disconnected,
        }
    }

    /// Whether the question is on disk. Waits until that is decided.
    pub(super) async fn accepted(&self) -> bool {
        let mut acceptance = self.acceptance.subscribe();
        let decided = acceptance.wait_for(|acceptance| *acceptance != Acceptance::Pending).await;
        decided.is_ok_and(|acceptance| *acceptance == Acceptance::Accepted)
    }
}
