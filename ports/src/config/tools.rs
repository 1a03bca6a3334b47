//! Section `tools`, and the tools of one agent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    agents::ModelChoice,
    browser::SsrfPolicyConfig,
    open::{Anything, Handle, Secret, is_default},
    session::SendPolicyConfig,
};

/// What agents may use, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolsConfig {
    /// The tools they have to begin with. Default: `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ToolProfile>,
    /// Only these tools and groups (`group:fs`). Not together with
    /// `alsoAllow`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// These, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_allow: Vec<String>,
    /// Never these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
    /// The same for models of a provider, or for one model.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_provider: BTreeMap<String, ToolPolicyConfig>,
    /// The same for what single people ask.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tools_by_sender: BTreeMap<String, ToolPolicyConfig>,
    /// Searching and reading the web.
    #[serde(skip_serializing_if = "is_default")]
    pub web: WebToolsConfig,
    /// Understanding pictures, sound and film.
    #[serde(skip_serializing_if = "is_default")]
    pub media: MediaToolsConfig,
    /// Reading what messages link to.
    #[serde(skip_serializing_if = "is_default")]
    pub links: LinksToolConfig,
    /// Sending messages.
    #[serde(skip_serializing_if = "is_default")]
    pub message: MessageToolConfig,
    /// Talking to other agents.
    #[serde(skip_serializing_if = "is_default")]
    pub agent_to_agent: AgentToAgentConfig,
    /// Doing something outside of the sandbox.
    #[serde(skip_serializing_if = "is_default")]
    pub elevated: ElevatedConfig,
    /// Running commands.
    #[serde(skip_serializing_if = "is_default")]
    pub exec: ExecConfig,
    /// What agents may use that agents start.
    #[serde(skip_serializing_if = "is_default")]
    pub subagents: SubagentToolsConfig,
    /// What may be used in a sandbox.
    #[serde(skip_serializing_if = "is_default")]
    pub sandbox: SubagentToolsConfig,
    /// Whose account of GitHub is used.
    #[serde(skip_serializing_if = "is_default")]
    pub github: ToolsGithubConfig,
    /// Looking at other conversations.
    #[serde(skip_serializing_if = "is_default")]
    pub sessions: ToolsSessionsConfig,
    /// Noticing that an agent goes in circles.
    #[serde(skip_serializing_if = "is_default")]
    pub loop_detection: LoopDetectionConfig,
    /// Looking tools up instead of being told all: yes, or how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_search: Option<Anything>,
    /// Using tools by writing programs: yes, or how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_mode: Option<Anything>,
    /// Many agents at once.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub swarm: BTreeMap<String, Anything>,
    /// Reading and writing files.
    #[serde(skip_serializing_if = "is_default")]
    pub fs: FsToolsConfig,
    /// Starting agents.
    #[serde(skip_serializing_if = "is_default")]
    #[serde(rename = "sessions_spawn")]
    pub sessions_spawn: SpawnToolConfig,
    /// Keeping a plan.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub update_plan: BTreeMap<String, Anything>,
}

/// The tools an agent has to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ToolProfile {
    /// Next to none.
    Minimal,
    /// Those for writing programs.
    Coding,
    /// Those for writing messages.
    Messaging,
    /// All.
    Full,
}

/// Which tools may be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolPolicyConfig {
    /// The tools there are to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ToolProfile>,
    /// Only these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// These, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_allow: Vec<String>,
    /// Never these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
}

/// Searching and reading the web.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WebToolsConfig {
    /// Searching.
    #[serde(skip_serializing_if = "is_default")]
    pub search: WebSearchConfig,
    /// Reading.
    #[serde(skip_serializing_if = "is_default")]
    pub fetch: WebFetchConfig,
}

