//! The agents there are, and how they present themselves.

use std::{fmt, sync::Arc};

use domain::{
    agent::ModelRef,
    ids::AgentId,
    session::{Keys, SessionKey},
};
use ports::{
    config::{AgentConfig, IdentityConfig},
    driven::ConfigSource,
    driving::{Appearance, Presenter},
};

use crate::{config::keys, models::Models};

/// What an agent without a name is called.
const NAMELESS: &str = "Assistant";

/// Knows the agents.
#[derive(Clone)]
pub struct Directory {
    config: Arc<dyn ConfigSource>,
    models: Models,
}

/// Every agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// How sessions are named; knows the default agent.
    pub keys: Keys,
    /// The agents, in the order of the configuration.
    pub agents: Vec<Listed>,
}

/// One agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Its name in keys.
    pub id: AgentId,
    /// Its name for people.
    pub name: Option<String>,
    /// How it presents itself.
    pub identity: Option<IdentityConfig>,
    /// Which model answers for it.
    pub model: Option<ModelRef>,
}

/// How an agent presents itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name in keys.
    pub agent: AgentId,
    /// Its name for people.
    pub name: String,
    /// Its picture: a URL, a data URL or a letter.
    pub avatar: String,
    /// Its sign.
    pub emoji: Option<String>,
}

/// An agent was named, and a session of another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("agent \"{agent}\" does not match session key agent \"{of_session}\"")]
pub struct AgentMismatch {
    /// The agent that was named.
    pub agent: AgentId,
    /// The agent of the session.
    pub of_session: AgentId,
}

impl Directory {
    /// The agents of the configuration.
    pub fn new(config: Arc<dyn ConfigSource>, models: Models) -> Self {
        Self { config, models }
    }

    /// Every agent.
    pub fn list(&self) -> Listing {
        let config = self.config.current();
        let listed = |agent: AgentConfig| {
            let id = agent.agent_id();
            let model = self.models.default_of(&id).model;
            Listed { id, name: agent.name, identity: agent.identity, model }
        };
        Listing {
            keys: keys(&config),
            agents: config.agents.all().into_iter().map(listed).collect(),
        }
    }

    /// Whether there is such an agent.
    pub fn has(&self, agent: &AgentId) -> bool {
        self.config.current().agents.find(agent).is_some()
    }

    /// Whose business something is that names an agent, a session, both or
    /// neither.
    pub fn whose(
        &self,
        agent: Option<AgentId>,
        session: Option<&SessionKey>,
    ) -> Result<AgentId, AgentMismatch> {
        match (agent, session.and_then(SessionKey::agent)) {
            (Some(agent), Some(of_session)) if agent != of_session => {
                Err(AgentMismatch { agent, of_session })
            }
            (Some(agent), _) | (None, Some(agent)) => Ok(agent),
            (None, None) => Ok(self.config.current().agents.default_agent()),
        }
    }

    /// How `agent` presents itself. One that is not in the configuration, as of
    /// an old session, has no name of its own.
    pub fn identity(&self, agent: &AgentId) -> Identity {
        let own = self.config.current().agents.find(agent).unwrap_or_default();
        let identity = own.identity.unwrap_or_default();
        let name = identity.name.or(own.name).unwrap_or_else(|| NAMELESS.to_owned());
        let initial = || name.chars().next().into_iter().flat_map(char::to_uppercase).collect();
        let emoji = identity.emoji;
        let avatar = identity.avatar.or_else(|| emoji.clone()).unwrap_or_else(initial);
        Identity { agent: agent.clone(), name, avatar, emoji }
    }
}

impl Presenter for Directory {
    fn appearance(&self) -> Appearance {
        let agent = self.config.current().agents.default_agent();
        let Identity { agent, name, avatar, .. } = self.identity(&agent);
        Appearance { agent_id: agent.to_string(), name, avatar }
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Directory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ports::config::Config;

    use super::*;
    use crate::{models::tests::models, testing::config};

    fn directory(json: &str) -> Directory {
        let config_tree: Config = serde_json::from_str(json).unwrap();
        Directory::new(config(config_tree), models())
    }

    #[test]
    fn an_agent_has_a_name_and_a_face_even_if_nobody_gave_it_one() {
        let directory = directory(
            r#"{"agents":{"list":[{"id":"main"},{"id":"b","name":"bert"},
                {"id":"c","identity":{"name":"Cleo","emoji":"🦊"}}]}}"#,
        );
        let shown = |id: &str| {
            let identity = directory.identity(&AgentId::normalize(id));
            (identity.name, identity.avatar)
        };
        assert_eq!(shown("main"), ("Assistant".into(), "A".into()));
        assert_eq!(shown("b"), ("bert".into(), "B".into()));
        assert_eq!(shown("c"), ("Cleo".into(), "🦊".into()));
        assert_eq!(shown("gone"), ("Assistant".into(), "A".into()));
        assert_eq!(directory.list().agents.len(), 3);
    }

    #[test]
    fn the_agent_of_a_session_is_not_another_one() {
        let directory = directory("{}");
        let [a, b] = ["a", "b"].map(AgentId::normalize);
        let key: SessionKey = "agent:a:main".parse().unwrap();
        assert_eq!(directory.whose(None, None), Ok(AgentId::main()));
        assert_eq!(directory.whose(Some(b.clone()), None), Ok(b.clone()));
        assert_eq!(directory.whose(None, Some(&key)), Ok(a.clone()));
        assert_eq!(directory.whose(Some(a.clone()), Some(&key)), Ok(a));
        let mismatch = directory.whose(Some(b), Some(&key)).unwrap_err();
        assert_eq!(mismatch.to_string(), "agent \"b\" does not match session key agent \"a\"");
    }
}
