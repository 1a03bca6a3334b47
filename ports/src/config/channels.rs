//! Section `channels`: which keys a channel has.

use std::{collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use serde_json::{Value, json};

use super::{channel::ChannelConfig, open::Anything};

/// Where people write to agents, besides the gateway's own clients.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelsConfig {
    /// What holds for all of them, under the name `defaults`, and each channel
    /// OpenClaw brings, by name.
    pub known: BTreeMap<String, ChannelConfig>,
    /// Channels of plugins. What they are told, they know.
    pub others: BTreeMap<String, Anything>,
}

impl ChannelsConfig {
    /// Whether nothing is said about any.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.others.is_empty()
    }
}

/// Keys most channels have.
const COMMON: &[&str] = &[
    "enabled",
    "name",
    "accounts",
    "defaultAccount",
    "capabilities",
    "markdown",
    "configWrites",
    "commands",
    "dmPolicy",
    "allowFrom",
    "groupPolicy",
    "groupAllowFrom",
    "historyLimit",
    "dmHistoryLimit",
    "dms",
    "textChunkLimit",
    "chunkMode",
    "blockStreaming",
    "blockStreamingCoalesce",
    "streaming",
    "mediaMaxMb",
    "replyToMode",
    "heartbeat",
    "healthMonitor",
    "contextVisibility",
    "responsePrefix",
];

/// The channels OpenClaw brings, and the keys they have besides.
#[rustfmt::skip]
const OWN: &[(&str, &[&str])] = &[
    ("telegram", &["botToken", "tokenFile", "groups", "customCommands", "streamMode", "draftChunk", "timeoutSeconds",
                   "retry", "network", "proxy", "webhookUrl", "webhookSecret", "webhookPath", "webhookPort", "webhookHost",
                   "actions", "reactionNotifications", "reactionLevel", "linkPreview", "requireMention", "ackReaction"]),
    ("whatsapp", &["authDir", "selfChatMode", "messagePrefix", "sendReadReceipts", "groups", "ackReaction", "debounceMs",
                   "actions", "reactionLevel"]),
    ("discord", &["token", "allowBots", "maxLinesPerMessage", "retry", "actions", "dm", "guilds", "execApprovals",
                  "intents", "proxy", "ackReaction"]),
    ("slack", &["mode", "signingSecret", "webhookPath", "botToken", "appToken", "userToken", "userTokenReadOnly", "allowBots",
                "requireMention", "reactionNotifications", "reactionAllowlist", "replyToModeByChatType", "thread", "actions",
                "slashCommand", "dm", "channels", "execApprovals", "ackReaction"]),
    ("signal", &["account", "httpUrl", "httpHost", "httpPort", "cliPath", "autoStart", "startupTimeoutMs", "receiveMode",
                 "ignoreAttachments", "ignoreStories", "sendReadReceipts", "reactionNotifications", "reactionAllowlist",
                 "reactionLevel", "actions", "groups"]),
    ("imessage", &["cliPath", "dbPath", "remoteHost", "service", "region", "includeAttachments", "groups", "actions"]),
    ("bluebubbles", &["serverUrl", "password", "webhookPath", "sendReadReceipts", "groups", "actions"]),
    ("googlechat", &["serviceAccount", "serviceAccountFile", "audienceType", "audience", "webhookPath", "webhookUrl",
                     "botUser", "dm", "groups", "typingIndicator", "requireMention", "allowBots", "actions"]),
    ("msteams", &["appId", "appPassword", "tenantId", "webhook", "mediaAllowHosts", "requireMention", "replyStyle", "teams",
                  "sharePointSiteId"]),
    ("mattermost", &["botToken", "baseUrl", "chatmode", "oncharPrefixes", "requireMention", "groups", "actions"]),
    ("matrix", &["homeserver", "userId", "accessToken", "password", "deviceName", "initialSyncLimit", "encryption",
                 "allowlistOnly", "threadReplies", "autoJoin", "autoJoinAllowlist", "dm", "groups", "rooms", "actions"]),
    ("nextcloud-talk", &["baseUrl", "botSecret", "botSecretFile", "apiUser", "apiPassword", "apiPasswordFile", "webhookPort",
                         "webhookHost", "webhookPath", "webhookPublicUrl", "rooms"]),
    ("zalo", &["botToken", "tokenFile", "webhookUrl", "webhookSecret", "webhookPath", "proxy"]),
    ("zalouser", &["profile", "groups"]),
    ("nostr", &["privateKey", "relays", "profile"]),
    ("tlon", &["ship", "url", "code", "groupChannels", "dmAllowlist", "autoDiscoverChannels", "authorization"]),
    ("twitch", &["username", "accessToken", "clientId", "clientSecret", "refreshToken", "channel", "allowedRoles",
                 "requireMention"]),
];

