//! `config.*`: the configuration.

use std::{collections::BTreeMap, sync::LazyLock};

use domain::access::{Access::Operator, Scope::Read};
use ports::{
    Json,
    config::Config,
    driven::{ConfigIssue, ConfigSnapshot},
    driving::RpcError,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::{
    method::{Context, methods},
    params::Nothing,
};

methods! {
    /// The configuration file as it is on disk, secrets replaced.
    ///
    /// `hash` is taken of the text on disk; sending it back with a change shows
    /// that nobody changed the file in between.
    "config.get" [Operator(Read)] get(Nothing) -> ConfigFile;

    /// The shape of the configuration file, and how to show it in a form.
    "config.schema" [Operator(Read)] schema(Nothing) -> ConfigShape;
}

/// Result of `config.get`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigFile {
    /// Where it is.
    path: String,
    /// Whether it is there.
    exists: bool,
    /// Its text.
    raw: Option<String>,
    /// What it says, before defaults.
    parsed: Json,
    /// Whether it can be used.
    valid: bool,
    /// What is in force by it, defaults included.
    config: Json,
    /// SHA-256 of the text, in hex.
    hash: String,
    /// What is wrong with it.
    issues: Vec<ConfigIssue>,
    /// What is odd about it.
    warnings: Vec<ConfigIssue>,
    /// What is written in an old way.
    legacy_issues: Vec<ConfigIssue>,
}

async fn get(cx: Context, _: Nothing) -> Result<ConfigFile, RpcError> {
    let snapshot = cx.services.configuration.snapshot().await;
    let snapshot = snapshot.map_err(|failed| RpcError::unavailable(failed.to_string()))?;
    let ConfigSnapshot { path, exists, raw, parsed, valid, config, hash, issues, warnings } =
        snapshot;
    let legacy_issues = Vec::new();
    Ok(ConfigFile {
        path,
        exists,
        raw,
        parsed,
        valid,
        config,
        hash,
        issues,
        warnings,
        legacy_issues,
    })
}

/// Result of `config.schema`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigShape {
    /// The JSON schema.
    schema: Json,
    /// How to show each key in a form.
    #[schemars(with = "BTreeMap<String, Hint>")]
    ui_hints: Json,
    /// The version of the gateway.
    version: String,
    /// When it was made.
    generated_at: String,
}

/// How to show a key in a form.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Hint {
    /// What to call it.
    label: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Where it comes in the form.
    order: usize,
    /// Whether it is a secret.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sensitive: bool,
}

async fn schema(cx: Context, _: Nothing) -> Result<ConfigShape, RpcError> {
    let (schema, ui_hints) = &*SHAPE;
    Ok(ConfigShape {
        schema: schema.clone(),
        ui_hints: ui_hints.clone(),
        version: cx.services.facts.version.clone(),
        generated_at: usecases::iso(cx.services.facts.started_at),
    })
}

/// Schema and hints, made once: they are as old as the program.
static SHAPE: LazyLock<(Json, Json)> = LazyLock::new(|| {
    let mut settings = schemars::generate::SchemaSettings::draft07();
    settings.inline_subschemas = true;
    let schema = settings.into_generator().into_root_schema_for::<Config>();
    let mut hints = BTreeMap::new();
    collect(schema.as_value(), "", &mut hints);
    (Json::of(&schema), Json::of(&hints))
});

/// Makes a hint of every property below `schema`.
fn collect(schema: &Value, path: &str, hints: &mut BTreeMap<String, Hint>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (order, (name, schema)) in properties.into_iter().flatten().enumerate() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let help = schema.get("description").and_then(Value::as_str).map(str::to_owned);
        let hint = Hint { label: label(name), help, order, sensitive: is_secret(name) };
        hints.insert(path.clone(), hint);
        collect(schema, &path, hints);
        let each = schema.get("additionalProperties").or_else(|| schema.get("items"));
        if let Some(each) = each {
            collect(each, &format!("{path}.*"), hints);
        }
    }
}

/// `maxPayloadBytes` is `Max payload bytes`.
fn label(name: &str) -> String {
    let mut label = String::with_capacity(name.len() + 4);
    for (at, c) in name.chars().enumerate() {
        match c {
            c if at == 0 => label.extend(c.to_uppercase()),
            c if c.is_uppercase() => {
                label.push(' ');
                label.extend(c.to_lowercase());
            }
            c => label.push(c),
        }
    }
    label
}

fn is_secret(name: &str) -> bool {
    matches!(name, "token" | "password" | "apiKey" | "secret")
}

#[test]
fn every_key_has_a_hint_and_secrets_are_marked() {
    let (schema, hints) = &*SHAPE;
    assert!(schema.as_str().contains(r#""default":18789"#));
    let hints: BTreeMap<String, Value> = serde_json::from_str(hints.as_str()).unwrap();
    assert_eq!(hints["gateway.limits.maxPayloadBytes"]["label"], "Max payload bytes");
    assert!(hints["gateway.port"]["help"].as_str().unwrap().starts_with("The TCP port"));
    for secret in ["gateway.auth.token", "gateway.auth.password", "models.providers.*.apiKey"] {
        assert_eq!(hints[secret]["sensitive"], true, "{secret}");
    }
    assert_eq!(hints["gateway.port"].get("sensitive"), None);
}
