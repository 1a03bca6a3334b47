//! Section `gateway.http.relay`.

use std::collections::BTreeMap;

use domain::relay::Allowance;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::Secret;

/// Asking models without an agent: requests go straight to a provider.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RelayConfig {
    /// Whether a request that names its model `<provider>/<model>`, as in
    /// `openai/gpt-5`, goes straight to that provider: without an agent, a
    /// conversation and a transcript. Default: no, and such a name means the
    /// default agent, as it does for OpenClaw.
    pub enabled: bool,
    /// The models that are asked when one cannot answer, in that order:
    /// `{"openai/gpt-5": ["openrouter/openai/gpt-5"]}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fallbacks: BTreeMap<String, Vec<String>>,
    /// Keys that are good for this and nothing else, by name. A name consists of
    /// letters, digits, dots, dashes and underscores.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub keys: BTreeMap<String, RelayKeyConfig>,
}

/// A key that is good for asking models without an agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RelayKeyConfig {
    /// The key itself, sent as `Authorization: Bearer …`: at least 16 characters,
    /// and not what the gateway itself is opened with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// How many requests it may make in a minute. Default: as many as it likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u64>,
    /// How many tokens it may use in a minute, read and said together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
    /// How many tokens it may use in a day of UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_tokens_per_day: Option<u64>,
    /// How many tokens it may use in a month of UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_tokens_per_month: Option<u64>,
    /// The models it may ask, as in `openai/*`. Default: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

/// A key has at least so many characters.
const SHORTEST: usize = 16;

impl RelayConfig {
    /// The keys that are good, by name. None unless requests are passed on at all.
    pub fn good_keys(&self) -> impl Iterator<Item = (&str, &Secret)> {
        self.keys.iter().filter(|_| self.enabled).filter_map(|(name, key)| {
            let token = key.token.as_ref().filter(|token| SHORTEST <= token.trim().len())?;
            domain::relay::is_key_name(name).then_some((name.as_str(), token))
        })
    }
}

impl RelayKeyConfig {
    /// How much it may ask for.
    pub fn allowance(&self) -> Allowance {
        Allowance {
            requests: self.requests_per_minute,
            tokens: self.tokens_per_minute,
            day: self.budget_tokens_per_day,
            month: self.budget_tokens_per_month,
        }
    }

    /// Whether it may ask `model`.
    pub fn may_ask(&self, model: &str) -> bool {
        self.models.is_empty()
            || self.models.iter().any(|pattern| domain::relay::fits(pattern, model))
    }
}

#[test]
fn keys_that_could_be_guessed_are_none() {
    let config = |enabled: bool| -> RelayConfig {
        let keys = serde_json::json!({
            "good": { "token": "0123456789abcdef" }, "short": { "token": "0123456789abcde" },
            "blank": { "token": "                 " }, "none": {}, "a/b": { "token": "0123456789abcdef" },
        });
        serde_json::from_value(serde_json::json!({ "enabled": enabled, "keys": keys })).unwrap()
    };
    let names = |config: &RelayConfig| {
        config.good_keys().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&config(true)), ["good"]);
    assert_eq!(names(&config(false)), Vec::<String>::new());
    assert!(!format!("{:?}", config(true)).contains("0123456789"));
}

#[test]
fn a_key_may_ask_what_fits() {
    let key = |models: &[&str]| RelayKeyConfig {
        models: models.iter().copied().map(str::to_owned).collect(),
        ..RelayKeyConfig::default()
    };
    assert!(key(&[]).may_ask("openai/gpt-5"));
    assert!(key(&["lab/*", "openai/gpt-5*"]).may_ask("openai/gpt-5-mini"));
    assert!(!key(&["lab/*"]).may_ask("openai/gpt-5"));
}
