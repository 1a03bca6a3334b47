//! What nodes call: answers, news, work, and what they may run unasked.

use std::time::Duration;

use domain::{access::Access::Node, ids::NodeId};
use ports::{Json, driving::RpcError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use usecases::nodes::{
    ExecNews, ExecStep, Invoked, NodeFailure, NodeNews, NodeResult, Nodes, Unheard,
};

use super::nodes::WorkRow;
use crate::{
    method::{Context, methods},
    params::{Any, Count, Int, List, Name, Nothing, Text},
    refusal,
};

methods! {
    /// A node says what became of a command.
    ///
    /// It counts if it comes from the node that was asked, over the connection
    /// it was asked on, while somebody waits for it.
    "node.invoke.result" [Node] result(ResultParams) -> Received;

    /// A node says that it is still at a command. Nobody waits longer for it.
    "node.invoke.progress" [Node] progress(ProgressParams) -> Received;

    /// A node says something unasked.
    ///
    /// `voice.transcript` and `agent.request` ask an agent; `chat.subscribe` and
    /// `chat.unsubscribe` follow a session; `exec.started`, `exec.finished` and
    /// `exec.denied` tell the agent about commands this node was given, and
    /// about no others; `node.presence.alive`, `node.presence.activity` and
    /// `node.host.stats` say how it is. Anything else is not handled, which is
    /// no error.
    "node.event" [Node] event(EventParams) -> EventResult;

    /// The work that waits for this node, the urgent first. It keeps waiting
    /// until the node acknowledges it.
    "node.pending.pull" [Node] pull(Nothing) -> Pulled;

    /// A node did some of the work that waited for it.
    "node.pending.ack" [Node] ack(AckParams) -> WorkDone;

    /// Hands this node the work that waits for it, for good.
    "node.pending.drain" [Node] drain(DrainParams) -> Drained;

    /// The programs skills need, which a node may run without asking. There are
    /// no skills yet, so there are none.
    "skills.bins" [Node] bins(Nothing) -> Bins;
}

/// How much work is handed out when nobody says.
const DEFAULT_DRAIN: usize = 4;

/// The node that calls.
fn me(cx: &Context) -> Result<NodeId, RpcError> {
    Nodes::name_of(&cx.caller).ok_or_else(|| RpcError::invalid("device identity required"))
}

/// The same, which says that it is `claimed`.
fn me_as(cx: &Context, claimed: &Name) -> Result<(), RpcError> {
    if me(cx)?.as_str() == claimed.as_str() {
        return Ok(());
    }
    Err(RpcError::invalid("nodeId mismatch"))
}

/// Parameters of `node.invoke.result`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ResultParams {
    /// The command.
    id: Name,
    /// The node.
    node_id: Name,
    /// Whether it was carried out.
    ok: bool,
    /// The answer.
    payload: Option<Json>,
    /// The same, as JSON in a text. Anything but a text is the answer itself.
    #[serde(rename = "payloadJSON")]
    payload_json: Option<Json>,
    /// Why it was not carried out.
    error: Option<ResultError>,
}

/// Why a command was not carried out.
#[derive(Debug, Deserialize, JsonSchema)]
struct ResultError {
    /// What kind of failure it was.
    code: Option<Any>,
    /// More, for a person.
    message: Option<Any>,
}

/// Result of what either concerns somebody or not.
#[derive(Debug, Serialize, JsonSchema)]
struct Received {
    /// Always true.
    ok: bool,
    /// Present, and true, when nobody waits for it (any more).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ignored: bool,
}

async fn result(cx: Context, params: ResultParams) -> Result<Received, RpcError> {
    me_as(&cx, &params.node_id)?;
    let id = params.id.as_str().to_owned();
    let known = cx.services.nodes.answered(&cx.caller, &id, params.read());
    Ok(Received { ok: true, ignored: !known })
}

