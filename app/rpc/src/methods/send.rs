//! What sending a message has in common, whatever the method is called.

use std::{sync::Arc, time::Duration};

use domain::{
    attachment::{self, Attachment, MAX_COUNT},
    ids::RunId,
    run::{RunStatus, StopReason},
    session::{SessionKey, Thinking},
};
use ports::{Json, driving::RpcError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::debug;
use usecases::chat::{RunSummary, Send, Sent};

use crate::{
    method::Context,
    params::{Any, Count, IdempotencyKey, List, Unused},
    refusal,
};

/// Files sent along with a message.
pub(super) type Files = List<Enclosure, 0, MAX_COUNT>;

/// A file sent along with a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Enclosure {
    /// What it is, as in `image`.
    #[serde(rename = "type")]
    kind: Option<Any>,
    /// The same precisely, as in `image/png`.
    mime_type: Option<Any>,
    /// What it is called.
    file_name: Option<Any>,
    /// The bytes in base64, perhaps as a `data:` URL.
    content: Option<Any>,
}

/// A message, and what every method that sends one knows about it.
pub(super) struct Outgoing {
    pub(super) key: SessionKey,
    pub(super) client_key: String,
    pub(super) message: String,
    pub(super) thinking: Option<Any>,
    pub(super) files: Option<Files>,
    pub(super) timeout: Option<Duration>,
    pub(super) idempotency_key: IdempotencyKey,
}

/// Reads a number of milliseconds; 0 means the default.
pub(super) fn timeout(millis: Option<Count<0>>) -> Option<Duration> {
    millis.map(Count::get).filter(|millis| 0 < *millis).map(Duration::from_millis)
}

impl Outgoing {
    /// The message as the use case wants it. The caller may add to it.
    pub(super) fn read(self, cx: &Context) -> Result<Send, RpcError> {
        let run: RunId = self
            .idempotency_key
            .as_str()
            .parse()
            .map_err(|error| RpcError::invalid(format!("idempotencyKey {error}")))?;
        Ok(Send {
            key: self.key,
            client_key: self.client_key.into(),
            run,
            text: self.message,
            attachments: read_files(self.files)?,
            thinking: self.thinking.and_then(|level| read_thinking(&level)),
            timeout: self.timeout,
            model: None,
            instructions: None,
            may_command: cx.caller.principal.scopes,
            sender: cx.caller.info.display_name.as_deref().map(str::to_owned),
        })
    }
}

/// An unknown level is no reason to lose a message.
fn read_thinking(level: &Any) -> Option<Thinking> {
    level.as_str().parse().ok()
}

fn read_files(files: Option<Files>) -> Result<Vec<Attachment>, RpcError> {
    let text = |text: Option<Any>| text.map(Any::into_string);
    let files = files.unwrap_or_default().into_vec().into_iter().map(|file| attachment::Sent {
        kind: text(file.kind),
        mime: text(file.mime_type),
        name: text(file.file_name),
        content: text(file.content),
    });
    let sorted = attachment::sort(files.collect()).map_err(refusal::attachment)?;
    if 0 < sorted.dropped {
        debug!(dropped = sorted.dropped, "attachments no agent can look at");
    }
    Ok(sorted.pictures)
}

/// What became of a message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum SendResult {
    /// It has a run.
    Run(RunState),
    /// It was a word that stops runs.
    Stopped(Stopped),
}

/// How the run of a message is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunState {
    /// The run; the idempotency key.
    run_id: RunName,
    /// `started`; `in_flight` when it was sent before and has not ended; `ok` or
    /// `aborted` when it has.
    status: &'static str,
}

/// Which runs were stopped.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stopped {
    /// Always true.
    ok: bool,
    /// Whether there was a run to stop.
    aborted: bool,
    /// The runs.
    run_ids: Vec<String>,
}

impl Stopped {
    pub(super) fn of(runs: &[RunId]) -> Self {
        let run_ids: Vec<_> = runs.iter().map(RunId::to_string).collect();
        Self { ok: true, aborted: !run_ids.is_empty(), run_ids }
    }
}

/// The name of a run, in results.
pub(super) type RunName = String;

/// Sends a message and says what became of it.
pub(super) async fn send(cx: &Context, send: Send) -> Result<SendResult, RpcError> {
    let run_id = send.run.to_string();
    let state = |status| Ok(SendResult::Run(RunState { run_id: run_id.clone(), status }));
    match cx.services.chat.send(send).await.map_err(refusal::send)? {
        Sent::Started { .. } => state("started"),
        Sent::InFlight => state("in_flight"),
        Sent::Stopped(runs) => Ok(SendResult::Stopped(Stopped::of(&runs))),
        Sent::Finished(summary) => match summary.status {
            RunStatus::Error => Err(failed(&summary)),
            status => state(status.as_str()),
        },
    }
}

/// The refusal that stands for a run that failed: an error and a payload.
pub(super) fn failed(summary: &RunSummary) -> RpcError {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Payload<'a> {
        run_id: &'a str,
        status: &'a str,
        summary: &'a str,
    }

    let message = summary.error.as_deref().unwrap_or("the run failed");
    let payload = Payload { run_id: summary.run.as_str(), status: "error", summary: message };
    RpcError { payload: Some(Json::of(&payload)), ..RpcError::unavailable(message) }
}

/// How a run ended, in the words of `agent` and `agent.wait`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunResult {
    /// What was said.
    pub(super) payloads: Vec<Said>,
    /// How it was said.
    pub(super) meta: RunMeta,
}

/// Something that was said.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Said {
    /// The text.
    text: String,
    /// A file that belongs to it.
    media_url: Option<String>,
}

/// How something was said.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunMeta {
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// Which model said it.
    agent_meta: AgentMeta,
    /// Whether it was stopped before its end.
    aborted: bool,
    /// Why it was stopped, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_reason: Option<&'static str>,
}

/// Which model said something, and what it used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct AgentMeta {
    /// Who offers the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Tokens.
    usage: Used,
}

/// Tokens that were used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Used {
    /// Read.
    input: u64,
    /// Written.
    output: u64,
    /// Read from a cache.
    cache_read: u64,
    /// Written to a cache.
    cache_write: u64,
    /// Together.
    total: u64,
}

impl From<&Arc<RunSummary>> for RunResult {
    fn from(summary: &Arc<RunSummary>) -> Self {
        let took = summary.ended_at.since(summary.started_at);
        let model = summary.model.as_ref();
        let usage = summary.usage;
        let said = Said { text: summary.text.as_ref().to_owned(), media_url: None };
        Self {
            payloads: if summary.text.is_empty() { Vec::new() } else { vec![said] },
            meta: RunMeta {
                duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
                agent_meta: AgentMeta {
                    provider: model.map(|model| model.provider().to_owned()),
                    model: model.map(|model| model.model().to_owned()),
                    usage: Used {
                        input: usage.input,
                        output: usage.output,
                        cache_read: usage.cache_read,
                        cache_write: usage.cache_write,
                        total: usage.total(),
                    },
                },
                aborted: summary.status == RunStatus::Aborted,
                stop_reason: summary.stop.map(StopReason::as_str),
            },
        }
    }
}

/// Settings later clients may send with a message, none of which this gateway
/// has yet.
pub(super) type Later = Option<Unused>;
