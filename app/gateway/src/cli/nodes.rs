//! `openclaw nodes`: machines that carry out commands.

pub(crate) mod list;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uuid::Uuid;
use ws_client::Client;

use crate::cli::{
    connect::{Rpc, ask, ask_once, connect},
    context::Context,
    devices::{Decide, list::text, tell},
    failure::Failure,
    output,
    pick::{pick, texts},
};

/// How much longer than the node we wait, in milliseconds.
const LONGER: u64 = 5_000;

#[derive(Debug, Subcommand)]
pub(crate) enum Nodes {
    /// List the nodes, those that are connected first.
    #[command(visible_alias = "status")]
    List(List),
    /// Show what a node is and what it can be asked for.
    Describe(One),
    /// Call a node something else.
    Rename(Rename),
    /// List the nodes that wait for a decision.
    Pending(Rpc),
    /// Let a node be asked for what it offers.
    Approve(Decide),
    /// Turn down what a node offers.
    Reject(Decide),
    /// Withdraw what was approved for a node.
    Remove(One),
    /// Give a node a command and print its answer.
    Invoke(Invoke),
}

/// Which nodes.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those that are connected.
    #[arg(long)]
    connected: bool,
    #[command(flatten)]
    rpc: Rpc,
}

/// Names a node.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The node: its id or the beginning of it, its name, or its address.
    #[arg(value_name = "NODE")]
    id: Option<String>,
    /// The same as the argument.
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
}

/// A node.
#[derive(Debug, Args)]
pub(crate) struct One {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    rpc: Rpc,
}

/// Which node to rename.
#[derive(Debug, Args)]
pub(crate) struct Rename {
    /// The node: its id or the beginning of it, its name, or its address.
    #[arg(value_name = "NODE", required_unless_present = "node")]
    id: Option<String>,
    /// What to call it.
    #[arg(value_name = "NAME", required_unless_present = "name")]
    label: Option<String>,
    /// The same as the first argument.
    #[arg(long, value_name = "NODE", requires = "name", conflicts_with_all = ["id", "label"])]
    node: Option<String>,
    /// The same as the second argument.
    #[arg(long, requires = "node", conflicts_with_all = ["id", "label"])]
    name: Option<String>,
    #[command(flatten)]
    rpc: Rpc,
}

/// What to ask of which node.
#[derive(Debug, Args)]
pub(crate) struct Invoke {
    /// The node: its id or the beginning of it, its name, or its address.
    #[arg(long, value_name = "NODE")]
    node: String,
    /// The command, as in `system.which`.
    #[arg(long)]
    command: String,
    /// Its parameters, as JSON.
    #[arg(long, default_value = "{}", value_name = "JSON")]
    params: String,
    /// How long the node may take, in milliseconds. Default: `--timeout`.
    #[arg(long = "invoke-timeout", value_name = "MS")]
    patience: Option<u64>,
    /// Lets the node recognise a repetition. Default: a new one.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    rpc: Rpc,
}

pub(crate) async fn nodes(context: &Context, command: &Nodes) -> Result<(), Failure> {
    match command {
        Nodes::List(asked) => list::list(context, &asked.rpc, asked.connected).await,
        Nodes::Describe(asked) => list::describe(context, asked).await,
        Nodes::Rename(asked) => rename(context, asked).await,
        Nodes::Pending(rpc) => list::waiting(context, rpc).await,
        Nodes::Approve(asked) => approve(context, asked).await,
        Nodes::Reject(asked) => reject(context, asked).await,
        Nodes::Remove(asked) => remove(context, asked).await,
        Nodes::Invoke(asked) => invoke(context, asked).await,
    }
}

async fn rename(context: &Context, asked: &Rename) -> Result<(), Failure> {
    let (node, name) =
        (asked.id.as_ref().or(asked.node.as_ref()), asked.label.as_ref().or(asked.name.as_ref()));
    let (Some(node), Some(name)) = (node, name) else {
        return Err(Failure::new("which node, and what shall it be called?"));
    };
    let mut client = connect(context, &asked.rpc).await?;
    let node = known(&mut client, node).await?;
    let params = json!({ "nodeId": node, "displayName": name });
    let done = ask(&mut client, "node.rename", &params).await?;
    client.close().await;
    tell(context, &done, &format!("Renamed to {}", text(&done, "displayName", 64)))
}

async fn approve(context: &Context, asked: &Decide) -> Result<(), Failure> {
    let (request, mut client) = requested(context, asked).await?;
    let params = json!({ "requestId": request });
    let done = ask(&mut client, "node.pair.approve", &params).await?;
    client.close().await;
    let node = &done["node"];
    let mut line = format!("Approved {}: {}", list::called(node), list::commands(node, 400));
    if let Some(token) = node["token"].as_str() {
        line = format!("{line}\nIts token, told this once: {}", output::cell(token, 512));
    }
    tell(context, &done, &line)
}

