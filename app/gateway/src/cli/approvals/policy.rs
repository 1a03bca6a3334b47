//! The policy: which commands may run on the gateway's machine.

use std::{fs, io, io::Read};

use serde_json::{Map, Value, json};
use ws_client::Client;

use super::{Allowlist, Pattern, Place, SetPolicy};
use crate::cli::{
    connect::{ask, connect},
    context::Context,
    devices::{list::text, tell},
    failure::Failure,
    nodes, output,
};

/// The longest policy that is read, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// A policy one can read and replace.
struct Kept {
    client: Client,
    // The gateway's own if there is none.
    node: Option<String>,
}

impl Kept {
    async fn at(context: &Context, place: &Place) -> Result<Self, Failure> {
        let mut client = connect(context, &place.rpc).await?;
        let node = match &place.node {
            Some(given) => Some(nodes::known(&mut client, given).await?),
            None => None,
        };
        Ok(Self { client, node })
    }

    async fn read(&mut self) -> Result<Value, Failure> {
        let Some(node) = &self.node else {
            return ask(&mut self.client, "exec.approvals.get", &json!({})).await;
        };
        let params = json!({ "nodeId": node });
        ask(&mut self.client, "exec.approvals.node.get", &params).await.map(out_of_envelope)
    }

    async fn write(&mut self, file: &Value, hash: &Value) -> Result<Value, Failure> {
        let mut params = json!({ "file": file, "baseHash": hash });
        let Some(node) = &self.node else {
            return ask(&mut self.client, "exec.approvals.set", &params).await;
        };
        params["nodeId"] = node.as_str().into();
        ask(&mut self.client, "exec.approvals.node.set", &params).await.map(out_of_envelope)
    }
}

/// What a node answers may stand in an envelope.
fn out_of_envelope(mut said: Value) -> Value {
    if said["payload"]["file"].is_object() { said["payload"].take() } else { said }
}

/// The policy at `place`, and no more to do with it.
async fn read_once(context: &Context, place: &Place) -> Result<Value, Failure> {
    let mut kept = Kept::at(context, place).await?;
    let policy = kept.read().await;
    kept.client.close().await;
    policy
}

pub(super) async fn get(context: &Context, place: &Place) -> Result<(), Failure> {
    let policy = read_once(context, place).await?;
    if context.json {
        return Ok(output::json(&policy)?);
    }
    let there = if policy["exists"] == true { "" } else { " (not there)" };
    output::line(&format!("Policy: {}{there}", text(&policy, "path", 400)))?;
    if policy["problem"].is_string() {
        output::line(&format!("Nothing may run: {}", text(&policy, "problem", 400)))?;
    }
    let file = serde_json::to_string_pretty(&policy["file"]).unwrap_or_default();
    Ok(output::line(&output::tame(&file))?)
}

pub(super) async fn set(context: &Context, asked: &SetPolicy) -> Result<(), Failure> {
    let (name, read) = match &asked.file {
        Some(path) => (path.display().to_string(), fs::File::open(path).and_then(all)),
        None => ("the standard input".to_owned(), all(io::stdin())),
    };
    let read = read.map_err(|error| Failure::new(format!("{name}: {}", error.kind())))?;
    let given: Value = serde_json::from_str(&read)
        .map_err(|error| Failure::new(format!("{name} is not JSON: {error}")))?;
    let (file, hash) = understood(given);
    let mut kept = Kept::at(context, &asked.place).await?;
    let hash = match hash {
        Some(hash) => hash,
        None => kept.read().await?["hash"].take(),
    };
    let written = kept.write(&file, &hash).await?;
    kept.client.close().await;
    tell(context, &written, &format!("Wrote {}", text(&written, "path", 400)))
}

