//! The configuration described: as a JSON schema, as hints for a form that
//! edits it, and which of its values are secrets.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::{Json, config::Config};

/// The JSON schema of the file, and for every path of it (`gateway.port`,
/// `agents.list.*.name`) what a form shows beside it.
pub fn schema() -> (Json, Json) {
    let schema = SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<Config>()
        .to_value();
    let mut hints = BTreeMap::new();
    collect(&schema, "", &mut hints);
    (Json::of(&schema), Json::of(&hints))
}

/// Whether the value of a key called `name` is a secret, judged by the name:
/// `token`, `botToken`, `OPENAI_API_KEY` are; `mainKey`, `maxTokens` and
/// `passwordFile` are not.
pub fn holds_secret(name: &str) -> bool {
    /// Words that make the last word harmless: these keys only identify.
    const NAMING: &[&str] =
        &["main", "public", "session", "idempotency", "dedupe", "sort", "cache", "primary", "host"];
    const SECRET: &[&str] = &[
        "token",
        "secret",
        "secrets",
        "password",
        "passwd",
        "passphrase",
        "passwords",
        "credential",
        "credentials",
        "apikey",
        "authorization",
        "cookie",
    ];
    let mut words = words(name);
    while words.last().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
        words.pop();
    }
    match words.as_slice() {
        [.., last] if SECRET.contains(&last.as_str()) => true,
        [.., before, last] if matches!(last.as_str(), "key" | "keys") => {
            !NAMING.contains(&before.as_str())
        }
        _ => false,
    }
}

/// The words of a name in any of the usual spellings, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for letter in name.chars() {
        if letter.is_alphanumeric() {
            let begins = !previous.is_alphanumeric()
                || (letter.is_uppercase() && previous.is_lowercase())
                || (letter.is_ascii_digit() != previous.is_ascii_digit());
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        previous = letter;
    }
    words
}

/// What a form shows beside one value.
#[derive(Debug, Serialize)]
struct Hint {
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    order: usize,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
}

fn collect(schema: &Value, path: &str, hints: &mut BTreeMap<String, Hint>) {
    let below = |name: &str| if path.is_empty() { name.into() } else { format!("{path}.{name}") };
    let properties = schema["properties"].as_object().into_iter().flatten();
    for (order, (name, property)) in properties.enumerate() {
        let path = below(name);
        let hint = Hint {
            label: label(name),
            help: property["description"].as_str().map(|text| text.replace('\n', " ")),
            order,
            sensitive: holds_secret(name),
        };
        hints.insert(path.clone(), hint);
        collect(property, &path, hints);
    }
    for any in ["items", "additionalProperties"] {
        if schema[any].is_object() {
            collect(&schema[any], &below("*"), hints);
        }
    }
    for alternatives in ["anyOf", "oneOf", "allOf"] {
        for alternative in schema[alternatives].as_array().into_iter().flatten() {
            collect(alternative, path, hints);
        }
    }
}

/// `maxPayloadBytes` as people write it.
fn label(name: &str) -> String {
    let text = words(name).join(" ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[test]
fn secrets_are_known_by_their_names() {
    #[rustfmt::skip]
    let table = [
        ("token", true), ("botToken", true), ("bot_token", true), ("password", true),
        ("apiKey", true), ("api-key", true), ("OPENAI_API_KEY", true), ("OPENAI_API_KEY_2", true),
        ("clientSecret", true), ("privateKey", true), ("signingSecret", true), ("keys", false),
        ("x-api-key", true), ("Authorization", true), ("hf_token", true), ("apikey", true),
        ("mainKey", false), ("key", false), ("sessionKey", false), ("publicKey", false),
        ("maxTokens", false), ("contextTokens", false), ("passwordFile", false), ("tokenUrl", false),
        ("monkey", false), ("keyPath", false), ("port", false), ("", false), ("2", false),
    ];
    for (name, secret) in table {
        assert_eq!(holds_secret(name), secret, "{name}");
    }
}

#[test]
fn the_schema_knows_the_defaults_the_docs_and_the_secrets() {
    let (schema, hints) = schema();
    let schema: Value = serde_json::from_str(schema.as_str()).unwrap();
    let hints: Value = serde_json::from_str(hints.as_str()).unwrap();

    let port = &schema["properties"]["gateway"]["properties"]["port"];
    assert_eq!(port["default"], 18789);
    assert!(hints["gateway.port"]["help"].as_str().unwrap().starts_with("The TCP port"));
    assert_eq!(hints["gateway.limits.maxPayloadBytes"]["label"], "Max payload bytes");
    assert_eq!(hints["gateway.auth.token"]["sensitive"], true);
    assert_eq!(hints["models.providers.*.apiKey"]["sensitive"], true);
    assert_eq!(hints["agents.list.*.name"]["sensitive"], Value::Null);
}

#[test]
fn every_key_has_a_rule_for_when_it_changes() {
    let (_, hints) = schema();
    let hints: BTreeMap<String, Value> = serde_json::from_str(hints.as_str()).unwrap();
    for path in hints.keys() {
        assert!(domain::reload::is_known(path), "{path}: say in domain::reload what it means");
        assert_ne!(domain::reload::kind(path), domain::reload::Kind::Restart, "{path}");
    }
}
