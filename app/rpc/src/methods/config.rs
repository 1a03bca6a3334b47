//! `config.*`: the configuration.

use std::collections::BTreeMap;

use domain::access::{Access::Operator, Scope::Read};
use ports::{
    Json,
    driven::{ConfigIssue, ConfigSnapshot},
    driving::RpcError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    method::{Context, methods},
    params::{Nothing, SchemaPath},
};

methods! {
    /// The configuration file as it is on disk, secrets replaced.
    ///
    /// `hash` is taken of the text on disk; sending it back with a change shows
    /// that nobody changed the file in between.
    "config.get" [Operator(Read)] get(Nothing) -> ConfigFile;

    /// The shape of the configuration file, and how to show it in a form.
    "config.schema" [Operator(Read)] schema(Nothing) -> ConfigShape;

    /// One path of that shape, and what is directly in it.
    ///
    /// `path` is `gateway.port`, `agents.list[0].name` or `agents.list.*.name`.
    "config.schema.lookup" [Operator(Read)] lookup(LookupParams) => Json;
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
    /// SHA-256 of the text that is in force.
    applied_config_hash: String,
    /// What is wrong with the file, and what of it could not be put into force.
    running_issues: Vec<ConfigIssue>,
}

async fn get(cx: Context, _: Nothing) -> Result<ConfigFile, RpcError> {
    let configuration = &cx.services.configuration;
    let snapshot = configuration.snapshot().await;
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
        applied_config_hash: configuration.applied_hash(),
        running_issues: configuration.issues(),
    })
}

/// Result of `config.schema`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigShape {
    /// The JSON schema.
    schema: Json,
    /// How to show each key in a form.
    #[schemars(with = "BTreeMap<String, Json>")]
    ui_hints: Json,
    /// The version of the gateway.
    version: String,
    /// When it was made.
    generated_at: String,
}

async fn schema(cx: Context, _: Nothing) -> Result<ConfigShape, RpcError> {
    let manual = cx.services.manual.manual();
    Ok(ConfigShape {
        schema: manual.schema(),
        ui_hints: manual.hints(),
        version: cx.services.facts.version.clone(),
        generated_at: usecases::iso(cx.services.facts.started_at),
    })
}

/// Parameters of `config.schema.lookup`.
#[derive(Debug, Deserialize, JsonSchema)]
struct LookupParams {
    /// The path.
    path: SchemaPath,
}

async fn lookup(cx: Context, params: LookupParams) -> Result<Json, RpcError> {
    let found = cx.services.manual.manual().lookup(params.path.as_str());
    let found = found.ok_or_else(|| RpcError::invalid("config schema path not found"))?;
    Ok(Json::of(&found))
}
