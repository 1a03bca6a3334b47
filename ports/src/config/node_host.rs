//! Section `nodeHost`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{mcp::McpServerConfig, open::is_default};

/// What this machine offers when it is a node of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeHostConfig {
    /// Its browser.
    #[serde(skip_serializing_if = "is_default")]
    pub browser_proxy: BrowserProxyConfig,
    /// Becoming a newer version when the gateway does.
    #[serde(skip_serializing_if = "is_default")]
    pub auto_update: NodeSwitchConfig,
    /// Agents of other makers.
    #[serde(skip_serializing_if = "is_default")]
    pub agent_runs: AgentRunsConfig,
    /// Runs of the gateway.
    #[serde(skip_serializing_if = "is_default")]
    pub worker_runs: WorkerRunsConfig,
    /// MCP servers that run here.
    #[serde(skip_serializing_if = "is_default")]
    pub mcp: NodeMcpConfig,
    /// Skills that are installed here.
    #[serde(skip_serializing_if = "is_default")]
    pub skills: NodeSwitchConfig,
}

/// The browser of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BrowserProxyConfig {
    /// Whether the gateway may use it.
    pub enabled: bool,
    /// Only these profiles. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_profiles: Vec<String>,
}

impl Default for BrowserProxyConfig {
    fn default() -> Self {
        Self { enabled: true, allow_profiles: Vec::new() }
    }
}

/// Something that is offered or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeSwitchConfig {
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Agents of other makers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AgentRunsConfig {
    /// Claude Code.
    #[serde(skip_serializing_if = "is_default")]
    pub claude: NodeSwitchConfig,
}

/// Runs of the gateway on this node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkerRunsConfig {
    /// Whether they are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// How many at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
    /// How they are kept apart from the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<WorkerIsolation>,
    /// The image of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_image: Option<String>,
}

/// How a run is kept apart from its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WorkerIsolation {
    /// Not at all.
    None,
    /// In a container.
    Container,
}

/// MCP servers of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeMcpConfig {
    /// The servers by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub servers: BTreeMap<String, McpServerConfig>,
}
