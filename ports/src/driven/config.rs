//! The configuration file.

use std::{io, path::PathBuf, sync::Arc};

use async_trait::async_trait;

use crate::{
    Json,
    config::{Config, Manual},
};

/// The configuration in force, and the file it came from.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ConfigSource: Send + Sync {
    /// The configuration in force.
    fn current(&self) -> Arc<Config>;

    /// The file as it is on disk now. Reads the disk; takes milliseconds.
    /// Secrets are replaced by a placeholder.
    fn snapshot(&self) -> ConfigSnapshot;
}

/// Reads the file anew.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ConfigReload: Send + Sync {
    /// Reads the file, and finds out what is good about it. A section with a
    /// mistake stays what is in force; a file that cannot be read, or is gone,
    /// changes nothing. Reads the disk; takes milliseconds. Nothing of it is in
    /// force yet.
    fn read_again(&self) -> Reloaded;

    /// Puts into force what was read last.
    fn adopt(&self);
}

/// What reading the file anew came to.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// What is in force.
    pub before: Arc<Config>,
    /// What would be.
    pub after: Arc<Config>,
    /// The paths that differ between the two, in order; lists compare as a
    /// whole. Also names keys that this gateway does not use.
    pub changed: Vec<String>,
    /// What is wrong with the file.
    pub issues: Vec<ConfigIssue>,
    /// The file and what it includes, to be watched.
    pub files: Vec<PathBuf>,
    /// SHA-256 of the text, in hex; of the empty text when it is not there.
    pub hash: String,
}

/// Changes the configuration file. One actor does, one change after the other.
///
/// # Contract
///
/// - A change goes into the text as it is on disk: bytes outside it (comments,
///   order, trailing commas, ends of lines) stay as they are.
/// - Nothing is written that could not be read back, nor over a file that
///   somebody else changed in between, nor when the file cannot be read.
/// - When [`write`](Self::write) returns `Ok`, the new text is on disk; the old
///   one is kept as a backup. Whenever the process dies, one of the two is there.
/// - Placeholders of secrets that stand where the secret was mean that secret.
/// - Dropping the future does not stop a change that has begun.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ConfigStore: Send + Sync {
    /// Carries out a change, or with `dry_run` only says what it would do.
    async fn write(&self, write: ConfigWrite) -> Result<ConfigWritten, ConfigWriteError>;
}

/// Knows what may stand in the configuration file.
pub trait ConfigManual: Send + Sync {
    /// The manual. It is large, and made anew where nobody has it: takes 20
    /// milliseconds.
    fn manual(&self) -> Arc<Manual>;
}

/// A change of the configuration file.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigWrite {
    /// What to change.
    pub edit: ConfigEdit,
    /// The hash of the text the change was made for. Without one the change is
    /// refused where a file exists, unless `any_base`.
    pub base_hash: Option<String>,
    /// Whether the change is good for any text: for a command that names one key.
    pub any_base: bool,
    /// Whether to write nothing.
    pub dry_run: bool,
}

/// What to change in the configuration file.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigEdit {
    /// This text in place of all (`config.set`, `config.apply`).
    Replace(String),
    /// This JSON5 object, merged into what is there (RFC 7386: `null` deletes,
    /// objects recurse, everything else replaces).
    Merge(String),
    /// This value at this path; what is missing on the way is made.
    Set {
        /// Keys, and indices of lists as `[0]`.
        path: Vec<String>,
        /// The value, as JSON.
        value: Json,
    },
    /// Nothing at this path.
    Unset {
        /// Keys, and indices of lists as `[0]`.
        path: Vec<String>,
    },
}

/// What a change of the file did, or would do.
#[derive(Clone, Debug)]
pub struct ConfigWritten {
    /// The paths that differ, in order.
    pub changed: Vec<String>,
    /// The hash of the new text.
    pub hash: String,
    /// What is odd about it.
    pub warnings: Vec<ConfigIssue>,
    /// What it says, defaults included.
    pub config: Arc<Config>,
}

/// Why the configuration file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigWriteError {
    /// Nobody said which text the change is for.
    #[error("config base hash required; re-run config.get and retry")]
    BaseHashRequired,
    /// It was for another text.
    #[error("config changed since last load; re-run config.get and retry")]
    Changed,
    /// What was sent cannot be read.
    #[error("{0}")]
    Syntax(String),
    /// What was sent is no object.
    #[error("config.patch raw must be an object")]
    NotAnObject,
    /// The file on disk is invalid, and merging into it would guess.
    #[error("invalid config; fix before patching")]
    InvalidFile(Vec<ConfigIssue>),
    /// The outcome would be invalid.
    #[error("invalid config")]
    Invalid(Vec<ConfigIssue>),
    /// A placeholder stands where there was no secret.
    #[error("{0}: a redacted placeholder stands where there is no secret to keep")]
    LostSecret(String),
    /// The file is not the gateway's to change.
    #[error("{0}")]
    ReadOnly(String),
    /// The disk does not do its part.
    #[error("{} cannot be {doing}: {}", path.display(), source.kind())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `read`, `written`.
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// Notices that the configuration file, or a file it includes, was changed.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ConfigWatch: Send {
    /// Returns when something was changed and has been quiet for the debounce
    /// time. Changes between two calls are told by the second. Dropping the
    /// future is fine.
    async fn changed(&mut self);

    /// The files to watch from now on.
    fn watch(&mut self, files: &[PathBuf]);
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
    /// The file it is in, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line it is on, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}
