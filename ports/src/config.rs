//! The configuration file as types.
//!
//! Doc comments are the manual, `Default` is the default. The keys are those of
//! OpenClaw from January to September 2026 (`gateway-reference.md` 2.8 to 2.11),
//! whether this gateway has a use for them yet or not, and some of its own.
//! Others are kept and reported, not refused.
//!
//! A section that no code uses is left out of what is written while it says no
//! more than its defaults.

pub mod agent_run;
mod agents;
pub mod approvals;
mod auth;
pub mod auth_profiles;
pub mod bindings;
pub mod broadcast;
pub mod browser;
pub mod canvas;
pub mod channel;
pub mod channels;
pub mod cron;
pub mod diagnostics;
mod discovery;
pub mod env;
pub mod extras;
mod gateway;
pub mod gateway_extras;
mod hint;
pub mod hooks;
mod live;
pub mod logging;
mod lookup;
pub mod mcp;
pub mod media;
pub mod memory;
pub mod messages;
pub mod meta;
pub mod model_catalog;
mod models;
pub mod node_host;
mod nodes;
pub mod open;
pub mod plugins;
pub mod relay;
mod reload;
mod remote;
mod rest;
pub mod sandbox;
mod schema;
pub mod secrets;
pub mod session;
pub mod skills;
pub mod slack;
mod tailscale;
pub mod talk;
mod tls;
mod tool_policy;
pub mod tools;
pub mod tts;
pub mod ui;
pub mod update;
pub mod web;
pub mod wide_area;

