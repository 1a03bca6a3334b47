//! `openclaw nodes list`, `describe` and `pending`.

use serde_json::{Value, json};

use super::{One, look};
use crate::cli::{
    connect::{Rpc, ask},
    context::Context,
    devices::list::{now, text},
    failure::Failure,
    output,
    pick::{brief, enough, texts},
    status::age,
};

pub(super) async fn list(context: &Context, rpc: &Rpc, connected: bool) -> Result<(), Failure> {
    let mut list = look(context, rpc, "node.list").await?;
    if let Some(nodes) = list["nodes"].as_array_mut().filter(|_| connected) {
        nodes.retain(|node| node["connected"] == true);
    }
    if context.json {
        return Ok(output::json(&list)?);
    }
    Ok(output::line(&told(&list["nodes"], now()))?)
}

pub(super) async fn describe(context: &Context, asked: &One) -> Result<(), Failure> {
    let (node, mut client) = asked.known(context).await?;
    let node = ask(&mut client, "node.describe", &json!({ "nodeId": node })).await?;
    client.close().await;
    if context.json {
        return Ok(output::json(&node)?);
    }
    Ok(output::line(&described(&node, now()))?)
}

pub(super) async fn waiting(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let list = look(context, rpc, "node.pair.list").await?;
    if context.json {
        return Ok(output::json(&list["pending"])?);
    }
    let none = || "No node waits for a decision.".to_owned();
    Ok(output::line(&pending(&list["pending"], now()).unwrap_or_else(none))?)
}

