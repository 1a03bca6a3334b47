//! Subscriptions of clients of protocol 4.

use domain::{
    access::{Access::Operator, Scope::Read},
    session::SessionKey,
};
use ports::{driving::RpcError, event::Topic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sessions::{ListParams, SessionList, listed};
use crate::{
    method::{Context, methods},
    params::{Name, SessionName, Unused},
};

methods! {
    /// From now on, this client hears of changes to the list of sessions as
    /// `sessions.changed`. With parameters of `sessions.list` it also gets that
    /// list.
    "sessions.subscribe" [Operator(Read)] sessions(ListParams) -> SessionsSubscribed;

    /// From now on, this client hears of what is said in a session as
    /// `session.message`, and of its runs if it asked for those of its sessions
    /// only.
    "sessions.messages.subscribe" [Operator(Read)] messages(MessagesParams) -> MessagesSubscribed;

    /// Takes `sessions.messages.subscribe` back.
    "sessions.messages.unsubscribe" [Operator(Read)]
        no_messages(NoMessagesParams) -> MessagesSubscribed;
}

/// Result of `sessions.subscribe`.
#[derive(Debug, Serialize, JsonSchema)]
struct SessionsSubscribed {
    /// Always true.
    subscribed: bool,
    /// The list, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<SessionList>,
}

async fn sessions(cx: Context, params: ListParams) -> Result<SessionsSubscribed, RpcError> {
    cx.services.events.subscribe(cx.caller.id, Topic::Sessions);
    // After subscribing, so that nothing happens in between unheard.
    let list = if params.is_empty() { None } else { Some(listed(&cx, params).await?) };
    Ok(SessionsSubscribed { subscribed: true, list })
}

/// Parameters of `sessions.messages.subscribe`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MessagesParams {
    /// The session.
    key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// Whether to get the approvals that wait.
    include_approvals: Option<bool>,
}

/// Parameters of `sessions.messages.unsubscribe`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NoMessagesParams {
    /// The session.
    key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
}

/// Result of `sessions.messages.subscribe` and `.unsubscribe`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MessagesSubscribed {
    /// Whether the client is subscribed now.
    subscribed: bool,
    /// The session.
    key: String,
    /// The approvals that wait, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_replay: Option<ApprovalReplay>,
}

/// The approvals that wait in a session. There are none yet in this gateway.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ApprovalReplay {
    /// The session.
    session_key: String,
    /// When the list was made.
    updated_at_ms: u64,
    /// The approvals.
    approvals: Vec<Unused>,
    /// Whether some were left out.
    truncated: bool,
}

async fn messages(cx: Context, params: MessagesParams) -> Result<MessagesSubscribed, RpcError> {
    let key = cx.key_of(&params.key, params.agent_id.as_ref())?;
    cx.services.events.subscribe(cx.caller.id, Topic::Messages(key.clone()));
    let replay = |key: &SessionKey| ApprovalReplay {
        session_key: key.to_string(),
        updated_at_ms: cx.services.clock.now().as_millis(),
        approvals: Vec::new(),
        truncated: false,
    };
    let approval_replay = params.include_approvals.filter(|wanted| *wanted).map(|_| replay(&key));
    Ok(MessagesSubscribed { subscribed: true, key: key.to_string(), approval_replay })
}

async fn no_messages(
    cx: Context,
    params: NoMessagesParams,
) -> Result<MessagesSubscribed, RpcError> {
    let key = cx.key_of(&params.key, params.agent_id.as_ref())?;
    let text = key.to_string();
    cx.services.events.unsubscribe(cx.caller.id, &Topic::Messages(key));
    Ok(MessagesSubscribed { subscribed: false, key: text, approval_replay: None })
}