pub use agents::{
    AgentConfig, AgentDefaults, AgentsConfig, HeartbeatConfig, IdentityConfig, ModelChoice,
};
pub use auth::{
    AuthConfig, AuthMode, IdentityScopes, ProxyNetwork, RateLimitConfig, TrustedProxyConfig,
};
pub use discovery::{DiscoveryConfig, MdnsConfig, MdnsMode};
pub use gateway::{
    BindMode, ControlUiConfig, EndpointConfig, EndpointsConfig, GatewayConfig, GatewayMode,
    HstsConfig, HttpConfig, HttpSecurityHeaders, LimitsConfig, MessagesEndpointConfig,
};
pub use gateway_extras::{HttpFilesConfig, ResponsesEndpointConfig};
pub use live::Live;
pub use lookup::{Lookup, LookupChild};
pub use models::{ModelConfig, ModelsConfig, ProviderApi, ProviderConfig};
pub use nodes::{NodeCommandsConfig, NodesConfig};
pub use reload::{FileConfig, ReloadConfig, ReloadMode};
pub use remote::RemoteConfig;
pub use rest::{
    CommandsConfig, ConsoleStyle, LogLevel, LoggingConfig, RedactSensitive, SessionConfig,
};
pub use schema::{Manual, holds_secret};
pub use tailscale::{TailscaleConfig, TailscaleMode};
pub use tls::{AcmeConfig, TlsConfig};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use open::is_default;

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Config {
    /// How the gateway can be reached, and its limits.
    pub gateway: GatewayConfig,
    /// Who can find it on the local network.
    pub discovery: DiscoveryConfig,
    /// Who answers.
    pub agents: AgentsConfig,
    /// Where models come from.
    pub models: ModelsConfig,
    /// How conversations are kept apart.
    pub session: SessionConfig,
    /// What people may tell the gateway itself to do.
    pub commands: CommandsConfig,
    /// What is written to the log.
    pub logging: LoggingConfig,
    /// A file that describes this one to editors.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What whoever wrote the file last remembers about it.
    #[serde(skip_serializing_if = "is_default")]
    pub meta: meta::MetaConfig,
    /// What the setup remembers about its last run.
    #[serde(skip_serializing_if = "is_default")]
    pub wizard: meta::WizardConfig,
    /// Variables of the environment.
    #[serde(skip_serializing_if = "is_default")]
    pub env: env::EnvConfig,
    /// What is measured and recorded for whoever looks for a fault.
    #[serde(skip_serializing_if = "is_default")]
    pub diagnostics: diagnostics::DiagnosticsConfig,
    /// How the gateway becomes a newer one.
    #[serde(skip_serializing_if = "is_default")]
    pub update: update::UpdateConfig,
    /// The browser agents use.
    #[serde(skip_serializing_if = "is_default")]
    pub browser: browser::BrowserConfig,
    /// How the dashboard looks.
    #[serde(skip_serializing_if = "is_default")]
    pub ui: ui::UiConfig,
    /// Accounts with providers of models.
    #[serde(skip_serializing_if = "is_default")]
    pub auth: auth_profiles::AuthProfilesConfig,
    /// What this machine offers when it is a node of a gateway.
    #[serde(skip_serializing_if = "is_default")]
    pub node_host: node_host::NodeHostConfig,
    /// What agents may use, and how.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: tools::ToolsConfig,
    /// Which agent answers where. The first that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<bindings::BindingConfig>,
    /// Groups in which several agents answer.
    #[serde(skip_serializing_if = "is_default")]
    pub broadcast: broadcast::BroadcastConfig,
    /// Sound people send.
    #[serde(skip_serializing_if = "is_default")]
    pub audio: media::AudioConfig,
    /// Files people send.
    #[serde(skip_serializing_if = "is_default")]
    pub media: media::MediaConfig,
    /// Files that are kept for conversations.
    #[serde(skip_serializing_if = "is_default")]
    pub attachments: media::AttachmentsConfig,
    /// How messages are taken and answered.
    #[serde(skip_serializing_if = "is_default")]
    pub messages: messages::MessagesConfig,
    /// Answers that are spoken.
    #[serde(skip_serializing_if = "is_default")]
    pub tts: tts::TtsConfig,
    /// Who is asked before something is done.
    #[serde(skip_serializing_if = "is_default")]
    pub approvals: approvals::ApprovalsConfig,
    /// What is done at set times.
    #[serde(skip_serializing_if = "is_default")]
    pub cron: cron::CronConfig,
    /// What is done when something elsewhere happens.
    #[serde(skip_serializing_if = "is_default")]
    pub hooks: hooks::HooksConfig,
    /// The connection of WhatsApp.
    #[serde(skip_serializing_if = "is_default")]
    pub web: web::WebConfig,
    /// Where people write to agents.
    #[serde(skip_serializing_if = "is_default")]
    pub channels: channels::ChannelsConfig,
    /// Pages agents show on nodes.
    #[serde(skip_serializing_if = "is_default")]
    pub canvas_host: canvas::CanvasHostConfig,
    /// Conversations by voice.
    #[serde(skip_serializing_if = "is_default")]
    pub talk: talk::TalkConfig,
    /// What agents have been taught.
    #[serde(skip_serializing_if = "is_default")]
    pub skills: skills::SkillsConfig,
    /// What others have added to the gateway.
    #[serde(skip_serializing_if = "is_default")]
    pub plugins: plugins::PluginsConfig,
    /// Where secrets are kept that the file only names.
    #[serde(skip_serializing_if = "is_default")]
    pub secrets: secrets::SecretsConfig,
    /// What agents remember.
    #[serde(skip_serializing_if = "is_default")]
    pub memory: memory::MemoryConfig,
    /// Servers that bring tools.
    #[serde(skip_serializing_if = "is_default")]
    pub mcp: mcp::McpConfig,
    /// Telling the makers how the gateway is used.
    #[serde(skip_serializing_if = "is_default")]
    pub telemetry: extras::TelemetryConfig,
    /// People who are let in together, by a name for them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub access_groups: BTreeMap<String, extras::AccessGroupConfig>,
    /// Agents of other makers, spoken to by ACP.
    #[serde(skip_serializing_if = "is_default")]
    pub acp: extras::AcpConfig,
    /// What is looked at for safety.
    #[serde(skip_serializing_if = "is_default")]
    pub security: extras::SecurityConfig,
    /// Meetings that are written down.
    #[serde(skip_serializing_if = "is_default")]
    pub transcripts: extras::TranscriptsConfig,
    /// Machines that are rented for runs.
    #[serde(skip_serializing_if = "is_default")]
    pub cloud_workers: extras::CloudWorkersConfig,
    /// Screens agents use.
    #[serde(skip_serializing_if = "is_default")]
    pub desktop: extras::DesktopConfig,
    /// Places answers appear in, by name; `default` is any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub surfaces: BTreeMap<String, extras::SurfaceConfig>,
    /// A proxy for what the gateway asks for outside.
    #[serde(skip_serializing_if = "is_default")]
    pub proxy: extras::ProxyConfig,
    /// Where working trees of repositories are put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worktree_root: Option<String>,
    /// Whether they are made without copying what is the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worktree_acceleration: Option<bool>,
}
