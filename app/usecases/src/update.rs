//! Bringing the program up to date, by the tool that installed it
//! (`ws-protocol.md` 11.7).
//!
//! The gateway never looks for new versions by itself, and downloads nothing.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::update::{Release, UpdatePlan};
use ports::{
    driven::{Clock, Installed, Restart, RestartNotes, Updater},
    view::{RestartNote, RestartPayload, UpdateResult, UpdateStatus},
};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

/// How long the tool may take when nobody says: compiling takes a while.
pub const PATIENCE: Duration = Duration::from_mins(20);
/// How long it may take at least.
const SHORTEST: Duration = Duration::from_secs(1);
/// How long the new program may take to say its version.
const CHECK: Duration = Duration::from_secs(10);
/// What to do if something is wrong afterwards.
const HINT: &str = "Run: openclaw doctor --non-interactive";
/// Why the gateway starts anew, as clients are told it.
const REASON: &str = "update.run";

/// What updating needs.
pub struct Deps {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Keeps what is told after the restart.
    pub notes: Arc<dyn RestartNotes>,
    /// Lets the gateway start anew; without it a person has to.
    pub restart: Option<Arc<dyn Restart>>,
    /// Where an update runs to its end, whoever stops waiting for it.
    pub tasks: TaskTracker,
    /// The tool that installed the program.
    pub updater: Arc<dyn Updater>,
    /// The version that runs.
    pub version: String,
}

/// Brings the program up to date.
#[derive(Clone)]
pub struct Update {
    deps: Arc<Deps>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    running: bool,
    last: Option<RestartPayload>,
}

/// An update somebody wants.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// The conversation that is told when the gateway is back.
    pub session: Option<String>,
    /// What whoever wants it has to say.
    pub note: Option<String>,
    /// How long after the update the gateway starts anew.
    pub delay: Duration,
    /// How long the tool may take.
    pub limit: Option<Duration>,
}

/// What an update came to.
#[derive(Clone, Debug)]
pub struct Updated {
    /// What was done.
    pub result: UpdateResult,
    /// What is told after the restart, and where it is kept, if there is one.
    pub note: Option<(String, RestartPayload)>,
    /// In which time the gateway starts anew, if it does.
    pub restart: Option<Duration>,
}

/// What is known about updates.
#[derive(Clone, Debug)]
pub struct Standing {
    /// What installed the program.
    pub installed: Installed,
    /// What would be done.
    pub plan: UpdatePlan,
    /// Whether an update is under way.
    pub running: bool,
    /// The last update since the gateway started.
    pub last: Option<RestartPayload>,
}

/// Another update is under way, or the gateway is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an update is under way already")]
pub struct Busy;

impl Update {
    /// Updates by means of `deps`.
    pub fn new(deps: Deps) -> Self {
        Self { deps: Arc::new(deps), state: Arc::default() }
    }

    /// Updates the program; if that went well and there is something new, lets
    /// the gateway start anew. Dropping the future changes nothing about it.
    pub async fn run(&self, wish: Wish) -> Result<Updated, Busy> {
        let guard = Running::begin(&self.state).ok_or(Busy)?;
        let this = self.clone();
        let updating = self.deps.tasks.spawn(async move {
            let updated = this.update(wish).await;
            drop(guard);
            updated
        });
        updating.await.map_err(|_| Busy)
    }

