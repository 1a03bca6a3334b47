//! `openclaw devices list`, and how devices are shown.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::cli::{
    connect::{Rpc, ask_once},
    context::Context,
    failure::Failure,
    output,
    pick::{brief, enough, texts},
    status::age,
};

pub(crate) async fn list(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let list = ask_once(context, rpc, "device.pair.list", &json!({})).await?;
    if context.json {
        return Ok(output::json(&list)?);
    }
    Ok(output::line(&told(&list, now()))?)
}

/// Those that wait, one by one, and those that were let in, in a table.
fn told(list: &Value, now: u64) -> String {
    let mut parts = Vec::new();
    parts.extend(pending(&list["pending"], now));
    parts.push(match paired(&list["paired"], now) {
        Some(table) => format!("Devices:\n{table}"),
        None => "No devices yet. Make a code for one with: openclaw qr".to_owned(),
    });
    parts.join("\n\n")
}

/// The devices that wait, if there are any.
pub(crate) fn pending(list: &Value, now: u64) -> Option<String> {
    let length = enough(texts(list, "requestId"));
    let waiting: Vec<_> =
        list.as_array()?.iter().map(|waiting| request(waiting, now, length)).collect();
    let head = format!("Devices that wait for a decision: {}", waiting.len());
    (!waiting.is_empty()).then(|| format!("{head}\n{}", waiting.join("\n")))
}

/// A device that waits: everything whoever decides should know.
pub(super) fn request(waiting: &Value, now: u64, length: usize) -> String {
    let id = brief(waiting["requestId"].as_str().unwrap_or_default(), length);
    let from = match waiting["remoteIp"].as_str() {
        Some(address) => format!("from {}", output::cell(address, 45)),
        None => "from this machine".to_owned(),
    };
    let millis = |name: &str| waiting[name].as_u64().unwrap_or(now);
    let asked = age(now.saturating_sub(millis("ts")) / 1000);
    let left = age(millis("expiresAtMs").saturating_sub(now) / 1000);
    let about = ["modelIdentifier", "deviceFamily", "platform", "clientId"]
        .map(|name| text(waiting, name, 20));
    let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).collect();
    let device = brief(waiting["deviceId"].as_str().unwrap_or_default(), 16);
    let mut lines = vec![
        format!("  {id}  {}", name(waiting, 40)),
        format!("    asked   {asked} ago, {from}; forgotten in {left}"),
        format!("    device  {device}…  {}", output::cell(&about.join(", "), 50)),
        format!("    wants   {}", wants(waiting)),
        format!("    why     {}", text(waiting, "reason", 40)),
        format!("    next    openclaw devices approve {id}"),
    ];
    let commands: Vec<_> = waiting["commands"].as_array().into_iter().flatten().collect();
    if !commands.is_empty() {
        let words: Vec<_> = commands.iter().filter_map(|it| it.as_str()).collect();
        lines.insert(4, format!("    offers  {}", output::cell(&words.join(", "), 66)));
    }
    lines.join("\n")
}

fn wants(waiting: &Value) -> String {
    match waiting["role"].as_str() {
        Some("node") => "to be a node".to_owned(),
        _ => format!("{}: {}", text(waiting, "role", 12), scopes(&waiting["scopes"])),
    }
}

/// The devices that were let in, if there are any.
pub(crate) fn paired(list: &Value, now: u64) -> Option<String> {
    let length = enough(texts(list, "deviceId"));
    let rows = list.as_array()?.iter().map(|device| {
        let seen = match (device["connected"].as_bool(), device["lastSeenAtMs"].as_u64()) {
            (Some(true), _) => "now".to_owned(),
            (_, Some(then)) => age(now.saturating_sub(then) / 1000),
            (_, None) => "never".to_owned(),
        };
        let roles: Vec<_> =
            device["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let id = brief(device["deviceId"].as_str().unwrap_or_default(), length);
        let roles = output::cell(&roles.join(","), 13);
        vec![id, name(device, 18), roles, output::cell(&scopes(&device["scopes"]), 28), seen]
    });
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then(|| output::table(&["DEVICE", "NAME", "ROLE", "MAY", "SEEN"], &rows))
}

/// What a device is called: by the operator, else by itself.
fn name(device: &Value, most: usize) -> String {
    let said = ["operatorLabel", "displayName"].map(|name| text(device, name, most));
    said.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "(no name)".to_owned())
}

