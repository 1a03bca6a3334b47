//! Section `cron`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    browser::SsrfPolicyConfig,
    open::{Anything, Secret, is_default},
};

/// What is done at set times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CronConfig {
    /// Whether anything is.
    pub enabled: bool,
    /// The file with the jobs. Default: `cron/jobs.json` in the state
    /// directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<String>,
    /// How many jobs run at once.
    pub max_concurrent_runs: u64,
    /// Whether what was missed while the gateway was off is left out. Default:
    /// no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_missed_jobs: Option<bool>,
    /// Jobs that wait for something to happen.
    #[serde(skip_serializing_if = "is_default")]
    pub triggers: CronSwitchConfig,
    /// What webhooks of jobs are sent as their bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_token: Option<Secret>,
    /// Which addresses webhooks of jobs may have.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook_ssrf_policy: SsrfPolicyConfig,
    /// How long conversations of jobs are kept, as in `24h`, or `false` for
    /// always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_retention: Option<Anything>,
    /// Telling somebody about jobs that fail.
    #[serde(skip_serializing_if = "is_default")]
    pub failure_alert: FailureAlertConfig,
}

impl Default for CronConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            store: None,
            max_concurrent_runs: 1,
            skip_missed_jobs: None,
            triggers: CronSwitchConfig::default(),
            webhook_token: None,
            webhook_ssrf_policy: SsrfPolicyConfig::default(),
            session_retention: None,
            failure_alert: FailureAlertConfig::default(),
        }
    }
}

/// Something that is done or not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CronSwitchConfig {
    /// Whether it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Telling somebody about jobs that fail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct FailureAlertConfig {
    /// Whether somebody is told. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// After so many failures in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// How long until the next time, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown_ms: Option<u64>,
    /// Whether a job that was skipped counts as one that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_skipped: Option<bool>,
    /// How it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<FailureAlertMode>,
    /// The account of the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The person there, or the address of the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// How a failure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailureAlertMode {
    /// In a channel.
    Announce,
    /// By a webhook.
    Webhook,
}
