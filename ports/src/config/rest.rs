//! Sections of a few lines.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How conversations are kept apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionConfig {
    /// What the main conversation of an agent is called.
    pub main_key: String,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { main_key: "main".into() }
    }
}

/// What people may tell the gateway itself to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CommandsConfig {
    /// Whether a signal may make it start anew.
    pub restart: bool,
}

impl Default for CommandsConfig {
    fn default() -> Self {
        Self { restart: true }
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
