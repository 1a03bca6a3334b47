//! The configuration described: as a JSON schema, as hints for a form that
//! edits it, and which of its values are secrets.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::hint::{Hint, collect};
use crate::{Json, config::Config};

/// What may stand in the configuration file, for people and for forms.
#[derive(Clone, Debug)]
pub struct Manual {
    pub(super) schema: Value,
    pub(super) hints: BTreeMap<String, Hint>,
}

impl Manual {
    /// The manual the types of this room are.
    ///
    /// It takes 70 milliseconds to make and three megabytes of program, so the
    /// gateway carries one that was made before; a test compares the two.
    pub fn generated() -> Self {
        let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        Self::of(settings.into_generator().into_root_schema_for::<Config>().to_value())
    }

    /// The manual with this JSON schema.
    pub fn of(schema: Value) -> Self {
        let mut hints = BTreeMap::new();
        collect(&schema, "", &mut hints);
        Self { schema, hints }
    }

    /// The JSON schema of the file.
    pub fn schema(&self) -> Json {
        Json::of(&self.schema)
    }

    /// What a form shows beside every path of it (`gateway.port`,
    /// `agents.list.*.name`).
    pub fn hints(&self) -> Json {
        Json::of(&self.hints)
    }

    /// The JSON schema without what is for people, which is most of it.
    pub fn shape(&self) -> Json {
        let mut schema = self.schema.clone();
        strip(&mut schema);
        Json::of(&schema)
    }
}

