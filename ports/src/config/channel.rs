//! What a channel is told: the keys of all channels (`gateway-reference.md` 6.4). Which of them a channel has, `channels.rs` says.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    agent_run::{BlockChunkConfig, CoalesceConfig},
    open::{Accounts, Anything, AutoSwitch, Handle, Secret, is_default},
    tools::ToolPolicyConfig,
};

/// One channel, or one account of it. Keys every channel has come first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelConfig {
    /// Whether it is used. Default: yes, if anything is said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What people call this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Accounts by name, with the keys of the channel; what an account does
    /// not say is as the channel has it.
    #[serde(skip_serializing_if = "Accounts::is_empty")]
    pub accounts: Accounts,
    /// The account used when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_account: Option<String>,
    /// What it can do: a list of words, or for Telegram `{inlineButtons}`,
    /// which is `off`, `dm`, `group`, `all` or `allowlist`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Anything>,
    /// How answers are laid out.
    #[serde(skip_serializing_if = "is_default")]
    pub markdown: MarkdownConfig,
    /// Whether what people do there may change this file. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_writes: Option<bool>,
    /// Which commands it is told.
    #[serde(skip_serializing_if = "is_default")]
    pub commands: ChannelCommandsConfig,
    /// Who may write to the agent. Default: `pairing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dm_policy: Option<DmPolicy>,
    /// Who may whatever the policy; `*` is everybody, which `open` needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_from: Vec<Handle>,
    /// In which groups it answers. Default: `allowlist`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_policy: Option<GroupPolicy>,
    /// Whom it answers there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_allow_from: Vec<Handle>,
    /// How many messages from before it is shown in groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_limit: Option<u64>,
    /// How many with single people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dm_history_limit: Option<u64>,
    /// The same for single people, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub dms: BTreeMap<String, DmLimitConfig>,
    /// How long a message may be, in letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_chunk_limit: Option<u64>,
    /// Where longer ones are cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk_mode: Option<ChunkMode>,
    /// Whether answers are sent in pieces: yes or no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_streaming: Option<Anything>,
    /// How pieces are put together.
    #[serde(skip_serializing_if = "is_default")]
    pub block_streaming_coalesce: CoalesceConfig,
    /// Whether answers grow as they are written: yes, no, or how.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streaming: Option<Anything>,
    /// How large a file may be, in megabytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_max_mb: Option<f64>,
    /// Whether answers refer to the message they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_mode: Option<ReplyToMode>,
    /// What is shown when the agent looks around.
    #[serde(skip_serializing_if = "is_default")]
    pub heartbeat: ChannelHeartbeatConfig,
    /// Starting it anew when it falls silent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub health_monitor: BTreeMap<String, Anything>,
    /// Whose messages an agent is shown: `all`, `allowlist`,
    /// `allowlist_quote`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_visibility: Option<String>,
    /// The token of the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_token: Option<Secret>,
    /// The file with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<String>,
    /// The token of the bot, of Discord.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// The token of the app, of Slack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_token: Option<Secret>,
    /// The token of a user, of Slack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_token: Option<Secret>,
    /// Whether that one is used for reading only. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_token_read_only: Option<bool>,
    /// The token of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// The token that gets another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Secret>,
    /// The name of the app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// What Slack signs with. Needed where `mode` is `http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<Secret>,
    /// The password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The name of the app, of Teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// Its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_password: Option<Secret>,
    /// Whose app it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The key, of Nostr.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<Secret>,
    /// The code that lets in, of Tlon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Secret>,
    /// The account of Google, as text or object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<Anything>,
    /// The file with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_file: Option<String>,
    /// The secret of the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_secret: Option<Secret>,
    /// The file with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_secret_file: Option<String>,
    /// Who asks the server for more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_user: Option<String>,
    /// The password of that user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_password: Option<Secret>,
    /// The file with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_password_file: Option<String>,
    /// Where what WhatsApp knows of the account is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_dir: Option<String>,
    /// Where the service sends messages to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_url: Option<String>,
    /// What it has to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<Secret>,
    /// The path it sends them to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_path: Option<String>,
    /// The port it sends them to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_port: Option<u64>,
    /// The address that listens for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_host: Option<String>,
    /// The address it knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_public_url: Option<String>,
    /// Where it sends them to, of Teams.
    #[serde(skip_serializing_if = "is_default")]
    pub webhook: WebhookListenerConfig,
    /// The proxy the service is reached through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// How connections are made.
    #[serde(skip_serializing_if = "is_default")]
    pub network: NetworkConfig,
    /// What happens when the service refuses something.
    #[serde(skip_serializing_if = "is_default")]
    pub retry: RetryConfig,
    /// How long it may take to answer, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Whether it has to be called by name in groups. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_mention: Option<bool>,
    /// Single groups; `*` is any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, ChannelGroupConfig>,
    /// Single rooms; `*` is any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rooms: BTreeMap<String, ChannelGroupConfig>,
    /// Single channels; `*` is any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, ChannelGroupConfig>,
    /// Single guilds of Discord; `*` is any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub guilds: BTreeMap<String, GuildConfig>,
    /// Single teams of Teams; `*` is any.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub teams: BTreeMap<String, TeamConfig>,
    /// Messages of single people.
    #[serde(skip_serializing_if = "is_default")]
    pub dm: ChannelDmConfig,
    /// Whether it answers other bots: yes, no, or `mentions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_bots: Option<Anything>,
    /// What agents may do there, by name (`reactions`, `polls`, `pins`…).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub actions: BTreeMap<String, bool>,
    /// Of which signs on messages the agent hears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reaction_notifications: Option<ReactionNotifications>,
    /// Of whose, for `allowlist`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reaction_allowlist: Vec<Handle>,
    /// How often it puts signs on messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reaction_level: Option<ReactionLevel>,
    /// The sign on a message that was seen; for WhatsApp `{emoji, direct,
    /// group}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack_reaction: Option<Anything>,
    /// Commands that are shown beside its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub custom_commands: Vec<CustomCommandConfig>,
    /// How an answer grows as it is written. Default: `partial`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_mode: Option<StreamMode>,
    /// In which pieces.
    #[serde(skip_serializing_if = "is_default")]
    pub draft_chunk: BlockChunkConfig,
    /// Whether links are shown as pictures. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_preview: Option<bool>,
    /// Whether the number is that of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_chat_mode: Option<bool>,
    /// What messages begin with when the agent sees them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_prefix: Option<String>,
    /// What answers begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_prefix: Option<String>,
    /// Whether others see that a message was read. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_read_receipts: Option<bool>,
    /// How quickly messages follow each other that are taken as one, in
    /// milliseconds. Default: 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub debounce_ms: Option<u64>,
    /// How many lines a message may have. Default: 17.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_lines_per_message: Option<u64>,
    /// Who is asked about commands there.
    #[serde(skip_serializing_if = "is_default")]
    pub exec_approvals: ChannelApprovalsConfig,
    /// Of what Discord tells more.
    #[serde(skip_serializing_if = "is_default")]
    pub intents: IntentsConfig,
    /// How Slack sends messages. Default: `socket`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<SlackMode>,
    /// The same as `replyToMode` for kinds of conversations.
    #[serde(skip_serializing_if = "is_default")]
    pub reply_to_mode_by_chat_type: ReplyToByTypeConfig,
    /// Threads.
    #[serde(skip_serializing_if = "is_default")]
    pub thread: ThreadConfig,
    /// The command for the agent.
    #[serde(skip_serializing_if = "is_default")]
    pub slash_command: SlashCommandConfig,
    /// The number, of Signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Where signal-cli listens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_url: Option<String>,
    /// Its host. Default: `127.0.0.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_host: Option<String>,
    /// Its port. Default: 8080.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_port: Option<u64>,
    /// The program. Default: `signal-cli`, or `imsg`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cli_path: Option<String>,
    /// Whether it is started. Default: yes, without `httpUrl`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_start: Option<bool>,
    /// How long that may take, from 1000 to 120000 milliseconds. Default:
    /// 30000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_timeout_ms: Option<u64>,
    /// When it takes messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive_mode: Option<ReceiveMode>,
    /// Whether files are left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_attachments: Option<bool>,
    /// Whether stories are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_stories: Option<bool>,
    /// The database of Messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub db_path: Option<String>,
    /// The machine it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_host: Option<String>,
    /// How messages are sent. Default: `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<ImessageService>,
    /// The country of numbers without one. Default: `US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether files are taken. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_attachments: Option<bool>,
    /// The server, of BlueBubbles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_url: Option<String>,
    /// What Google's calls are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience_type: Option<AudienceType>,
    /// The address or number of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// The name of the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_user: Option<String>,
    /// How it is shown to be typing. Default: `message`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing_indicator: Option<TypingIndicator>,
    /// The hosts files may come from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media_allow_hosts: Vec<String>,
    /// Where answers go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_style: Option<ReplyStyle>,
    /// Where files for groups are put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_point_site_id: Option<String>,
    /// The server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// When it answers in channels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chatmode: Option<ChatMode>,
    /// What messages begin with, of `onchar`. Default: `>` and `!`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub onchar_prefixes: Vec<String>,
    /// The server, of Matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homeserver: Option<String>,
    /// The account there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// What the device is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Option<String>,
    /// How many messages from before are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_sync_limit: Option<u64>,
    /// Whether messages are encrypted. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<bool>,
    /// Whether it answers nobody else than it says, whatever the policies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowlist_only: Option<bool>,
    /// When answers go into a thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_replies: Option<ThreadReplies>,
    /// Which invitations it accepts. Default: `always`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_join: Option<AutoJoin>,
    /// Those of these rooms, of `allowlist`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub auto_join_allowlist: Vec<String>,
    /// The profile: its name, or for Nostr what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Anything>,
    /// The relays, of Nostr.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub relays: Vec<String>,
    /// The ship, of Tlon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ship: Option<String>,
    /// The address of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The channels it is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_channels: Vec<String>,
    /// The ships that may write to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dm_allowlist: Vec<String>,
    /// Whether it looks for channels by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_discover_channels: Option<bool>,
    /// Who may do what, of Tlon.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub authorization: BTreeMap<String, Anything>,
    /// The account, of Twitch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The channel, of Twitch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Who may write to it there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_roles: Vec<String>,
}

