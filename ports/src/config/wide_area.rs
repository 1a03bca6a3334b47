//! Section `discovery`, beyond the local network.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Announcing the gateway by DNS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WideAreaConfig {
    /// Whether it is. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The domain, as in `openclaw.internal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}
