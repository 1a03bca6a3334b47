//! Section `plugins`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, is_default};

/// What others have added to the gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PluginsConfig {
    /// Whether any plugin is loaded. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Only these. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    /// Never these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<String>,
    /// Where plugins are found.
    #[serde(skip_serializing_if = "is_default")]
    pub load: PluginsLoadConfig,
    /// Which plugin does what only one can do.
    #[serde(skip_serializing_if = "is_default")]
    pub slots: PluginSlotsConfig,
    /// Single plugins by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entries: BTreeMap<String, PluginConfig>,
    /// Where plugins came from, as the installer remembers it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub installs: BTreeMap<String, PluginInstallConfig>,
    /// How the plugins that come with the gateway are found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundled_discovery: Option<String>,
}

/// Where plugins are found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PluginsLoadConfig {
    /// Files and directories besides the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// Which plugin does what only one can do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PluginSlotsConfig {
    /// The one that remembers; `none` for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// The one that decides what a model is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_engine: Option<String>,
}

/// One plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PluginConfig {
    /// Whether it is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What it wants to know.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, Anything>,
    /// What its hooks may do.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hooks: BTreeMap<String, Anything>,
    /// What its agents may do.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub subagent: BTreeMap<String, Anything>,
    /// Which models it may ask.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub llm: BTreeMap<String, Anything>,
}

/// Where a plugin came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct PluginInstallConfig {
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<PluginSource>,
    /// What was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
    /// Where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_path: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_path: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was installed, in ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installed_at: Option<String>,
}

/// What a plugin was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PluginSource {
    /// A package of npm.
    Npm,
    /// An archive.
    Archive,
    /// A directory.
    Path,
    /// An entry of ClawHub.
    Clawhub,
    /// A repository of Git.
    Git,
    /// An entry of a marketplace.
    Marketplace,
}
