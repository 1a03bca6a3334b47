//! Conversations.

use domain::{
    session::{
        Elevated, ExecAsk, ExecHost, ExecSecurity, GroupActivation, Reasoning, ResponseUsage,
        SendPolicy, Session, SessionKey, Settings, Thinking, Verbose,
    },
    time::Timestamp,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::Message;
use crate::Json;

/// What is remembered about a session (`ws-protocol.md` 9.2), as `sessions.patch`
/// and `sessions.reset` return it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionEntry {
    /// Its current transcript.
    pub session_id: String,
    /// When it last changed.
    #[schemars(with = "u64")]
    pub updated_at: Timestamp,
    /// When it began.
    #[schemars(with = "u64")]
    pub created_at: Timestamp,
    /// What was chosen for it and what it used.
    #[serde(flatten)]
    pub state: SessionState,
}

/// What was chosen for a session and what it used. Shared by entries and rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How long the model thinks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_level: Option<String>,
    /// Whether the steps of tools are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verbose_level: Option<String>,
    /// Whether what the model thinks is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_level: Option<String>,
    /// Whether commands may leave the sandbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevated_level: Option<String>,
    /// Whether an answer says what it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_usage: Option<String>,
    /// Where commands run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec_host: Option<String>,
    /// Which commands run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec_security: Option<String>,
    /// When a person is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec_ask: Option<String>,
    /// On which node commands run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec_node: Option<String>,
    /// Who offers the model chosen for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_override: Option<String>,
    /// The model chosen for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_override: Option<String>,
    /// Whether it may be spoken in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send_policy: Option<String>,
    /// What wakes the agent in a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_activation: Option<String>,
    /// The session that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spawned_by: Option<String>,
    /// Who offers the model that answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_provider: Option<String>,
    /// The model that answered last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens read.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// What the next prompt is about, in tokens.
    pub total_tokens: u64,
    /// How often it was compacted.
    pub compaction_count: u32,
    /// Whether its last run was stopped before its end.
    pub aborted_last_run: bool,
    /// Where its messages come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// A row of `sessions.list` (`ws-protocol.md` 9.4).
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionRow {
    /// Which.
    pub key: String,
    /// `direct`, `group`, `global` or `unknown`.
    pub kind: &'static str,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What to call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it seems to be about, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived_title: Option<String>,
    /// How its last message begins, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message_preview: Option<String>,
    /// `direct` or `group`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_type: Option<&'static str>,
    /// When it last changed.
    #[schemars(with = "Option<u64>")]
    pub updated_at: Option<Timestamp>,
    /// When it began.
    #[schemars(with = "u64")]
    pub created_at: Timestamp,
    /// Its current transcript.
    pub session_id: String,
    /// `running` while a run is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// What was chosen for it and what it used.
    #[serde(flatten)]
    pub state: SessionState,
}

/// The payload of `sessions.changed`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionsChanged {
    /// Which.
    pub session_key: String,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// `create`, `patch`, `reset`, `delete`, `compact`, `message`, `run`.
    pub reason: &'static str,
    /// When.
    #[schemars(with = "u64")]
    pub ts: Timestamp,
    /// How it is now, unless it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionRow>,
}

/// The payload of `session.message`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionMessage {
    /// Which session.
    pub session_key: String,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The message.
    #[schemars(with = "Message")]
    pub message: Json,
    /// Names it.
    pub message_id: String,
    /// Its place in the transcript.
    pub message_seq: u64,
}

impl From<&Session> for SessionEntry {
    fn from(session: &Session) -> Self {
        Self {
            session_id: session.id.to_string(),
            updated_at: session.updated_at,
            created_at: session.created_at,
            state: SessionState::from(session),
        }
    }
}

impl From<&Session> for SessionState {
    fn from(session: &Session) -> Self {
        let Settings {
            label,
            thinking,
            verbose,
            reasoning,
            response_usage,
            elevated,
            exec_host,
            exec_security,
            exec_ask,
            exec_node,
            model,
            send_policy,
            group_activation,
            spawned_by,
        } = &session.settings;
        let word = |word: Option<&'static str>| word.map(str::to_owned);
        Self {
            label: label.as_deref().map(str::to_owned),
            thinking_level: word(thinking.map(Thinking::as_str)),
            verbose_level: word(verbose.map(Verbose::as_str)),
            reasoning_level: word(reasoning.map(Reasoning::as_str)),
            elevated_level: word(elevated.map(Elevated::as_str)),
            response_usage: word(response_usage.map(ResponseUsage::as_str)),
            exec_host: word(exec_host.map(ExecHost::as_str)),
            exec_security: word(exec_security.map(ExecSecurity::as_str)),
            exec_ask: word(exec_ask.map(ExecAsk::as_str)),
            exec_node: exec_node.as_deref().map(str::to_owned),
            provider_override: model.as_ref().map(|it| it.provider().to_owned()),
            model_override: model.as_ref().map(|it| it.model().to_owned()),
            send_policy: word(send_policy.map(SendPolicy::as_str)),
            group_activation: word(group_activation.map(GroupActivation::as_str)),
            spawned_by: spawned_by.as_ref().map(SessionKey::to_string),
            model_provider: session.model_provider.as_deref().map(str::to_owned),
            model: session.model.as_deref().map(str::to_owned),
            input_tokens: session.tokens.input,
            output_tokens: session.tokens.output,
            total_tokens: session.tokens.context,
            compaction_count: session.compactions,
            aborted_last_run: session.aborted_last_run,
            channel: session.channel.as_deref().map(str::to_owned),
        }
    }
}

impl SessionRow {
    /// The row of `session`. Title and preview are left out unless asked for.
    pub fn new(session: &Session, running: bool) -> Self {
        let kind = match session.key.as_str() {
            "global" => "global",
            "unknown" => "unknown",
            _ if session.key.is_group() => "group",
            _ => "direct",
        };
        Self {
            key: session.key.to_string(),
            kind,
            agent_id: session.key.agent().map(String::from),
            display_name: session.settings.label.as_deref().map(str::to_owned),
            derived_title: None,
            last_message_preview: None,
            chat_type: matches!(kind, "direct" | "group").then_some(kind),
            updated_at: Some(session.updated_at),
            created_at: session.created_at,
            session_id: session.id.to_string(),
            status: running.then_some("running"),
            state: SessionState::from(session),
        }
    }
}