/// A device in a sentence.
pub(super) fn called(device: &Value) -> String {
    let id = brief(device["deviceId"].as_str().unwrap_or_default(), 16);
    format!("{} ({id}…)", name(device, 40))
}

/// What a device may do, in a sentence.
pub(super) fn may(device: &Value) -> String {
    let roles: Vec<_> =
        device["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let scopes = scopes(&device["scopes"]);
    output::cell(&format!("as {}, allowed {scopes}", roles.join(" and ")), 200)
}

/// Scopes in short: an administrator may do everything.
pub(super) fn scopes(list: &Value) -> String {
    let scopes: Vec<_> = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|scope| output::cell(scope.trim_start_matches("operator."), 20))
        .collect();
    match scopes.as_slice() {
        [] => "nothing".to_owned(),
        some if some.iter().any(|scope| scope == "admin") => "everything (admin)".to_owned(),
        some => some.join(","),
    }
}

/// A text of an object, as part of a line.
pub(crate) fn text(value: &Value, name: &str, most: usize) -> String {
    output::cell(value[name].as_str().unwrap_or_default(), most)
}

/// The time, in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices() -> Value {
        json!({
            "pending": [{
                "requestId": "11112222-3333-4444-8555-666677778888", "deviceId": "ab".repeat(32),
                "displayName": "Ana\u{1b}[2J\n\u{202e}phone", "role": "operator",
                "scopes": ["operator.read", "operator.write"], "remoteIp": "192.0.2.50",
                "reason": "not-paired", "ts": 940_000, "expiresAtMs": 1_240_000,
                "platform": "iOS 18", "deviceFamily": "iPhone", "clientId": "openclaw-ios",
            }],
            "paired": [
                { "deviceId": "cd".repeat(32), "operatorLabel": "Desk", "displayName": "x", "connected": true,
                  "roles": ["operator", "node"], "scopes": ["operator.admin", "operator.read"] },
                { "deviceId": "ef".repeat(32), "displayName": "A name that goes on and on",
                  "roles": ["operator"], "connected": false, "lastSeenAtMs": 400_000, "scopes":
                  ["operator.read", "operator.write", "operator.approvals", "operator.pairing"] },
            ],
        })
    }

    #[test]
    fn devices_for_people() {
        let expected = "\
Devices that wait for a decision: 1
  11112222  Ana[2J phone
    asked   1m ago, from 192.0.2.50; forgotten in 4m
    device  abababababababab…  iPhone, iOS 18, openclaw-ios
    wants   operator: read,write
    why     not-paired
    next    openclaw devices approve 11112222

Devices:
DEVICE    NAME                ROLE           MAY                           SEEN
cdcdcdcd  Desk                operator,node  everything (admin)            now
efefefef  A name that goes …  operator       read,write,approvals,pairing  10m";
        assert_eq!(told(&devices(), 1_000_000), expected);
    }

    #[test]
    fn everything_fits_a_terminal_and_drives_none() {
        let mut devices = devices();
        for list in ["pending", "paired"] {
            let device = &mut devices[list][0];
            for name in
                ["displayName", "operatorLabel", "platform", "deviceFamily", "clientId", "reason"]
            {
                device[name] = "w\u{9b}2J\n ".repeat(100).into();
            }
            device["remoteIp"] = "f".repeat(100).into();
            device["roles"] = json!(["operator".repeat(9)]);
            device["scopes"] = json!(vec!["operator.something-long"; 9]);
            device["commands"] = json!(vec!["system.run"; 99]);
        }
        let text = told(&devices, 1_000_000);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
        let table = text.split("Devices:").last().unwrap();
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    }

    #[test]
    fn without_devices_it_says_how_to_get_one() {
        let text = told(&json!({ "pending": [], "paired": [] }), 0);
        assert_eq!(text, "No devices yet. Make a code for one with: openclaw qr");
    }
}