async fn reject(context: &Context, asked: &Decide) -> Result<(), Failure> {
    let (request, mut client) = requested(context, asked).await?;
    let params = json!({ "requestId": request });
    let done = ask(&mut client, "node.pair.reject", &params).await?;
    client.close().await;
    tell(context, &done, &format!("Turned down: node {}", text(&done, "nodeId", 64)))
}

async fn remove(context: &Context, asked: &One) -> Result<(), Failure> {
    let (node, mut client) = asked.known(context).await?;
    let done = ask(&mut client, "node.pair.remove", &json!({ "nodeId": node })).await?;
    client.close().await;
    let id = text(&done, "nodeId", 64);
    tell(context, &done, &format!("Withdrew what was approved for node {id}; its device stays"))
}

async fn invoke(context: &Context, asked: &Invoke) -> Result<(), Failure> {
    let given: Value = serde_json::from_str(&asked.params)
        .map_err(|error| Failure::new(format!("Invalid --params: {error}")))?;
    let patience = asked.patience.unwrap_or(asked.rpc.timeout);
    let timeout = asked.rpc.timeout.max(patience.saturating_add(LONGER));
    let mut client = connect(context, &Rpc { timeout, ..asked.rpc.clone() }).await?;
    let node = known(&mut client, &asked.node).await?;
    let key = asked.idempotency_key.clone().unwrap_or_else(|| Uuid::now_v7().to_string());
    let params = json!({
        "nodeId": node, "command": asked.command, "params": given, "timeoutMs": patience,
        "idempotencyKey": key,
    });
    let done = ask(&mut client, "node.invoke", &params).await?;
    client.close().await;
    if context.json {
        return Ok(output::json(&done)?);
    }
    let payload = serde_json::to_string_pretty(&done["payload"]).unwrap_or_default();
    Ok(output::line(&output::tame(&payload))?)
}

/// The whole id of a request that waits, and the connection it was found over.
async fn requested(context: &Context, asked: &Decide) -> Result<(String, Client), Failure> {
    let mut client = connect(context, &asked.rpc).await?;
    let list = ask(&mut client, "node.pair.list", &json!({})).await?;
    let request = pick("request", &asked.request_id, texts(&list["pending"], "requestId"))?;
    Ok((request.to_owned(), client))
}

impl One {
    /// The whole id of the node, and the connection it was found over.
    async fn known(&self, context: &Context) -> Result<(String, Client), Failure> {
        let Which { id, node } = &self.which;
        let given = id.as_ref().or(node.as_ref()).ok_or_else(|| Failure::new("which node?"))?;
        let mut client = connect(context, &self.rpc).await?;
        let node = known(&mut client, given).await?;
        Ok((node, client))
    }
}

/// The whole id of the node that `given` means.
pub(crate) async fn known(client: &mut Client, given: &str) -> Result<String, Failure> {
    let list = ask(client, "node.list", &json!({})).await?;
    find(&list["nodes"], given).map(str::to_owned)
}

/// The node that is called `given`, is at that address, or whose id begins so.
/// An id comes first, because nodes choose their names themselves.
fn find<'a>(nodes: &'a Value, given: &str) -> Result<&'a str, Failure> {
    let by_id = pick("node", given, texts(nodes, "nodeId"));
    let given = given.trim();
    if by_id.is_ok() || given.is_empty() {
        return by_id;
    }
    let is = |node: &Value, name: &str| {
        node[name].as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case(given))
    };
    let mut called = nodes
        .as_array()
        .into_iter()
        .flatten()
        .filter(|node| is(node, "displayName") || is(node, "remoteIp"))
        .filter_map(|node| node["nodeId"].as_str());
    match (called.next(), called.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => {
            let given = output::cell(given, 80);
            Err(Failure::new(format!("several nodes are called {given}: use an id")))
        }
        (None, _) => by_id,
    }
}

/// Waits for nobody: only looks.
async fn look(context: &Context, rpc: &Rpc, method: &str) -> Result<Value, Failure> {
    ask_once(context, rpc, method, &json!({})).await
}

#[test]
fn a_node_is_found_by_id_name_or_address() {
    let nodes = json!([
        { "nodeId": "aa11", "displayName": "Kitchen", "remoteIp": "192.0.2.7" },
        { "nodeId": "aa22", "displayName": "bb33" },
        { "nodeId": "bb33", "displayName": "Twin" },
        { "nodeId": "cc44", "displayName": "twin" },
    ]);
    let table = [
        ("aa11", Ok("aa11")),
        ("aa2", Ok("aa22")),
        ("kitchen", Ok("aa11")),
        ("192.0.2.7", Ok("aa11")),
        ("bb33", Ok("bb33")),
        ("aa", Err("several nodes begin with aa: aa11, aa22")),
        ("Twin", Err("several nodes are called Twin: use an id")),
        ("cellar", Err("no node is called cellar")),
        ("", Err("which node? Its id is empty")),
    ];
    for (given, expected) in table {
        let found = find(&nodes, given);
        assert_eq!(found.as_ref().map(|id| *id).map_err(Failure::message), expected, "{given}");
    }
}
