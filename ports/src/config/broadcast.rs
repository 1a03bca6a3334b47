//! Section `broadcast`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Groups in which several agents answer: every key beside `strategy` is a
/// group, its value the agents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct BroadcastConfig {
    /// In which order. Default: `parallel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<BroadcastStrategy>,
}

/// In which order several agents answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BroadcastStrategy {
    /// All at once.
    Parallel,
    /// One after another.
    Sequential,
}
