//! `chat.*` and `sessions.*` that speak: sending, stopping, injecting.

use domain::{
    access::{
        Access::Operator,
        Scope::{Admin, Write},
    },
    ids::{MessageId, RunId},
};
use ports::driving::RpcError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::send::{self, Files, Later, Outgoing, SendResult, Stopped, timeout};
use crate::{
    method::{Context, methods},
    params::{Any, Count, IdempotencyKey, Name, NonEmpty, SessionName, Text},
    refusal,
};

methods! {
    /// Sends a message to the agent of a session.
    ///
    /// The answer comes when the message is on disk. What the agent says comes
    /// as `chat` events, ended by one `final`, `aborted` or `error`. Sending it
    /// again under the same `idempotencyKey` changes nothing, so a client may
    /// retry. A word such as `/stop` stops what runs in the session instead.
    "chat.send" [Operator(Write)] send(SendParams) -> SendResult;

    /// Stops a run, or every run of a session, whether active or waiting.
    "chat.abort" [Operator(Write)] abort(AbortParams) -> Stopped;

    /// Adds a message of the agent that no model has said.
    "chat.inject" [Operator(Admin)] inject(InjectParams) -> InjectResult;

    /// Sends a message to the agent of an existing or new session, as
    /// `chat.send` does.
    "sessions.send" [Operator(Write)] sessions_send(SessionsSendParams) -> SendResult;

    /// Stops what runs in a session, named by its key or by a run of it.
    "sessions.abort" [Operator(Write)] sessions_abort(SessionsAbortParams) -> SessionsAborted;
}

/// Parameters of `chat.send`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct SendParams {
    /// The session, by its key or a short name for it.
    session_key: SessionName,
    /// What to say.
    message: String,
    /// How long to think, instead of what is set for the session.
    thinking: Option<Any>,
    /// Answers are never sent to other channels.
    deliver: Option<bool>,
    /// Pictures to look at.
    attachments: Option<Files>,
    /// How long the run may take; 0 is the default.
    timeout_ms: Option<Count<0>>,
    /// Names the run, and makes repeating the call harmless.
    idempotency_key: IdempotencyKey,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// Without effect.
    session_id: Later,
    /// Without effect.
    fast_mode: Later,
    /// Without effect.
    fast_auto_on_seconds: Later,
    /// Without effect: messages wait their turn.
    queue_mode: Later,
    /// Without effect.
    originating_channel: Later,
    /// Without effect.
    originating_to: Later,
    /// Without effect.
    originating_account_id: Later,
    /// Without effect.
    originating_thread_id: Later,
    /// Without effect.
    reply_to_id: Later,
    /// Without effect.
    mentions: Later,
}

async fn send(cx: Context, params: SendParams) -> Result<SendResult, RpcError> {
    let outgoing = Outgoing {
        key: cx.key_of(&params.session_key, params.agent_id.as_ref())?,
        client_key: params.session_key.into_string(),
        message: params.message,
        thinking: params.thinking,
        files: params.attachments,
        timeout: timeout(params.timeout_ms),
        idempotency_key: params.idempotency_key,
    };
    send::send(&cx, outgoing.read(&cx)?).await
}

/// Parameters of `chat.abort`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct AbortParams {
    /// The session.
    session_key: SessionName,
    /// The run; all runs of the session when absent.
    run_id: Option<Name>,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// Without effect.
    preserve_side_runs: Later,
}

async fn abort(cx: Context, params: AbortParams) -> Result<Stopped, RpcError> {
    let key = cx.key_of(&params.session_key, params.agent_id.as_ref())?;
    let run = params.run_id.as_ref().map(read_run).transpose()?;
    let stopped = cx.services.chat.abort(&key, run.as_ref()).map_err(refusal::other_session)?;
    Ok(Stopped::of(&stopped))
}

pub(super) fn read_run(name: &Name) -> Result<RunId, RpcError> {
    name.as_str().parse().map_err(|error| RpcError::invalid(format!("runId {error}")))
}

/// Parameters of `chat.inject`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct InjectParams {
    /// The session.
    session_key: SessionName,
    /// What to say.
    message: NonEmpty,
    /// What to put before it, in brackets.
    label: Option<Text<0, 100>>,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
}

/// Result of `chat.inject`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InjectResult {
    /// Always true.
    ok: bool,
    /// Names the message.
    message_id: String,
}

async fn inject(cx: Context, params: InjectParams) -> Result<InjectResult, RpcError> {
    let key = cx.key_of(&params.session_key, params.agent_id.as_ref())?;
    let label = params.label.as_ref().map(|label| label.as_str().trim());
    let label = label.filter(|label| !label.is_empty());
    let client_key = params.session_key.as_str().into();
    let injected = cx.services.chat.inject(&key, client_key, params.message.as_str(), label);
    let id: MessageId = injected.await.map_err(refusal::inject)?;
    Ok(InjectResult { ok: true, message_id: id.to_string() })
}

/// Parameters of `sessions.send`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct SessionsSendParams {
    /// The session.
    key: SessionName,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// What to say.
    message: String,
    /// How long to think.
    thinking: Option<Any>,
    /// Pictures to look at.
    attachments: Option<Files>,
    /// How long the run may take; 0 is the default.
    timeout_ms: Option<Count<0>>,
    /// Names the run. Without one, repeating the call sends the message twice.
    idempotency_key: Option<IdempotencyKey>,
    /// Without effect.
    mentions: Later,
}

async fn sessions_send(cx: Context, params: SessionsSendParams) -> Result<SendResult, RpcError> {
    let outgoing = Outgoing {
        key: cx.key_of(&params.key, params.agent_id.as_ref())?,
        client_key: params.key.into_string(),
        message: params.message,
        thinking: params.thinking,
        files: params.attachments,
        timeout: timeout(params.timeout_ms),
        idempotency_key: match params.idempotency_key {
            Some(key) => key,
            None => cx.fresh_key()?,
        },
    };
    send::send(&cx, outgoing.read(&cx)?).await
}

/// Parameters of `sessions.abort`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct SessionsAbortParams {
    /// The session.
    key: Option<SessionName>,
    /// The run.
    run_id: Option<Name>,
    /// The agent, when the session is named in short.
    agent_id: Option<Name>,
    /// Without effect: what waits is stopped as well, unless a run is named.
    clear_queued: Later,
}

/// Result of `sessions.abort`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SessionsAborted {
    /// Always true.
    ok: bool,
    /// The run that was stopped, the active one first.
    aborted_run_id: Option<String>,
    /// `aborted`, or `no-active-run`.
    status: &'static str,
}

async fn sessions_abort(
    cx: Context,
    params: SessionsAbortParams,
) -> Result<SessionsAborted, RpcError> {
    let run = params.run_id.as_ref().map(read_run).transpose()?;
    let key = match (&params.key, &run) {
        (Some(key), _) => Some(cx.key_of(key, params.agent_id.as_ref())?),
        (None, Some(run)) => cx.services.sessions.of_run(run).await.map_err(refusal::store)?,
        (None, None) => return Err(RpcError::invalid("Either key or runId is required")),
    };
    let stopped = match key {
        Some(key) => cx.services.chat.abort(&key, run.as_ref()).map_err(refusal::other_session)?,
        None => Vec::new(),
    };
    let status = if stopped.is_empty() { "no-active-run" } else { "aborted" };
    Ok(SessionsAborted { ok: true, aborted_run_id: stopped.first().map(RunId::to_string), status })
}