/// How answers are laid out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MarkdownConfig {
    /// What becomes of tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tables: Option<MarkdownTables>,
}

/// What becomes of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MarkdownTables {
    /// They stay as they are.
    Off,
    /// They become lists.
    Bullets,
    /// They become code.
    Code,
    /// They become blocks.
    Block,
}

/// Which commands a channel is told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelCommandsConfig {
    /// Those of the gateway. Default: as `commands.native`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native: Option<AutoSwitch>,
    /// Skills. Default: as `commands.nativeSkills`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native_skills: Option<AutoSwitch>,
}

/// Who may write to the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DmPolicy {
    /// Whoever was approved after asking.
    Pairing,
    /// Whoever is on the list.
    Allowlist,
    /// Everybody.
    Open,
    /// Nobody.
    Disabled,
}

/// In which groups an agent answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupPolicy {
    /// In all.
    Open,
    /// In those on the list.
    Allowlist,
    /// In none.
    Disabled,
}

/// One person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct DmLimitConfig {
    /// How many messages from before are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_limit: Option<u64>,
}

/// Where long messages are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChunkMode {
    /// Where they become too long.
    Length,
    /// At a line.
    Newline,
}

/// Whether answers refer to the message they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplyToMode {
    /// They do not.
    Off,
    /// The first part does.
    First,
    /// They do.
    All,
    /// They do where several messages are answered.
    Batched,
}