/// Searching the web.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct WebSearchConfig {
    /// Whether it may be. Default: if there is a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Who searches: `brave`, `perplexity`, or a plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The key. Default: the variable `BRAVE_API_KEY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// How much is found, from 1 to 10. Default: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u64>,
    /// How long it may take, in seconds. Default: 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// How long an answer is remembered, in minutes. Default: 15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_ttl_minutes: Option<f64>,
    /// Perplexity.
    #[serde(skip_serializing_if = "is_default")]
    pub perplexity: PerplexityConfig,
    /// The search of OpenAI Codex.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub openai_codex: BTreeMap<String, Anything>,
}

/// Searching by Perplexity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct PerplexityConfig {
    /// The key. Default: the variable `PERPLEXITY_API_KEY`, else
    /// `OPENROUTER_API_KEY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Secret>,
    /// The address. Default: by the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The model. Default: `perplexity/sonar-pro`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// Reading the web.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WebFetchConfig {
    /// Whether it may be. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Who reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// How many letters of a page are used. Default: 50000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u64>,
    /// How many an agent may ask for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars_cap: Option<u64>,
    /// How large a page may be, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_response_bytes: Option<u64>,
    /// How long it may take, in seconds. Default: 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// How long a page is remembered, in minutes. Default: 15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_ttl_minutes: Option<f64>,
    /// How often an address may lead to another. Default: 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_redirects: Option<u64>,
    /// What the gateway calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// Headers sent with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// Whether only what matters of a page is used. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readability: Option<bool>,
    /// Firecrawl, which reads what others cannot.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub firecrawl: BTreeMap<String, Anything>,
    /// Whether the proxy of the environment is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_trusted_env_proxy: Option<bool>,
    /// Which addresses may be read.
    #[serde(skip_serializing_if = "is_default")]
    pub ssrf_policy: SsrfPolicyConfig,
}

/// Understanding pictures, sound and film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MediaToolsConfig {
    /// Models for all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<MediaModelConfig>,
    /// How many files at once.
    pub concurrency: u64,
    /// Pictures.
    #[serde(skip_serializing_if = "is_default")]
    pub image: MediaKindConfig,
    /// Sound.
    #[serde(skip_serializing_if = "is_default")]
    pub audio: MediaKindConfig,
    /// Film.
    #[serde(skip_serializing_if = "is_default")]
    pub video: MediaKindConfig,
}

impl Default for MediaToolsConfig {
    fn default() -> Self {
        Self {
            models: Vec::new(),
            concurrency: 2,
            image: MediaKindConfig::default(),
            audio: MediaKindConfig::default(),
            video: MediaKindConfig::default(),
        }
    }
}

/// Understanding one kind of file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MediaKindConfig {
    /// Whether it is tried. Default: yes, if there is a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The model that is tried first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_model: Option<String>,
    /// Where.
    #[serde(skip_serializing_if = "is_default")]
    pub scope: SendPolicyConfig,
    /// How large a file may be, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// How many letters it becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u64>,
    /// What the model is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// How long it may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// The language that is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What providers are told, by provider.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub provider_options: BTreeMap<String, Anything>,
    /// What Deepgram is told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deepgram: BTreeMap<String, Anything>,
    /// The address of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Headers sent with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// How requests are made.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub request: BTreeMap<String, Anything>,
    /// Which files of a message.
    #[serde(skip_serializing_if = "is_default")]
    pub attachments: MediaAttachmentsConfig,
    /// The models, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<MediaModelConfig>,
    /// Whether what was understood is shown to whoever sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_transcript: Option<bool>,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_format: Option<String>,
}

/// Which files of a message are looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MediaAttachmentsConfig {
    /// How many. Default: `first`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<AttachmentMode>,
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attachments: Option<u64>,
    /// Which first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefer: Option<AttachmentPreference>,
}

/// How many files of a message are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttachmentMode {
    /// One.
    First,
    /// All.
    All,
}

/// Which files are looked at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AttachmentPreference {
    /// The first.
    First,
    /// The last.
    Last,
    /// Those that are files here.
    Path,
    /// Those that are addresses.
    Url,
}

