//! `openclaw pairing`: everybody who waits for a decision, devices and nodes.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::{
    connect::{Rpc, ask, connect},
    context::Context,
    devices::{self, Decide, list::now, tell},
    failure::Failure,
    nodes, output,
    pick::{pick, texts},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Pairing {
    /// List the devices and nodes that wait for a decision.
    List(Rpc),
    /// Grant what a device or a node asks for.
    Approve(Decide),
    /// Turn a device or a node away.
    Reject(Decide),
}

pub(crate) async fn pairing(context: &Context, command: &Pairing) -> Result<(), Failure> {
    match command {
        Pairing::List(rpc) => list(context, rpc).await,
        Pairing::Approve(asked) => decide(context, asked, "approve").await,
        Pairing::Reject(asked) => decide(context, asked, "reject").await,
    }
}

async fn list(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let mut client = connect(context, rpc).await?;
    let devices = ask(&mut client, "device.pair.list", &json!({})).await?;
    let nodes = ask(&mut client, "node.pair.list", &json!({})).await?;
    client.close().await;
    if context.json {
        return Ok(output::json(&json!({ "devices": devices, "nodes": nodes }))?);
    }
    Ok(output::line(&told(&devices, &nodes, now()))?)
}

fn told(devices: &Value, nodes: &Value, now: u64) -> String {
    let waiting = [
        devices::list::pending(&devices["pending"], now),
        nodes::list::pending(&nodes["pending"], now),
    ];
    let waiting: Vec<_> = waiting.into_iter().flatten().collect();
    if waiting.is_empty() { "Nobody waits for a decision.".into() } else { waiting.join("\n\n") }
}

/// Decides about whichever of the two the request is of.
async fn decide(context: &Context, asked: &Decide, verb: &str) -> Result<(), Failure> {
    let mut client = connect(context, &asked.rpc).await?;
    let devices = ask(&mut client, "device.pair.list", &json!({})).await?;
    let nodes = ask(&mut client, "node.pair.list", &json!({})).await?;
    let (kind, request) = which(&asked.request_id, &devices, &nodes)?;
    let method = format!("{kind}.pair.{verb}");
    let done = ask(&mut client, &method, &json!({ "requestId": request })).await?;
    client.close().await;
    let done_word = if verb == "approve" { "Approved" } else { "Turned away" };
    tell(context, &done, &format!("{done_word}: {kind} request {request}"))
}

/// The request that is meant, and whether a device or a node asks.
fn which<'a>(
    given: &str,
    devices: &'a Value,
    nodes: &'a Value,
) -> Result<(&'static str, &'a str), Failure> {
    let of = |list: &'a Value| texts(&list["pending"], "requestId");
    let request = pick("request", given, of(devices).chain(of(nodes)))?;
    let kind = if of(devices).any(|id| id == request) { "device" } else { "node" };
    Ok((kind, request))
}

#[test]
fn a_request_is_of_a_device_or_of_a_node() {
    let devices = json!({ "pending": [{ "requestId": "da" }, { "requestId": "db" }] });
    let nodes = json!({ "pending": [{ "requestId": "na" }, { "requestId": "dbn" }] });
    let found = |given| which(given, &devices, &nodes);
    assert_eq!(found("da").unwrap(), ("device", "da"));
    assert_eq!(found("n").unwrap(), ("node", "na"));
    assert_eq!(found("db").unwrap(), ("device", "db"));
    assert_eq!(found("d").unwrap_err().message(), "several requests begin with d: da, db, dbn");
    assert_eq!(told(&json!({}), &json!({}), 0), "Nobody waits for a decision.");
}
