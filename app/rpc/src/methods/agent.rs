//! `agent` and `agent.wait`: asking an agent and reading the answer from the
//! call itself.

use std::{sync::Arc, time::Duration};

use domain::{
    access::{Access::Operator, Denied, Scope::Write},
    command::Command,
    ids::{AgentId, RunId},
    run::{RunStatus, StopReason},
    session::{Patch, SessionKey},
    time::Timestamp,
};
use ports::{
    Json,
    driving::{RpcError, RpcReply},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::{
    chat::{RunSummary, Send, SendError, Sent, Waited},
    sessions::{Filter, Named, SettingsPatch},
};

use super::{
    chat::read_run,
    send::{self, Files, Later, Outgoing, RunResult, Stopped},
};
use crate::{
    method::{Context, methods},
    params::{Any, Count, IdempotencyKey, Label, Name, NonEmpty, SessionName},
    refusal,
};

methods! {
    /// Asks an agent, and answers twice.
    ///
    /// The first answer, `accepted`, comes when the question is on disk, the
    /// second under the same `id` when the run has ended. Meanwhile the run is
    /// told as `agent` and `chat` events. Repeating the call with the same
    /// `idempotencyKey` gets one answer: how the run is. Starting a session
    /// over (`/new`, `/reset`) takes `operator.admin`.
    "agent" [Operator(Write)] agent(AgentParams) => AgentResult;

    /// Waits until a run has ended, but not too long.
    ///
    /// A run nobody has heard of yet is waited for as well.
    "agent.wait" [Operator(Write)] wait(WaitParams) -> WaitResult;
}

/// How long to wait when nobody says.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);
/// Channels by name. None of them is there yet, so answers are not delivered.
const CHANNELS: [&str; 10] = [
    "last",
    "webchat",
    "telegram",
    "whatsapp",
    "discord",
    "googlechat",
    "slack",
    "signal",
    "imessage",
    "msteams",
];

/// Parameters of `agent`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "some are accepted without effect")]
struct AgentParams {
    /// The question.
    message: NonEmpty,
    /// Who shall answer.
    agent_id: Option<Name>,
    /// The session; the main one of the agent when absent.
    session_key: Option<Any>,
    /// The session, by its transcript.
    session_id: Option<Any>,
    /// Names the run, and makes repeating the call harmless.
    idempotency_key: IdempotencyKey,
    /// How long to think.
    thinking: Option<Any>,
    /// Pictures to look at.
    attachments: Option<Files>,
    /// How long the run may take, in seconds; 0 is the default.
    timeout: Option<Count<0>>,
    /// Instructions in addition to the agent's own.
    extra_system_prompt: Option<Any>,
    /// A model other than the session's.
    model: Option<Any>,
    /// A name for the session.
    label: Option<Label>,
    /// The channel it is about.
    channel: Option<Any>,
    /// The channel to answer on.
    reply_channel: Option<Any>,
    /// Without effect: there is no channel to deliver answers to.
    deliver: Option<bool>,
    /// Without effect.
    best_effort_deliver: Option<bool>,
    /// Without effect.
    to: Option<Any>,
    /// Without effect.
    reply_to: Option<Any>,
    /// Without effect.
    account_id: Option<Any>,
    /// Without effect.
    reply_account_id: Option<Any>,
    /// Without effect.
    thread_id: Option<Any>,
    /// Without effect.
    group_id: Option<Any>,
    /// Without effect.
    group_channel: Option<Any>,
    /// Without effect.
    group_space: Option<Any>,
    /// Without effect.
    lane: Option<Any>,
    /// Without effect.
    spawned_by: Option<Any>,
    /// Without effect.
    provider: Later,
}

/// Results of `agent`, first and second.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum AgentResult {
    /// The question is on disk.
    Accepted(Underway),
    /// The run has ended.
    Ended(Ended),
    /// It was a word that stops runs.
    Stopped(Stopped),
}

/// The question is on disk.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Underway {
    /// The run; the idempotency key.
    run_id: String,
    /// The session.
    session_key: String,
    /// Who answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    /// `accepted`.
    status: &'static str,
    /// When.
    #[schemars(with = "u64")]
    accepted_at: Timestamp,
}

/// The run has ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Ended {
    /// The run.
    run_id: String,
    /// `ok`, or `aborted`.
    status: &'static str,
    /// `completed`, or `aborted`.
    summary: &'static str,
    /// What was said, and how.
    result: RunResult,
}

async fn agent(cx: Context, params: AgentParams) -> Result<RpcReply, RpcError> {
    params.check(&cx)?;
    let key = params.session(&cx).await?;
    let model = params.model.as_ref().map(|model| cx.services.models.find(model.as_str()));
    let model = model.transpose().map_err(|unknown| RpcError::invalid(unknown.to_string()))?;
    if let Some(label) = params.label {
        let label = Patch::Set(label.as_str().into());
        let patch = SettingsPatch { label, ..SettingsPatch::default() };
        cx.services.sessions.patch(&key, patch).await.map_err(refusal::sessions)?;
    }
    let outgoing = Outgoing {
        client_key: params.session_key.map_or_else(|| key.to_string(), Any::into_string),
        key: key.clone(),
        message: params.message.into_string(),
        thinking: params.thinking,
        files: params.attachments,
        timeout: params.timeout.map(Count::get).filter(|it| 0 < *it).map(Duration::from_secs),
        idempotency_key: params.idempotency_key,
    };
    let mut question = outgoing.read(&cx)?;
    question.model = model;
    question.instructions = params.extra_system_prompt.map(Any::into_string);
    answer_twice(&cx, &key, question).await
}