/// Keys of `channels.defaults`.
const DEFAULTS: &[&str] =
    &["groupPolicy", "dmPolicy", "heartbeat", "contextVisibility", "markdown", "configWrites"];

/// Whether `name` is `defaults` or a channel OpenClaw brings.
fn is_known(name: &str) -> bool {
    name == "defaults" || OWN.iter().any(|(channel, _)| *channel == name)
}

impl Serialize for ChannelsConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.known.len() + self.others.len()))?;
        for (name, channel) in &self.known {
            map.serialize_entry(name, channel)?;
        }
        for (name, channel) in &self.others {
            map.serialize_entry(name, channel)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ChannelsConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = ChannelsConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("channels by name")
            }

            fn visit_map<A: de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<ChannelsConfig, A::Error> {
                let mut channels = ChannelsConfig::default();
                while let Some(name) = map.next_key::<String>()? {
                    if is_known(&name) {
                        channels.known.insert(name, map.next_value()?);
                    } else {
                        channels.others.insert(name, map.next_value()?);
                    }
                }
                Ok(channels)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

impl JsonSchema for ChannelsConfig {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ChannelsConfig".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let all = ChannelConfig::json_schema(generator).to_value();
        let only = |keys: &[&[&str]]| -> Value {
            let kept = keys.iter().copied().flatten().filter_map(|name| {
                Some(((*name).to_owned(), all["properties"].get(name)?.clone()))
            });
            json!({ "type": "object", "properties": kept.collect::<serde_json::Map<_, _>>() })
        };
        let mut channels = serde_json::Map::new();
        channels.insert(
            "defaults".into(),
            described(only(&[DEFAULTS]), "What holds for all channels."),
        );
        for (name, own) in OWN {
            let mut account = only(&[COMMON, own]);
            if let Some(keys) = account["properties"].as_object_mut() {
                keys.remove("accounts");
            }
            let mut channel = only(&[COMMON, own]);
            channel["properties"]["accounts"]["additionalProperties"] = account;
            channels
                .insert((*name).to_owned(), described(channel, &format!("The channel {name}.")));
        }
        let schema = json!({
            "type": "object",
            "description": "Where people write to agents, besides the gateway's own clients.",
            "properties": channels,
            "additionalProperties": true,
        });
        Schema::try_from(schema).expect("it is an object")
    }
}

fn described(mut schema: Value, what: &str) -> Value {
    schema["description"] = what.into();
    schema
}

#[test]
fn a_channel_has_its_own_keys_and_no_others() {
    let schema = SchemaGenerator::default().into_root_schema_for::<ChannelsConfig>().to_value();
    let has =
        |channel: &str, key: &str| schema["properties"][channel]["properties"].get(key).is_some();
    for (name, own) in OWN {
        for key in own.iter().chain(COMMON) {
            assert!(has(name, key), "{name}.{key} has no type");
        }
    }
    assert!(!has("telegram", "guilds") && !has("discord", "botToken"));
    assert!(has("defaults", "groupPolicy") && !has("defaults", "botToken"));
    let accounts = &schema["properties"]["telegram"]["properties"]["accounts"];
    let account = &accounts["additionalProperties"]["properties"];
    assert!(account.get("botToken").is_some() && account.get("accounts").is_none());
}

#[test]
fn channels_of_plugins_are_kept_as_they_are() {
    let text = r#"{"defaults":{"groupPolicy":"open"},"telegram":{"botToken":"t","allowFrom":[5]},"mine":{"port":"x"}}"#;
    let channels: ChannelsConfig = serde_json::from_str(text).unwrap();
    assert_eq!(channels.known["telegram"].bot_token.as_deref(), Some("t"));
    assert!(channels.others.contains_key("mine"));
    let written = serde_json::to_string(&channels).unwrap();
    assert_eq!(serde_json::from_str::<ChannelsConfig>(&written).unwrap(), channels);
    assert!(
        serde_json::from_str::<ChannelsConfig>(r#"{"telegram":{"port":"x","enabled":5}}"#).is_err()
    );
}
