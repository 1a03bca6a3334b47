//! What can be the matter with a configuration file.

use std::{fmt, path::PathBuf};

use ports::driven::ConfigIssue;

/// Something about the file a person should know. Never quotes a value that
/// could be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as in `gateway.port`; empty for the file as a whole.
    pub key: String,
    /// What is the matter with it.
    pub message: String,
    /// Where it stands, if that is known.
    pub place: Option<Place>,
    /// What it means for the gateway.
    pub severity: Severity,
    /// Whether nobody knows the key.
    pub is_unknown: bool,
}

/// What a problem means for the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing.
    Warning,
    /// The section has its defaults.
    Error,
    /// The gateway must not be reached from elsewhere.
    Fatal,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// Why a gateway must not start with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid config: {}: {problem}", problem.place.as_ref().map_or_else(
    || file.display().to_string(),
    |place| format!("{}:{}", place.file.display(), place.line),
))]
pub struct Refusal {
    /// The file.
    pub file: PathBuf,
    /// What is the matter with it.
    pub problem: Problem,
}

impl Problem {
    pub(crate) fn new(severity: Severity, key: &str, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into(), place: None, severity, is_unknown: false }
    }

    pub(crate) fn to_issue(&self) -> ConfigIssue {
        let place = self.place.as_ref();
        ConfigIssue {
            path: self.key.clone(),
            message: self.message.clone(),
            file: place.map(|place| place.file.display().to_string()),
            line: place.map(|place| place.line),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "{}: {}", self.key, self.message)
    }
}
