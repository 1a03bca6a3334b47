//! Older and other spellings, put into today's (`gateway-reference.md` 2.5).

mod agent;
mod lists;
mod routing;
#[cfg(test)]
mod table;

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::problem::{Problem, Severity};

/// Keys that have moved: from, to. What is part of another row comes before it.
#[rustfmt::skip]
pub(crate) const MOVED: [(&[&str], &[&str]); 29] = [
    (&["gateway", "token"], &["gateway", "auth", "token"]),
    (&["gateway", "reload", "debounce"], &["gateway", "reload", "debounceMs"]),
    (&["gateway", "http", "openResponses"], &["gateway", "http", "endpoints", "responses", "enabled"]),
    (&["agent", "model"], &["agents", "defaults", "model"]),
    (&["agent", "timeoutSeconds"], &["agents", "defaults", "timeoutSeconds"]),
    // From the time before there were several agents.
    (&["agent", "bash"], &["tools", "exec"]),
    (&["agent", "elevated"], &["tools", "elevated"]),
    (&["agent", "tools", "allow"], &["tools", "allow"]),
    (&["agent", "tools", "deny"], &["tools", "deny"]),
    (&["agent", "sandbox", "tools"], &["tools", "sandbox", "tools"]),
    (&["agent", "subagents", "tools"], &["tools", "subagents", "tools"]),
    (&["tools", "bash"], &["tools", "exec"]),
    // From the time when channels were sections.
    (&["telegram", "requireMention"], &["channels", "telegram", "groups", "*", "requireMention"]),
    (&["channels", "telegram", "requireMention"], &["channels", "telegram", "groups", "*", "requireMention"]),
    (&["whatsapp"], &["channels", "whatsapp"]),
    (&["telegram"], &["channels", "telegram"]),
    (&["discord"], &["channels", "discord"]),
    (&["slack"], &["channels", "slack"]),
    (&["signal"], &["channels", "signal"]),
    (&["imessage"], &["channels", "imessage"]),
    (&["msteams"], &["channels", "msteams"]),
    (&["routing", "allowFrom"], &["channels", "whatsapp", "allowFrom"]),
    // What `routing` was.
    (&["routing", "queue"], &["messages", "queue"]),
    (&["messages", "queue", "byProvider"], &["messages", "queue", "byChannel"]),
    (&["routing", "bindings"], &["bindings"]),
    (&["routing", "agentToAgent"], &["tools", "agentToAgent"]),
    // What has moved since January 2026.
    (&["messages", "tts"], &["tts"]),
    (&["agents", "defaults", "memorySearch"], &["memory", "search"]),
    (&["session", "resetByType", "dm"], &["session", "resetByType", "direct"]),
];

/// Rewrites `tree`. What is said in today's spelling wins.
pub(crate) fn modernise(tree: &mut Value, problems: &mut Vec<Problem>) {
    agent::models(tree, problems);
    for (from, to) in MOVED {
        relocate(tree, from, to, problems);
    }
    agent::rest(tree, problems);
    routing::modernise(tree, problems);
    lists::modernise(tree, problems);
    custom_bind(tree, problems);
    identity(tree, problems);
}

/// Moves what is at `from` to `to`.
fn relocate(tree: &mut Value, from: &[&str], to: &[&str], problems: &mut Vec<Problem>) {
    let Some(value) = take(tree, from) else { return };
    let to_key = to.join(".");
    let message = if put(tree, to, value) {
        format!("has moved to {to_key}")
    } else {
        format!("has moved to {to_key}, which is set as well and counts")
    };
    moved(&from.join("."), message, problems);
    // What held nothing else goes with it.
    for length in (1..from.len()).rev() {
        let emptied =
            at(tree, &from[..length]).and_then(Value::as_object).is_some_and(Map::is_empty);
        if emptied {
            take(tree, &from[..length]);
        }
    }
}

fn moved(key: &str, message: impl Into<String>, problems: &mut Vec<Problem>) {
    problems.push(Problem::new(Severity::Warning, key, message));
}

fn at<'a>(tree: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |tree, step| tree.get(*step))
}

