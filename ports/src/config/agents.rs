//! Section `agents`.

use std::collections::BTreeMap;

use domain::{agent::ModelRef, ids::AgentId, session::Thinking};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentsConfig {
    /// What holds for every agent that does not say otherwise.
    pub defaults: AgentDefaults,
    /// The agents. Without any there is one, `main`.
    pub list: Vec<AgentConfig>,
    /// The agents, in the newer spelling: by name.
    pub entries: BTreeMap<String, AgentConfig>,
}

impl AgentsConfig {
    /// Every agent, in the order of the file, never none.
    pub fn all(&self) -> Vec<AgentConfig> {
        let named = self
            .entries
            .iter()
            .map(|(id, agent)| AgentConfig { id: Some(AgentId::normalize(id)), ..agent.clone() });
        let mut all: Vec<_> = self.list.iter().cloned().chain(named).collect();
        if all.is_empty() {
            all.push(AgentConfig { id: Some(AgentId::main()), ..AgentConfig::default() });
        }
        all
    }

    /// Who answers when nobody is named: the one marked so, else the first.
    pub fn default_agent(&self) -> AgentId {
        let all = self.all();
        let marked = all.iter().find(|agent| agent.default);
        marked.or(all.first()).map_or_else(AgentId::main, AgentConfig::agent_id)
    }

    /// The agent `id`, if there is one.
    pub fn find(&self, id: &AgentId) -> Option<AgentConfig> {
        self.all().into_iter().find(|agent| agent.agent_id() == *id)
    }
}

/// One agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentConfig {
    /// Its name in keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub id: Option<AgentId>,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it answers when nobody is named.
    pub default: bool,
    /// Its model and what to ask when that one fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelChoice>,
    /// What it is told about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// How it presents itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityConfig>,
    /// How often it looks around by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<HeartbeatConfig>,
}

impl AgentConfig {
    /// Its name in keys.
    pub fn agent_id(&self) -> AgentId {
        self.id.clone().unwrap_or_else(AgentId::main)
    }
}

/// How an agent presents itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct IdentityConfig {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
    /// Its sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// Its picture: a URL, a data URL or a letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

/// How often an agent looks around by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HeartbeatConfig {
    /// As in `30m`; `0m` is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
}

/// What holds for every agent that does not say otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentDefaults {
    /// The model and what to ask when it fails. Default: the first provider
    /// that is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelChoice>,
    /// What every agent is told about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// How long a run may take, in seconds.
    pub timeout_seconds: u64,
    /// How long models think.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub thinking_default: Option<Thinking>,
    /// How many tokens of history a model is shown at most. Default: what the
    /// model can have in mind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u64>,
    /// How often agents look around by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<HeartbeatConfig>,
}

impl Default for AgentDefaults {
    fn default() -> Self {
        Self {
            model: None,
            system_prompt: None,
            timeout_seconds: 600,
            thinking_default: None,
            context_tokens: None,
            heartbeat: None,
        }
    }
}

/// A model and what to ask when it fails: one name, or a first choice and
/// others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModelChoice {
    /// One model.
    One(#[schemars(with = "String")] ModelRef),
    /// A first choice and others.
    Several {
        /// The first choice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        primary: Option<ModelRef>,
        /// The others, in order.
        #[serde(default)]
        #[schemars(with = "Vec<String>")]
        fallbacks: Vec<ModelRef>,
    },
}

impl ModelChoice {
    /// The models in order.
    pub fn candidates(&self) -> Vec<ModelRef> {
        match self {
            Self::One(model) => vec![model.clone()],
            Self::Several { primary, fallbacks } => {
                primary.iter().chain(fallbacks).cloned().collect()
            }
        }
    }
}

#[test]
fn there_is_always_an_agent() {
    let config = AgentsConfig::default();
    assert_eq!(config.default_agent(), AgentId::main());
    let config: AgentsConfig =
        serde_json::from_str(r#"{"list":[{"id":"a"},{"id":"B","default":true}]}"#).unwrap();
    assert_eq!(config.default_agent().as_str(), "b");
    assert!(config.find(&AgentId::normalize("c")).is_none());
}
