//! The wizard (`ws-protocol.md` 11.9): one at a time, told step by step.

mod circumstances;
mod edits;
mod session;
mod setup;

use std::{
    sync::{Arc, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    time::Timestamp,
    wizard::{Answers, Scope, Step, Value},
};
use ports::driven::{
    Attic, Clock, ConfigSource, ConfigStore, ConfigWriteError, Entropy, ProviderCheck, WizardNotes,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

pub use session::{Outcome, Session, StepError};
pub use setup::{SetUp, set_up};

/// How long a wizard nobody answers keeps others from starting one.
const PATIENCE: Duration = Duration::from_mins(30);

/// What the wizard works with.
#[derive(Clone)]
pub struct Deps {
    /// Puts away what is thrown away, where anything but the configuration can
    /// be.
    pub attic: Option<Arc<dyn Attic>>,
    /// Asks providers.
    pub check: Arc<dyn ProviderCheck>,
    /// What is in force.
    pub config: Arc<dyn ConfigSource>,
    /// What is kept between two tries.
    pub notes: Arc<dyn WizardNotes>,
    /// Where the outcome is written.
    pub store: Arc<dyn ConfigStore>,
}

impl std::fmt::Debug for Deps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// How a wizard goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "every one is a choice of its own")]
pub struct Options {
    /// Which questions are asked.
    pub scope: Scope,
    /// What is answered already.
    pub given: Answers,
    /// Whether one may go on where somebody was interrupted.
    pub resume: bool,
    /// Whether nobody can be asked: what is not given is answered by saying
    /// nothing.
    pub unattended: bool,
    /// Whether providers are asked.
    pub check: bool,
    /// Whether the gateway can be made to start by itself from here.
    pub service: bool,
}

/// How a wizard is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits for an answer.
    Running,
    /// It is through.
    Done,
    /// Somebody ended it.
    Cancelled,
    /// It failed, for this reason.
    Error(String),
}

/// Why a wizard does not go on.
#[derive(Debug, thiserror::Error)]
pub enum WizardError {
    /// Somebody else has one.
    #[error("wizard already running")]
    Busy,
    /// There is none of that name.
    #[error("wizard not found")]
    NotFound,
    /// It has ended.
    #[error("wizard not running")]
    NotRunning,
    /// The answer is to another question.
    #[error("wizard: no pending step")]
    NoPendingStep,
}

/// Why the outcome was not written down.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The configuration could not be changed.
    #[error(transparent)]
    Config(#[from] ConfigWriteError),
    /// The directory of the agents could not be made.
    #[error("the workspace cannot be made: {0}")]
    Workspace(String),
    /// What there was could not be put away.
    #[error("nothing was begun anew: {0}")]
    Attic(String),
}

/// Where a wizard is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The question, while it runs.
    pub step: Option<Step>,
    /// How it is doing.
    pub status: Status,
}

/// The wizard that clients share.
#[derive(Clone)]
pub struct Wizard(Arc<Shared>);

struct Shared {
    deps: Deps,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    current: std::sync::Mutex<Option<Arc<Running>>>,
}

struct Running {
    id: String,
    // Held while a provider is asked, so that answers come one after the other.
    session: Mutex<Session>,
    state: std::sync::Mutex<State>,
    /// Cancelled when somebody ends it.
    ended: CancellationToken,
}

#[derive(Clone)]
struct State {
    step: Option<Step>,
    status: Status,
    seen: Timestamp,
}

impl Running {
    fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes where it is, unless it was ended in the meantime.
    fn move_to(&self, step: Option<Step>, status: Status, now: Timestamp) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.status == Status::Running {
            *state = State { step, status, seen: now };
        }
    }

    fn position(&self) -> Position {
        let State { step, status, .. } = self.state();
        Position { step: step.filter(|_| status == Status::Running), status }
    }
}

impl Wizard {
    /// A wizard nobody has started.
    pub fn new(deps: Deps, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self(Arc::new(Shared { deps, clock, entropy, current: std::sync::Mutex::default() }))
    }

    /// Starts one. Returns its name.
    pub async fn start(&self, options: Options) -> Result<(String, Position), WizardError> {
        let now = self.0.clock.now();
        let running = {
            let mut current = self.current();
            if let Some(other) = &*current {
                let state = other.state();
                if state.status == Status::Running && now.since(state.seen) < PATIENCE {
                    return Err(WizardError::Busy);
                }
                other.move_to(None, Status::Cancelled, now);
                other.ended.cancel();
            }
            let running = Arc::new(Running {
                id: self.0.entropy.uuid(),
                session: Mutex::new(Session::new(self.0.deps.clone(), options)),
                state: State { step: None, status: Status::Running, seen: now }.into(),
                ended: CancellationToken::new(),
            });
            *current = Some(Arc::clone(&running));
            running
        };
        let mut session = running.session.lock().await;
        self.advance(&running, &mut session).await;
        Ok((running.id.clone(), running.position()))
    }

    /// Answers the question `step`, if an answer is given, and returns the next
    /// one. A bad answer ends the wizard.
    pub async fn next(
        &self,
        id: &str,
        answer: Option<(String, Value)>,
    ) -> Result<Position, WizardError> {
        let running = self.find(id)?;
        let mut session = running.session.lock().await;
        let state = running.state();
        let Some((step, value)) = answer else { return Ok(running.position()) };
        if state.status != Status::Running {
            return Err(WizardError::NotRunning);
        }
        if state.step.as_ref().is_none_or(|pending| pending.id != step) {
            return Err(WizardError::NoPendingStep);
        }
        match session.answer(value) {
            Ok(()) => self.advance(&running, &mut session).await,
            Err(refused) => {
                let status = Status::Error(refused.to_string());
                running.move_to(None, status, self.0.clock.now());
            }
        }
        Ok(running.position())
    }

    async fn advance(&self, running: &Running, session: &mut Session) {
        // Nothing more is asked nor written once it was ended.
        let Some(advanced) = running.ended.run_until_cancelled(session.advance()).await else {
            return;
        };
        let (step, status) = match advanced {
            Ok(Some(step)) => (Some(step), Status::Running),
            Ok(None) => (None, Status::Done),
            Err(failed) => (None, Status::Error(failed.to_string())),
        };
        running.move_to(step, status, self.0.clock.now());
    }

    /// Ends it, also while a provider is asked.
    pub fn cancel(&self, id: &str) -> Result<Status, WizardError> {
        let running = self.find(id)?;
        running.move_to(None, Status::Cancelled, self.0.clock.now());
        running.ended.cancel();
        self.forget(id);
        Ok(running.position().status)
    }

    /// How it is doing. One that has ended is forgotten.
    pub fn status(&self, id: &str) -> Result<Status, WizardError> {
        let status = self.find(id)?.position().status;
        if status != Status::Running {
            self.forget(id);
        }
        Ok(status)
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Running>>> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &str) -> Result<Arc<Running>, WizardError> {
        let current = self.current();
        let found = current.as_ref().filter(|running| running.id == id);
        found.cloned().ok_or(WizardError::NotFound)
    }

    fn forget(&self, id: &str) {
        let mut current = self.current();
        if current.as_ref().is_some_and(|running| running.id == id) {
            *current = None;
        }
    }
}

impl std::fmt::Debug for Wizard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wizard").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
