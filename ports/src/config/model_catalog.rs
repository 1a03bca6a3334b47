//! Section `models`, beside the providers' addresses and keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the providers of the file do to the known ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModelsMode {
    /// They are added.
    Merge,
    /// They replace them.
    Replace,
}

/// Asking Amazon Bedrock for its models.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BedrockDiscoveryConfig {
    /// Whether it is asked. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The region, as in `us-east-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Only models of these makers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub provider_filter: Vec<String>,
    /// How often it is asked, in seconds; 0 is once. Default: 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_interval: Option<u64>,
    /// The context window of models that do not say theirs, in tokens.
    /// Default: 32000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_context_window: Option<u64>,
    /// The longest answer of models that do not say theirs, in tokens.
    /// Default: 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_tokens: Option<u64>,
}

/// What a provider lets in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderAuth {
    /// A key.
    ApiKey,
    /// What the AWS SDK finds.
    AwsSdk,
    /// OAuth.
    Oauth,
    /// A token of a subscription.
    Token,
}

/// What a model costs, in dollars per million tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelCostConfig {
    /// What it reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<f64>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<f64>,
    /// What it reads from its cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<f64>,
    /// What is put into its cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}
