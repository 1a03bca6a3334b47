//! The life of a message: accepted, written down, queued, answered, ended.
//!
//! `send` writes the message down, puts its run into the lane of its session
//! and returns; the run does the rest in a task of its own (`chat/run.rs`).

mod accept;
mod ask;
mod commands;
mod conclude;
mod context;
mod count;
mod history;
mod inject;
mod recover;
mod run;
mod spending;
mod story;
mod summary;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    ids::RunId,
    run::{Aborted, Dedupe, RunQueue, StopReason},
    session::SessionKey,
};
use ports::driven::{AgentRuntime, Archive, Clock, ConfigSource, Entropy, EventSink, Meter};
use tokio::sync::{Notify, oneshot};
use tokio_util::task::TaskTracker;

use self::run::Run;
pub use self::{
    accept::{Send, SendError, Sent},
    history::History,
    inject::InjectError,
    summary::{RunSummary, Waited},
};
use crate::{agents::Agents, book::Book, sessions::Runs, system::SystemEvents};

/// How long the end of a run is remembered, for `agent.wait` and for repeated
/// calls (`ws-protocol.md` 8.6).
const REMEMBER: Duration = Duration::from_mins(10);
/// How many ends are remembered.
const REMEMBERED: usize = 1000;

/// Talking to agents.
#[derive(Clone)]
pub struct Chat(Arc<Inner>);

/// What talking to agents takes.
pub struct Deps {
    /// Answers.
    pub agent: Arc<dyn AgentRuntime>,
    /// Knows which models there are.
    pub agents: Agents,
    /// Reads what was said.
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
    /// Counts how runs end.
    pub meter: Arc<dyn Meter>,
    /// What happened that the agent should know.
    pub system_events: SystemEvents,
    /// Owns the tasks of the runs.
    pub tasks: TaskTracker,
}

struct Inner {
    deps: Deps,
    lanes: Mutex<Lanes>,
    ended: Mutex<Ended>,
    idle: Notify,
}

/// The runs that are active or waiting.
struct Lanes {
    queue: RunQueue,
    // Invariant: holds exactly the runs of `queue`.
    runs: HashMap<RunId, Arc<Run>>,
    // Runs that were stopped while they waited, and whose end is being written.
    ending: usize,
    // Whether nothing new is accepted any more.
    stopping: bool,
}

impl Lanes {
    fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.ending == 0
    }
}

/// The runs that ended a while ago, and who waits for one to end.
struct Ended {
    summaries: Dedupe<RunId, Arc<RunSummary>>,
    waiting: HashMap<RunId, Vec<oneshot::Sender<Arc<RunSummary>>>>,
}

/// A run belongs to another session than the one that was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("runId does not match sessionKey")]
pub struct RunOfOtherSession;

impl Chat {
    /// Talking to agents.
    pub fn new(deps: Deps) -> Self {
        let queue = RunQueue::new(deps.config.current().gateway.limits.queued_runs_per_session);
        Self(Arc::new(Inner {
            deps,
            lanes: Mutex::new(Lanes { queue, runs: HashMap::new(), ending: 0, stopping: false }),
            ended: Mutex::new(Ended {
                summaries: Dedupe::new(REMEMBER, REMEMBERED),
                waiting: HashMap::new(),
            }),
            idle: Notify::new(),
        }))
    }

    /// Stops `run`, or every run of the session. Returns those it stopped.
    pub fn abort(
        &self,
        key: &SessionKey,
        run: Option<&RunId>,
    ) -> Result<Vec<RunId>, RunOfOtherSession> {
        self.abort_because(key, run, StopReason::Rpc)
    }

    pub(crate) fn abort_because(
        &self,
        key: &SessionKey,
        run: Option<&RunId>,
        reason: StopReason,
    ) -> Result<Vec<RunId>, RunOfOtherSession> {
        let mut lanes = self.lanes();
        let named = match run {
            None => lanes.queue.runs_of(key),
            Some(run) => match lanes.queue.session_of(run) {
                None => Vec::new(),
                Some(session) if session == key => vec![run.clone()],
                Some(_) => return Err(RunOfOtherSession),
            },
        };
        // The waiting ones first: stopping the active one would start them.
        for run in named.iter().rev() {
            self.stop_one(&mut lanes, run, reason);
        }
        Ok(named)
    }

    fn stop_one(&self, lanes: &mut Lanes, id: &RunId, reason: StopReason) {
        let Some(run) = lanes.runs.get(id).cloned() else { return };
        run.stop(reason);
        match lanes.queue.abort(id) {
            // Its task ends it.
            Aborted::Active | Aborted::Unknown => (),
            Aborted::Waiting => {
                lanes.runs.remove(id);
                lanes.ending += 1;
                self.end_without_start(run);
            }
        }
    }

    /// How many runs are active.
    pub fn active_runs(&self) -> usize {
        self.lanes().queue.active()
    }

    /// Accepts nothing new, lets the active runs go on for `grace`, and then
    /// stops what is left. Returns when every run has ended and is written down.
    pub async fn drain(&self, grace: Duration) {
        self.lanes().stopping = true;
        if tokio::time::timeout(grace, self.until_idle()).await.is_err() {
            let left: Vec<RunId> = self.lanes().runs.keys().cloned().collect();
            let mut lanes = self.lanes();
            // Waiting ones first, for the reason given in `abort_because`.
            let (waiting, active): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|id| !is_active(&lanes.queue, id));
            for id in waiting.iter().chain(&active) {
                self.stop_one(&mut lanes, id, StopReason::Shutdown);
            }
        }
        self.until_idle().await;
    }

    /// Waits until no run is active or waits.
    pub async fn until_idle(&self) {
        loop {
            let idle = self.0.idle.notified();
            if self.lanes().is_empty() {
                return;
            }
            idle.await;
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> MutexGuard<'_, Ended> {
        self.0.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_active(queue: &RunQueue, run: &RunId) -> bool {
    let Some(session) = queue.session_of(run) else { return false };
    queue.runs_of(session).first() == Some(run)
}

#[async_trait]
impl Runs for Chat {
    fn active(&self, key: &SessionKey) -> bool {
        !self.lanes().queue.runs_of(key).is_empty()
    }

    async fn stop_and_wait(&self, key: &SessionKey, patience: Duration) -> bool {
        // The runs of this very session: none of them belongs to another one.
        let _ = self.abort_because(key, None, StopReason::Rpc);
        let gone = async {
            loop {
                let idle = self.0.idle.notified();
                if !self.active(key) {
                    return;
                }
                idle.await;
            }
        };
        tokio::time::timeout(patience, gone).await.is_ok()
    }
}

impl fmt::Debug for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lanes = self.lanes();
        f.debug_struct("Chat")
            .field("active", &lanes.queue.active())
            .field("waiting", &lanes.queue.waiting())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
