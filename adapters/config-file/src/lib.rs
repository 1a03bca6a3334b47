#![doc = include_str!("../README.md")]

mod alias;
mod atomic;
mod decode;
mod differences;
mod disk;
mod dotenv;
mod draft;
mod edit;
mod evaluate;
mod include;
mod outline;
mod problem;
mod read;
mod redact;
mod restore;
mod schema;
mod shown;
mod store;
mod substitute;
mod unknown;

pub use edit::{PathError, parse_path};
pub use problem::{Problem, Refusal, Severity};
pub use redact::REDACTED;
pub use shown::parse_value;
pub use store::ConfigFileStore;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use ports::{
    Json,
    config::Config,
    driven::{ConfigIssue, ConfigSnapshot, ConfigSource},
};
use ring::digest;

use evaluate::{Evaluated, evaluate};

/// The process environment, as a function.
type Environment = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A [`ConfigSource`] on a file.
pub struct ConfigFile {
    path: PathBuf,
    env: Environment,
    current: Arc<Config>,
    problems: Vec<Problem>,
    variables: substitute::Variables,
}

impl ConfigFile {
    /// Reads the file at `path`; one that is not there says nothing. `env` is
    /// asked for the variables of the process.
    pub fn load(
        path: PathBuf,
        env: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let Evaluated { config, problems, variables, .. } = evaluate(&path, &env);
        let (env, current) = (Box::new(env), Arc::new(config));
        Self { path, env, current, problems, variables }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why the gateway must not start with this file, if it must not.
    pub fn refusal(&self) -> Option<Refusal> {
        let fatal = self.problems.iter().find(|problem| problem.severity == Severity::Fatal)?;
        Some(Refusal { file: self.path.clone(), problem: fatal.clone() })
    }

    /// What a person should know about the file.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The variable `name`: of the process, else of `.env` beside the file,
    /// else of its `env` block. An empty one counts as absent.
    pub fn variable(&self, name: &str) -> Option<String> {
        let set = |value: &String| !value.is_empty();
        (self.env)(name).filter(set).or_else(|| self.variables.get(name).cloned().filter(set))
    }
}

impl ConfigSource for ConfigFile {
    fn current(&self) -> Arc<Config> {
        Arc::clone(&self.current)
    }

    fn snapshot(&self) -> ConfigSnapshot {
        let now = evaluate(&self.path, &self.env);
        let redaction = now.redaction();
        let (warnings, issues): (Vec<_>, Vec<_>) =
            now.problems.iter().partition(|problem| problem.severity == Severity::Warning);
        let told = |problems: Vec<&Problem>| -> Vec<ConfigIssue> {
            problems.into_iter().map(Problem::to_issue).collect()
        };
        let bytes = now.text.as_deref().unwrap_or_default();
        ConfigSnapshot {
            path: self.path.display().to_string(),
            exists: now.text.is_some(),
            raw: now.document.as_ref().map(|document| redaction.text(document)),
            parsed: Json::of(
                &now.document.as_ref().map(|document| redaction.value(&document.value)),
            ),
            valid: issues.is_empty(),
            config: Json::of(&redaction.value(&now.in_force())),
            hash: hex(digest::digest(&digest::SHA256, bytes).as_ref()),
            issues: told(issues),
            warnings: told(warnings),
        }
    }
}

impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile").field("path", &self.path).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
