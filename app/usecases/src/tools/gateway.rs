//! `gateway`: reading the configuration. Changing it is what `config.patch` is
//! for, which shows what it is about to do.

use ports::{
    Json,
    driven::{ConfigIssue, ConfigSnapshot},
    driving::ToolRefusal,
};
use serde::Serialize;

use super::{Call, Outcome, Tools, at_fault, found};

#[derive(Serialize)]
struct Read<T> {
    ok: bool,
    result: T,
}

/// The file as it is on disk, secrets replaced.
#[derive(Serialize)]
struct File {
    path: String,
    exists: bool,
    valid: bool,
    hash: String,
    config: Json,
    issues: Vec<ConfigIssue>,
    warnings: Vec<ConfigIssue>,
}

/// Does what `action` says.
pub(super) async fn work(tools: Tools, call: Call) -> Outcome {
    match call.arguments.text("action") {
        Some("config.schema.lookup") => {
            let path = call.arguments.text("path").unwrap_or_default();
            let result = tools.0.deps.manual.manual().lookup(path);
            let nothing = || ToolRefusal::Tool("config schema path not found".to_owned());
            Ok(found(&Read { ok: true, result: result.ok_or_else(nothing)? }))
        }
        _ => {
            let snapshot = tools.0.deps.configuration.snapshot().await;
            let snapshot = snapshot.map_err(|error| at_fault(&error))?;
            let ConfigSnapshot { path, exists, valid, hash, config, issues, warnings, .. } =
                snapshot;
            let result = File { path, exists, valid, hash, config, issues, warnings };
            Ok(found(&Read { ok: true, result }))
        }
    }
}
