//! Section `session`, beside what is used.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, is_default};

/// Whether everybody has a conversation of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionScope {
    /// They do.
    PerSender,
    /// There is one for all.
    Global,
}

/// How conversations with single people are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DmScope {
    /// They are one.
    Main,
    /// By person.
    PerPeer,
    /// By channel and person.
    PerChannelPeer,
    /// By account, channel and person.
    PerAccountChannelPeer,
}

/// How conversations with groups are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GroupScope {
    /// They are one.
    Main,
    /// By group.
    PerGroup,
}

/// When a conversation begins anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionResetConfig {
    /// At what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<SessionResetMode>,
    /// At which hour, from 0 to 23, of `daily`. Default: 4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hour: Option<u64>,
    /// After how long, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u64>,
}

/// At what a conversation begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionResetMode {
    /// Every day.
    Daily,
    /// When it was quiet for long.
    Idle,
    /// Never.
    None,
}

/// When conversations of a kind begin anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionResetByTypeConfig {
    /// Those with single people, as older versions spell it.
    #[serde(skip_serializing_if = "is_default")]
    pub dm: SessionResetConfig,
    /// Those with single people.
    #[serde(skip_serializing_if = "is_default")]
    pub direct: SessionResetConfig,
    /// Those with groups.
    #[serde(skip_serializing_if = "is_default")]
    pub group: SessionResetConfig,
    /// Those in threads.
    #[serde(skip_serializing_if = "is_default")]
    pub thread: SessionResetConfig,
}

/// When an agent is shown to be typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TypingMode {
    /// Never.
    Never,
    /// From the beginning.
    Instant,
    /// When it thinks.
    Thinking,
    /// When it writes.
    Message,
}

/// Where answers are sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SendPolicyConfig {
    /// What holds where no rule fits. Default: `allow`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<SendAction>,
    /// The rules. The first that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<SendRuleConfig>,
}

/// Whether something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SendAction {
    /// It is.
    Allow,
    /// It is not.
    Deny,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SendRuleConfig {
    /// Whether it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<SendAction>,
    /// Where this holds. All that is said has to fit.
    #[serde(skip_serializing_if = "is_default")]
    pub r#match: SendMatchConfig,
}

/// Where a rule holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SendMatchConfig {
    /// In this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// In conversations of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_type: Option<ChatType>,
    /// In conversations whose key, after that of the agent, begins like this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_prefix: Option<String>,
    /// In conversations whose key begins like this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_key_prefix: Option<String>,
}

/// A kind of conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatType {
    /// With one person.
    Direct,
    /// The same, as older versions spell it.
    Dm,
    /// With a group.
    Group,
    /// In a channel.
    Channel,
    /// In a room.
    Room,
}

/// Agents that talk to each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionAgentToAgentConfig {
    /// How often one may answer the other, from 0 to 5. Default: 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_ping_pong_turns: Option<u64>,
}

/// Threads that belong to one conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ThreadBindingsConfig {
    /// Whether there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// After how long a silence one is let go, in hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_hours: Option<f64>,
    /// After how long, in hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_hours: Option<f64>,
    /// Whether a new conversation gets a thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spawn_sessions: Option<bool>,
    /// What such a conversation knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_spawn_context: Option<SpawnContext>,
}

/// What a new conversation knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpawnContext {
    /// Nothing.
    Isolated,
    /// What the one knows it comes from.
    Fork,
}

/// What others may do in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionSharingConfig {
    /// Whether they may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// Whether they may propose something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggest: Option<bool>,
    /// Whether they see what is being written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drafts: Option<bool>,
}

/// What becomes of old conversations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionMaintenanceConfig {
    /// Whether it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<MaintenanceMode>,
    /// Putting them away.
    #[serde(skip_serializing_if = "is_default")]
    pub cold_storage: ColdStorageConfig,
    /// After how long they are deleted, as in `30d`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune_after: Option<Anything>,
    /// After how long those of the dashboard are put away, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive_dashboard_after: Option<Anything>,
    /// How many there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_entries: Option<u64>,
    /// How long they are kept whatever happens, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preserve_recent: Option<Anything>,
    /// How long what was before a new beginning is kept, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_archive_retention: Option<Anything>,
    /// How much room they may take, as in `2gb`, or `false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_disk_bytes: Option<Anything>,
    /// How much is left when they took more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_water_bytes: Option<Anything>,
}

/// Whether old conversations are cleared away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MaintenanceMode {
    /// They are.
    Enforce,
    /// It is only said that they would be.
    Warn,
}

/// Putting conversations away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ColdStorageConfig {
    /// Whether that is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// After how many days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_days: Option<u64>,
}
