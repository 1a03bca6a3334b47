//! Section `web`: the connection of WhatsApp.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::is_default;

/// The connection of WhatsApp.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WebConfig {
    /// Whether there is one. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// How often it is looked at, in seconds. Default: 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_seconds: Option<u64>,
    /// How it is made anew.
    #[serde(skip_serializing_if = "is_default")]
    pub reconnect: WebReconnectConfig,
}

/// How a connection is made anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WebReconnectConfig {
    /// After how long first, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_ms: Option<u64>,
    /// After how long at most, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<u64>,
    /// How many times longer every time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// How much of it is left to chance, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<f64>,
    /// How often; 0 is without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u64>,
}
