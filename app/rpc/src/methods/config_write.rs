//! `config.set`, `config.patch`, `config.apply`: changing the configuration
//! (`ws-protocol.md` 11.6).
//!
//! What can be put into force while the gateway runs is, whichever of the three
//! it was; a restart is only announced when the change needs one.

use domain::{
    access::{Access::Operator, Scope::Admin},
    reload::{Plan, plan},
    restart::delay,
};
use ports::{
    Json,
    driven::{ConfigEdit, ConfigIssue, ConfigWrite, ConfigWriteError, ConfigWritten},
    driving::RpcError,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::restart::Restart;
use crate::{
    method::{Context, methods},
    params::{NonEmpty, SessionName},
};

methods! {
    /// Writes the whole configuration file.
    ///
    /// `raw` is JSON5 and becomes the file as it is. Where secrets were replaced by
    /// a placeholder, they stay what they are. `baseHash` is the hash that
    /// `config.get` told; without it an existing file is not replaced. What changed
    /// is put into force at once, without a restart.
    "config.set" [Operator(Admin), governs] set(SetParams) -> Outcome;

    /// Changes some keys of the configuration file, and leaves every other byte.
    ///
    /// `raw` is a JSON5 object which is merged into the file (RFC 7386): `null`
    /// deletes a key, objects are merged, everything else replaces. With `dryRun`
    /// nothing is written.
    "config.patch" [Operator(Admin), governs] patch(ChangeParams) -> Outcome;

    /// Writes the whole configuration file, and says what became of it.
    ///
    /// Like `config.set`; `note` is told to the session.
    "config.apply" [Operator(Admin), governs] apply(ChangeParams) -> Outcome;
}

/// Parameters of `config.set`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SetParams {
    /// The text.
    raw: NonEmpty,
    /// For which text it was made.
    base_hash: Option<NonEmpty>,
    /// Whether to write nothing.
    dry_run: Option<bool>,
}

/// Parameters of `config.patch` and `config.apply`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ChangeParams {
    /// The text.
    raw: NonEmpty,
    /// For which text it was made.
    base_hash: Option<NonEmpty>,
    /// The session that is told about it.
    session_key: Option<SessionName>,
    /// What it is told.
    note: Option<String>,
    /// How long to wait with a restart, if one is needed, in milliseconds, at most
    /// a minute.
    restart_delay_ms: Option<u64>,
    /// Whether to write nothing.
    dry_run: Option<bool>,
}

/// What became of a change.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    /// It was made.
    ok: bool,
    /// Where the file is.
    path: String,
    /// SHA-256 of its text now, or as it would be.
    hash: String,
    /// The keys that changed.
    changed: Vec<String>,
    /// What becomes of each of them, for a person.
    effects: Vec<String>,
    /// What is in force by the file, secrets replaced.
    config: Json,
    /// What is odd about it.
    warnings: Vec<ConfigIssue>,
    /// The restart that the change needs, if it needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    restart: Option<Restart>,
    /// Whether nothing was written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
}

async fn set(cx: Context, params: SetParams) -> Result<Outcome, RpcError> {
    let edit = ConfigEdit::Replace(params.raw.into_string());
    let (outcome, _) = write(&cx, edit, params.base_hash, params.dry_run).await?;
    Ok(outcome)
}

async fn patch(cx: Context, params: ChangeParams) -> Result<Outcome, RpcError> {
    change(cx, params, ConfigEdit::Merge, "config.patch").await
}

async fn apply(cx: Context, params: ChangeParams) -> Result<Outcome, RpcError> {
    change(cx, params, ConfigEdit::Replace, "config.apply").await
}

async fn change(
    cx: Context,
    params: ChangeParams,
    edit: impl FnOnce(String) -> ConfigEdit,
    because: &str,
) -> Result<Outcome, RpcError> {
    let ChangeParams { raw, base_hash, session_key, note, restart_delay_ms, dry_run } = params;
    let (mut outcome, plan) = write(&cx, edit(raw.into_string()), base_hash, dry_run).await?;
    if outcome.dry_run {
        return Ok(outcome);
    }
    if !plan.restart.is_empty() {
        let scheduled = cx.services.restarts.request(because, delay(restart_delay_ms), true);
        outcome.restart = Some(Restart::of(&cx, scheduled));
    }
    if let Some(note) = note {
        let session = session_key.and_then(|name| cx.keys().resolve(name.as_str()).ok());
        cx.services.system.remind(session.as_ref(), &note);
    }
    Ok(outcome)
}

async fn write(
    cx: &Context,
    edit: ConfigEdit,
    base_hash: Option<NonEmpty>,
    dry_run: Option<bool>,
) -> Result<(Outcome, Plan), RpcError> {
    let dry_run = dry_run.unwrap_or(false);
    let base_hash = base_hash.map(NonEmpty::into_string);
    let write = ConfigWrite { edit, base_hash, any_base: false, dry_run };
    let configuration = &cx.services.configuration;
    let ConfigWritten { changed, hash, warnings, config } =
        configuration.write(write).await.map_err(|error| refusal(&error))?;
    let snapshot = configuration.snapshot().await;
    let snapshot = snapshot.map_err(|failed| RpcError::unavailable(failed.to_string()))?;
    let plan = plan(&changed, config.gateway.reload.mode.into());
    let effects = plan.explain();
    let (path, config) = (snapshot.path, snapshot.config);
    let (ok, restart) = (true, None);
    let outcome = Outcome { ok, path, hash, changed, effects, config, warnings, restart, dry_run };
    Ok((outcome, plan))
}

#[derive(Serialize)]
struct Issues<'a> {
    issues: &'a [ConfigIssue],
}

fn refusal(error: &ConfigWriteError) -> RpcError {
    let message = error.to_string();
    match error {
        ConfigWriteError::Invalid(issues) | ConfigWriteError::InvalidFile(issues) => {
            RpcError::invalid(message).with_details(&Issues { issues })
        }
        ConfigWriteError::Io { .. } => RpcError::unavailable(message),
        ConfigWriteError::BaseHashRequired
        | ConfigWriteError::Changed
        | ConfigWriteError::Syntax(_)
        | ConfigWriteError::NotAnObject
        | ConfigWriteError::LostSecret(_)
        | ConfigWriteError::ReadOnly(_) => RpcError::invalid(message),
    }
}
