//! `node.*` as operators call them: who is there, and asking.

use std::{collections::BTreeMap, time::Duration};

use domain::{
    access::{
        Access::Operator,
        Scope::{Admin, Pairing, Read, Write},
    },
    node::{WorkItem, WorkKind, WorkPriority},
};
use ports::{Json, driving::RpcError, view::NodeRow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::nodes::{Ask, Relayed, Sight};

use crate::{
    method::{Context, methods},
    params::{Count, IdempotencyKey, Int, Name, Nothing, Text, Unused},
    refusal,
};

methods! {
    /// The nodes whose devices are paired, those that are connected first.
    "node.list" [Operator(Read)] list(Nothing) -> NodeList;

    /// One of them.
    "node.describe" [Operator(Read)] describe(NodeParams) -> NodeDescription;

    /// Calls a node something else.
    "node.rename" [Operator(Pairing), governs] rename(RenameParams) -> Renamed;

    /// Gives a node a command and waits for its answer.
    ///
    /// The node gets it as `node.invoke.request` if its platform (as it was when
    /// it was approved) or the configuration allows it, it declared it, and it
    /// was approved. What a caller of `system.run` says about consent does not
    /// count: only what the gateway knows does. `browser.proxy` takes
    /// `operator.admin`. A caller that goes away or has waited long enough makes
    /// the node hear `node.invoke.cancel`.
    "node.invoke" [Operator(Write)] invoke(InvokeParams) -> InvokeResult;

    /// Keeps work for a node until it comes to get it.
    ///
    /// Asking twice for the same is asking once. Commands are not kept: a node
    /// that is not there cannot be given any.
    "node.pending.enqueue" [Operator(Write)] enqueue(EnqueueParams) -> Enqueued;

    /// Reads what a node consents to run.
    "exec.approvals.node.get" [Operator(Admin)] approvals(NodeParams) => Json;

    /// Changes what a node consents to run.
    "exec.approvals.node.set" [Operator(Admin), governs] set_approvals(SetApprovalsParams) => Json;
}

/// How long a node may take when nobody says.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Result of `node.list`.
#[derive(Debug, Serialize, JsonSchema)]
struct NodeList {
    /// When it was made.
    ts: u64,
    /// The nodes.
    nodes: Vec<NodeRow>,
}

/// Parameters that name a node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct NodeParams {
    /// The node.
    node_id: Name,
}

/// Result of `node.describe`.
#[derive(Debug, Serialize, JsonSchema)]
struct NodeDescription {
    /// When it was made.
    ts: u64,
    /// The node.
    #[serde(flatten)]
    node: NodeRow,
}

/// How much of a node the caller may see.
fn sight(cx: &Context) -> Sight {
    match Operator(Pairing).check(&cx.caller.principal) {
        Ok(()) => Sight::Full,
        Err(_) => Sight::Plain,
    }
}

async fn list(cx: Context, _: Nothing) -> Result<NodeList, RpcError> {
    let nodes = cx.services.nodes.list(sight(&cx));
    Ok(NodeList { ts: cx.services.clock.now().as_millis(), nodes })
}

async fn describe(cx: Context, params: NodeParams) -> Result<NodeDescription, RpcError> {
    let node = cx.services.nodes.describe(params.node_id.as_str(), sight(&cx));
    let node = node.ok_or_else(|| RpcError::invalid("unknown nodeId"))?;
    Ok(NodeDescription { ts: cx.services.clock.now().as_millis(), node })
}

/// Parameters of `node.rename`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RenameParams {
    /// The node.
    node_id: Name,
    /// What to call it.
    display_name: Text<1, 256>,
}

/// Result of `node.rename`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    /// The node.
    node_id: String,
    /// What it is called now.
    display_name: String,
}

async fn rename(cx: Context, params: RenameParams) -> Result<Renamed, RpcError> {
    let (node_id, name) = (params.node_id.into_string(), params.display_name.into_string());
    cx.services.nodes.rename(&node_id, &name).await.map_err(refusal::pairing)?;
    Ok(Renamed { node_id, display_name: name.trim().to_owned() })
}

/// Parameters of `node.invoke`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct InvokeParams {
    /// The node.
    node_id: Name,
    /// What it shall do.
    command: Name,
    /// With which parameters.
    params: Option<Json>,
    /// How long to wait, in milliseconds; 0 does not wait, and asks nothing.
    timeout_ms: Option<Count<0>>,
    /// Passed on to the node, which may use it to recognise a repetition.
    idempotency_key: IdempotencyKey,
}

/// Result of `node.invoke`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InvokeResult {
    /// Always true.
    ok: bool,
    /// The node.
    node_id: String,
    /// What it did.
    command: String,
    /// What it answered.
    payload: Json,
    /// The same as the node wrote it, if it wrote JSON into a text.
    #[serde(rename = "payloadJSON")]
    payload_json: Option<String>,
}

