//! Section `messages`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    open::{Anything, is_default},
    tts::TtsConfig,
};

/// How messages are taken and answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MessagesConfig {
    /// What messages begin with when the agent sees them. Newer versions do
    /// not use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_prefix: Option<String>,
    /// What answers begin with; `auto` is the name of the agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_prefix: Option<String>,
    /// Groups.
    #[serde(skip_serializing_if = "is_default")]
    pub group_chat: GroupChatConfig,
    /// Messages that arrive during an answer.
    #[serde(skip_serializing_if = "is_default")]
    pub queue: QueueConfig,
    /// Messages that follow each other quickly.
    #[serde(skip_serializing_if = "is_default")]
    pub inbound: InboundConfig,
    /// The sign put on a message that was seen; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack_reaction: Option<String>,
    /// On which messages it is put.
    pub ack_reaction_scope: AckScope,
    /// Whether it is taken away after the answer. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove_ack_after_reply: Option<bool>,
    /// Answers that are spoken. Newer versions have them as `tts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tts: Option<Box<TtsConfig>>,
    /// Which answers people see: `automatic`, `message_tool`, or yes or no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_replies: Option<Anything>,
    /// Whether answers say what they cost: `on`, `off`, `tokens`, `full`, or
    /// one of them by channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_usage: Option<Anything>,
    /// How they say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_template: Option<Anything>,
    /// Signs of what the agent is doing.
    #[serde(skip_serializing_if = "is_default")]
    pub status_reactions: StatusReactionsConfig,
}

impl Default for MessagesConfig {
    fn default() -> Self {
        Self {
            message_prefix: None,
            response_prefix: None,
            group_chat: GroupChatConfig::default(),
            queue: QueueConfig::default(),
            inbound: InboundConfig::default(),
            ack_reaction: None,
            ack_reaction_scope: AckScope::GroupMentions,
            remove_ack_after_reply: None,
            tts: None,
            visible_replies: None,
            response_usage: None,
            usage_template: None,
            status_reactions: StatusReactionsConfig::default(),
        }
    }
}

/// Groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct GroupChatConfig {
    /// Regular expressions of what counts as calling the agent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mention_patterns: Vec<String>,
    /// How many messages from before it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_limit: Option<u64>,
    /// What messages are that do not call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmentioned_inbound: Option<UnmentionedInbound>,
    /// Which answers people see there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible_replies: Option<Anything>,
}

/// What messages in a group are that do not call the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnmentionedInbound {
    /// Requests like any other.
    UserRequest,
    /// Something it may know.
    RoomEvent,
}

/// Messages that arrive during an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct QueueConfig {
    /// What becomes of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<QueueMode>,
    /// The same for single channels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_channel: BTreeMap<String, QueueMode>,
    /// How long it has to be quiet before they are answered, in milliseconds.
    /// Default: 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debounce_ms: Option<u64>,
    /// The same for single channels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub debounce_ms_by_channel: BTreeMap<String, u64>,
    /// How many may wait. Default: 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<u64>,
    /// What is left out when more do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<QueueDrop>,
}

/// What becomes of messages during an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum QueueMode {
    /// They change its course.
    #[serde(rename = "steer")]
    Steer,
    /// They are answered one by one.
    #[serde(rename = "followup")]
    Followup,
    /// They are answered together.
    #[serde(rename = "collect")]
    Collect,
    /// They change its course and are answered again.
    #[serde(rename = "steer-backlog")]
    SteerBacklog,
    /// The same, in other letters.
    #[serde(rename = "steer+backlog")]
    SteerPlusBacklog,
    /// As `steer`, as older versions spell it.
    #[serde(rename = "queue")]
    Queue,
    /// The answer is given up for them.
    #[serde(rename = "interrupt")]
    Interrupt,
}

/// What is left out when too many messages wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum QueueDrop {
    /// The oldest.
    Old,
    /// The newest.
    New,
    /// The oldest, which are told in a few words.
    Summarize,
}

/// Messages that follow each other quickly and are taken as one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct InboundConfig {
    /// How quickly, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debounce_ms: Option<u64>,
    /// The same for single channels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_channel: BTreeMap<String, u64>,
}

/// Which messages a sign is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AckScope {
    /// Those in groups that call the agent.
    GroupMentions,
    /// All in groups.
    GroupAll,
    /// Those of single people.
    Direct,
    /// All.
    All,
    /// None.
    Off,
    /// The same, in another word.
    None,
}

/// Signs of what the agent is doing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct StatusReactionsConfig {
    /// Whether they are put on messages. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
