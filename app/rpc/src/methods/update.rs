//! `update.*`: bringing the program up to date (`ws-protocol.md` 11.7).

use std::time::Duration;

use domain::{
    access::{Access::Operator, Scope::Admin},
    update::{UpdateCommand, UpdatePlan},
};
use ports::{
    driving::RpcError,
    view::{RestartPayload, UpdateResult, UpdateStatus},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::update::Wish;

use crate::{
    method::{Context, methods},
    params::{Count, Text},
};

methods! {
    /// Brings the program up to date, by the tool that installed it.
    ///
    /// The gateway downloads nothing itself. Where the tool cannot be run from
    /// here, the status is `skipped` and the reason says what a person can do.
    /// Only a new version that starts is a reason for the gateway to restart.
    "update.run" [Operator(Admin), governs] run(RunParams) -> RunResult;

    /// What installed the program, and what an update would run.
    ///
    /// Also how the last one went. Nobody is asked whether there is a new
    /// version.
    "update.status" [Operator(Admin)] status(StatusParams) -> Standing;
}

/// How long after an update the gateway restarts when nobody says.
const DELAY: Duration = Duration::from_secs(2);
/// The longest that may take.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// Parameters of `update.run`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RunParams {
    /// The conversation that is told when the gateway is back.
    session_key: Option<Text<0, 512>>,
    /// What to tell it.
    note: Option<Text<0, 4096>>,
    /// How long after the update the gateway restarts, in milliseconds, at most
    /// a minute. Default: 2000.
    restart_delay_ms: Option<Count<0>>,
    /// How long the tool may take, in milliseconds, at least a second. Default:
    /// 20 minutes.
    timeout_ms: Option<Count<1>>,
}

/// Result of `update.run`.
#[derive(Debug, Serialize, JsonSchema)]
struct RunResult {
    /// Whether nothing went wrong.
    ok: bool,
    /// What was done.
    result: UpdateResult,
    /// The restart, if there is one.
    restart: Option<Restart>,
    /// What is told after it, and where that is kept.
    sentinel: Option<Sentinel>,
}

/// A restart that will come.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Restart {
    /// Always true.
    ok: bool,
    /// The process.
    pid: u32,
    /// What it amounts to.
    signal: &'static str,
    /// In which time, in milliseconds.
    delay_ms: u64,
    /// Why.
    reason: &'static str,
    /// How: the gateway restarts itself.
    mode: &'static str,
}

/// What is told after a restart.
#[derive(Debug, Serialize, JsonSchema)]
struct Sentinel {
    /// The file.
    path: String,
    /// What is told.
    payload: RestartPayload,
}

async fn run(cx: Context, params: RunParams) -> Result<RunResult, RpcError> {
    let delay = params.restart_delay_ms.map_or(DELAY, |it| Duration::from_millis(it.get()));
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let wish = Wish {
        session: params.session_key.and_then(|it| filled(it.as_str())),
        note: params.note.and_then(|it| filled(it.as_str())),
        delay: delay.min(LONGEST_DELAY),
        limit: params.timeout_ms.map(|it| Duration::from_millis(it.get())),
    };
    let updated = cx.services.update.run(wish).await;
    let updated = updated.map_err(|busy| RpcError::unavailable(busy.to_string()))?;
    let restart = updated.restart.map(|delay| Restart {
        ok: true,
        pid: cx.services.facts.pid,
        signal: "SIGUSR1",
        delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        reason: "update.run",
        mode: "emit",
    });
    Ok(RunResult {
        ok: updated.result.status != Some(UpdateStatus::Error),
        result: updated.result,
        restart,
        sentinel: updated.note.map(|(path, payload)| Sentinel { path, payload }),
    })
}

/// Parameters of `update.status`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct StatusParams {
    /// Accepted; what there is to see is looked at in any case.
    #[serde(rename = "refreshCheckout")]
    _refresh_checkout: Option<bool>,
}

/// Result of `update.status`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Standing {
    /// The version that runs.
    version: String,
    /// What installed the program: `cargo`, `deb`, `npm`, `nix`, `container`,
    /// `source` or `unknown`.
    mode: &'static str,
    /// The directory it was installed into.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    /// What an update would run; nothing if it would be skipped.
    commands: Vec<String>,
    /// Why it would be skipped, and what a person can do instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether an update is under way.
    running: bool,
    /// How the last update since the start of the gateway went.
    sentinel: Option<RestartPayload>,
    /// Whether the gateway looks for new versions by itself: it does not.
    check_on_start: bool,
}

async fn status(cx: Context, _: StatusParams) -> Result<Standing, RpcError> {
    let update = &cx.services.update;
    let standing = update.standing().await;
    let (commands, reason) = match standing.plan {
        UpdatePlan::Run(commands) => (commands.iter().map(UpdateCommand::line).collect(), None),
        UpdatePlan::Skip(reason) => (Vec::new(), Some(reason)),
    };
    Ok(Standing {
        version: update.version().to_owned(),
        mode: standing.installed.by.mode(),
        root: standing.installed.by.root().map(str::to_owned),
        commands,
        reason,
        running: standing.running,
        sentinel: standing.last,
        check_on_start: false,
    })
}
