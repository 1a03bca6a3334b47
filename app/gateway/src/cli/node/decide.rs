//! Whether a command may run here: by the policy of this machine, or because
//! somebody consented to exactly this command.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{
    approval::{Ask, Binding, Command, Security, Verdict, may_set},
    ids::AgentId,
};
use ports::driven::{ApprovalPolicy, Digests};
use serde::Deserialize;
use signatures::Sha256;

use super::{host::Machine, invoke::Refused};

/// How many commands that wait for consent are remembered, and for how long.
const MAX_REMEMBERED: usize = 64;
const REMEMBERED: Duration = Duration::from_mins(10);
/// How long a command can be, all its words together, in bytes.
const MAX_COMMAND: usize = 128 * 1024;

/// Parameters of `system.run`, as far as we look into them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunParams {
    /// Program and arguments.
    pub(super) command: Vec<String>,
    /// Where.
    pub(super) cwd: Option<String>,
    /// Variables to set.
    #[serde(default)]
    pub(super) env: Option<std::collections::BTreeMap<String, String>>,
    /// How long it may take, in milliseconds.
    #[serde(default)]
    pub(super) timeout_ms: Option<f64>,
    /// For which agent.
    #[serde(default)]
    pub(super) agent_id: Option<String>,
    /// For which session.
    #[serde(default)]
    pub(super) session_key: Option<String>,
    /// Names the run.
    #[serde(default)]
    pub(super) run_id: Option<String>,
    /// Whether somebody consented. The gateway says so, not the caller.
    #[serde(default)]
    approved: Option<bool>,
    /// What exactly was consented to. The gateway says so, not the caller.
    #[serde(default)]
    binding_hash: Option<String>,
    /// What may run, if the caller is stricter than the policy.
    #[serde(default)]
    security: Option<Security>,
    /// When somebody is asked, if the caller is stricter than the policy.
    #[serde(default)]
    ask: Option<Ask>,
}

impl RunParams {
    /// The variables to set, if all of them may be.
    pub(super) fn env(&self) -> Result<Vec<(String, String)>, Refused> {
        let env: Vec<_> = self.env.clone().unwrap_or_default().into_iter().collect();
        match env.iter().find(|(name, _)| !may_set(name)) {
            Some((name, _)) => {
                let name = domain::approval::show_within(name, 64);
                Err(Refused::invalid(format!("env: {name} may not be set for a command")))
            }
            None => Ok(env),
        }
    }

    /// Where it runs.
    pub(super) fn cwd(&self, machine: &Machine) -> PathBuf {
        let given = self.cwd.as_deref().filter(|cwd| !cwd.is_empty());
        given.map_or_else(|| machine.home.clone(), |cwd| machine.home.join(cwd))
    }

    /// Whether it is a command at all.
    pub(super) fn check(&self) -> Result<(), Refused> {
        let length: usize = self.command.iter().map(String::len).sum();
        if self.command.first().is_none_or(|name| name.trim().is_empty()) {
            return Err(Refused::invalid("command required"));
        }
        if MAX_COMMAND < length || self.command.iter().any(|word| word.contains('\0')) {
            return Err(Refused::invalid("the command is too long, or not a command"));
        }
        Ok(())
    }
}

/// What commands were when somebody was first asked about them, the newest last.
/// Of use where the gateway does not say what exactly was consented to.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<VecDeque<Remembered>>);

/// Which command: its words, where, with which variables.
type Asked = (Vec<String>, PathBuf, Vec<(String, String)>);

#[derive(Debug)]
struct Remembered {
    asked: Asked,
    was: Was,
    since: Instant,
}

/// What a command was when somebody was asked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Was {
    /// This, by its fingerprint.
    One(String),
    /// One thing and then another, so that it is not known which of them
    /// somebody consented to.
    Several,
}

impl Memory {
    pub(super) fn remember(&self, asked: Asked, hash: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|it| it.since.elapsed() < REMEMBERED);
        if let Some(before) = known.iter_mut().find(|it| it.asked == asked) {
            if before.was != Was::One(hash) {
                before.was = Was::Several;
            }
            return;
        }
        if known.len() == MAX_REMEMBERED {
            known.pop_front();
        }
        known.push_back(Remembered { asked, was: Was::One(hash), since: Instant::now() });
    }

    /// What a command was, if somebody was asked about it.
    fn recall(&self, asked: &Asked) -> Option<Was> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh = known.iter().filter(|it| it.since.elapsed() < REMEMBERED);
        fresh.find(|it| it.asked == *asked).map(|it| it.was.clone())
    }
}

/// What a command is now, and the fingerprint of that. Reads every file of it.
pub(super) fn bind(machine: &Machine, params: &RunParams) -> Result<(Binding, String), Refused> {
    let env = params.env()?;
    let cwd = params.cwd(machine);
    let binding = process::inspect(&params.command, &cwd, &env, machine.path())
        .map_err(|error| Refused::invalid(error.to_string()))?;
    let hash = Sha256.sha256(binding.line().as_bytes());
    Ok((binding, hash))
}

/// Whether a command may run, and if so, which file its program is. Reads the
/// policy and, where somebody consented, the files of the command.
pub(super) fn decide(
    machine: &Machine,
    memory: &Memory,
    params: &RunParams,
) -> Result<PathBuf, Refused> {
    let cwd = params.cwd(machine);
    let agent = AgentId::normalize(params.agent_id.as_deref().unwrap_or_default());
    let rules = machine.policy.load().rules(&agent).tightened(params.security, params.ask);
    let find = |name: &str| process::find(name, &cwd, machine.path());
    match rules.judge(Command::Argv(&params.command), find) {
        Verdict::Run { .. } => (),
        Verdict::Refuse(miss) => return Err(Refused::denied(&miss.to_string())),
        Verdict::Ask(miss) => consented(machine, memory, params, &miss.to_string())?,
    }
    program(machine, params, &cwd)
}

/// Whether somebody consented to exactly this command as it is now. If nobody
/// was asked yet, what it is now is what he will be asked about.
fn consented(
    machine: &Machine,
    memory: &Memory,
    params: &RunParams,
    miss: &str,
) -> Result<(), Refused> {
    let (_, hash) = bind(machine, params)?;
    let asked = (params.command.clone(), params.cwd(machine), params.env()?);
    if params.approved != Some(true) {
        memory.remember(asked, hash);
        return Err(Refused::denied(&format!("approval required ({miss})")));
    }
    let approved = match &params.binding_hash {
        Some(said) => Some(Was::One(said.clone())),
        None => memory.recall(&asked),
    };
    match approved {
        Some(approved) if approved == Was::One(hash) => Ok(()),
        Some(_) => Err(Refused::denied("the command changed since it was approved")),
        None => Err(Refused::denied("approval is not bound to a prepared command")),
    }
}

fn program(machine: &Machine, params: &RunParams, cwd: &Path) -> Result<PathBuf, Refused> {
    let name = params.command.first().map(String::as_str).unwrap_or_default();
    let found = process::path_of(name, cwd, machine.path());
    found.ok_or_else(|| Refused::invalid(format!("command not found: {name}")))
}
