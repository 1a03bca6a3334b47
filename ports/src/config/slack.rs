//! The accounts Slack sends to over HTTP.

use super::{
    channel::{ChannelConfig, SlackMode},
    channels::ChannelsConfig,
    open::Secret,
};

/// Where Slack sends to unless something else is configured.
pub const SLACK_PATH: &str = "/slack/events";
/// The account of a channel that has no accounts.
const DEFAULT_ACCOUNT: &str = "default";

/// An account Slack sends to over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlackHttpAccount {
    /// Its name.
    pub name: String,
    /// Where Slack sends to.
    pub path: String,
    /// What Slack signs with. Nothing is taken for an account without it.
    pub signing_secret: Option<Secret>,
}

impl ChannelsConfig {
    /// The accounts Slack sends to over HTTP, by name.
    pub fn slack_http_accounts(&self) -> Vec<SlackHttpAccount> {
        let Some(channel) = self.known.get("slack") else { return Vec::new() };
        if channel.enabled == Some(false) {
            return Vec::new();
        }
        let accounts: Vec<(&str, Option<&ChannelConfig>)> = if channel.accounts.is_empty() {
            vec![(channel.default_account.as_deref().unwrap_or(DEFAULT_ACCOUNT), None)]
        } else {
            channel.accounts.0.iter().map(|(name, own)| (name.as_str(), Some(own))).collect()
        };
        let of_account = |(name, own): (&str, Option<&ChannelConfig>)| {
            let is_on = own.is_none_or(|own| own.enabled != Some(false));
            let mode = own.and_then(|own| own.mode).or(channel.mode);
            let path = own.and_then(|own| own.webhook_path.clone());
            let path = path.or_else(|| channel.webhook_path.clone());
            let secret = own.and_then(|own| own.signing_secret.clone());
            let secret = secret.or_else(|| channel.signing_secret.clone());
            (is_on && mode == Some(SlackMode::Http)).then(|| SlackHttpAccount {
                name: name.to_owned(),
                path: path.map_or_else(|| SLACK_PATH.to_owned(), |path| spelled(&path)),
                signing_secret: secret.filter(|secret| !secret.trim().is_empty()),
            })
        };
        accounts.into_iter().filter_map(of_account).collect()
    }
}

/// A path with one slash at its beginning and none at its end.
fn spelled(path: &str) -> String {
    format!("/{}", path.trim().trim_matches('/'))
}

#[test]
fn an_account_says_what_it_does_not_share_with_the_channel() {
    let accounts = |text: &str| {
        let channels: ChannelsConfig = serde_json::from_str(text).unwrap();
        let accounts = channels.slack_http_accounts().into_iter();
        let told = accounts.map(|it| {
            (it.name, it.path, it.signing_secret.as_deref().unwrap_or_default().to_owned())
        });
        told.collect::<Vec<_>>()
    };
    let account = |name: &str, path: &str, secret: &str| {
        (name.to_owned(), path.to_owned(), secret.to_owned())
    };
    assert_eq!(accounts("{}"), []);
    assert_eq!(accounts(r#"{"slack":{"signingSecret":"s"}}"#), [], "by socket unless it says so");
    assert_eq!(
        accounts(r#"{"slack":{"mode":"http","signingSecret":"s"}}"#),
        [account("default", "/slack/events", "s")]
    );
    assert_eq!(accounts(r#"{"slack":{"mode":"http","enabled":false}}"#), []);
    assert_eq!(
        accounts(
            r#"{"slack":{"mode":"http","signingSecret":"s","webhookPath":"in/slack/","accounts":{
                "a":{},"b":{"webhookPath":"/b","signingSecret":"t"},
                "c":{"mode":"socket"},"d":{"enabled":false},"e":{"signingSecret":" "}}}}"#
        ),
        [account("a", "/in/slack", "s"), account("b", "/b", "t"), account("e", "/in/slack", ""),]
    );
}