impl ResultParams {
    fn read(self) -> NodeResult {
        let error = self
            .error
            .map(|error| NodeFailure { code: filled(error.code), message: filled(error.message) });
        if !self.ok {
            return NodeResult::Failed(error.unwrap_or_default());
        }
        let text = self.payload_json.as_ref().map(|json| (json, text_in(json)));
        let invoked = match text {
            // A text that is no JSON is kept as what it is.
            Some((_, Some(text))) => {
                let payload = Json::parse(text.clone());
                let payload = payload.unwrap_or_else(|_| Json::of(&Raw { payload_json: &text }));
                Invoked { payload, payload_json: Some(text) }
            }
            Some((json, None)) => Invoked { payload: json.clone(), payload_json: None },
            None => {
                Invoked { payload: self.payload.unwrap_or_else(Json::null), payload_json: None }
            }
        };
        NodeResult::Done(invoked)
    }
}

/// An answer that says it is JSON and is not.
#[derive(Serialize)]
struct Raw<'a> {
    #[serde(rename = "payloadJSON")]
    payload_json: &'a str,
}

/// The text `json` is, if it is one.
fn text_in(json: &Json) -> Option<String> {
    serde_json::from_str(json.as_str()).ok()
}

fn filled<const MIN: usize, const MAX: usize>(text: Option<Text<MIN, MAX>>) -> Option<String> {
    text.map(Text::into_string).filter(|text| !text.trim().is_empty())
}

/// Parameters of `node.invoke.progress`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "nobody listens to what was done so far")]
struct ProgressParams {
    /// The command.
    invoke_id: Name,
    /// The node.
    node_id: Name,
    /// Counts upwards.
    seq: Count<0>,
    /// What was done so far.
    chunk: Text<0, 16_384>,
}

async fn progress(cx: Context, params: ProgressParams) -> Result<Received, RpcError> {
    me_as(&cx, &params.node_id)?;
    let (id, seq) = (params.invoke_id.as_str(), params.seq.get());
    let news = cx.services.nodes.progressed(&cx.caller, id, seq);
    Ok(Received { ok: true, ignored: !news })
}

/// Parameters of `node.event`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct EventParams {
    /// What happened.
    event: Name,
    /// More about it.
    payload: Option<Json>,
    /// The same, as JSON in a text.
    #[serde(rename = "payloadJSON")]
    payload_json: Option<Any>,
}

/// Result of `node.event`.
#[derive(Debug, Serialize, JsonSchema)]
struct EventResult {
    /// Always true.
    ok: bool,
    /// What was not handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// False, when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    handled: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

async fn event(cx: Context, params: EventParams) -> Result<EventResult, RpcError> {
    me(&cx)?;
    let name = params.event.into_string();
    let payload = match params.payload_json {
        Some(text) => Json::parse(text.into_string()).ok(),
        None => Some(params.payload.unwrap_or_else(Json::null)),
    };
    let not_handled = |reason: String| EventResult {
        ok: true,
        event: Some(name.clone()),
        handled: Some(false),
        reason: Some(reason),
    };
    let news = match news(&name, payload.as_ref()) {
        Ok(news) => news,
        Err(reason) => return Ok(not_handled(reason.to_owned())),
    };
    match cx.services.nodes.heard(&cx.caller, news).await {
        Ok(()) => Ok(EventResult { ok: true, event: None, handled: None, reason: None }),
        Err(Unheard::Send(refused)) => Err(refusal::send(refused)),
        Err(unheard) => Ok(not_handled(unheard.to_string())),
    }
}

/// What a node means, or why it means nothing.
fn news(event: &str, payload: Option<&Json>) -> Result<NodeNews, &'static str> {
    let exec = |step| read(payload).map(|it: Exec| NodeNews::Exec(it.at(step)));
    match event {
        "voice.transcript" => read(payload).map(|it: Transcript| NodeNews::Transcript {
            text: it.text,
            session: filled(it.session_key),
        }),
        "agent.request" => read(payload).map(|it: Request| NodeNews::Request {
            message: it.message,
            session: filled(it.session_key),
            thinking: it.thinking.and_then(|level| level.as_str().parse().ok()),
            timeout: it.timeout_seconds.map(Count::get).map(Duration::from_secs),
        }),
        "chat.subscribe" => read(payload).map(|it: Follow| NodeNews::Subscribe(it.session_key)),
        "chat.unsubscribe" => read(payload).map(|it: Follow| NodeNews::Unsubscribe(it.session_key)),
        "exec.started" => exec(ExecStep::Started),
        "exec.finished" => exec(ExecStep::Finished),
        "exec.denied" => exec(ExecStep::Denied),
        "node.presence.alive" => Ok(NodeNews::Alive),
        "node.presence.activity" => Ok(NodeNews::Activity),
        "node.host.stats" => payload.cloned().map(NodeNews::HostStats).ok_or(INVALID),
        _ => Err("unsupported_event"),
    }
}

