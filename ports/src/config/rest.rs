//! Sections of a few lines.

use std::collections::BTreeMap;

use super::logging::AuditLogConfig;
use super::open::AutoSwitch;
use super::open::Handle;
use super::open::is_default;
use super::session::DmScope;
use super::session::GroupScope;
use super::session::SendPolicyConfig;
use super::session::SessionAgentToAgentConfig;
use super::session::SessionMaintenanceConfig;
use super::session::SessionResetByTypeConfig;
use super::session::SessionResetConfig;
use super::session::SessionScope;
use super::session::SessionSharingConfig;
use super::session::ThreadBindingsConfig;
use super::session::TypingMode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How conversations are kept apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionConfig {
    /// What the main conversation of an agent is called.
    pub main_key: String,
    /// Whether everybody has a conversation of their own. Default:
    /// `per-sender`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<SessionScope>,
    /// How those with single people are kept apart. Default: `main`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dm_scope: Option<DmScope>,
    /// How those with groups are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_scope: Option<GroupScope>,
    /// Whether somebody hears of a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_on_create: Option<bool>,
    /// People and their names in channels, as in `telegram:123`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub identity_links: BTreeMap<String, Vec<Handle>>,
    /// Messages that begin a new one. Default: `/new` and `/reset`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reset_triggers: Vec<String>,
    /// After how long one begins anew, in minutes, as older versions have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u64>,
    /// When one begins anew.
    #[serde(skip_serializing_if = "is_default")]
    pub reset: SessionResetConfig,
    /// The same for kinds of them.
    #[serde(skip_serializing_if = "is_default")]
    pub reset_by_type: SessionResetByTypeConfig,
    /// The same for single channels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reset_by_channel: BTreeMap<String, SessionResetConfig>,
    /// The file with their list. Default:
    /// `agents/<agent>/sessions/sessions.json` in the state directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// How often the agent is shown to be typing, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing_interval_seconds: Option<u64>,
    /// When it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing_mode: Option<TypingMode>,
    /// Where answers are sent.
    #[serde(skip_serializing_if = "is_default")]
    pub send_policy: SendPolicyConfig,
    /// Agents that talk to each other.
    #[serde(skip_serializing_if = "is_default")]
    pub agent_to_agent: SessionAgentToAgentConfig,
    /// Threads that belong to one conversation.
    #[serde(skip_serializing_if = "is_default")]
    pub thread_bindings: ThreadBindingsConfig,
    /// What others may do in one.
    #[serde(skip_serializing_if = "is_default")]
    pub sharing: SessionSharingConfig,
    /// What becomes of old ones.
    #[serde(skip_serializing_if = "is_default")]
    pub maintenance: SessionMaintenanceConfig,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            scope: None,
            dm_scope: None,
            group_scope: None,
            notify_on_create: None,
            identity_links: BTreeMap::new(),
            reset_triggers: Vec::new(),
            idle_minutes: None,
            reset: SessionResetConfig::default(),
            reset_by_type: SessionResetByTypeConfig::default(),
            reset_by_channel: BTreeMap::new(),
            store: None,
            typing_interval_seconds: None,
            typing_mode: None,
            send_policy: SendPolicyConfig::default(),
            agent_to_agent: SessionAgentToAgentConfig::default(),
            thread_bindings: ThreadBindingsConfig::default(),
            sharing: SessionSharingConfig::default(),
            maintenance: SessionMaintenanceConfig::default(),
            main_key: "main".into(),
        }
    }
}

/// What people may tell the gateway itself to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CommandsConfig {
    /// Whether a signal may make it start anew.
    pub restart: bool,
    /// Whether channels are told the commands. Default: `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native: Option<AutoSwitch>,
    /// Whether they are told the skills, too. Default: `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native_skills: Option<AutoSwitch>,
    /// Whether a message that begins with `/` may be a command.
    pub text: bool,
    /// Whether `!` and `/bash` run a command of the shell. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bash: Option<bool>,
    /// How long such a command is waited for, in milliseconds, at most 30000.
    pub bash_foreground_ms: u64,
    /// Whether `/config` changes this file. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<bool>,
    /// Whether `/debug` changes what is in force. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debug: Option<bool>,
    /// Whether `/mcp` changes the servers. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp: Option<bool>,
    /// Whether `/plugins` changes the plugins. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugins: Option<bool>,
    /// Whether only those may use commands who may write to the agent.
    pub use_access_groups: bool,
    /// Who owns the gateway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub owner_allow_from: Vec<Handle>,
    /// Who may use commands, by channel; `*` is any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub allow_from: BTreeMap<String, Vec<Handle>>,
}

impl Default for CommandsConfig {
    fn default() -> Self {
        Self {
            native: None,
            native_skills: None,
            text: true,
            bash: None,
            bash_foreground_ms: 2000,
            config: None,
            debug: None,
            mcp: None,
            plugins: None,
            use_access_groups: true,
            owner_allow_from: Vec::new(),
            allow_from: BTreeMap::new(),
            restart: true,
        }
    }
}

/// What is written to the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct LoggingConfig {
    /// How much goes to the file. Default: `info`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// How much goes to the terminal. Default: as to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console_level: Option<LogLevel>,
    /// What lines on the terminal look like.
    pub console_style: ConsoleStyle,
    /// The file. Default: `logs/openclaw-<date>.log` in the state directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How long a file may become, in bytes, before the next one begins. Five
    /// that became so long are kept; all files together are at most six times
    /// as long. At least 65,536.
    pub max_file_bytes: u64,
    /// How many days a file is kept that is no longer written; 0 means until
    /// there are too many bytes.
    pub retention_days: u32,
    /// Whether text that looks like a secret is hidden. Values with names of
    /// secrets are in any case.
    pub redact_sensitive: RedactSensitive,
    /// What to hide besides: regular expressions, alone or as `/…/flags`.
    pub redact_patterns: Vec<String>,
    /// A record of what was done.
    #[serde(skip_serializing_if = "is_default")]
    pub audit: AuditLogConfig,
}

impl Default for LoggingConfig {
    fn default() -> Self {
        Self {
            level: None,
            console_level: None,
            console_style: ConsoleStyle::default(),
            file: None,
            max_file_bytes: 100 * 1024 * 1024,
            retention_days: 7,
            redact_sensitive: RedactSensitive::default(),
            redact_patterns: Vec::new(),
            audit: AuditLogConfig::default(),
        }
    }
}

/// What lines on the terminal look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsoleStyle {
    /// The time, the part of the gateway, what it says.
    #[default]
    Pretty,
    /// The same without the time, for whoever adds it.
    Compact,
    /// The lines of the file.
    Json,
}

/// Whether text that looks like a secret is hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedactSensitive {
    /// It stays.
    Off,
    /// It is hidden.
    #[default]
    Tools,
}

/// How much is written, from nothing to everything.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing.
    Silent,
    /// What somebody must act on.
    #[serde(alias = "fatal")]
    Error,
    /// What was given up, too.
    Warn,
    /// A handful of lines per run, too.
    Info,
    /// What one wants when it goes wrong, too.
    Debug,
    /// Everything.
    Trace,
}
