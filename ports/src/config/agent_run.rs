//! Keys of agents: how a run goes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    agents::ModelChoice,
    open::{Anything, Secret, is_default},
};

/// A program that answers instead of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CliBackendConfig {
    /// The program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// What it writes. Default: `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<CliOutput>,
    /// What it writes when a conversation goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume_output: Option<CliOutput>,
    /// How it is asked. Default: `arg`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<CliInput>,
    /// From how many letters on it is asked over its input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_prompt_arg_chars: Option<u64>,
    /// Its environment.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Secret>,
    /// Variables it is not given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clear_env: Vec<String>,
    /// The argument before the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_arg: Option<String>,
    /// What it calls models.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub model_aliases: BTreeMap<String, String>,
    /// The argument before the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_arg: Option<String>,
    /// The arguments for a conversation; `{sessionId}` is its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub session_args: Vec<String>,
    /// The arguments when it goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resume_args: Vec<String>,
    /// When it is told the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_mode: Option<CliSessionMode>,
    /// Where it says the conversation in what it writes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub session_id_fields: Vec<String>,
    /// The argument before what it is told about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt_arg: Option<String>,
    /// How that goes with its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt_mode: Option<CliPromptMode>,
    /// When it is told so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt_when: Option<CliPromptWhen>,
    /// The argument before a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_arg: Option<String>,
    /// How several are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_mode: Option<CliImageMode>,
    /// Whether it answers one after another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serialize: Option<bool>,
}

/// What a program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CliOutput {
    /// JSON.
    Json,
    /// Text.
    Text,
    /// JSON, line by line.
    Jsonl,
}

/// How a program is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CliInput {
    /// By an argument.
    Arg,
    /// Over its input.
    Stdin,
}

/// When a program is told the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CliSessionMode {
    /// Always.
    Always,
    /// When it goes on.
    Existing,
    /// Never.
    None,
}

/// How what a program is told about itself goes with its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CliPromptMode {
    /// It is added.
    Append,
    /// It replaces it.
    Replace,
}

/// When a program is told about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CliPromptWhen {
    /// At the beginning.
    First,
    /// Every time.
    Always,
    /// Never.
    Never,
}

/// How several pictures are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CliImageMode {
    /// The argument is repeated.
    Repeat,
    /// As one argument.
    List,
}

/// Leaving out what tools said long ago.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ContextPruningConfig {
    /// When. Default: `cache-ttl` with Anthropic, else `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<PruningMode>,
    /// After how long a silence, as in `1h`. Default: `5m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// Before how many of the last answers.
    pub keep_last_assistants: u64,
    /// From how full a window on it is shortened, from 0 to 1.
    pub soft_trim_ratio: f64,
    /// From how full a window on it is left out, from 0 to 1.
    pub hard_clear_ratio: f64,
    /// From how many letters on that is worth it.
    pub min_prunable_tool_chars: u64,
    /// Whose words.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: PruningToolsConfig,
    /// Shortening.
    #[serde(skip_serializing_if = "is_default")]
    pub soft_trim: SoftTrimConfig,
    /// Leaving out.
    #[serde(skip_serializing_if = "is_default")]
    pub hard_clear: HardClearConfig,
}

impl Default for ContextPruningConfig {
    fn default() -> Self {
        Self {
            mode: None,
            ttl: None,
            keep_last_assistants: 3,
            soft_trim_ratio: 0.3,
            hard_clear_ratio: 0.5,
            min_prunable_tool_chars: 50_000,
            tools: PruningToolsConfig::default(),
            soft_trim: SoftTrimConfig::default(),
            hard_clear: HardClearConfig::default(),
        }
    }
}

/// When something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PruningMode {
    /// Never.
    Off,
    /// When the provider has forgotten it anyway.
    CacheTtl,
    /// When the window fills, as older versions have it.
    Adaptive,
    /// Always, as older versions have it.
    Aggressive,
}

/// Whose words are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PruningToolsConfig {
    /// Those of these tools. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Never those of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
}

/// Shortening what tools said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SoftTrimConfig {
    /// From how many letters on.
    pub max_chars: u64,
    /// How many stay of the beginning.
    pub head_chars: u64,
    /// How many stay of the end.
    pub tail_chars: u64,
}