async fn answer_twice(
    cx: &Context,
    key: &SessionKey,
    question: Send,
) -> Result<RpcReply, RpcError> {
    let run = question.run.clone();
    // Before the run can end, so that its end is not missed.
    let end = cx.services.chat.finished(&run);
    let accepted = || {
        RpcReply::of(&AgentResult::Accepted(Underway {
            run_id: run.to_string(),
            session_key: key.to_string(),
            agent_id: key.agent().map(String::from),
            status: RunStatus::Accepted.as_str(),
            accepted_at: cx.services.clock.now(),
        }))
    };
    match cx.services.chat.send(question).await.map_err(refusal::send)? {
        Sent::Started { .. } => {
            let later = async move {
                match end.await {
                    Some(summary) => ended(&summary),
                    None => Err(RpcError::unavailable("the gateway is stopping")),
                }
            };
            Ok(RpcReply { later: Some(Box::pin(later)), ..accepted() })
        }
        Sent::InFlight => Ok(accepted()),
        Sent::Finished(summary) => ended(&summary).map(RpcReply::from),
        Sent::Stopped(runs) => Ok(RpcReply::of(&AgentResult::Stopped(Stopped::of(&runs)))),
    }
}

fn ended(summary: &Arc<RunSummary>) -> Result<Json, RpcError> {
    let (status, said) = match summary.status {
        RunStatus::Error => return Err(send::failed(summary)),
        RunStatus::Aborted => ("aborted", "aborted"),
        RunStatus::Ok | RunStatus::Accepted => ("ok", "completed"),
    };
    let (run_id, result) = (summary.run.to_string(), RunResult::from(summary));
    Ok(Json::of(&AgentResult::Ended(Ended { run_id, status, summary: said, result })))
}

impl AgentParams {
    /// What is wrong besides the shape.
    fn check(&self, cx: &Context) -> Result<(), RpcError> {
        for channel in [&self.channel, &self.reply_channel].into_iter().flatten() {
            let name = channel.as_str().trim().to_lowercase();
            if !name.is_empty() && !CHANNELS.contains(&name.as_str()) {
                let name: String = name.chars().take(64).collect();
                let unknown = format!("invalid agent params: unknown channel: {name}");
                return Err(RpcError::invalid(unknown));
            }
        }
        if let Some(typed) = Command::parse(self.message.as_str()) {
            let scope = typed.command.spec().agent_scope;
            if !cx.caller.principal.scopes.grants(scope) {
                return Err(Denied::Scope(scope).into());
            }
        }
        Ok(())
    }

    /// The session: by its key, by its transcript, or the main one of the agent.
    async fn session(&self, cx: &Context) -> Result<SessionKey, RpcError> {
        let agent = self.agent_id.as_ref();
        if let Some(id) = agent.map(|agent| AgentId::normalize(agent.as_str()))
            && !cx.services.directory.has(&id)
        {
            return Err(refusal::send(SendError::UnknownAgent(id)));
        }
        let filled = |text: &Option<Any>| {
            text.as_ref().filter(|text| !text.as_str().trim().is_empty()).cloned()
        };
        if let Some(name) = filled(&self.session_key) {
            let name = SessionName::new(name.into_string()).ok_or_else(|| {
                let problem = "at /sessionKey: must NOT have more than 512 characters";
                RpcError::invalid(format!("invalid agent params: {problem}"))
            })?;
            return cx.key_of(&name, agent);
        }
        if let Some(id) = filled(&self.session_id).and_then(|id| id.as_str().parse().ok()) {
            let sessions = &cx.services.sessions;
            let known = sessions.resolve(Named::Id(id), &Filter::default(), "").await;
            if let Ok(key) = known {
                return Ok(key);
            }
        }
        Ok(cx.main_of(agent))
    }
}

/// Parameters of `agent.wait`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WaitParams {
    /// The run.
    run_id: Name,
    /// How long to wait, in milliseconds. Default: 30,000.
    timeout_ms: Option<Count<0>>,
}

/// Result of `agent.wait`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WaitResult {
    /// The run.
    run_id: String,
    /// `ok`, `error`, or `timeout` when it has not ended. A run that was stopped
    /// is `ok` with a `stopReason`.
    status: &'static str,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    ended_at: Option<Timestamp>,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Why it was stopped, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<&'static str>,
}

async fn wait(cx: Context, params: WaitParams) -> Result<WaitResult, RpcError> {
    let run: RunId = read_run(&params.run_id)?;
    let patience = params.timeout_ms.map(Count::get).map_or(DEFAULT_WAIT, Duration::from_millis);
    let waited = cx.services.chat.wait(&run, patience).await.map_err(refusal::store)?;
    let run_id = run.to_string();
    Ok(match waited {
        Waited::TimedOut => WaitResult {
            run_id,
            status: "timeout",
            started_at: None,
            ended_at: None,
            error: None,
            stop_reason: None,
        },
        Waited::Ended(summary) => WaitResult {
            run_id,
            status: if summary.status == RunStatus::Error { "error" } else { "ok" },
            started_at: Some(summary.started_at),
            ended_at: Some(summary.ended_at),
            error: summary.error.clone(),
            stop_reason: summary.stop.map(StopReason::as_str),
        },
    })
}
