//! Section `hooks`.

use std::collections::BTreeMap;

use domain::hooks::{HookSessionMode as SessionMode, HookVerb, Scheme, WakeMode as When};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::open::{Anything, Command, Secret, is_default};

/// What is done when something elsewhere happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HooksConfig {
    /// Whether the gateway listens for it. Needs `token`. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What whoever calls has to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// Where it listens, not `/`. Default: `/hooks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The longest body, in bytes. Default: 262144.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// Mappings that are known by name: `gmail`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub presets: Vec<String>,
    /// What calls mean. The first that fits counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mappings: Vec<HookMappingConfig>,
    /// The part of `hooks/transforms` beside the file in which the programs of
    /// mappings are. Default: all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transforms_dir: Option<String>,
    /// The conversation a call goes to that names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_session_key: Option<String>,
    /// Whether a call may name its conversation. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_request_session_key: Option<bool>,
    /// What names of conversations that come from calls have to begin with.
    /// Default: `hook:`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_session_key_prefixes: Vec<String>,
    /// The agents a call may ask. Empty, or `*` in it: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_agent_ids: Vec<String>,
    /// How many runs calls may have at once; further calls are told to come
    /// later. Default: 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_runs: Option<u64>,
    /// Mail that arrives at Gmail.
    #[serde(skip_serializing_if = "is_default")]
    pub gmail: GmailHookConfig,
    /// What is done when something in the gateway happens.
    #[serde(skip_serializing_if = "is_default")]
    pub internal: InternalHooksConfig,
}

/// What a call means.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HookMappingConfig {
    /// What it is called in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Which calls it is for. Empty: every call.
    #[serde(skip_serializing_if = "is_default")]
    pub r#match: HookMatchConfig,
    /// What is done. Default: `agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<HookAction>,
    /// When. Default: `now`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake_mode: Option<WakeMode>,
    /// Who it is from, for the agent to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The agent that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The conversation. May be a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// Whether that conversation goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_mode: Option<HookSessionMode>,
    /// What the agent is asked, with `{{…}}` for parts of the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_template: Option<String>,
    /// What the agent is woken with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_template: Option<String>,
    /// The path of a list in the body, of at most 200 elements; the mapping is
    /// for each of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_each: Option<String>,
    /// Whether the answer is sent to a channel. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver: Option<bool>,
    /// The channel, or `last` for the one used last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The person or group there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long it thinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// How long it may take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Whether the body is shown to the model without a fence around it.
    /// Whoever writes it can then tell the agent what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_unsafe_external_content: Option<bool>,
    /// A program that says what is done.
    #[serde(skip_serializing_if = "is_default")]
    pub transform: HookTransformConfig,
    /// How a sender that cannot show the token signs what it sends. With it, only
    /// signed calls are taken, and the token is not needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hmac: Option<HookHmacConfig>,
}

/// Which calls a mapping is for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HookMatchConfig {
    /// Those with this path behind that of the hooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Those with this `source` in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// How a sender signs what it sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HookHmacConfig {
    /// In whose way.
    #[serde(default)]
    pub scheme: HookHmacScheme,
    /// What it signs with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// The header with the signature. Default: `x-hub-signature-256`,
    /// `stripe-signature` or `x-signature`, as `scheme` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The header that names a delivery, which is taken once. Default:
    /// `x-github-delivery` for GitHub; Stripe names them in the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_header: Option<String>,
    /// Of Stripe: how far the time in the signature may be from ours, in
    /// seconds. Default: 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance_seconds: Option<u64>,
}

/// In whose way something is signed with HMAC-SHA-256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HookHmacScheme {
    /// GitHub's: `sha256=<hex>` over the body.
    Github,
    /// Stripe's: `t=<seconds>,v1=<hex>` over the time and the body.
    Stripe,
    /// Hex or base64 over the body.
    #[default]
    Generic,
}

impl From<HookHmacScheme> for Scheme {
    fn from(scheme: HookHmacScheme) -> Self {
        match scheme {
            HookHmacScheme::Github => Self::Github,
            HookHmacScheme::Stripe => Self::Stripe,
            HookHmacScheme::Generic => Self::Generic,
        }
    }
}