impl Default for SoftTrimConfig {
    fn default() -> Self {
        Self { max_chars: 4000, head_chars: 1500, tail_chars: 1500 }
    }
}

/// Leaving out what tools said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HardClearConfig {
    /// Whether it is done. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What stands there instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholder: Option<String>,
}

/// Telling a long conversation in a few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CompactionConfig {
    /// Whether it is done. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// How. Default: `safeguard`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<CompactionMode>,
    /// The plugin that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long it thinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_level: Option<String>,
    /// How long it may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// How many tokens are kept free at least.
    pub reserve_tokens_floor: u64,
    /// How much of the window what was said may take, from 0.1 to 0.9.
    /// Default: 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_history_share: Option<f64>,
    /// How many tokens of the end stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_recent_tokens: Option<u64>,
    /// How many turns of the end stay as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recent_turns_preserve: Option<u64>,
    /// Whether names are kept letter by letter: `strict` or `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier_policy: Option<String>,
    /// Looking whether the words are good.
    #[serde(skip_serializing_if = "is_default")]
    pub quality_guard: QualityGuardConfig,
    /// Looking during a turn, too.
    #[serde(skip_serializing_if = "is_default")]
    pub mid_turn_precheck: RunSwitchConfig,
    /// Whether the memory is brought up to date after it: `off`, `async`,
    /// `await`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_index_sync: Option<String>,
    /// What of the workspace is shown again after it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_compaction_sections: Vec<String>,
    /// From how many bytes on it is done, as in `2mb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_active_transcript_bytes: Option<Anything>,
    /// Whether a person is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_user: Option<bool>,
    /// Writing down what matters before it.
    #[serde(skip_serializing_if = "is_default")]
    pub memory_flush: MemoryFlushConfig,
}

impl Default for CompactionConfig {
    fn default() -> Self {
        Self {
            enabled: None,
            mode: None,
            provider: None,
            model: None,
            thinking_level: None,
            timeout_seconds: None,
            reserve_tokens_floor: 20_000,
            max_history_share: None,
            keep_recent_tokens: None,
            recent_turns_preserve: None,
            identifier_policy: None,
            quality_guard: QualityGuardConfig::default(),
            mid_turn_precheck: RunSwitchConfig::default(),
            post_index_sync: None,
            post_compaction_sections: Vec::new(),
            max_active_transcript_bytes: None,
            notify_user: None,
            memory_flush: MemoryFlushConfig::default(),
        }
    }
}

/// How a long conversation is told in a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CompactionMode {
    /// At once.
    Default,
    /// In parts, so that nothing is too long.
    Safeguard,
}

/// Looking whether the words are good.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct QualityGuardConfig {
    /// Whether that is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// How often it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u64>,
}

/// Something that is done or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RunSwitchConfig {
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Writing down what matters before it is told in a few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MemoryFlushConfig {
    /// Whether that is done.
    pub enabled: bool,
    /// The model that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How many tokens before the end.
    pub soft_threshold_tokens: u64,
    /// From how many bytes on it is done anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force_flush_transcript_bytes: Option<Anything>,
    /// What the model is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// What it is told about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
}

impl Default for MemoryFlushConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            model: None,
            soft_threshold_tokens: 4000,
            force_flush_transcript_bytes: None,
            prompt: None,
            system_prompt: None,
        }
    }
}

/// How an answer is sent in pieces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BlockChunkConfig {
    /// How many letters a piece has at least.
    pub min_chars: u64,
    /// How many at most.
    pub max_chars: u64,
    /// Where it ends if it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_preference: Option<BreakPreference>,
}

impl Default for BlockChunkConfig {
    fn default() -> Self {
        Self { min_chars: 800, max_chars: 1200, break_preference: None }
    }
}

/// Where a piece ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BreakPreference {
    /// At a paragraph.
    Paragraph,
    /// At a line.
    Newline,
    /// At a sentence.
    Sentence,
}

/// How pieces are put together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CoalesceConfig {
    /// How many letters at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_chars: Option<u64>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u64>,
    /// After how long a silence they are sent anyway, in milliseconds.
    /// Default: 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_ms: Option<u64>,
}