fn strip(schema: &mut Value) {
    let Some(said) = schema.as_object_mut() else { return };
    said.retain(|name, _| !matches!(name.as_str(), "description" | "default" | "format" | "title"));
    for (name, value) in said {
        match (name.as_str(), value) {
            ("properties", Value::Object(keys)) => keys.values_mut().for_each(strip),
            (_, Value::Array(alternatives)) => alternatives.iter_mut().for_each(strip),
            (_, value) => strip(value),
        }
    }
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
pub(super) fn words(name: &str) -> Vec<String> {
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
    let Manual { schema, hints } = Manual::generated();
    let hints: Value = serde_json::to_value(hints).unwrap();

    let port = &schema["properties"]["gateway"]["properties"]["port"];
    assert_eq!(port["default"], 18789);
    assert!(hints["gateway.port"]["help"].as_str().unwrap().starts_with("The TCP port"));
    assert_eq!(hints["gateway.limits.maxPayloadBytes"]["label"], "Max payload bytes");
    assert_eq!(hints["gateway.auth.token"]["sensitive"], true);
    assert_eq!(hints["models.providers.*.apiKey"]["sensitive"], true);
    assert_eq!(hints["agents.list.*.name"]["sensitive"], Value::Null);
    assert_eq!(hints["channels.tlon.code"]["sensitive"], true, "by its type");
    assert_eq!(hints["hooks.gmail.account"]["group"], "hooks");
    assert_eq!(hints["gateway.limits.jsonDepth"]["advanced"], true);
    assert_eq!(hints["gateway.port"]["advanced"], Value::Null);
    assert_eq!(hints["gateway.port"]["placeholder"], "18789");
    for path in super::hint::named_paths() {
        assert!(hints[path].is_object(), "{path} has a rule and does not exist");
    }
}

#[test]
fn the_shape_has_every_key_and_no_words() {
    let shape: Value = serde_json::from_str(Manual::generated().shape().as_str()).unwrap();
    let gateway = &shape["properties"]["gateway"];
    assert!(gateway["description"].is_null());
    assert_eq!(gateway["properties"]["port"]["type"], "integer");
    assert!(shape["properties"]["transcripts"]["properties"]["autoStart"]["items"].is_object());
    let described = &shape["properties"]["agents"]["properties"]["list"]["items"]["properties"];
    assert!(described["description"].is_object(), "a key of that name stays");
}

#[test]
fn every_key_has_a_rule_for_when_it_changes() {
    for path in Manual::generated().hints.keys() {
        assert!(domain::reload::is_known(path), "{path}: say in domain::reload what it means");
        assert_ne!(domain::reload::kind(path), domain::reload::Kind::Restart, "{path}");
    }
}

/// A file that says everything `schema` knows. Every text could be a model.
#[cfg(test)]
fn sample(schema: &Value) -> Value {
    if let Some(word) = schema.get("const").or(schema["enum"].get(0)) {
        return word.clone();
    }
    for alternatives in ["anyOf", "oneOf"] {
        if let Some(first) = schema[alternatives].get(0) {
            return sample(first);
        }
    }
    let kind = schema["type"].as_str().or(schema["type"][0].as_str());
    match (kind, &schema["properties"], &schema["additionalProperties"]) {
        (_, Value::Object(properties), _) => {
            properties.iter().map(|(name, value)| (name.clone(), sample(value))).collect()
        }
        (Some("object"), _, more @ Value::Object(_)) => serde_json::json!({ "any": sample(more) }),
        (Some("object"), ..) => serde_json::json!({ "any": "canary" }),
        (Some("array"), ..) => serde_json::json!([sample(&schema["items"])]),
        (Some("boolean"), ..) => true.into(),
        (Some("integer" | "number"), ..) => 7.into(),
        (Some("string"), ..) if schema["format"] == "ip" => "192.0.2.7".into(),
        _ => "canary/canary".into(),
    }
}

#[test]
fn what_the_schema_offers_is_read_and_no_secret_of_it_is_shown() {
    let Manual { schema, hints } = Manual::generated();
    let properties = schema["properties"].as_object().unwrap();
    for (section, schema) in properties {
        // What is stricter than its schema is tested where it is defined.
        if matches!(section.as_str(), "gateway" | "agents" | "models") {
            continue;
        }
        let file = serde_json::json!({ section: sample(schema) });
        let config: Config = serde_json::from_value(file.clone())
            .unwrap_or_else(|error| panic!("{section}: {error}"));
        let written = serde_json::to_value(&config).unwrap();
        lost(&file[section], &written[section], section);
    }
    let secrets = serde_json::json!({
        "channels": { "telegram": { "botToken": "canary" }, "tlon": { "code": "canary" }, "mine": { "token": "canary" } },
        "env": { "vars": { "A": "canary" } },
        "hooks": { "token": "canary", "gmail": { "pushToken": "canary" } },
        "gateway": { "auth": { "token": "canary", "password": "canary" },
                     "remote": { "token": "canary", "edgeAuth": { "a": "canary" } },
                     "controlUi": { "github": { "token": "canary" } } },
        "models": { "providers": { "a": { "apiKey": "canary", "headers": { "b": "canary" },
                                          "models": [{ "id": "m", "headers": { "c": "canary" } }] } } },
        "plugins": { "entries": { "a": { "config": { "b": "canary" } } } },
        "mcp": { "servers": { "a": { "clientKey": "canary" } } },
        "talk": { "apiKey": "canary" }, "tts": { "providers": { "a": { "apiKey": "canary" } } },
    });
    let config: Config = serde_json::from_value(secrets).unwrap();
    assert!(!format!("{config:?}").contains("canary"));
    assert!(hints.len() > 2000, "{}", hints.len());
}

/// Finds what `read` has lost of `said`, apart from what means the same.
#[cfg(test)]
fn lost(said: &Value, read: &Value, path: &str) {
    match said {
        Value::Object(map) => {
            for (name, said) in map {
                // Says no more than its default.
                if read.get(name).is_some() || !(said.is_object() || said.is_array()) {
                    lost(said, &read[name], &format!("{path}.{name}"));
                }
            }
        }
        Value::Array(values) => lost(&values[0], &read[0], &format!("{path}[0]")),
        Value::Number(number) => assert_eq!(read.as_f64(), number.as_f64(), "{path}"),
        said => {
            let is_handle = said == true && *read == "true";
            assert!(said == read || is_handle, "{path}: {said} became {read}");
        }
    }
}
