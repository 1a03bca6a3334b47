//! Section `approvals`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Handle, is_default};

/// Who is asked before something is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ApprovalsConfig {
    /// Questions about commands.
    #[serde(skip_serializing_if = "is_default")]
    pub exec: ApprovalForwardConfig,
    /// Questions of plugins.
    #[serde(skip_serializing_if = "is_default")]
    pub plugin: ApprovalForwardConfig,
}

/// Where questions are sent to, besides the dashboard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ApprovalForwardConfig {
    /// Whether they are. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Where they go. Default: `session`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ApprovalMode>,
    /// Only questions of these agents. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agent_filter: Vec<String>,
    /// Only of conversations whose key contains one of these, or fits it as a
    /// regular expression.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub session_filter: Vec<String>,
    /// Where else they go.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<ApprovalTargetConfig>,
}

/// Where questions go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalMode {
    /// Where the conversation is.
    Session,
    /// To the targets.
    Targets,
    /// To both.
    Both,
}

/// A place somebody reads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ApprovalTargetConfig {
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The person or group there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The account of the channel. Default: its first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<Handle>,
}
