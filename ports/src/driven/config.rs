//! The configuration file.

use std::sync::Arc;

use crate::{Json, config::Config};

/// The configuration in force, and the file it came from.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ConfigSource: Send + Sync {
    /// The configuration in force.
    fn current(&self) -> Arc<Config>;

    /// The file as it is on disk now. Reads the disk; takes milliseconds.
    /// Secrets are replaced by a placeholder.
    fn snapshot(&self) -> ConfigSnapshot;
}

/// The configuration file as it is on disk (`ws-protocol.md` 11.6).
#[derive(Clone, Debug)]
pub struct ConfigSnapshot {
    /// Where it is.
    pub path: String,
    /// Whether it is there.
    pub exists: bool,
    /// Its text, with secrets replaced.
    pub raw: Option<String>,
    /// What it says, before defaults, with secrets replaced.
    pub parsed: Json,
    /// Whether it can be used.
    pub valid: bool,
    /// What is in force by it, defaults included, with secrets replaced.
    pub config: Json,
    /// SHA-256 of the text, in hex; of the empty text when it is not there.
    pub hash: String,
    /// What is wrong with it.
    pub issues: Vec<ConfigIssue>,
    /// What is odd about it.
    pub warnings: Vec<ConfigIssue>,
}

/// Something about the configuration a person should know.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct ConfigIssue {
    /// The key, as in `gateway.port`.
    pub path: String,
    /// What is the matter with it.
    pub message: String,
}