/// Pauses between pieces, as people make them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HumanDelayConfig {
    /// Whether there are any. Default: `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<HumanDelayMode>,
    /// How long at least, in milliseconds. Default: 800.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_ms: Option<u64>,
    /// How long at most, in milliseconds. Default: 2500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<u64>,
}

/// Whether there are pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HumanDelayMode {
    /// There are none.
    Off,
    /// From 800 to 2500 milliseconds.
    Natural,
    /// As long as is said.
    Custom,
}

/// Agents that agents start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentSubagentsConfig {
    /// How many at once.
    pub max_concurrent: u64,
    /// After how long their conversations are put away, in minutes.
    pub archive_after_minutes: u64,
    /// Their model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelChoice>,
    /// How long they think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// Which agents may be started so; `*` is any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_agents: Vec<String>,
    /// Whether agents should: `suggest` or `prefer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delegation_mode: Option<String>,
    /// How deep they may start others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_spawn_depth: Option<u64>,
    /// How many one may start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_children_per_agent: Option<u64>,
    /// How long they may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_timeout_seconds: Option<u64>,
    /// How long it may take to say that they are done, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announce_timeout_ms: Option<u64>,
    /// Whether an agent has to be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_agent_id: Option<bool>,
}

impl Default for AgentSubagentsConfig {
    fn default() -> Self {
        Self {
            max_concurrent: 8,
            archive_after_minutes: 60,
            model: None,
            thinking: None,
            allow_agents: Vec::new(),
            delegation_mode: None,
            max_spawn_depth: None,
            max_children_per_agent: None,
            run_timeout_seconds: None,
            announce_timeout_ms: None,
            require_agent_id: None,
        }
    }
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnOff {
    /// It is.
    On,
    /// It is not.
    Off,
}

/// When a piece of an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockBreak {
    /// When a text ends.
    TextEnd,
    /// When the message ends.
    MessageEnd,
}

/// How much is told of what an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerboseLevel {
    /// Nothing.
    Off,
    /// Which tools it uses.
    On,
    /// What they say, too.
    Full,
}

/// Whether commands run outside of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ElevatedLevel {
    /// They do not.
    Off,
    /// They do, after asking.
    On,
    /// The same, in another word.
    Ask,
    /// They do.
    Full,
}

/// How the time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TimeFormat {
    /// As the system has it.
    #[serde(rename = "auto")]
    Auto,
    /// Until noon and after.
    #[serde(rename = "12")]
    H12,
    /// Through the day.
    #[serde(rename = "24")]
    H24,
}

/// What is said about one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelEntryConfig {
    /// Another name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// What it is told with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Anything>,
    /// What runs it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub agent_runtime: BTreeMap<String, Anything>,
    /// What may run it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub picker_runtimes: Vec<String>,
    /// Whether it uses tools by writing programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_mode: Option<bool>,
    /// Whether it answers piece by piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streaming: Option<bool>,
}

/// Which models may be chosen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelPolicyConfig {
    /// Only these. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
}

/// When an agent looks around.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ActiveHoursConfig {
    /// From when on, as in `08:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Until when, as in `24:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Whose time: `user`, `local`, or a zone as in `Europe/Vienna`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// Models that make something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MediaModelsConfig {
    /// Pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ModelChoice>,
    /// Film.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<ModelChoice>,
    /// Music.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub music: Option<ModelChoice>,
}

/// How much is shown of something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ContextLimitsConfig {
    /// Of what was written down, in letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_get_max_chars: Option<u64>,
    /// Of the workspace after a conversation was told in a few words, in
    /// letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_compaction_max_chars: Option<u64>,
}

/// What an agent is shown when a conversation begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct StartupContextConfig {
    /// Whether it is shown something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// When: `new`, `reset`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apply_on: Vec<String>,
    /// What was written down in so many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_memory_days: Option<u64>,
    /// How large a file may be, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_file_bytes: Option<u64>,
    /// How many letters of one are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_file_chars: Option<u64>,
    /// How many are shown at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_total_chars: Option<u64>,
}

/// An agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentRefConfig {
    /// Its name in keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}
