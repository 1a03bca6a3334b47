//! `nodes`: who is there, and giving one a command. What a command needs
//! (being allowed, declared, approved, consented to) is decided where
//! `node.invoke` decides it.

use std::time::Duration;

use domain::access::{Access, Principal, Scope};
use ports::{Json, driving::ToolRefusal, view::NodeRow};
use serde::Serialize;

use super::{Call, Outcome, Tools, found};
use crate::nodes::{Ask, InvokeError, Sight};

/// How long a node may take when nobody says.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Serialize)]
struct Nodes {
    ts: u64,
    nodes: Vec<NodeRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done<'a> {
    ok: bool,
    node_id: &'a str,
    command: &'a str,
    payload: Json,
    #[serde(rename = "payloadJSON")]
    payload_json: Option<String>,
}

/// Does what `action` says.
pub(super) async fn work(tools: Tools, call: Call) -> Outcome {
    let sight = sight(&call.caller);
    match call.arguments.text("action") {
        Some("describe") => Ok(found(&tools.named(&call, sight)?)),
        Some("invoke") => tools.invoke_node(&call, sight).await,
        _ => {
            let ts = tools.0.deps.clock.now().as_millis();
            Ok(found(&Nodes { ts, nodes: tools.0.deps.nodes.list(sight) }))
        }
    }
}

impl Tools {
    /// The node the call names: by its id, or by its name for people where only
    /// one has it.
    fn named(&self, call: &Call, sight: Sight) -> Result<NodeRow, ToolRefusal> {
        let refused = |why: &str| ToolRefusal::Tool(why.to_owned());
        let name = call.arguments.text("node").ok_or_else(|| refused("node required"))?.trim();
        let nodes = &self.0.deps.nodes;
        if let Some(node) = nodes.describe(name, sight) {
            return Ok(node);
        }
        let is_called = |node: &NodeRow| {
            let called = node.about.display_name.as_deref();
            called.is_some_and(|called| called.eq_ignore_ascii_case(name))
        };
        let mut called = nodes.list(sight).into_iter().filter(is_called);
        match (called.next(), called.next()) {
            (Some(node), None) => Ok(node),
            (Some(_), Some(_)) => Err(refused("several nodes are called so; give the node id")),
            (None, _) => Err(refused("unknown node")),
        }
    }

    async fn invoke_node(&self, call: &Call, sight: Sight) -> Outcome {
        let node = self.named(call, sight)?.node_id;
        let command = call.arguments.text("invokeCommand");
        let missing = || ToolRefusal::Tool("invokeCommand required".to_owned());
        let command = command.ok_or_else(missing)?;
        let params = call.arguments.text("invokeParamsJson").map(|text| {
            let bad = |_| ToolRefusal::Tool("invokeParamsJson must be JSON".to_owned());
            Json::parse(text.to_owned()).map_err(bad)
        });
        let timeout = call.arguments.count("invokeTimeoutMs").map(Duration::from_millis);
        let ask = Ask {
            node: node.clone(),
            command: command.to_owned(),
            params: params.transpose()?,
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            idempotency_key: Some(call.name.clone()),
        };
        let invoked = self.0.deps.nodes.invoke(&call.caller, ask).await;
        let invoked = invoked.map_err(|error| refusal(&error))?;
        let (payload, payload_json) = (invoked.payload, invoked.payload_json);
        Ok(found(&Done { ok: true, node_id: &node, command, payload, payload_json }))
    }
}

/// How much of a node the caller may see.
fn sight(caller: &Principal) -> Sight {
    match Access::Operator(Scope::Pairing).check(caller) {
        Ok(()) => Sight::Full,
        Err(_) => Sight::Plain,
    }
}

fn refusal(error: &InvokeError) -> ToolRefusal {
    let text = error.to_string();
    match error {
        InvokeError::Denied(denied) => (*denied).into(),
        InvokeError::NotAllowed(why) => ToolRefusal::Tool(format!("{text}: {why}")),
        InvokeError::Busy(_) => ToolRefusal::Unavailable(text),
        InvokeError::NotConnected
        | InvokeError::Run(_)
        | InvokeError::TimedOut { .. }
        | InvokeError::Disconnected(_)
        | InvokeError::PairingChanged
        | InvokeError::Failed(_) => ToolRefusal::Tool(text),
    }
}
