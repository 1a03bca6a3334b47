//! Section `agents`.

use std::collections::BTreeMap;

use super::agent_run::ActiveHoursConfig;
use super::agent_run::AgentRefConfig;
use super::agent_run::AgentSubagentsConfig;
use super::agent_run::BlockBreak;
use super::agent_run::BlockChunkConfig;
use super::agent_run::CliBackendConfig;
use super::agent_run::CoalesceConfig;
use super::agent_run::CompactionConfig;
use super::agent_run::ContextLimitsConfig;
use super::agent_run::ContextPruningConfig;
use super::agent_run::ElevatedLevel;
use super::agent_run::HumanDelayConfig;
use super::agent_run::MediaModelsConfig;
use super::agent_run::ModelEntryConfig;
use super::agent_run::ModelPolicyConfig;
use super::agent_run::OnOff;
use super::agent_run::StartupContextConfig;
use super::agent_run::TimeFormat;
use super::agent_run::VerboseLevel;
use super::extras::SilentReplyConfig;
use super::memory::MemoryConfig;
use super::memory::MemorySearchConfig;
use super::messages::GroupChatConfig;
use super::open::Anything;
use super::open::AutoSwitch;
use super::open::is_default;
use super::sandbox::SandboxConfig;
use super::session::TypingMode;
use super::skills::SkillsLimitsConfig;
use super::tools::AgentToolsConfig;
use super::tts::TtsConfig;
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
    /// Whose agents they are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ownership: BTreeMap<String, Anything>,
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
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The directory it works in. Default: `workspace-<id>` in the state
    /// directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The directory its commands begin in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Where its accounts are kept. Default: `agents/<id>/agent` in the state
    /// directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_dir: Option<String>,
    /// The model for small things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utility_model: Option<String>,
    /// The model for decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_model: Option<String>,
    /// What is said about single models.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, ModelEntryConfig>,
    /// Which models may be chosen.
    #[serde(skip_serializing_if = "is_default")]
    pub model_policy: ModelPolicyConfig,
    /// How it looks something up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_search: Option<Box<MemorySearchConfig>>,
    /// What it remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<Box<MemoryConfig>>,
    /// Pauses between pieces of an answer.
    #[serde(skip_serializing_if = "is_default")]
    pub human_delay: Box<HumanDelayConfig>,
    /// Groups.
    #[serde(skip_serializing_if = "is_default")]
    pub group_chat: Box<GroupChatConfig>,
    /// Agents it starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subagents: Option<Box<AgentSubagentsConfig>>,
    /// Where it is shut in.
    #[serde(skip_serializing_if = "is_default")]
    pub sandbox: Box<SandboxConfig>,
    /// What it may use.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: Box<AgentToolsConfig>,
    /// Only these skills. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// How much skills may be.
    #[serde(skip_serializing_if = "is_default")]
    pub skills_limits: Box<SkillsLimitsConfig>,
    /// What models are told with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Anything>,
    /// What runs it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub runtime: BTreeMap<String, Anything>,
    /// How long models think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_default: Option<String>,
    /// How much is told of what it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbose_default: Option<VerboseLevel>,
    /// Whether what models think is shown: `on`, `off`, `stream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_default: Option<String>,
    /// Whether models hurry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fast_mode_default: Option<AutoSwitch>,
    /// How what tools do is told: `explain` or `raw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_progress_detail: Option<String>,
    /// When files of the workspace are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_injection: Option<String>,
    /// How many letters of one such file are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap_max_chars: Option<u64>,
    /// How many of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap_total_max_chars: Option<u64>,
    /// How much is shown of something.
    #[serde(skip_serializing_if = "is_default")]
    pub context_limits: ContextLimitsConfig,
    /// When it is shown to be typing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing_mode: Option<TypingMode>,
    /// Answers that are spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tts: Option<Box<TtsConfig>>,
    /// How the agent in the gateway behaves.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub embedded_agent: BTreeMap<String, Anything>,
    /// What is tried out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub experimental: BTreeMap<String, Anything>,
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
    /// When it does.
    #[serde(skip_serializing_if = "is_default")]
    pub active_hours: ActiveHoursConfig,
    /// The model for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The conversation. Default: the main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Where an answer goes: `last`, `none`, or a channel. Default: `last`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The person or group there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The account of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// What the agent is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Up to how many letters beside `HEARTBEAT_OK` an answer is not sent.
    /// Default: 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack_max_chars: Option<u64>,
    /// Whether what it thinks is sent, too. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_reasoning: Option<bool>,
    /// Whether it may write to single people: `allow` or `block`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct_policy: Option<String>,
    /// How long it may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Whether it is shown no more than `HEARTBEAT.md`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub light_context: Option<bool>,
    /// Whether every time has a conversation of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolated_session: Option<bool>,
    /// The agent that does it, of the defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
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
    /// The model that looks at pictures when the first cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_model: Option<ModelChoice>,
    /// The model for small things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utility_model: Option<String>,
    /// The model for decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_model: Option<String>,
    /// The model that speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice_model: Option<ModelChoice>,
    /// The model that reads PDF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf_model: Option<ModelChoice>,
    /// How large such a file may be, in megabytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf_max_mb: Option<f64>,
    /// How many of its pages are read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf_max_pages: Option<u64>,
    /// Models that make something.
    #[serde(skip_serializing_if = "is_default")]
    pub media_models: MediaModelsConfig,
    /// What is said about single models. If there are any, only these can be
    /// chosen.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub models: BTreeMap<String, ModelEntryConfig>,
    /// Which models may be chosen.
    #[serde(skip_serializing_if = "is_default")]
    pub model_policy: ModelPolicyConfig,
    /// For whom a model is chosen: `session`, `agent`, `global`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_selection_scope: Option<String>,
    /// What models are told with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Anything>,
    /// The directory agents work in. Default: `workspace` in the state
    /// directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The directory commands begin in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Only these skills. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// The repository agents are told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repo_root: Option<String>,
    /// Whether a new workspace stays empty. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_bootstrap: Option<bool>,
    /// Files a new workspace need not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_optional_bootstrap_files: Vec<String>,
    /// When files of the workspace are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_injection: Option<String>,
    /// How many letters of one such file are.
    pub bootstrap_max_chars: u64,
    /// How many of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootstrap_total_max_chars: Option<u64>,
    /// What an agent is shown when a conversation begins.
    #[serde(skip_serializing_if = "is_default")]
    pub startup_context: StartupContextConfig,
    /// The zone of the person, as in `Europe/Vienna`. Default: that of the
    /// machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_timezone: Option<String>,
    /// How the time is written. Default: `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_format: Option<TimeFormat>,
    /// The zone of the times beside messages: `utc`, `local`, `user`, or a
    /// zone. Default: `utc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope_timezone: Option<String>,
    /// Whether messages have a time beside them. Default: on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope_timestamp: Option<OnOff>,
    /// Whether they have the time since the one before. Default: on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envelope_elapsed: Option<OnOff>,
    /// Programs that answer instead of a model, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cli_backends: BTreeMap<String, CliBackendConfig>,
    /// How agents look something up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_search: Option<Box<MemorySearchConfig>>,
    /// Leaving out what tools said long ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_pruning: Option<Box<ContextPruningConfig>>,
    /// How much is shown of something.
    #[serde(skip_serializing_if = "is_default")]
    pub context_limits: ContextLimitsConfig,
    /// Telling a long conversation in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compaction: Option<Box<CompactionConfig>>,
    /// How much is told of what agents do. Default: `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbose_default: Option<VerboseLevel>,
    /// Whether commands run outside of the sandbox. Default: `on`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevated_default: Option<ElevatedLevel>,
    /// Whether what models think is shown: `on`, `off`, `stream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_default: Option<String>,
    /// Whether models hurry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fast_mode_default: Option<AutoSwitch>,
    /// How what tools do is told: `explain` or `raw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_progress_detail: Option<String>,
    /// Whether answers are sent in pieces. Default: off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_streaming_default: Option<OnOff>,
    /// When a piece is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_streaming_break: Option<BlockBreak>,
    /// How large pieces are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_streaming_chunk: Option<Box<BlockChunkConfig>>,
    /// How pieces are put together.
    #[serde(skip_serializing_if = "is_default")]
    pub block_streaming_coalesce: Box<CoalesceConfig>,
    /// Pauses between pieces.
    #[serde(skip_serializing_if = "is_default")]
    pub human_delay: Box<HumanDelayConfig>,
    /// How large a file people send may be, in megabytes. Default: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_max_mb: Option<f64>,
    /// How wide or high a picture may be, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_max_dimension_px: Option<u64>,
    /// How good pictures are: `auto`, `efficient`, `balanced`, `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_quality: Option<String>,
    /// How often agents are shown to be typing, in seconds. Default: 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing_interval_seconds: Option<u64>,
    /// When they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing_mode: Option<TypingMode>,
    /// How many runs at once. Default: 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u64>,
    /// Agents that agents start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subagents: Option<Box<AgentSubagentsConfig>>,
    /// Where agents are shut in.
    #[serde(skip_serializing_if = "is_default")]
    pub sandbox: Box<SandboxConfig>,
    /// Whether an agent may say nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub silent_reply: SilentReplyConfig,
    /// How the agent in the gateway behaves.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub embedded_agent: BTreeMap<String, Anything>,
    /// What is tried out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub experimental: BTreeMap<String, Anything>,
    /// The agent for what nobody else is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_agent: Option<AgentRefConfig>,
    /// The agent whose accounts the others may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_inheritance: Option<AgentRefConfig>,
    /// The agent that keeps conversations of nobody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_store: Option<AgentRefConfig>,
}

