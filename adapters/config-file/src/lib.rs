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
mod hooks;
mod include;
mod outline;
mod problem;
mod read;
mod redact;
mod restore;
mod safe;
mod schema;
mod secret_refs;
mod shown;
mod store;
mod substitute;
mod tilde;
mod tools;
mod unknown;

pub use edit::{PathError, parse_path};
pub use problem::{Problem, Refusal, Severity};
pub use redact::REDACTED;
pub use schema::FileManual;
pub use shown::parse_value;
pub use store::ConfigFileStore;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arc_swap::ArcSwap;

use ports::{
    Json,
    config::Config,
    driven::{ConfigIssue, ConfigReload, ConfigSnapshot, ConfigSource, Reloaded},
};
use ring::digest;

use serde_json::Value;

use differences::differences;
use evaluate::{Evaluated, evaluate, evaluate_over};

/// The process environment, as a function.
type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A [`ConfigSource`] on a file.
pub struct ConfigFile {
    path: PathBuf,
    env: Environment,
    in_force: ArcSwap<State>,
    /// What was read last and is not in force yet.
    read: Mutex<Option<State>>,
}

/// What a file comes to.
struct State {
    config: Arc<Config>,
    /// The same and what the file says beyond that, for comparing.
    tree: Value,
    problems: Vec<Problem>,
    variables: substitute::Variables,
    exists: bool,
    hash: String,
    files: Vec<PathBuf>,
}

impl State {
    fn of(evaluated: Evaluated) -> Self {
        let tree = evaluated.in_force();
        let Evaluated { text, config, problems, variables, files, .. } = evaluated;
        let hash = hash_of(text.as_deref().unwrap_or_default());
        let (config, exists) = (Arc::new(config), text.is_some());
        Self { config, tree, problems, variables, exists, hash, files }
    }
}

impl ConfigFile {
    /// Reads the file at `path`; one that is not there says nothing. `env` is
    /// asked for the variables of the process.
    ///
    /// Where it has a mistake that could let somebody in, the gateway is narrowed
    /// to what is safe whatever was meant: see [`is_in_safe_mode`].
    ///
    /// [`is_in_safe_mode`]: Self::is_in_safe_mode
    pub fn load(
        path: PathBuf,
        env: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let mut evaluated = evaluate(&path, &env);
        if evaluated.problems.iter().any(|it| it.severity == Severity::Fatal) {
            safe::narrow(&mut evaluated);
        }
        let state = State::of(evaluated);
        let (env, in_force) = (Arc::new(env), ArcSwap::from_pointee(state));
        Self { path, env, in_force, read: Mutex::default() }
    }

    /// Who changes it.
    pub fn store(&self) -> ConfigFileStore {
        ConfigFileStore::of(self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why the gateway must not start with this file: the first mistake or unknown
    /// key, where `gateway.config.strict` asks for that.
    pub fn refusal(&self) -> Option<Refusal> {
        let state = self.in_force.load();
        let strict = state.config.gateway.config.strict;
        let counts = |it: &&Problem| strict && (it.severity != Severity::Warning || it.is_unknown);
        let problem = state.problems.iter().find(counts)?;
        Some(Refusal { file: self.path.clone(), problem: problem.clone() })
    }

    /// Why the gateway only serves this machine, whatever the file says otherwise:
    /// what could let somebody in is not known for certain.
    pub fn is_in_safe_mode(&self) -> Option<Refusal> {
        let state = self.in_force.load();
        let fatal = state.problems.iter().find(|problem| problem.severity == Severity::Fatal)?;
        Some(Refusal { file: self.path.clone(), problem: fatal.clone() })
    }

    /// What a person should know about the file.
    pub fn problems(&self) -> Vec<Problem> {
        self.in_force.load().problems.clone()
    }

    /// The hash of the text that is in force, and what is wrong with it.
    pub fn started_with(&self) -> (String, Vec<ConfigIssue>) {
        let state = self.in_force.load();
        (state.hash.clone(), issues(&state.problems))
    }

    /// The files it was read from, or would have been.
    pub fn files(&self) -> Vec<PathBuf> {
        self.in_force.load().files.clone()
    }

    /// The variable `name`: of the process, else of `.env` beside the file,
    /// else of its `env` block. An empty one counts as absent.
    pub fn variable(&self, name: &str) -> Option<String> {
        let set = |value: &String| !value.is_empty();
        let named = || self.in_force.load().variables.get(name).cloned();
        (self.env)(name).filter(set).or_else(|| named().filter(set))
    }

    fn read(&self) -> MutexGuard<'_, Option<State>> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConfigReload for ConfigFile {
    fn read_again(&self) -> Reloaded {
        let before = self.in_force.load_full();
        let evaluated = evaluate_over(&self.path, &*self.env, Some(&before.tree));
        let mut state = State::of(evaluated);
        // Not even a part of it says what is meant.
        let whole = |it: &Problem| it.key.is_empty() || it.key.ends_with("$include");
        let is_lost = |it: &Problem| it.severity == Severity::Fatal && whole(it);
        let is_readable = !state.problems.iter().any(is_lost);
        // Nobody means an empty file: it was cut off, by a full disk for example.
        let is_gone = !state.exists && before.exists;
        let is_cut_off = state.hash == hash_of(&[]) && before.hash != state.hash;
        if is_gone || is_cut_off {
            let what = if is_gone { "gone" } else { "empty" };
            let message = format!("the file is {what}; what was in force stays");
            state.problems.push(Problem::new(Severity::Error, "", message));
        }
        let says_something = is_readable && !is_gone && !is_cut_off;
        let counts = says_something || !before.exists;
        let after = if counts { &state } else { &*before };
        let reloaded = Reloaded {
            before: Arc::clone(&before.config),
            after: Arc::clone(&after.config),
            changed: differences(&before.tree, &after.tree),
            issues: issues(&state.problems),
            files: if counts { state.files.clone() } else { before.files.clone() },
            hash: state.hash.clone(),
        };
        *self.read() = Some(state).filter(|_| counts);
        reloaded
    }

    fn adopt(&self) {
        if let Some(state) = self.read().take() {
            self.in_force.store(Arc::new(state));
        }
    }
}

/// What of `problems` is more than odd.
fn issues(problems: &[Problem]) -> Vec<ConfigIssue> {
    let wrong = problems.iter().filter(|problem| problem.severity != Severity::Warning);
    wrong.map(Problem::to_issue).collect()
}

impl ConfigSource for ConfigFile {
    fn current(&self) -> Arc<Config> {
        Arc::clone(&self.in_force.load().config)
    }

    fn snapshot(&self) -> ConfigSnapshot {
        let now = evaluate(&self.path, &*self.env);
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
            hash: hash_of(bytes),
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

/// SHA-256 of a text, in hex.
pub(crate) fn hash_of(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
