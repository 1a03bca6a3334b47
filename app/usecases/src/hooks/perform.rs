//! Doing what a call asks for, and telling the main conversation what came of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{
    access::Scopes,
    hooks::{Action, AgentCall, fence, report, wake_line},
    ids::RunId,
    run::RunStatus,
};
use ports::{driven::StoreError, driving::HookRefusal};
use tracing::info;

use super::{Webhooks, kept::Done};
use crate::chat::{RunSummary, Send, SendError, Waited};

/// When somebody should come again who was told that there is no room.
const LATER: Duration = Duration::from_secs(5);
/// How long somebody waits for the end of a run. The run itself ends before: it
/// may take a day at most.
const PATIENCE: Duration = Duration::from_hours(25);

/// A few of the runs that calls may have at once.
struct Places {
    active: Arc<AtomicUsize>,
    count: usize,
}

impl Places {
    /// One of them.
    fn split(&mut self) -> Option<Self> {
        self.count = self.count.checked_sub(1)?;
        Some(Self { active: Arc::clone(&self.active), count: 1 })
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        self.active.fetch_sub(self.count, Relaxed);
    }
}

impl Webhooks {
    /// Does what was decided, all of it or, where there is no room, nothing.
    pub(super) async fn perform(
        &self,
        actions: Vec<(String, Action)>,
        is_list: bool,
        max_runs: usize,
    ) -> Result<Done, HookRefusal> {
        let asking = actions.iter().filter(|(_, action)| matches!(action, Action::Agent(_)));
        let mut places = self.places(asking.count(), max_runs)?;
        let mut done = if is_list { Some(asked(Vec::new(), true, false)) } else { None };
        for (run, action) in actions {
            match action {
                Action::Wake { text, mode, is_trusted } => {
                    self.0.deps.system.wake(&wake_line(&text, is_trusted));
                    done.get_or_insert(Done::Woken(mode));
                }
                Action::Agent(call) => {
                    let wants_delivery = call.wants_delivery;
                    let run = self.ask(run, *call, places.split()).await?;
                    let (mut runs, mut undelivered) = match done.take() {
                        Some(Done::Asked { runs, is_undelivered, .. }) => (runs, is_undelivered),
                        _ => (Vec::new(), false),
                    };
                    runs.push(run);
                    undelivered |= wants_delivery;
                    done = Some(asked(runs, is_list, undelivered));
                }
            }
        }
        Ok(done.unwrap_or(Done::Nothing))
    }

    fn places(&self, count: usize, most: usize) -> Result<Places, HookRefusal> {
        let room = |active: usize| Some(active + count).filter(|sum| *sum <= most);
        match self.0.active.fetch_update(Relaxed, Relaxed, room) {
            Ok(_) => Ok(Places { active: Arc::clone(&self.0.active), count }),
            Err(_) => Err(HookRefusal::Unavailable {
                why: format!("webhooks have {most} runs at most at the same time (hooks.maxRuns)"),
                retry_after: LATER,
            }),
        }
    }

    /// Asks an agent. When this returns, the question is on disk.
    async fn ask(
        &self,
        run: String,
        call: AgentCall,
        place: Option<Places>,
    ) -> Result<RunId, HookRefusal> {
        let run: RunId = run.parse().map_err(|_| HookRefusal::Broken)?;
        let AgentCall { message, name, session, model, thinking, timeout, is_trusted, .. } = call;
        let text = if is_trusted {
            // Not as somebody typed it: nothing from outside is a command.
            format!("The webhook \"{name}\" says:\n{message}")
        } else {
            fence(&name, &message, &self.0.deps.entropy.uuid())
        };
        let send = Send {
            client_key: session.as_str().into(),
            key: session,
            run: run.clone(),
            text,
            attachments: Vec::new(),
            thinking,
            timeout,
            model,
            instructions: None,
            may_command: Scopes::default(),
            sender: Some(format!("hook:{name}")),
        };
        self.0.deps.chat.send(send).await.map_err(refused)?;
        info!(run = %run, hook = name, "a webhook asks an agent");
        let (webhooks, followed) = (self.clone(), run.clone());
        self.0.deps.tasks.spawn(async move {
            let _place = place;
            webhooks.follow(&followed, &name).await;
        });
        Ok(run)
    }

    /// Tells the main conversation how a run ended. There is nobody yet who would
    /// look at once: the agent hears of it when it is next asked.
    async fn follow(&self, run: &RunId, name: &str) {
        let Some(summary) = self.0.deps.chat.finished(run).await else { return };
        let line = match (summary.status, &summary.error) {
            (RunStatus::Ok, _) => report(name, true, &summary.text),
            (_, Some(error)) => report(name, false, error),
            (_, None) => {
                let why = summary.stop.map_or("it ended early", domain::run::StopReason::as_str);
                report(name, false, why)
            }
        };
        self.0.deps.system.wake(&line);
    }

    /// How `run` ended, when it has.
    pub(super) async fn end_of(&self, run: &RunId) -> Result<Arc<RunSummary>, StoreError> {
        match self.0.deps.chat.wait(run, PATIENCE).await? {
            Waited::Ended(summary) => Ok(summary),
            Waited::TimedOut => Err(StoreError::Unavailable("the run does not end".into())),
        }
    }
}

fn asked(runs: Vec<RunId>, is_list: bool, is_undelivered: bool) -> Done {
    Done::Asked { runs, is_list, is_undelivered }
}

fn refused(error: SendError) -> HookRefusal {
    match error {
        SendError::Empty
        | SendError::Blocked
        | SendError::Denied(_)
        | SendError::UnknownAgent(_) => HookRefusal::Invalid(error.to_string()),
        SendError::QueueFull => {
            HookRefusal::Unavailable { why: error.to_string(), retry_after: LATER }
        }
        SendError::Stopping => stopping(),
        SendError::Commit(error) => unavailable(error),
    }
}

/// The store cannot.
pub(super) fn unavailable(error: impl std::error::Error) -> HookRefusal {
    HookRefusal::Unavailable { why: error.to_string(), retry_after: LATER }
}

/// The gateway is stopping.
pub(super) fn stopping() -> HookRefusal {
    HookRefusal::Unavailable { why: SendError::Stopping.to_string(), retry_after: LATER }
}