async fn invoke(cx: Context, params: InvokeParams) -> Result<InvokeResult, RpcError> {
    let (node_id, command) = (params.node_id.into_string(), params.command.into_string());
    let timeout = params.timeout_ms.map(|millis| Duration::from_millis(millis.get()));
    let ask = Ask {
        node: node_id.clone(),
        command: command.clone(),
        params: params.params,
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        idempotency_key: Some(params.idempotency_key.into_string()),
    };
    let invoked = cx.services.nodes.invoke(&cx.caller.principal, ask).await;
    let invoked = invoked.map_err(|it| refusal::invoke(it, &command, cx.caller.protocol))?;
    let (payload, payload_json) = (invoked.payload, invoked.payload_json);
    Ok(InvokeResult { ok: true, node_id, command, payload, payload_json })
}

/// Parameters of `node.pending.enqueue`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(dead_code, reason = "waking is accepted without effect")]
struct EnqueueParams {
    /// The node.
    node_id: Name,
    /// What it shall do.
    #[serde(rename = "type")]
    kind: Work,
    /// How soon. Default: `normal`.
    priority: Option<Priority>,
    /// For how long it waits, in milliseconds. Default: a day.
    expires_in_ms: Option<Int<1_000, 86_400_000>>,
    /// Without effect: there is nothing to wake a node with.
    wake: Option<Unused>,
}

/// What a node can be asked to do when it comes back.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
enum Work {
    /// To say how it is.
    #[serde(rename = "status.request")]
    Status,
    /// To say where it is.
    #[serde(rename = "location.request")]
    Location,
}

/// How soon.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Priority {
    /// In its turn.
    Normal,
    /// Before the rest.
    High,
}

/// Result of `node.pending.enqueue`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Enqueued {
    /// The node.
    node_id: String,
    /// What waits now.
    queued: WorkRow,
    /// Whether it waited before.
    deduped: bool,
    /// Whether the node was woken. Always false.
    wake_triggered: bool,
}

/// Something a node shall do.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WorkRow {
    /// Names it.
    pub(super) id: String,
    /// What.
    #[serde(rename = "type")]
    kind: &'static str,
    /// How soon.
    priority: &'static str,
    /// Since when it waits.
    created_at_ms: u64,
    /// Until when.
    expires_at_ms: u64,
}

impl From<&WorkItem> for WorkRow {
    fn from(item: &WorkItem) -> Self {
        Self {
            id: item.id.to_string(),
            kind: item.kind.as_str(),
            priority: item.priority.as_str(),
            created_at_ms: item.created_at.as_millis(),
            expires_at_ms: item.expires_at.as_millis(),
        }
    }
}

async fn enqueue(cx: Context, params: EnqueueParams) -> Result<Enqueued, RpcError> {
    let node_id = params.node_id.into_string();
    let kind = match params.kind {
        Work::Status => WorkKind::Status,
        Work::Location => WorkKind::Location,
    };
    let priority = match params.priority {
        None | Some(Priority::Normal) => WorkPriority::Normal,
        Some(Priority::High) => WorkPriority::High,
    };
    let expires_in = params.expires_in_ms.map(|millis| Duration::from_millis(millis.get()));
    let queued = cx.services.nodes.enqueue(&node_id, kind, priority, expires_in).await;
    let queued = queued.map_err(refusal::enqueue)?;
    Ok(Enqueued {
        node_id,
        queued: (&queued.item).into(),
        deduped: queued.deduped,
        wake_triggered: false,
    })
}

async fn approvals(cx: Context, params: NodeParams) -> Result<Json, RpcError> {
    #[derive(Serialize)]
    struct Params {}

    relay(cx, params.node_id, Relayed::GetExecApprovals, Json::of(&Params {})).await
}

/// Parameters of `exec.approvals.node.set`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SetApprovalsParams {
    /// The node.
    node_id: Name,
    /// The file, as the node reads it.
    file: BTreeMap<String, Json>,
    /// The hash of the file it replaces.
    base_hash: Option<Text<1, 256>>,
}

async fn set_approvals(cx: Context, params: SetApprovalsParams) -> Result<Json, RpcError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Params<'a> {
        file: &'a BTreeMap<String, Json>,
        #[serde(skip_serializing_if = "Option::is_none")]
        base_hash: Option<&'a str>,
    }

    let base_hash = params.base_hash.as_ref().map(Text::as_str);
    let relayed = Json::of(&Params { file: &params.file, base_hash });
    relay(cx, params.node_id, Relayed::SetExecApprovals, relayed).await
}

async fn relay(cx: Context, node: Name, command: Relayed, params: Json) -> Result<Json, RpcError> {
    let nodes = &cx.services.nodes;
    let relayed = nodes.relay(node.into_string(), command, params, DEFAULT_TIMEOUT).await;
    let relayed = relayed.map_err(|it| refusal::invoke(it, command.as_str(), cx.caller.protocol));
    relayed.map(|it| it.payload)
}