const INVALID: &str = "invalid_payload";

fn read<T: DeserializeOwned>(payload: Option<&Json>) -> Result<T, &'static str> {
    let payload = payload.filter(|payload| payload.as_str().starts_with('{'));
    let read = payload.map(|payload| serde_json::from_str(payload.as_str()));
    read.and_then(Result::ok).ok_or(INVALID)
}

/// Payload of `voice.transcript`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transcript {
    text: String,
    session_key: Option<Any>,
}

/// Payload of `agent.request`. Where the answer shall be delivered to has no
/// effect: there are no channels yet.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    message: String,
    session_key: Option<Any>,
    thinking: Option<Any>,
    timeout_seconds: Option<Count<1>>,
}

/// Payload of `chat.subscribe` and `chat.unsubscribe`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Follow {
    session_key: String,
}

/// Payload of `exec.started`, `exec.finished` and `exec.denied`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exec {
    session_key: Option<Any>,
    run_id: Option<Any>,
    command: Option<Any>,
    exit_code: Option<i64>,
    timed_out: Option<bool>,
    output: Option<Any>,
    reason: Option<Any>,
}

impl Exec {
    fn at(self, step: ExecStep) -> ExecNews {
        ExecNews {
            step,
            run: filled(self.run_id),
            session: filled(self.session_key),
            command: filled(self.command),
            exit_code: self.exit_code,
            timed_out: self.timed_out.unwrap_or_default(),
            output: filled(self.output),
            reason: filled(self.reason),
        }
    }
}

/// Result of `node.pending.pull`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Pulled {
    /// The node.
    node_id: String,
    /// The work.
    items: Vec<WorkRow>,
    /// Commands that wait. Always empty: they are not kept for later.
    actions: [(); 0],
}

async fn pull(cx: Context, _: Nothing) -> Result<Pulled, RpcError> {
    let node_id = me(&cx)?.to_string();
    let items = cx.services.nodes.work(&cx.caller).iter().map(WorkRow::from).collect();
    Ok(Pulled { node_id, items, actions: [] })
}

/// Parameters of `node.pending.ack`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AckParams {
    /// What was done.
    ids: List<Name, 1, 256>,
}

/// Result of `node.pending.ack`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WorkDone {
    /// The node.
    node_id: String,
    /// What was taken away.
    acked_ids: Vec<String>,
    /// How much still waits.
    remaining_count: usize,
}

async fn ack(cx: Context, params: AckParams) -> Result<WorkDone, RpcError> {
    let node_id = me(&cx)?.to_string();
    let ids: Vec<String> = params.ids.into_vec().into_iter().map(Text::into_string).collect();
    let worked = cx.services.nodes.worked(&cx.caller, &ids).await.map_err(refusal::commit)?;
    let acked_ids = worked.0.iter().map(|item| item.id.to_string()).collect();
    Ok(WorkDone { node_id, acked_ids, remaining_count: worked.1 })
}

/// Parameters of `node.pending.drain`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DrainParams {
    /// How much at most. Default: 4.
    max_items: Option<Int<1, 10>>,
}

/// Result of `node.pending.drain`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Drained {
    /// The node.
    node_id: String,
    /// The work, the urgent first.
    items: Vec<WorkRow>,
    /// Whether there is more.
    has_more: bool,
}

async fn drain(cx: Context, params: DrainParams) -> Result<Drained, RpcError> {
    let node_id = me(&cx)?.to_string();
    let most = params.max_items.map_or(DEFAULT_DRAIN, Int::size);
    let drained = cx.services.nodes.drain_work(&cx.caller, most).await;
    let (items, left) = drained.map_err(refusal::commit)?;
    let items = items.iter().map(WorkRow::from).collect();
    Ok(Drained { node_id, items, has_more: 0 < left })
}

/// Result of `skills.bins`.
#[derive(Debug, Serialize, JsonSchema)]
struct Bins {
    /// The programs.
    bins: Vec<String>,
}

async fn bins(_: Context, _: Nothing) -> Result<Bins, RpcError> {
    Ok(Bins { bins: Vec::new() })
}
