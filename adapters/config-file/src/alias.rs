//! Older and other spellings, put into today's.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use crate::problem::{Problem, Severity};

/// Keys that have moved: from, to.
pub(crate) const MOVED: [(&[&str], &[&str]); 5] = [
    (&["gateway", "token"], &["gateway", "auth", "token"]),
    (&["gateway", "reload", "debounce"], &["gateway", "reload", "debounceMs"]),
    (
        &["gateway", "http", "openResponses"],
        &["gateway", "http", "endpoints", "responses", "enabled"],
    ),
    (&["agent", "model"], &["agents", "defaults", "model"]),
    (&["agent", "timeoutSeconds"], &["agents", "defaults", "timeoutSeconds"]),
];

/// Rewrites `tree`. What is said in today's spelling wins.
pub(crate) fn modernise(tree: &mut Value, problems: &mut Vec<Problem>) {
    for (from, to) in MOVED {
        let Some(value) = take(tree, from) else { continue };
        let (from, to_key) = (from.join("."), to.join("."));
        let message = if put(tree, to, value) {
            format!("has moved to {to_key}")
        } else {
            format!("has moved to {to_key}, which is set as well and counts")
        };
        problems.push(Problem::new(Severity::Warning, &from, message));
    }
    if tree["agent"].as_object().is_some_and(Map::is_empty) {
        take(tree, &["agent"]);
    }
    custom_bind(tree, problems);
    identity(tree, problems);
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

/// Puts `value` at `path`, unless something is there.
fn put(tree: &mut Value, path: &[&str], value: Value) -> bool {
    let mut place = tree;
    for step in path {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let Some(map) = place.as_object_mut() else { return false };
        place = map.entry(*step).or_insert(Value::Null);
    }
    if !place.is_null() {
        return false;
    }
    *place = value;
    true
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
