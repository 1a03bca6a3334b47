//! Sections that only versions from September 2026 on have.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, Handle, is_default};

/// Telling the makers how the gateway is used. This one tells nobody anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TelemetryConfig {
    /// Whether OpenClaw does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// When that was agreed to, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consented_at: Option<String>,
}

/// People who are let in together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AccessGroupConfig {
    /// How they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<AccessGroupType>,
    /// The guild of Discord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guild_id: Option<String>,
    /// The channel there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// What they have to be able to do there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership: Option<String>,
    /// Their names, by channel.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, Vec<Handle>>,
}

/// How people of a group are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessGroupType {
    /// They see a channel of Discord.
    #[serde(rename = "discord.channelAudience")]
    DiscordChannelAudience,
    /// By their names.
    #[serde(rename = "message.senders")]
    MessageSenders,
}

/// Agents of other makers, spoken to by ACP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AcpConfig {
    /// Whether there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Giving them messages of channels.
    #[serde(skip_serializing_if = "is_default")]
    pub dispatch: ExtrasSwitchConfig,
    /// What speaks to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// What does when that one cannot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fallbacks: Vec<String>,
    /// The agent that is asked when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_agent: Option<String>,
    /// Only these. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_agents: Vec<String>,
    /// How what they say arrives.
    #[serde(skip_serializing_if = "is_default")]
    pub stream: AcpStreamConfig,
    /// What they need.
    #[serde(skip_serializing_if = "is_default")]
    pub runtime: AcpRuntimeConfig,
}

/// Something that is done or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ExtrasSwitchConfig {
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// How what agents say arrives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AcpStreamConfig {
    /// Whether what is said twice is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_suppression: Option<bool>,
    /// When it arrives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_mode: Option<AcpDelivery>,
    /// Which kinds of messages are shown.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tag_visibility: BTreeMap<String, bool>,
}

/// When what agents say arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcpDelivery {
    /// As it is said.
    Live,
    /// At the end.
    FinalOnly,
}

/// What agents of other makers need.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AcpRuntimeConfig {
    /// The command that installs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_command: Option<String>,
}

/// What is looked at for safety.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SecurityConfig {
    /// What `openclaw security audit` finds.
    #[serde(skip_serializing_if = "is_default")]
    pub audit: SecurityAuditConfig,
    /// A program that is asked before something is installed.
    #[serde(skip_serializing_if = "is_default")]
    pub install_policy: InstallPolicyConfig,
}

/// What an audit finds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SecurityAuditConfig {
    /// What it need not say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub suppressions: Vec<SuppressionConfig>,
}

/// A finding that is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SuppressionConfig {
    /// Which check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_id: Option<String>,
    /// What is in its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_includes: Option<String>,
    /// What is in its details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_includes: Option<String>,
    /// Why it is no matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A program that is asked before something is installed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct InstallPolicyConfig {
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Before what: `plugin`, `skill`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// The program.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exec: BTreeMap<String, Anything>,
}

/// Meetings that are written down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TranscriptsConfig {
    /// Whether any is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Which without being asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auto_start: Vec<TranscriptStartConfig>,
}

/// A meeting that is written down without being asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TranscriptStartConfig {
    /// Who does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_id: Option<String>,
    /// Whether only while somebody is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when_occupied: Option<bool>,
    /// The conversation it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The account of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The guild of Discord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guild_id: Option<String>,
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// Where the meeting is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meeting_url: Option<String>,
}

/// Machines that are rented for runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CloudWorkersConfig {
    /// Whether they have a screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desktop: Option<bool>,
    /// Machines that wait.
    #[serde(skip_serializing_if = "is_default")]
    pub prepared_pool: PreparedPoolConfig,
    /// The profile of every project.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub project_profiles: BTreeMap<String, String>,
    /// Kinds of machines by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, CloudProfileConfig>,
}

/// Machines that wait.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PreparedPoolConfig {
    /// How many at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_total: Option<u64>,
}

/// A kind of machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CloudProfileConfig {
    /// Who has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// How the gateway comes there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install: Option<CloudInstall>,
    /// After how long a silence it is put to sleep, as in `15m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspend_after: Option<String>,
    /// How many wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_workers: Option<u64>,
    /// What the provider wants to know.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Anything>,
}

/// How the gateway comes to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CloudInstall {
    /// It is sent.
    Bundle,
    /// From npm.
    Npm,
}

/// Screens agents use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DesktopConfig {
    /// The screen of this machine.
    #[serde(skip_serializing_if = "is_default")]
    pub host: DesktopHostConfig,
}

/// The screen of this machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DesktopHostConfig {
    /// Whether agents may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether the gateway starts what shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed: Option<bool>,
    /// The port of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u64>,
    /// The file with its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<String>,
}

/// A place answers appear in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SurfaceConfig {
    /// Whether an agent may say nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub silent_reply: SilentReplyConfig,
}

/// Whether an agent may say nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SilentReplyConfig {
    /// In groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Permission>,
    /// Between agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal: Option<Permission>,
}

/// Whether something may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permission {
    /// It may.
    Allow,
    /// It may not.
    Disallow,
}

/// A proxy for what the gateway asks for outside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ProxyConfig {
    /// Whether it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_url: Option<String>,
    /// How it is trusted.
    #[serde(skip_serializing_if = "is_default")]
    pub tls: ProxyTlsConfig,
    /// What is asked of this machine through it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loopback_mode: Option<ProxyLoopback>,
}

/// How a proxy is trusted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ProxyTlsConfig {
    /// The file with the certificate of whoever signed its own, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<String>,
}

/// What is asked of this machine through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyLoopback {
    /// All but the gateway.
    GatewayOnly,
    /// Everything.
    Proxy,
    /// Nothing, and nothing is asked.
    Block,
}
