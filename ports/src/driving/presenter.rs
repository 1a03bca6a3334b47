//! How the assistant presents itself to whoever comes.

use async_trait::async_trait;
use domain::{agent::Avatar, ids::AgentId};

use crate::driven::Portrait;

/// Knows how the assistant presents itself.
#[async_trait]
pub trait Presenter: Send + Sync {
    /// How the agent looks that answers when nobody is named.
    fn appearance(&self) -> Appearance;

    /// What the configuration says `agent` looks like; nothing where there is no
    /// such agent.
    fn avatar(&self, agent: &AgentId) -> Option<Avatar>;

    /// The picture of `agent` that lies in its workspace, and what it is, as in
    /// `image/png`.
    async fn portrait(&self, agent: &AgentId) -> Option<(Portrait, &'static str)>;
}

/// How an agent looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// Its name in keys.
    pub agent_id: String,
    /// Its name for people.
    pub name: String,
    /// Its picture: a URL, a path of this gateway, a data URL or a letter.
    pub avatar: String,
}