/// A model or a program that understands files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MediaModelConfig {
    /// Which of them. Default: `provider`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<MediaModelType>,
    /// The provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Its model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it understands: `image`, `audio`, `video`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// The program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its arguments; `{{MediaPath}}` is the file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// What it is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// How many letters the file becomes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u64>,
    /// How large a file may be, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// How long it may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// The language that is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What providers are told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub provider_options: BTreeMap<String, Anything>,
    /// What Deepgram is told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub deepgram: BTreeMap<String, Anything>,
    /// The address of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Headers sent with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// How requests are made.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub request: BTreeMap<String, Anything>,
    /// The account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The account that is tried first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_profile: Option<String>,
}

/// What understands files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaModelType {
    /// A model.
    Provider,
    /// A program.
    Cli,
}

/// Reading what messages link to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct LinksToolConfig {
    /// Whether it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Where.
    #[serde(skip_serializing_if = "is_default")]
    pub scope: SendPolicyConfig,
    /// How many of one message. Default: 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_links: Option<u64>,
    /// How long it may take, in seconds. Default: 30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// The programs that read, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<MediaModelConfig>,
}

/// Sending messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MessageToolConfig {
    /// Whether anywhere else than where the conversation is, as older versions
    /// spell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_cross_context_send: Option<bool>,
    /// Sending elsewhere than where the conversation is.
    #[serde(skip_serializing_if = "is_default")]
    pub cross_context: CrossContextConfig,
    /// Sending to many at once.
    #[serde(skip_serializing_if = "is_default")]
    pub broadcast: ToolSwitchConfig,
}

/// Sending elsewhere than where the conversation is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CrossContextConfig {
    /// In the same channel. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_within_provider: Option<bool>,
    /// In other channels. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_across_providers: Option<bool>,
    /// Saying where it comes from.
    #[serde(skip_serializing_if = "is_default")]
    pub marker: CrossContextMarkerConfig,
}

/// Saying where a message comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CrossContextMarkerConfig {
    /// Whether it is said. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What it begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// What it ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suffix: Option<String>,
}

/// Something that may be used or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolSwitchConfig {
    /// Whether it may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Talking to other agents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentToAgentConfig {
    /// Whether agents may. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// With which. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
}

/// Doing something outside of the sandbox.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ElevatedConfig {
    /// Whether it is possible. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Who may ask for it, by channel.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub allow_from: BTreeMap<String, Vec<Handle>>,
}

/// Tools in a place of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SubagentToolsConfig {
    /// Which may be used.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: ToolPolicyConfig,
    /// The model there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelChoice>,
}

/// Running commands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ExecConfig {
    /// Where. Default: `sandbox`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<ExecHost>,
    /// Which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<ExecSecurity>,
    /// When a person is asked first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<ExecAsk>,
    /// Both at once, as newer versions spell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// The node, of host `node`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Directories where programs are looked for first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path_prepend: Vec<String>,
    /// Programs that only read their input and need no asking.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub safe_bins: Vec<String>,
    /// Directories where such programs may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub safe_bin_trusted_dirs: Vec<String>,
    /// What such programs may be told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub safe_bin_profiles: BTreeMap<String, Anything>,
    /// Whether programs given as an argument always need asking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_inline_eval: Option<bool>,
    /// Whether commands are shown in colours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_highlighting: Option<bool>,
    /// How long an answer counts, in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_expiry_days: Option<u64>,
    /// A model that is asked first.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reviewer: BTreeMap<String, Anything>,
    /// After how long a command goes on in the background, in milliseconds.
    pub background_ms: u64,
    /// How long it may take, in seconds.
    pub timeout_sec: u64,
    /// After how long a person hears that what they approved still runs, in
    /// milliseconds.
    pub approval_running_notice_ms: u64,
    /// How long what it said is kept, in milliseconds.
    pub cleanup_ms: u64,
    /// Whether the agent hears when a command in the background ends.
    pub notify_on_exit: bool,
    /// Whether also when it went well and said nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_on_exit_empty_success: Option<bool>,
    /// Changing files by patches.
    #[serde(skip_serializing_if = "is_default")]
    pub apply_patch: ApplyPatchConfig,
}

