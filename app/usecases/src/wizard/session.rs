//! One way through the questions.

use domain::wizard::{
    self, Answers, BadAnswer, Check, Circumstances, Kind, Next, Plan, Step, Value, flag, id,
};
use ports::driven::{ConfigWrite, ConfigWriteError};
use tracing::warn;

use super::{Deps, Options, WriteError, circumstances, edits};

/// One way through the questions, for one person.
pub struct Session {
    deps: Deps,
    around: Circumstances,
    // The hash of the file the questions began with.
    hash: String,
    answers: Answers,
    given: Answers,
    /// What was answered before an interruption.
    kept: Answers,
    unattended: bool,
    pending: Option<Step>,
    outcome: Outcome,
}

/// What a way through the questions came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What the answers amounted to.
    pub plan: Plan,
    /// The keys of the configuration that changed.
    pub changed: Vec<String>,
    /// Where agents work, if that was not there before.
    pub made: Option<String>,
    /// Where what was there before is now.
    pub put_away: Option<String>,
    /// Why the provider did not answer, if that did not matter.
    pub unsure: Option<String>,
}

/// Why there is no next question.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// What was given before the question does not answer it.
    #[error(transparent)]
    Answer(#[from] BadAnswer),
    /// Nobody can be asked, and saying nothing is no answer.
    #[error("{0} has no answer")]
    Unanswered(&'static str),
    /// The provider does not answer, and nobody said which model it is to be.
    #[error("the provider does not answer: {0}")]
    Provider(String),
    /// Something was given that is not asked about.
    #[error("{0} has no place among the other answers")]
    Pointless(&'static str),
    /// The outcome is not written down.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Session {
    /// Begins.
    pub fn new(deps: Deps, options: Options) -> Self {
        let kept = if options.resume { deps.notes.load() } else { Answers::default() };
        let (around, hash) = circumstances::of(&deps, &options, !kept.is_empty());
        Self {
            deps,
            around,
            hash,
            answers: Answers::default(),
            given: options.given,
            kept,
            unattended: options.unattended,
            pending: None,
            outcome: Outcome::default(),
        }
    }

    /// What it came to, once it is through.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// What was given beforehand and is not asked about.
    pub fn pointless(&self) -> Vec<&'static str> {
        // Saying that something is not wanted has a place everywhere.
        let wanted = |value: &Value| *value != Value::Flag(false) && *value != "skip".into();
        let left = self.given.ids().filter(|id| self.answers.get(id).is_none());
        let left = left.filter(|id| self.given.get(id).is_some_and(wanted));
        left.filter(|id| !matches!(*id, id::RISK | id::FLOW)).filter_map(flag).collect()
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
        match (id, &value) {
            (id::PROVIDER_FAILED, Value::Text(text)) if text == "again" => {
                for id in [id::PROVIDER_KEY, id::PROVIDER_URL] {
                    self.given.forget(id);
                    self.answers.forget(id);
                }
                self.around.keys.clear();
                self.around.check = Check::Due;
            }
            (id::RESUME, Value::Flag(true)) => {
                let mut kept = std::mem::take(&mut self.kept);
                // What is said now counts more than what was said then.
                let given: Vec<_> = self.given.ids().map(str::to_owned).collect();
                for id in &given {
                    kept.forget(id);
                }
                self.answers = std::mem::take(&mut self.answers).or(&kept);
                self.answers.set(id, value);
            }
            _ => self.answers.set(id, value),
        }
        // What is written down needs no going on with.
        if !self.around.scope.is_all() || self.unattended || self.around.written {
            return;
        }
        let mut kept = self.answers.without_secrets();
        kept.forget(id::RESUME);
        if !kept.is_empty()
            && let Err(error) = self.deps.notes.keep(&kept)
        {
            warn!(error = &*error as &dyn std::error::Error, "answers are not kept");
        }
    }

    /// The next question; `None` when it is through. Asks the provider and writes
    /// the outcome down where it is their turn.
    pub async fn advance(&mut self) -> Result<Option<Step>, StepError> {
        loop {
            match wizard::next(&self.around, &self.answers) {
                Next::Ask(step) => match self.given_for(&step)? {
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
                    if self.unattended
                        && let Some(flag) = self.pointless().first()
                    {
                        return Err(StepError::Pointless(flag));
                    }
                    self.write(&plan).await?;
                    self.around.written = true;
                }
                Next::Done(plan) => {
                    self.outcome.plan = *plan;
                    return Ok(None);
                }
            }
        }
    }

    /// The answer to `step` that was given before it was asked.
    fn given_for(&mut self, step: &Step) -> Result<Option<Value>, StepError> {
        if let Some(given) = self.given.get(step.id) {
            return Ok(Some(given.clone()));
        }
        if !self.unattended {
            return Ok(None);
        }
        if let (id::PROVIDER_FAILED, Check::Failed(why)) = (step.id, &self.around.check) {
            // Whoever names the model has no need of the provider's list.
            if self.given.get(id::MODEL).is_none() {
                return Err(StepError::Provider(why.clone()));
            }
            self.outcome.unsure = Some(why.clone());
            return Ok(Some("anyway".into()));
        }
        let nothing = (step.kind == Kind::Note).then(|| "".into());
        let value = step.initial.clone().or(nothing);
        value.map(Some).ok_or(StepError::Unanswered(step.id))
    }

    async fn write(&mut self, plan: &Plan) -> Result<(), WriteError> {
        let config = self.deps.config.current();
        let edit = edits::edit(plan, &config);
        // A merge names what it changes; to begin anew is meant for the file that
        // was there when it was asked.
        let any_base = plan.reset.is_none();
        let base_hash = plan.reset.map(|_| self.hash.clone());
        let write = edit.map(|edit| ConfigWrite { edit, base_hash, any_base, dry_run: false });
        if let (Some(reset), Some(attic)) = (plan.reset, &self.deps.attic) {
            // Nothing is put away for a change that would be refused.
            if let Some(write) = &write {
                let dry = ConfigWrite { dry_run: true, ..write.clone() };
                self.deps.store.write(dry).await.map_err(in_full)?;
            }
            let place = attic.put_away(reset, &self.around.now.workspace).await;
            let place = place.map_err(|error| WriteError::Attic(error.to_string()))?;
            self.outcome.put_away = Some(place);
        }
        if let Some(write) = write {
            let written = self.deps.store.write(write).await.map_err(in_full)?;
            self.outcome.changed = written.changed;
        }
        if let Some(path) = &plan.workspace {
            let made = self.deps.notes.make_workspace(path);
            let made = made.map_err(|error| WriteError::Workspace(error.to_string()))?;
            self.outcome.made = made.then(|| path.clone());
        }
        if self.around.scope.is_all()
            && let Err(error) = self.deps.notes.forget()
        {
            warn!(error = &*error as &dyn std::error::Error, "old answers are not forgotten");
        }
        Ok(())
    }
}

pub(super) fn in_full(failed: ConfigWriteError) -> WriteError {
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
