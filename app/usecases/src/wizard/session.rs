//! One way through the questions.

use domain::wizard::{
    self, Answers, BadAnswer, Check, Circumstances, Next, Plan, Scope, Step, Value, id,
};
use ports::driven::{ConfigWrite, ConfigWriteError};
use tracing::warn;

use super::{Deps, Options, WriteError, edits};

/// One way through the questions, for one person.
pub struct Session {
    deps: Deps,
    around: Circumstances,
    // The hash of the file the questions began with.
    hash: String,
    answers: Answers,
    given: Answers,
    pending: Option<Step>,
    plan: Option<Plan>,
}

/// Why there is no next question.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// What was given before the question does not answer it.
    #[error(transparent)]
    Answer(#[from] BadAnswer),
    /// The outcome is not written down.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Session {
    /// Begins, or goes on where somebody was interrupted.
    pub fn new(deps: Deps, options: Options) -> Self {
        let snapshot = deps.config.snapshot();
        let config = deps.config.current();
        let Options { scope, given, resume, check, service } = options;
        let mut kept = if resume { deps.notes.load() } else { Answers::default() };
        // Whoever says where the gateway runs need not be asked how much to ask.
        if let Some(mode) = given.get(id::MODE) {
            kept.set(id::MODE, mode.clone());
        }
        let around = Circumstances {
            configured: snapshot.exists && !matches!(snapshot.parsed.as_str(), "{}" | "null"),
            port: config.gateway.port,
            workspace: "~/.openclaw/workspace".to_owned(),
            keys: deps.check.keys(),
            check: if check { Check::Due } else { Check::Off },
            service,
            written: false,
            scope,
        };
        let hash = snapshot.hash;
        Self { deps, around, hash, answers: kept, given, pending: None, plan: None }
    }

    /// What the answers amounted to, when it is through.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Whether it goes on where somebody was interrupted.
    pub fn is_resumed(&self) -> bool {
        !self.answers.is_empty()
    }

    /// Answers the question that waits. After a bad answer it still waits.
    pub fn answer(&mut self, value: Value) -> Result<(), BadAnswer> {
        let Some(step) = &self.pending else { return Ok(()) };
        let value = step.accept(value)?;
        let id = step.id;
        self.pending = None;
        self.note(id, value);
        Ok(())
    }

    fn note(&mut self, id: &str, value: Value) {
        if id == id::PROVIDER_FAILED && value == Value::from("again") {
            self.given.forget(id::PROVIDER_KEY);
            self.answers.forget(id::PROVIDER_KEY);
            self.around.check = Check::Due;
        } else {
            self.answers.set(id, value);
        }
        if self.around.scope == Scope::All
            && let Err(error) = self.deps.notes.keep(&self.answers.without_secrets())
        {
            warn!(error = &*error as &dyn std::error::Error, "answers are not kept");
        }
    }

    /// The next question; `None` when it is through. Asks the provider and writes
    /// the outcome down where it is their turn.
    pub async fn advance(&mut self) -> Result<Option<Step>, StepError> {
        loop {
            match wizard::next(&self.around, &self.answers) {
                Next::Ask(step) => match self.given.get(step.id).cloned() {
                    Some(given) => {
                        let value = step.accept(given)?;
                        self.note(step.id, value);
                    }
                    None => {
                        self.pending = Some(*step.clone());
                        return Ok(Some(*step));
                    }
                },
                Next::Check(provider) => {
                    self.around.check = match self.deps.check.models(&provider).await {
                        Ok(models) => Check::Answered(models),
                        Err(why) => Check::Failed(why),
                    };
                }
                Next::Write(plan) => {
                    self.write(&plan).await?;
                    self.around.written = true;
                }
                Next::Done(plan) => {
                    self.plan = Some(*plan);
                    return Ok(None);
                }
            }
        }
    }

    async fn write(&mut self, plan: &Plan) -> Result<(), WriteError> {
        let config = self.deps.config.current();
        if let Some(edit) = edits::edit(plan, &config) {
            // A merge names what it changes; to begin anew is meant for the file
            // that was there when it was asked.
            let any_base = !plan.reset;
            let base_hash = plan.reset.then(|| self.hash.clone());
            let write = ConfigWrite { edit, base_hash, any_base, dry_run: false };
            self.deps.store.write(write).await.map_err(in_full)?;
        }
        if let Some(path) = &plan.workspace {
            let made = self.deps.notes.make_workspace(path);
            made.map_err(|error| WriteError::Workspace(error.to_string()))?;
        }
        if let Err(error) = self.deps.notes.forget() {
            warn!(error = &*error as &dyn std::error::Error, "old answers are not forgotten");
        }
        Ok(())
    }
}

fn in_full(failed: ConfigWriteError) -> WriteError {
    if let ConfigWriteError::Invalid(issues) | ConfigWriteError::InvalidFile(issues) = &failed
        && let Some(issue) = issues.first()
    {
        return WriteError::Config(ConfigWriteError::Syntax(format!(
            "{failed}: {}: {}",
            issue.path, issue.message
        )));
    }
    failed.into()
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("pending", &self.pending).finish_non_exhaustive()
    }
}