/// A program that says what is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HookTransformConfig {
    /// The program in `transformsDir`, or the program and its arguments. It gets
    /// `{payload, headers, url, path}` over its input and answers with what
    /// differs from the mapping, or with `null` if nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// How long it may take, in milliseconds, at most 30000. Default: 5000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// A JavaScript module of OpenClaw. This gateway runs none: calls the mapping
    /// is for fail until `command` takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Its function. Read for OpenClaw's sake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<String>,
}

/// What is done about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HookAction {
    /// An agent is asked.
    Agent,
    /// The agent is woken.
    Wake,
}

impl From<HookAction> for HookVerb {
    fn from(action: HookAction) -> Self {
        match action {
            HookAction::Agent => Self::Agent,
            HookAction::Wake => Self::Wake,
        }
    }
}

/// When an agent looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WakeMode {
    /// At once.
    Now,
    /// The next time it looks around anyway.
    NextHeartbeat,
}

impl From<WakeMode> for When {
    fn from(mode: WakeMode) -> Self {
        match mode {
            WakeMode::Now => Self::Now,
            WakeMode::NextHeartbeat => Self::NextHeartbeat,
        }
    }
}

/// Whether a conversation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HookSessionMode {
    /// Every call has its own.
    Isolated,
    /// It does.
    Persistent,
}

impl From<HookSessionMode> for SessionMode {
    fn from(mode: HookSessionMode) -> Self {
        match mode {
            HookSessionMode::Isolated => Self::Isolated,
            HookSessionMode::Persistent => Self::Persistent,
        }
    }
}

/// Mail that arrives at Gmail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct GmailHookConfig {
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Only mail with this label. Default: `INBOX`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The topic of Google Pub/Sub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// The subscription to it. Default: `gog-gmail-watch-push`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// What Google has to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_token: Option<Secret>,
    /// Where mail is sent on to. Default: the gateway's own hook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook_url: Option<String>,
    /// Whether the text of a mail is part of it. Default: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_body: Option<bool>,
    /// How much of the text, in bytes. Default: 20000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// How often the subscription is renewed, in minutes. Default: 720.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew_every_minutes: Option<u64>,
    /// Whether the text is shown to the model without a fence around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_unsafe_external_content: Option<bool>,
    /// Where Google's calls arrive.
    #[serde(skip_serializing_if = "is_default")]
    pub serve: GmailServeConfig,
    /// How Google's calls come here.
    #[serde(skip_serializing_if = "is_default")]
    pub tailscale: GmailTailscaleConfig,
    /// The model that reads mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How long it thinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
}

/// Where Google's calls arrive.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct GmailServeConfig {
    /// The address. Default: `127.0.0.1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// The port. Default: 8788.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u64>,
    /// The path. Default: `/gmail-pubsub`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

/// How Google's calls come here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct GmailTailscaleConfig {
    /// Whom Tailscale brings. Default: `off`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<GmailExposure>,
    /// The path it brings them to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Where it sends them on to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// Whom Tailscale brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GmailExposure {
    /// Nobody.
    Off,
    /// The members of the tailnet.
    Serve,
    /// Everybody.
    Funnel,
}

/// What is done when something in the gateway happens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct InternalHooksConfig {
    /// Whether anything is. Default: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Modules by the event they are for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<InternalHandlerConfig>,
    /// Hooks that are found, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub entries: BTreeMap<String, InternalEntryConfig>,
    /// Where hooks are found.
    #[serde(skip_serializing_if = "is_default")]
    pub load: HooksLoadConfig,
    /// Where hooks came from, as the installer remembers it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub installs: BTreeMap<String, Anything>,
}

/// A module and the event it is for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct InternalHandlerConfig {
    /// The event, as in `command:new`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Its function. Default: `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<String>,
}

/// A hook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("additionalProperties" = true))]
pub struct InternalEntryConfig {
    /// Whether it is used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Variables it is given.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Secret>,
}

/// Where hooks are found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HooksLoadConfig {
    /// Directories besides the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extra_dirs: Vec<String>,
}
