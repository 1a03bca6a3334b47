//! Sections `gateway.reload` and `gateway.config`.

use domain::reload::Mode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the gateway follows its configuration file while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ReloadConfig {
    /// What happens when the file was changed.
    pub mode: ReloadMode,
    /// How long the file has to be quiet before it is read, in milliseconds.
    pub debounce_ms: u64,
}

impl Default for ReloadConfig {
    fn default() -> Self {
        Self { mode: ReloadMode::Hybrid, debounce_ms: 300 }
    }
}

/// What happens when the file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReloadMode {
    /// Nothing, until the next start. The change is logged.
    Off,
    /// The gateway starts anew, unless what changed is read where it is used.
    Restart,
    /// What can be put into force while the gateway runs is; the rest waits for
    /// the next start.
    Hot,
    /// What can be put into force while the gateway runs is; for the rest it
    /// starts anew.
    Hybrid,
}

/// How the configuration file itself is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct FileConfig {
    /// Whether the gateway refuses to start with a file that has a mistake or a
    /// key nobody knows, with exit code 78. Otherwise a section with a mistake
    /// has its defaults, and an unknown key is warned about.
    pub strict: bool,
}

impl From<ReloadMode> for Mode {
    fn from(mode: ReloadMode) -> Self {
        match mode {
            ReloadMode::Off => Self::Off,
            ReloadMode::Restart => Self::Restart,
            ReloadMode::Hot => Self::Hot,
            ReloadMode::Hybrid => Self::Hybrid,
        }
    }
}
