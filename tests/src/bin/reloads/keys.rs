//! Every key of the configuration, each with a value that is another one than
//! its default.

use serde_json::{Map, Value, json};

/// A change of one key.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The names on the way to it.
    pub(crate) path: Vec<String>,
    pub(crate) value: Value,
}

/// Keys whose value has a meaning beyond its type.
#[rustfmt::skip]
const MEANT: &[(&str, &str)] = &[
    ("gateway.mode",             "\"local\""),
    ("gateway.bind",             "\"127.0.0.2\""),
    ("gateway.customBindHost",   "\"127.0.0.3\""),
    ("gateway.trustedProxies",   "[\"192.0.2.7\"]"),
    ("gateway.reload.mode",      "\"hot\""),
    ("gateway.http.securityHeaders.strictTransportSecurity", "\"max-age=31536000\""),
    ("agents.defaults.model",    "\"fake/other\""),
    ("agents.defaults.heartbeat.every", "\"45m\""),
    ("agents.defaults.thinkingDefault", "\"high\""),
    ("gateway.remote.url",       "\"wss://gateway.example\""),
    ("agents.list",              "[{ \"id\": \"main\" }, { \"id\": \"other\" }]"),
    ("discovery.mdns.mode",      "\"full\""),
];

/// Keys that decide who is let in, and so may close connections.
const AUTHORITY: &[&str] = &["gateway.auth.mode", "gateway.auth.token", "gateway.auth.password"];

/// A change of each key that `schema` knows and that takes nobody's authority
/// away. `port` is free.
pub(crate) fn changes(schema: &Value, port: u16) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(schema, &mut Vec::new(), &mut changes);
    changes.retain(|change| !AUTHORITY.contains(&change.name().as_str()));
    for change in &mut changes {
        let name = change.name();
        if name == "gateway.port" {
            change.value = port.into();
        }
        let meant = MEANT.iter().find(|(key, _)| *key == name);
        if let Some(value) = meant.and_then(|(_, text)| serde_json::from_str(text).ok()) {
            change.value = value;
        }
    }
    changes
}

impl Change {
    /// The key with dots.
    pub(crate) fn name(&self) -> String {
        self.path.join(".")
    }

    /// `config` with this change.
    pub(crate) fn of(&self, config: &Value) -> Value {
        let mut changed = config.clone();
        let mut place = &mut changed;
        for name in &self.path {
            if !place.is_object() {
                *place = Value::Object(Map::new());
            }
            place = &mut place[name.as_str()];
        }
        *place = self.value.clone();
        changed
    }
}

fn walk(schema: &Value, path: &mut Vec<String>, changes: &mut Vec<Change>) {
    let properties = schema["properties"].as_object();
    let is_section = properties.is_some_and(|it| !it.is_empty());
    if !is_section || MEANT.iter().any(|(key, _)| *key == path.join(".")) {
        if let Some(value) = other(schema, &schema["default"]).filter(|_| !path.is_empty()) {
            changes.push(Change { path: path.clone(), value });
        }
        return;
    }
    for (name, schema) in properties.into_iter().flatten() {
        path.push(name.clone());
        walk(schema, path, changes);
        path.pop();
    }
}

/// A value that `schema` allows and that is not `default`.
fn other(schema: &Value, default: &Value) -> Option<Value> {
    let differs = |value: &Value| value != default && !value.is_null();
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().find(|word| differs(word)).cloned();
    }
    if !schema["const"].is_null() {
        return Some(schema["const"].clone()).filter(differs);
    }
    for alternatives in ["anyOf", "oneOf", "allOf"] {
        let mut alternatives = schema[alternatives].as_array().into_iter().flatten();
        if let Some(value) = alternatives.find_map(|one| other(one, default)) {
            return Some(value);
        }
    }
    let value = match kind(schema) {
        "boolean" => json!(default != &json!(true)),
        "integer" | "number" => number(schema, default),
        "string" => json!("changed"),
        "array" => json!([other(&schema["items"], &Value::Null)?]),
        "object" if schema["additionalProperties"].is_object() => {
            json!({ "other": other(&schema["additionalProperties"], &Value::Null)? })
        }
        "object" => json!({}),
        _ => return None,
    };
    Some(value).filter(differs)
}

/// The type of a value, where it is not `null`.
fn kind(schema: &Value) -> &str {
    let types =
        schema["type"].as_array().map_or(std::slice::from_ref(&schema["type"]), Vec::as_slice);
    types.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or_default()
}

/// One more than the default, or less where that is too much.
fn number(schema: &Value, default: &Value) -> Value {
    let least = schema["minimum"].as_f64().unwrap_or_default();
    let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
    let default = default.as_f64();
    let wanted = [default.map(|it| it + 1.0), default.map(|it| it - 1.0), Some(least), Some(most)];
    let fits = |it: &f64| least <= *it && *it <= most && Some(*it) != default;
    let value = wanted.into_iter().flatten().find(fits).unwrap_or(least);
    if kind(schema) == "number" {
        return json!(value);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole numbers of a configuration are small"
    )]
    let whole = value as i64;
    json!(whole)
}
