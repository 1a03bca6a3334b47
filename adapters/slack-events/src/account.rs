//! Which account a path belongs to.

use ports::config::{channels::ChannelsConfig, open::Secret, slack::SLACK_PATH};

/// Where Slack sends to as well, while there is an account it sends to.
const ALIAS: &str = "/integrations/slack/events";

/// An account that can tell what comes from Slack.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) signing_secret: Secret,
}

/// The account at `path`. Of several at one path, the first by name is there:
/// what is sent for the others is not signed with its secret.
pub(crate) fn account(channels: &ChannelsConfig, path: &str) -> Option<Account> {
    let mut accounts = channels.slack_http_accounts();
    accounts.retain(|account| account.signing_secret.is_some());
    let wanted = if path == ALIAS { SLACK_PATH } else { path };
    let place = accounts.iter().position(|account| account.path == wanted);
    let first = (path == ALIAS && !accounts.is_empty()).then_some(0);
    let account = accounts.swap_remove(place.or(first)?);
    Some(Account { name: account.name, signing_secret: account.signing_secret? })
}

#[test]
fn who_is_where() {
    let at = |text: &str, path: &str| {
        let channels: ChannelsConfig = serde_json::from_str(text).unwrap();
        account(&channels, path).map(|account| account.name)
    };
    let one = r#"{"slack":{"mode":"http","signingSecret":"s"}}"#;
    let many = r#"{"slack":{"mode":"http","signingSecret":"s","accounts":{
        "a":{"webhookPath":"/a"},"b":{},"c":{},"d":{"webhookPath":"/d","mode":"socket"}}}}"#;
    let elsewhere = r#"{"slack":{"mode":"http","signingSecret":"s","webhookPath":"/x"}}"#;
    let blind = r#"{"slack":{"mode":"http"}}"#;
    #[rustfmt::skip]
    let table = [
        (one,       "/slack/events",              Some("default")),
        (one,       "/integrations/slack/events", Some("default")),
        (one,       "/slack/events/",             None),
        (one,       "/slack",                     None),
        (many,      "/a",                         Some("a")),
        (many,      "/slack/events",              Some("b")),
        (many,      "/integrations/slack/events", Some("b")),
        (many,      "/d",                         None),
        (elsewhere, "/slack/events",              None),
        (elsewhere, "/x",                         Some("default")),
        (elsewhere, "/integrations/slack/events", Some("default")),
        (blind,     "/slack/events",              None),
        ("{}",      "/slack/events",              None),
        ("{}",      "/integrations/slack/events", None),
    ];
    for (config, path, expected) in table {
        assert_eq!(at(config, path).as_deref(), expected, "{path} {config}");
    }
}