    async fn update(&self, wish: Wish) -> Updated {
        let Deps { clock, notes, restart, updater, version, .. } = &*self.deps;
        let limit = wish.limit.unwrap_or(PATIENCE);
        let result = carry_out(&**updater, &**clock, version, &Release::Stable, limit).await;
        let payload = RestartPayload {
            kind: "update".to_owned(),
            status: result.status.unwrap_or(UpdateStatus::Error),
            ts: clock.now().as_millis(),
            session_key: wish.session,
            delivery_context: None,
            thread_id: None,
            message: wish.note,
            doctor_hint: Some(HINT.to_owned()),
            stats: Some(result.clone()),
        };
        self.state().last = Some(payload.clone());
        // What changed nothing is no reason to interrupt anybody.
        let Some(restart) = restart.as_ref().filter(|_| payload.status == UpdateStatus::Ok) else {
            return Updated { result, note: None, restart: None };
        };
        let note = match notes.leave(&RestartNote { version: 1, payload: payload.clone() }) {
            Ok(path) => Some((path, payload)),
            Err(error) => {
                warn!(
                    error = &*error as &dyn std::error::Error,
                    "nobody will be told of the update"
                );
                None
            }
        };
        restart.request(REASON, wish.delay);
        Updated { result, note, restart: Some(wish.delay) }
    }

    /// What is known about updates.
    pub async fn standing(&self) -> Standing {
        let installed = self.deps.updater.installed().await;
        let plan = installed.by.plan(&Release::Stable, installed.superuser);
        let state = self.state();
        Standing { installed, plan, running: state.running, last: state.last.clone() }
    }

    /// The version that runs.
    pub fn version(&self) -> &str {
        &self.deps.version
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update").field("version", &self.deps.version).finish_non_exhaustive()
    }
}

/// An update is under way as long as it lives.
struct Running(Arc<Mutex<State>>);

impl Running {
    fn begin(state: &Arc<Mutex<State>>) -> Option<Self> {
        let mut now = state.lock().unwrap_or_else(PoisonError::into_inner);
        let free = !std::mem::replace(&mut now.running, true);
        free.then(|| Self(Arc::clone(state)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).running = false;
    }
}

/// Installs `release` over the version `before` within `limit`, and makes sure
/// that what was installed starts. `skipped` means that nothing changed.
pub async fn carry_out(
    updater: &dyn Updater,
    clock: &dyn Clock,
    before: &str,
    release: &Release,
    limit: Duration,
) -> UpdateResult {
    let begin = clock.now();
    let installed = updater.installed().await;
    let mut result = UpdateResult {
        status: Some(UpdateStatus::Skipped),
        mode: installed.by.mode().to_owned(),
        root: installed.by.root().map(str::to_owned),
        reason: None,
        before: Some(before.to_owned()),
        after: None,
        steps: Vec::new(),
        duration_ms: 0,
    };
    match installed.by.plan(release, installed.superuser) {
        UpdatePlan::Skip(reason) => result.reason = Some(reason),
        UpdatePlan::Run(commands) => {
            info!(mode = result.mode, "updating");
            let end = begin + limit.max(SHORTEST);
            for command in &commands {
                let step = updater.run(command, end.since(clock.now())).await;
                let well = step.log.exit_code == Some(0);
                result.steps.push(step);
                if !well {
                    result.status = Some(UpdateStatus::Error);
                    result.reason = Some(format!("`{}` did not work out", command.line()));
                    break;
                }
            }
            if result.reason.is_none() {
                check(updater, &mut result).await;
            }
        }
    }
    let took = clock.now().since(begin);
    result.duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    result
}

/// Asks what was installed for its version.
async fn check(updater: &dyn Updater, result: &mut UpdateResult) {
    let step = updater.run(&updater.check(), CHECK).await;
    let said = step.log.stdout_tail.trim();
    let version = said.rsplit(' ').next().filter(|it| !it.is_empty()).map(str::to_owned);
    let well = step.log.exit_code == Some(0);
    result.steps.push(step);
    let (status, reason) = if !well || version.is_none() {
        (UpdateStatus::Error, Some("what was installed does not start"))
    } else if version == result.before {
        (UpdateStatus::Skipped, Some("this is the newest version already"))
    } else {
        (UpdateStatus::Ok, None)
    };
    result.status = Some(status);
    result.reason = reason.map(str::to_owned);
    result.after = version;
}

#[cfg(test)]
mod tests;
