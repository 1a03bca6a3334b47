//! Section `meta`, and `wizard`: what writes the file remembers there.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::Anything;

/// What whoever wrote the file last remembers about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MetaConfig {
    /// The version that wrote the file last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_touched_version: Option<String>,
    /// When that was, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_touched_at: Option<String>,
    /// Which migrations were done, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub migrations: BTreeMap<String, Anything>,
}

/// What the setup remembers about its last run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WizardConfig {
    /// When it ran, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_at: Option<String>,
    /// The version it came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_version: Option<String>,
    /// The commit that version was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_commit: Option<String>,
    /// The command that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_command: Option<String>,
    /// Whether it set up a gateway here or the way to one elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_mode: Option<WizardMode>,
    /// How much the person let the agent do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_mode: Option<AccessMode>,
    /// Whether apps may be recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_recommendations: Option<bool>,
    /// When the person said that the risks are understood, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_acknowledged_at: Option<String>,
}

/// What the setup set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WizardMode {
    /// A gateway here.
    Local,
    /// The way to one elsewhere.
    Remote,
}

/// How much an agent may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccessMode {
    /// Everything.
    Full,
    /// What is safe, and the rest after asking.
    Guarded,
}
