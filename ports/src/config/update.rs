//! Section `update`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::is_default;

/// How the gateway becomes a newer one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct UpdateConfig {
    /// Which versions it becomes. Default: `stable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<UpdateChannel>,
    /// Whether it looks for a newer one when it starts.
    pub check_on_start: bool,
    /// Doing it without being asked.
    #[serde(skip_serializing_if = "is_default")]
    pub auto: AutoUpdateConfig,
}

impl Default for UpdateConfig {
    fn default() -> Self {
        Self { channel: None, check_on_start: true, auto: AutoUpdateConfig::default() }
    }
}

/// Which versions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateChannel {
    /// Finished ones.
    Stable,
    /// Finished ones that are kept for longer.
    ExtendedStable,
    /// Those that are tried out.
    Beta,
    /// The newest of all.
    Dev,
}

/// Becoming a newer one without being asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AutoUpdateConfig {
    /// Whether that is done. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
