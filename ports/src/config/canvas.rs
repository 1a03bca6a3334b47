//! Section `canvasHost`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pages agents show on nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CanvasHostConfig {
    /// Whether they are served. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The directory. Default: `canvas` in the workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Known from OpenClaw; does nothing. Pages are kept apart by a sandbox, not
    /// by a port of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u64>,
    /// Whether pages follow their files. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_reload: Option<bool>,
}
