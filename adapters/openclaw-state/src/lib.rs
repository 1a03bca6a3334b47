#![doc = include_str!("../README.md")]

mod agent;
mod database;
mod device;
mod event;
mod files;
mod global;
mod root;
mod session;
mod shelf;

use std::{collections::VecDeque, io, path::PathBuf};

use domain::ids::AgentId;
use ports::driven::{ForeignItem, ForeignState};

use self::{agent::Agent, root::Root};
pub use self::{root::holds_state, shelf::FileShelf};

/// What is read, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only the conversations of these agents; of all when empty.
    pub agents: Vec<AgentId>,
    /// Whether the configuration is read.
    pub config: bool,
    /// Whether the directory is that of the reading gateway as well. Then what
    /// is a file in both need not go anywhere.
    pub in_place: bool,
    /// Where databases may be copied to.
    pub scratch: PathBuf,
}

/// Why a state directory cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none, or it may not be read.
    #[error("{} cannot be read: {}", path.display(), source.kind())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Nothing in it looks like the state of OpenClaw.
    #[error("{} is not a state directory of OpenClaw: there are no agents in it", .0.display())]
    NotState(PathBuf),
}

/// The state of another OpenClaw.
#[derive(Debug)]
pub struct OpenClawState {
    root: Root,
    scratch: PathBuf,
    waiting: VecDeque<ForeignItem>,
    agents: VecDeque<String>,
    agent: Option<Agent>,
}

impl OpenClawState {
    /// Opens the state in `directory`.
    pub fn open(directory: &std::path::Path, options: Options) -> Result<Self, OpenError> {
        let root = Root::open(directory)?;
        let agents = root.list("agents").into_iter().filter(|name| {
            let id = AgentId::normalize(name);
            options.agents.is_empty() || options.agents.contains(&id)
        });
        let agents: VecDeque<_> = agents.collect();
        let waiting = global::read(&root, &options).into();
        Ok(Self { root, scratch: options.scratch, waiting, agents, agent: None })
    }
}

impl ForeignState for OpenClawState {
    fn next(&mut self) -> Option<ForeignItem> {
        loop {
            if let Some(item) = self.waiting.pop_front() {
                return Some(item);
            }
            if let Some(item) = self.agent.as_mut().and_then(Agent::next) {
                return Some(item);
            }
            let name = self.agents.pop_front()?;
            let (agent, findings) = Agent::open(&self.root, &self.scratch, &name);
            self.waiting = findings.into();
            self.agent = Some(agent);
        }
    }
}