impl Default for ExecConfig {
    fn default() -> Self {
        Self {
            host: None,
            security: None,
            ask: None,
            mode: None,
            node: None,
            path_prepend: Vec::new(),
            safe_bins: Vec::new(),
            safe_bin_trusted_dirs: Vec::new(),
            safe_bin_profiles: BTreeMap::new(),
            strict_inline_eval: None,
            command_highlighting: None,
            grant_expiry_days: None,
            reviewer: BTreeMap::new(),
            background_ms: 10_000,
            timeout_sec: 1800,
            approval_running_notice_ms: 10_000,
            cleanup_ms: 1_800_000,
            notify_on_exit: true,
            notify_on_exit_empty_success: None,
            apply_patch: ApplyPatchConfig::default(),
        }
    }
}

/// Where commands run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExecHost {
    /// In the sandbox.
    Sandbox,
    /// On the machine of the gateway.
    Gateway,
    /// On a node.
    Node,
    /// In the sandbox if there is one.
    Auto,
}

/// Which commands run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExecSecurity {
    /// None.
    Deny,
    /// Those that are known.
    Allowlist,
    /// All.
    Full,
}

/// When a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExecAsk {
    /// Never.
    Off,
    /// When a command is not known.
    OnMiss,
    /// Always.
    Always,
}

/// Changing files by patches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ApplyPatchConfig {
    /// Whether it may be used. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// By these models. Empty: those of OpenAI.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_models: Vec<String>,
    /// Whether only in the workspace. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_only: Option<bool>,
}

/// Whose account of GitHub is used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolsGithubConfig {
    /// The account, by its name in `auth.profiles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<String>,
    /// What it is let in with: `oauth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The `name` and `email` of commits.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub git_author: BTreeMap<String, String>,
}

/// Looking at other conversations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ToolsSessionsConfig {
    /// At which. Default: `tree`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<SessionsVisibility>,
}

/// Which conversations an agent may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SessionsVisibility {
    /// Its own.
    #[serde(rename = "self")]
    Own,
    /// Its own and those it started.
    #[serde(rename = "tree")]
    Tree,
    /// Those of the agent.
    #[serde(rename = "agent")]
    Agent,
    /// All.
    #[serde(rename = "all")]
    All,
}

/// Noticing that an agent goes in circles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct LoopDetectionConfig {
    /// Whether that is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Reading and writing files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct FsToolsConfig {
    /// Whether only in the workspace. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workspace_only: Option<bool>,
}

/// Starting agents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct SpawnToolConfig {
    /// Giving them files.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attachments: BTreeMap<String, Anything>,
}

/// What one agent may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentToolsConfig {
    /// The tools it has to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<ToolProfile>,
    /// Only these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// These, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_allow: Vec<String>,
    /// Never these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
    /// The same for models of a provider, or for one model.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_provider: BTreeMap<String, ToolPolicyConfig>,
    /// The same for what single people ask.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tools_by_sender: BTreeMap<String, ToolPolicyConfig>,
    /// Doing something outside of the sandbox.
    #[serde(skip_serializing_if = "is_default")]
    pub elevated: ElevatedConfig,
    /// Running commands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecConfig>,
    /// What may be used in a sandbox.
    #[serde(skip_serializing_if = "is_default")]
    pub sandbox: SubagentToolsConfig,
    /// Sending messages.
    #[serde(skip_serializing_if = "is_default")]
    pub message: MessageToolConfig,
    /// Noticing that it goes in circles.
    #[serde(skip_serializing_if = "is_default")]
    pub loop_detection: LoopDetectionConfig,
    /// Reading and writing files.
    #[serde(skip_serializing_if = "is_default")]
    pub fs: FsToolsConfig,
    /// Whose account of GitHub is used.
    #[serde(skip_serializing_if = "is_default")]
    pub github: ToolsGithubConfig,
}