/// What is shown when the agent looks around.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelHeartbeatConfig {
    /// That there is nothing. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_ok: Option<bool>,
    /// What there is. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub show_alerts: Option<bool>,
    /// A sign that it does. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_indicator: Option<bool>,
}

/// Where a service sends messages to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WebhookListenerConfig {
    /// The port. Default: 3978.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u64>,
    /// The path. Default: `/api/messages`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// How connections are made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct NetworkConfig {
    /// Whether IPv4 and IPv6 are tried at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_select_family: Option<bool>,
}

/// What happens when a service refuses something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RetryConfig {
    /// How often it is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u64>,
    /// How long is waited at least, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_delay_ms: Option<u64>,
    /// How long at most, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_delay_ms: Option<u64>,
    /// How much of it is left to chance, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<f64>,
}

/// One group, room or channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelGroupConfig {
    /// Whether it answers there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The same, as some channels spell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<bool>,
    /// Whether it has to be called by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_mention: Option<bool>,
    /// Whom it answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_from: Vec<Handle>,
    /// The same, as some channels spell it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<Handle>,
    /// What it is told about itself there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Only these skills. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// What it may use there.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: ToolPolicyConfig,
    /// What it may use for single people.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tools_by_sender: BTreeMap<String, ToolPolicyConfig>,
    /// Single topics.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub topics: BTreeMap<String, TopicConfig>,
    /// Whom it answers, by policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_policy: Option<GroupPolicy>,
    /// Whether it answers other bots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_bots: Option<Anything>,
    /// Whether answers go into a thread of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_thread: Option<bool>,
    /// Whether it answers everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_reply: Option<bool>,
    /// Where answers go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_style: Option<ReplyStyle>,
    /// Whether it is shown what a thread began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_thread_starter: Option<bool>,
}

/// One topic of a group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TopicConfig {
    /// Whether it answers there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether it has to be called by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_mention: Option<bool>,
    /// Whom it answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_from: Vec<Handle>,
    /// What it is told about itself there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// Only these skills. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// The agent that answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// Whom it answers, by policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_policy: Option<GroupPolicy>,
}