fn told(nodes: &Value, now: u64) -> String {
    let length = enough(texts(nodes, "nodeId"));
    let rows = nodes.as_array().into_iter().flatten().map(|node| {
        let count = node["commands"].as_array().map_or(0, Vec::len);
        let id = brief(node["nodeId"].as_str().unwrap_or_default(), length);
        let approval = text(node, "approvalState", 18);
        vec![
            id,
            text(node, "displayName", 18),
            text(node, "platform", 12),
            approval,
            count.to_string(),
            seen(node, now),
        ]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return "No nodes yet. Make a code for one with: openclaw qr --access node".into();
    }
    output::table(&["NODE", "NAME", "PLATFORM", "APPROVAL", "COMMANDS", "SEEN"], &rows)
}

fn seen(node: &Value, now: u64) -> String {
    let last = ["lastSeenAtMs", "lastConnectedAtMs"].iter().find_map(|name| node[name].as_u64());
    match (node["connected"].as_bool(), last) {
        (Some(true), _) => "now".to_owned(),
        (_, Some(then)) => age(now.saturating_sub(then) / 1000),
        (_, None) => "away".to_owned(),
    }
}

/// Everything people want to know about one node.
fn described(node: &Value, now: u64) -> String {
    let mut lines = vec![format!("Node: {}", text(node, "nodeId", 128))];
    let facts = [
        ("Name", "displayName"),
        ("Platform", "platform"),
        ("Device", "deviceFamily"),
        ("Model", "modelIdentifier"),
        ("Version", "version"),
        ("Address", "remoteIp"),
        ("Approval", "approvalState"),
    ];
    let facts = facts.map(|(word, name)| (word, text(node, name, 60)));
    lines.extend(
        facts
            .iter()
            .filter(|(_, fact)| !fact.is_empty())
            .map(|(word, fact)| format!("{word}: {fact}")),
    );
    lines.push(format!("Seen: {}", seen(node, now)));
    lines.push(format!("Abilities: {}", words(&node["caps"], 800)));
    lines.push(format!("Commands: {}", commands(node, 4000)));
    if let Some(request) = node["pendingRequestId"].as_str() {
        let wanted = words(&node["pendingDeclaredCommands"], 4000);
        lines.push(format!("Asks for: {wanted}"));
        lines.push(format!("Next: openclaw nodes approve {}", output::cell(request, 128)));
    }
    lines.join("\n")
}

/// The nodes that wait for a decision, if there are any.
pub(crate) fn pending(list: &Value, now: u64) -> Option<String> {
    let length = enough(texts(list, "requestId"));
    let waiting: Vec<_> =
        list.as_array()?.iter().map(|waiting| request(waiting, now, length)).collect();
    let head = format!("Nodes that wait for a decision: {}", waiting.len());
    (!waiting.is_empty()).then(|| format!("{head}\n{}", waiting.join("\n")))
}

/// A node that waits: everything whoever decides should know.
fn request(waiting: &Value, now: u64, length: usize) -> String {
    let id = brief(waiting["requestId"].as_str().unwrap_or_default(), length);
    let asked = age(now.saturating_sub(waiting["ts"].as_u64().unwrap_or(now)) / 1000);
    let from = text(waiting, "remoteIp", 45);
    let from = if from.is_empty() { String::new() } else { format!(", from {from}") };
    let needs = match words(&waiting["requiredApproveScopes"], 120).as_str() {
        "none" => String::new(),
        scopes => format!("\n    needs   {scopes}"),
    };
    let again = if waiting["isRepair"] == true { " (it was approved before)" } else { "" };
    format!(
        "  {id}  {}{again}\n    asked   {asked} ago{from}\n    offers  {}{needs}\n    next    \
         openclaw nodes approve {id}",
        called(waiting),
        commands(waiting, 400),
    )
}

/// A node in a sentence.
pub(super) fn called(node: &Value) -> String {
    let id = brief(node["nodeId"].as_str().unwrap_or_default(), 16);
    match text(node, "displayName", 40) {
        name if name.is_empty() => format!("node {id}"),
        name => format!("{name} ({id}…)"),
    }
}

/// The commands of a node, in a sentence.
pub(super) fn commands(node: &Value, most: usize) -> String {
    words(&node["commands"], most)
}

fn words(list: &Value, most: usize) -> String {
    let words: Vec<_> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if words.is_empty() { "none".to_owned() } else { output::cell(&words.join(", "), most) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_in_a_table() {
        let nodes = json!([
            { "nodeId": "aa".repeat(32), "displayName": "Kit\u{1b}[2Jchen", "platform": "linux",
              "approvalState": "approved", "commands": ["system.run", "system.which"],
              "connected": true },
            { "nodeId": "bb".repeat(32), "displayName": "A name that goes on and on",
              "platform": "macOS 15.2.0 Sequoia", "approvalState": "pending-reapproval",
              "commands": [], "connected": false, "lastSeenAtMs": 40_000 },
        ]);
        let expected = "\
NODE      NAME                PLATFORM      APPROVAL            COMMANDS  SEEN
aaaaaaaa  Kit[2Jchen          linux         approved            2         now
bbbbbbbb  A name that goes …  macOS 15.2.…  pending-reapproval  0         1m";
        let text = told(&nodes, 100_000);
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        assert!(told(&json!([]), 0).starts_with("No nodes yet"));
    }

    #[test]
    fn a_node_that_waits() {
        let list = json!([{ "requestId": "11112222-3333", "nodeId": "cc".repeat(32),
            "displayName": "Desk", "remoteIp": "192.0.2.7", "ts": 40_000, "isRepair": true,
            "commands": ["system.run"], "requiredApproveScopes": ["operator.admin"] }]);
        let expected = "\
Nodes that wait for a decision: 1
  11112222  Desk (cccccccccccccccc…) (it was approved before)
    asked   1m ago, from 192.0.2.7
    offers  system.run
    needs   operator.admin
    next    openclaw nodes approve 11112222";
        assert_eq!(pending(&list, 100_000).as_deref(), Some(expected));
        assert_eq!(pending(&json!([]), 0), None);
    }

    #[test]
    fn one_node_in_words() {
        let node = json!({ "nodeId": "n", "displayName": "Desk", "platform": "linux", "caps": [],
            "commands": ["system.run"], "approvalState": "pending-reapproval",
            "pendingRequestId": "r", "pendingDeclaredCommands": ["camera.snap"] });
        let expected = "Node: n\nName: Desk\nPlatform: linux\nApproval: pending-reapproval\n\
            Seen: away\nAbilities: none\nCommands: system.run\nAsks for: camera.snap\n\
            Next: openclaw nodes approve r";
        assert_eq!(described(&node, 0), expected);
    }
}
