//! Section `auth`: accounts with providers of models.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::is_default;

/// Accounts with providers of models. Their secrets are not in the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AuthProfilesConfig {
    /// Accounts by name, as in `anthropic:default`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub profiles: BTreeMap<String, AuthProfileConfig>,
    /// For every provider, the accounts in the order in which they are tried.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub order: BTreeMap<String, Vec<String>>,
    /// How long an account rests that was refused.
    #[serde(skip_serializing_if = "is_default")]
    pub cooldowns: CooldownsConfig,
}

/// One account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AuthProfileConfig {
    /// The provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What it is let in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<AuthProfileMode>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// What an account is let in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AuthProfileMode {
    /// A key.
    #[serde(rename = "api_key")]
    ApiKey,
    /// OAuth.
    #[serde(rename = "oauth")]
    Oauth,
    /// A token of a subscription.
    #[serde(rename = "token")]
    Token,
    /// What the AWS SDK finds.
    #[serde(rename = "aws-sdk")]
    AwsSdk,
}

/// How long an account rests that was refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CooldownsConfig {
    /// After it could not pay, in hours. Default: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_backoff_hours: Option<f64>,
    /// The same for single providers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub billing_backoff_hours_by_provider: BTreeMap<String, f64>,
    /// At most, in hours. Default: 24.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_max_hours: Option<f64>,
    /// How long failures are counted together, in hours. Default: 24.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_window_hours: Option<f64>,
}
