//! Section `models`.

use std::collections::BTreeMap;

use super::model_catalog::BedrockDiscoveryConfig;
use super::model_catalog::ModelCostConfig;
use super::model_catalog::ModelsMode;
use super::model_catalog::ProviderAuth;
use super::open::Anything;
use super::open::Secret;
use super::open::is_default;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where models come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelsConfig {
    /// Providers by name. The name is the first part of a model's name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// Whether these providers are added to the known ones or replace them.
    /// Default: `merge`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ModelsMode>,
    /// Asking Amazon Bedrock for its models.
    #[serde(skip_serializing_if = "is_default")]
    pub bedrock_discovery: BedrockDiscoveryConfig,
}

/// A provider.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ProviderConfig {
    /// Where it is, as in `http://127.0.0.1:11434/v1`. Default: the public
    /// address of a provider known by this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The key. Default: the environment variable known for this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// How it speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ProviderApi>,
    /// Headers sent with every request.
    pub headers: BTreeMap<String, String>,
    /// The models it offers.
    pub models: Vec<ModelConfig>,
    /// How long it may be silent, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_seconds: Option<u64>,
    /// What it is let in with. Default: `api-key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<ProviderAuth>,
    /// Whether the key goes into `Authorization`. Default: as `api` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_header: Option<bool>,
}

impl std::fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProviderConfig")
            .field("base_url", &self.base_url)
            .field("api_key", &self.api_key.is_some())
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}

/// How a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderApi {
    /// `POST /chat/completions`, as OpenAI and most others do.
    OpenaiCompletions,
    /// `POST /v1/messages`, as Anthropic does.
    AnthropicMessages,
    /// Known to OpenClaw, not yet to this gateway.
    #[serde(other)]
    Unsupported,
}

/// A model on offer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ModelConfig {
    /// What its provider calls it.
    pub id: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How many tokens it can have in mind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// How many tokens it can say at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Whether it can think before it answers.
    pub reasoning: bool,
    /// What it can read. Default: `text`.
    pub input: Vec<String>,
    /// How it is spoken to, if not as its provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<ProviderApi>,
    /// What it costs.
    #[serde(skip_serializing_if = "is_default")]
    pub cost: ModelCostConfig,
    /// Headers sent with requests to it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Secret>,
    /// What it does otherwise than its `api` has it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub compat: BTreeMap<String, Anything>,
    /// What it is told with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Anything>,
}
