//! `node.pair.*`: deciding what nodes may be asked for.

use domain::{
    access::{Access::Operator, Scope::Pairing},
    node::{NodeFacts, Surface},
};
use ports::{
    driving::RpcError,
    view::{NodeRequestRow, PairedNode},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::nodes::NodeClaim;

use crate::{
    method::{Context, methods},
    params::{List, Name, Nothing, Text},
    refusal,
};

methods! {
    /// Asks for a node to be approved. Nodes that connect ask by themselves.
    ///
    /// A node that waits already keeps waiting for what it asked for first. The
    /// request is gone after five minutes.
    "node.pair.request" [Operator(Pairing)] request(RequestParams) -> Requested;

    /// The nodes that wait for a decision, and those something was approved for.
    /// Tokens are never listed.
    "node.pair.list" [Operator(Pairing)] list(Nothing) -> Pairings;

    /// Approves exactly what a request asks for.
    ///
    /// Whoever approves commands has to be able to give them: `operator.write`,
    /// and `operator.admin` for those that run programs or look at people, and
    /// for a node whose approval was withdrawn before. A node that is no device
    /// gets a token, told here and nowhere else.
    "node.pair.approve" [Operator(Pairing), governs] approve(DecideParams) -> Approved;

    /// Turns a request down.
    "node.pair.reject" [Operator(Pairing), governs] reject(DecideParams) -> Rejected;

    /// Whether a node that shows this token is the one it says it is.
    "node.pair.verify" [Operator(Pairing)] verify(VerifyParams) -> Verified;

    /// Withdraws what was approved for a node. Its device stays paired.
    "node.pair.remove" [Operator(Pairing), governs] remove(RemoveParams) -> Removed;
}

/// Something short about a node.
type Fact = Text<1, 256>;
/// Words about a node.
type Words = List<Text<1, 256>, 0, 1024>;

/// Parameters of `node.pair.request`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RequestParams {
    /// Names the node.
    node_id: Name,
    /// What people call it.
    display_name: Option<Fact>,
    /// What it runs on.
    platform: Option<Fact>,
    /// The version of its program.
    version: Option<Fact>,
    /// The version of the part of it that does the work.
    core_version: Option<Fact>,
    /// The version of the part of it that people see.
    ui_version: Option<Fact>,
    /// As in `iPhone`.
    device_family: Option<Fact>,
    /// As in `iPhone17,1`.
    model_identifier: Option<Fact>,
    /// Its abilities.
    caps: Option<Words>,
    /// The commands it carries out.
    commands: Option<Words>,
    /// Where it connects from.
    remote_ip: Option<Fact>,
    /// Whether nobody needs to be bothered.
    silent: Option<bool>,
}

impl RequestParams {
    fn read(self) -> NodeClaim {
        let text = |text: Option<Fact>| text.map(|text| text.into_string().into_boxed_str());
        let words = |words: Option<Words>| {
            let words = words.unwrap_or_default().into_vec().into_iter();
            words.map(|word| word.into_string().into_boxed_str()).collect()
        };
        NodeClaim {
            node: self.node_id.into_string(),
            surface: Surface {
                platform: text(self.platform),
                device_family: text(self.device_family),
                caps: words(self.caps),
                commands: words(self.commands),
                ..Surface::default()
            },
            about: NodeFacts {
                display_name: text(self.display_name),
                version: text(self.version),
                core_version: text(self.core_version),
                ui_version: text(self.ui_version),
                model_identifier: text(self.model_identifier),
                remote_ip: text(self.remote_ip),
                ..NodeFacts::default()
            },
            silent: self.silent,
        }
    }
}

/// Result of `node.pair.request`.
#[derive(Debug, Serialize, JsonSchema)]
struct Requested {
    /// Always `pending`.
    status: &'static str,
    /// The request.
    request: NodeRequestRow,
    /// Whether it is new.
    created: bool,
}

async fn request(cx: Context, params: RequestParams) -> Result<Requested, RpcError> {
    let (request, created) =
        cx.services.nodes.request(params.read()).await.map_err(refusal::pairing)?;
    Ok(Requested { status: "pending", request, created })
}

/// Result of `node.pair.list`.
#[derive(Debug, Serialize, JsonSchema)]
struct Pairings {
    /// The nodes that wait, the newest first.
    pending: Vec<NodeRequestRow>,
    /// The nodes something was approved for, the newest first.
    paired: Vec<PairedNode>,
}

async fn list(cx: Context, _: Nothing) -> Result<Pairings, RpcError> {
    let (pending, paired) = cx.services.nodes.pairing();
    Ok(Pairings { pending, paired })
}

/// Parameters that name a request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct DecideParams {
    /// The request.
    request_id: Name,
}

/// Result of `node.pair.approve`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Approved {
    /// The request.
    request_id: String,
    /// The node.
    node: PairedNode,
}

async fn approve(cx: Context, params: DecideParams) -> Result<Approved, RpcError> {
    let request_id = params.request_id.into_string();
    let node = cx.services.nodes.approve(&cx.caller.principal, &request_id).await;
    Ok(Approved { node: node.map_err(refusal::pairing)?, request_id })
}

/// Result of `node.pair.reject`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Rejected {
    /// The request.
    request_id: String,
    /// The node that asked.
    node_id: String,
}

async fn reject(cx: Context, params: DecideParams) -> Result<Rejected, RpcError> {
    let request_id = params.request_id.into_string();
    let node = cx.services.nodes.reject(&request_id).await.map_err(refusal::pairing)?;
    Ok(Rejected { request_id, node_id: node.to_string() })
}

/// Parameters of `node.pair.verify`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct VerifyParams {
    /// The node it says it is.
    node_id: Name,
    /// The token it shows.
    token: Text<1, 512>,
}

/// Result of `node.pair.verify`.
#[derive(Debug, Serialize, JsonSchema)]
struct Verified {
    /// Whether it is.
    ok: bool,
    /// The node, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<PairedNode>,
}

async fn verify(cx: Context, params: VerifyParams) -> Result<Verified, RpcError> {
    let node = cx.services.nodes.verify(params.node_id.as_str(), params.token.as_str());
    Ok(Verified { ok: node.is_some(), node })
}

/// Parameters of `node.pair.remove`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RemoveParams {
    /// The node.
    node_id: Name,
}

/// Result of `node.pair.remove`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Removed {
    /// The node.
    node_id: String,
}

async fn remove(cx: Context, params: RemoveParams) -> Result<Removed, RpcError> {
    let node = cx.services.nodes.withdraw(params.node_id.as_str()).await;
    Ok(Removed { node_id: node.map_err(refusal::pairing)?.to_string() })
}
