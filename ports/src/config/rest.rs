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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct LoggingConfig {
    /// How much goes to the file. Default: `info`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// How much goes to the terminal. Default: as to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console_level: Option<LogLevel>,
    /// The file. Default: `logs/openclaw-<date>.log` in the state directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