/// One guild of Discord.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct GuildConfig {
    /// Its short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Whether it has to be called by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_mention: Option<bool>,
    /// Of which signs on messages the agent hears.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reaction_notifications: Option<ReactionNotifications>,
    /// Whom it answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<Handle>,
    /// Whom it answers, by role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Handle>,
    /// What it may use there.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: ToolPolicyConfig,
    /// What it may use for single people.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tools_by_sender: BTreeMap<String, ToolPolicyConfig>,
    /// Single channels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, ChannelGroupConfig>,
}

/// One team of Teams.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TeamConfig {
    /// Whether it has to be called by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_mention: Option<bool>,
    /// Where answers go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_style: Option<ReplyStyle>,
    /// What it may use there.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: ToolPolicyConfig,
    /// What it may use for single people.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tools_by_sender: BTreeMap<String, ToolPolicyConfig>,
    /// Single channels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, ChannelGroupConfig>,
}

/// Messages of single people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelDmConfig {
    /// Whether it takes any. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Of whom. Default: `pairing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<DmPolicy>,
    /// Of whom whatever the policy; `*` is everybody, which `open` needs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_from: Vec<Handle>,
    /// Whether it takes those of several people at once. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_enabled: Option<bool>,
    /// Only of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_channels: Vec<Handle>,
    /// Whether answers refer to the message they are for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to_mode: Option<ReplyToMode>,
}

/// Of which signs on messages an agent hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReactionNotifications {
    /// None.
    Off,
    /// Those on its own.
    Own,
    /// All.
    All,
    /// Those of some people.
    Allowlist,
}

/// How often an agent puts signs on messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReactionLevel {
    /// Never.
    Off,
    /// When it saw them.
    Ack,
    /// Now and then.
    Minimal,
    /// Often.
    Extensive,
}

/// A command that is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CustomCommandConfig {
    /// The command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// How an answer grows as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreamMode {
    /// It does not.
    Off,
    /// Word by word.
    Partial,
    /// Piece by piece.
    Block,
}

/// Who is asked about commands in a channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelApprovalsConfig {
    /// Whether anybody is. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Who.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<Handle>,
    /// Only about those of these agents. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agent_filter: Vec<String>,
    /// Only about those of conversations whose key contains one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub session_filter: Vec<String>,
}

/// Of what Discord tells more.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct IntentsConfig {
    /// Who is there. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<bool>,
    /// Who belongs to a guild. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guild_members: Option<bool>,
}

/// How Slack sends messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SlackMode {
    /// Over a connection of ours.
    Socket,
    /// By calls.
    Http,
}

/// Whether answers refer to a message, by kind of conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ReplyToByTypeConfig {
    /// With one person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct: Option<ReplyToMode>,
    /// With several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<ReplyToMode>,
    /// In a channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ReplyToMode>,
}

/// Threads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ThreadConfig {
    /// What of before is shown in one. Default: `thread`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history_scope: Option<ThreadScope>,
    /// Whether it is shown what the channel said before. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherit_parent: Option<bool>,
}

/// What of before is shown in a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ThreadScope {
    /// What was said in it.
    Thread,
    /// What was said in the channel.
    Channel,
}

/// The command for the agent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SlashCommandConfig {
    /// Whether there is one. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What it is. Default: `openclaw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the names of its conversations begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_prefix: Option<String>,
    /// Whether only whoever used it sees the answer. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral: Option<bool>,
}

/// When messages are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiveMode {
    /// From the beginning.
    OnStart,
    /// When they are asked for.
    Manual,
}

/// How messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImessageService {
    /// By iMessage.
    Imessage,
    /// By SMS.
    Sms,
    /// As it goes.
    Auto,
}

/// What Google's calls are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AudienceType {
    /// An address.
    AppUrl,
    /// A project.
    ProjectNumber,
}

/// How an agent is shown to be typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TypingIndicator {
    /// Not at all.
    None,
    /// By a message.
    Message,
    /// By a sign.
    Reaction,
}

/// Where answers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyStyle {
    /// Into the thread.
    Thread,
    /// Into the channel.
    TopLevel,
}

/// When an agent answers in channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatMode {
    /// When it is called.
    Oncall,
    /// Always.
    Onmessage,
    /// When a message begins with certain letters.
    Onchar,
}

/// When answers go into a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ThreadReplies {
    /// Never.
    Off,
    /// When the message is in one.
    Inbound,
    /// Always.
    Always,
}

/// Which invitations are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AutoJoin {
    /// All.
    Always,
    /// Those of some rooms.
    Allowlist,
    /// None.
    Off,
}