fn all(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// A policy, and the hash of what it replaces if it came with one.
fn understood(mut given: Value) -> (Value, Option<Value>) {
    let is_snapshot = given["file"].is_object() && given["hash"].is_string();
    if is_snapshot {
        let (file, hash) = (given["file"].take(), given["hash"].take());
        return (file, Some(hash));
    }
    (given, None)
}

pub(super) async fn allowlist(context: &Context, command: &Allowlist) -> Result<(), Failure> {
    match command {
        Allowlist::List(place) => {
            let policy = read_once(context, place).await?;
            if context.json {
                return Ok(output::json(&policy["file"]["agents"])?);
            }
            Ok(output::line(&told(&policy["file"]))?)
        }
        Allowlist::Add(asked) => change(context, asked, add, "was on the list").await,
        Allowlist::Remove(asked) => change(context, asked, remove, "is not on the list").await,
    }
}

/// Changes the list and writes it back, if nobody else changed it in between.
async fn change(
    context: &Context,
    asked: &Pattern,
    change: fn(&mut Value, &str, &str) -> bool,
    otherwise: &str,
) -> Result<(), Failure> {
    let Pattern { program, agent, place } = asked;
    let pattern = program.trim();
    if pattern.is_empty() || agent.trim().is_empty() {
        return Err(Failure::new("which program, and for whom?"));
    }
    let mut kept = Kept::at(context, place).await?;
    let mut policy = kept.read().await?;
    if let Some(problem) = policy["problem"].as_str() {
        return Err(Failure::new(format!("the policy cannot be changed: {problem}")));
    }
    if !change(&mut policy["file"], agent.trim(), pattern) {
        kept.client.close().await;
        return tell(context, &policy, &format!("{pattern} {otherwise} of {agent}"));
    }
    let written = kept.write(&policy["file"], &policy["hash"]).await?;
    kept.client.close().await;
    if context.json {
        return Ok(output::json(&written)?);
    }
    Ok(output::line(&told(&written["file"]))?)
}

/// Adds a pattern to the list of an agent. Whether that changes anything.
fn add(file: &mut Value, agent: &str, pattern: &str) -> bool {
    let Some(agent) = object(&mut file["agents"]).map(|it| it.entry(agent).or_insert(json!({})))
    else {
        return false;
    };
    let list = &mut agent["allowlist"];
    if !list.is_array() {
        *list = json!([]);
    }
    let known = list.as_array().is_some_and(|it| it.iter().any(|it| it["pattern"] == pattern));
    match list.as_array_mut() {
        Some(list) if !known => {
            list.push(json!({ "pattern": pattern }));
            true
        }
        _ => false,
    }
}

/// Takes a pattern off the list of an agent. Whether that changes anything.
fn remove(file: &mut Value, agent: &str, pattern: &str) -> bool {
    let list = file.pointer_mut("/agents").and_then(|agents| agents.get_mut(agent));
    let Some(list) = list.and_then(|agent| agent.get_mut("allowlist")?.as_array_mut()) else {
        return false;
    };
    let before = list.len();
    list.retain(|entry| entry["pattern"] != pattern);
    list.len() < before
}

fn object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if value.is_null() {
        *value = json!({});
    }
    value.as_object_mut()
}

fn told(file: &Value) -> String {
    let rows = file["agents"].as_object().into_iter().flatten().flat_map(|(agent, said)| {
        said["allowlist"].as_array().into_iter().flatten().map(move |entry| {
            let used = text(entry, "lastUsedCommand", 20);
            vec![output::cell(agent, 16), text(entry, "pattern", 38), used]
        })
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return "No program is on a list.".into();
    }
    output::table(&["AGENT", "PATTERN", "LAST USED FOR"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_come_on_the_list_once_and_leave_it() {
        let mut file = json!({ "version": 1 });
        assert!(add(&mut file, "*", "/usr/bin/rg"));
        assert!(!add(&mut file, "*", "/usr/bin/rg"), "it is there already");
        assert!(add(&mut file, "main", "/usr/bin/rg"), "another agent has a list of its own");
        assert_eq!(
            told(&file),
            "AGENT  PATTERN      LAST USED FOR\n*      /usr/bin/rg\nmain   /usr/bin/rg"
        );
        assert!(remove(&mut file, "*", "/usr/bin/rg"));
        assert!(!remove(&mut file, "*", "/usr/bin/rg"));
        assert!(!remove(&mut file, "nobody", "/usr/bin/rg"));
        let left = json!({ "version": 1, "agents": { "*": { "allowlist": [] },
            "main": { "allowlist": [{ "pattern": "/usr/bin/rg" }] } } });
        assert_eq!(file, left, "and nothing else changes");
    }

    #[test]
    fn a_policy_may_come_with_the_hash_of_what_it_replaces() {
        let file = json!({ "version": 1 });
        assert_eq!(understood(file.clone()), (file.clone(), None));
        let snapshot = json!({ "path": "/x", "exists": true, "hash": "h", "file": file });
        assert_eq!(understood(snapshot), (file, Some("h".into())));
    }
}