/// `bind: "custom"` with the address in a key of its own, which stays for
/// `--bind custom`.
fn custom_bind(tree: &mut Value, problems: &mut Vec<Problem>) {
    let Some(gateway) = tree.get_mut("gateway").and_then(Value::as_object_mut) else { return };
    let custom = gateway.get("bind").and_then(Value::as_str) == Some("custom");
    let host = gateway.get("customBindHost");
    let text = host.and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if text.parse::<IpAddr>().is_ok() {
        gateway.insert("customBindHost".into(), text.clone().into());
        if custom {
            gateway.insert("bind".into(), text.into());
        }
        return;
    }
    let (severity, message) = match (custom, host) {
        (false, None) => return,
        (true, _) => (Severity::Fatal, "has to be an IP address when gateway.bind is custom"),
        (false, Some(_)) => (Severity::Warning, "has to be an IP address"),
    };
    problems.push(Problem::new(severity, "gateway.customBindHost", message));
    gateway.remove("customBindHost");
    if custom {
        gateway.remove("bind");
    }
}

/// The top-level `identity`, from the time of one agent.
fn identity(tree: &mut Value, problems: &mut Vec<Problem>) {
    if !tree["identity"].is_object() || !tree["agents"]["list"].is_null() {
        return;
    }
    let identity = take(tree, &["identity"]);
    put(tree, &["agents", "list"], json!([{ "id": "main", "identity": identity }]));
    let message = "has moved to agents.list[0].identity";
    problems.push(Problem::new(Severity::Warning, "identity", message));
}

fn take(tree: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let parent = parents.iter().try_fold(tree, |tree, step| tree.get_mut(*step))?;
    parent.as_object_mut()?.remove(*last)
}

/// Puts `value` at `path`. Where something is there, that stays, and only what
/// it does not say is added. Whether all of `value` is there now.
fn put(tree: &mut Value, path: &[&str], value: Value) -> bool {
    let mut place = tree;
    for step in path {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let Some(map) = place.as_object_mut() else { return false };
        place = map.entry(*step).or_insert(Value::Null);
    }
    add(place, value)
}

fn add(place: &mut Value, value: Value) -> bool {
    match (place, value) {
        (place @ Value::Null, value) => {
            *place = value;
            true
        }
        (Value::Object(place), Value::Object(value)) => {
            let mut is_all = true;
            for (name, value) in value {
                is_all &= add(place.entry(name).or_insert(Value::Null), value);
            }
            is_all
        }
        _ => false,
    }
}

#[test]
fn old_spellings_are_put_into_todays() {
    #[rustfmt::skip]
    let table = [
        (json!({ "gateway": { "token": "t" } }),
         json!({ "gateway": { "auth": { "token": "t" } } })),
        (json!({ "gateway": { "token": "old", "auth": { "token": "new" } } }),
         json!({ "gateway": { "auth": { "token": "new" } } })),
        (json!({ "agent": { "model": "a/b" } }),
         json!({ "agents": { "defaults": { "model": "a/b" } } })),
        (json!({ "gateway": { "bind": "custom", "customBindHost": " 192.0.2.7 " } }),
         json!({ "gateway": { "bind": "192.0.2.7", "customBindHost": "192.0.2.7" } })),
        (json!({ "gateway": { "bind": "lan", "customBindHost": "192.0.2.7" } }),
         json!({ "gateway": { "bind": "lan", "customBindHost": "192.0.2.7" } })),
        (json!({ "gateway": { "bind": "lan", "customBindHost": "nowhere" } }),
         json!({ "gateway": { "bind": "lan" } })),
        (json!({ "gateway": { "reload": { "debounce": 5 } } }),
         json!({ "gateway": { "reload": { "debounceMs": 5 } } })),
        (json!({ "gateway": { "auth": {} }, "telegram": { "botToken": "t", "name": "old" }, "channels": { "telegram": { "name": "new" } } }),
         json!({ "gateway": { "auth": {} }, "channels": { "telegram": { "botToken": "t", "name": "new" } } })),
        (json!({ "identity": { "name": "Clawd" } }),
         json!({ "agents": { "list": [{ "id": "main", "identity": { "name": "Clawd" } }] } })),
        (json!({ "gateway": 5 }), json!({ "gateway": 5 })),
        (json!([]), json!([])),
    ];
    for (old, expected) in table {
        let mut tree = old.clone();
        modernise(&mut tree, &mut Vec::new());
        assert_eq!(tree, expected, "{old}");
    }
}

#[test]
fn a_custom_bind_without_an_address_is_fatal() {
    for host in [json!(null), json!("nowhere"), json!("")] {
        let mut tree = json!({ "gateway": { "bind": "custom", "customBindHost": host } });
        let mut problems = Vec::new();
        modernise(&mut tree, &mut problems);
        assert_eq!(problems[0].severity, Severity::Fatal);
    }
}
