//! Section `logging`, beside its levels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A record of what was done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AuditLogConfig {
    /// Whether it is kept. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether it says who a command ran as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_identity: Option<bool>,
    /// Which messages are part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<AuditMessages>,
}

/// Which messages are part of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuditMessages {
    /// None.
    Off,
    /// Those of one person to the agent.
    Direct,
    /// Those of groups, too.
    All,
}