impl Default for AgentDefaults {
    fn default() -> Self {
        Self {
            image_model: None,
            utility_model: None,
            decision_model: None,
            voice_model: None,
            pdf_model: None,
            pdf_max_mb: None,
            pdf_max_pages: None,
            media_models: MediaModelsConfig::default(),
            models: BTreeMap::new(),
            model_policy: ModelPolicyConfig::default(),
            model_selection_scope: None,
            params: BTreeMap::new(),
            workspace: None,
            cwd: None,
            skills: Vec::new(),
            repo_root: None,
            skip_bootstrap: None,
            skip_optional_bootstrap_files: Vec::new(),
            context_injection: None,
            bootstrap_max_chars: 20_000,
            bootstrap_total_max_chars: None,
            startup_context: StartupContextConfig::default(),
            user_timezone: None,
            time_format: None,
            envelope_timezone: None,
            envelope_timestamp: None,
            envelope_elapsed: None,
            cli_backends: BTreeMap::new(),
            memory_search: None,
            context_pruning: None,
            context_limits: ContextLimitsConfig::default(),
            compaction: None,
            verbose_default: None,
            elevated_default: None,
            reasoning_default: None,
            fast_mode_default: None,
            tool_progress_detail: None,
            block_streaming_default: None,
            block_streaming_break: None,
            block_streaming_chunk: None,
            block_streaming_coalesce: Box::default(),
            human_delay: Box::default(),
            media_max_mb: None,
            image_max_dimension_px: None,
            image_quality: None,
            typing_interval_seconds: None,
            typing_mode: None,
            max_concurrent: None,
            subagents: None,
            sandbox: Box::default(),
            silent_reply: SilentReplyConfig::default(),
            embedded_agent: BTreeMap::new(),
            experimental: BTreeMap::new(),
            system_agent: None,
            auth_inheritance: None,
            session_store: None,
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
