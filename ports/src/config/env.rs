//! Section `env`: variables of the environment.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Secret, is_default};

/// Variables that are set unless the process has them already: those of
/// `vars`, and every key beside it whose value is a text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = {"type": "string"}))]
pub struct EnvConfig {
    /// Variables from the login shell of the user.
    #[serde(skip_serializing_if = "is_default")]
    pub shell_env: ShellEnvConfig,
    /// Variables by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, Secret>,
}

/// Keys of providers and channels that are missing, taken from a login shell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ShellEnvConfig {
    /// Whether the shell is asked. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// How long it may take, in milliseconds.
    pub timeout_ms: u64,
}

impl Default for ShellEnvConfig {
    fn default() -> Self {
        Self { enabled: None, timeout_ms: 15_000 }
    }
}
