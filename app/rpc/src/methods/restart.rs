//! `gateway.restart.*`: starting the gateway anew.

use domain::{
    access::{
        Access::Operator,
        Scope::{Admin, Read},
    },
    restart::delay,
};
use ports::driving::RpcError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::restart::Scheduled;

use crate::{
    method::{Context, methods},
    params::Nothing,
};

methods! {
    /// Whether anything goes on that a restart would wait for.
    "gateway.restart.preflight" [Operator(Read)] preflight(Nothing) -> Preflight;

    /// Starts the gateway anew, in the same process.
    ///
    /// It waits for the runs that are going on, at most five minutes, unless
    /// `skipDeferral`. Clients hear `shutdown`, are closed with 1012 and can
    /// connect again a moment later. Many requests are one restart.
    "gateway.restart.request" [Operator(Admin), governs] request(RequestParams) -> Requested;
}

/// Result of `gateway.restart.preflight`.
#[derive(Debug, Serialize, JsonSchema)]
struct Preflight {
    /// Nothing goes on.
    safe: bool,
    /// How much goes on.
    counts: Counts,
    /// What goes on.
    blockers: Vec<Blocker>,
    /// The same in a sentence.
    summary: String,
}

/// How much goes on.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Counts {
    /// Runs that are active or wait for another one.
    embedded_runs: usize,
    /// All together.
    total_active: usize,
}

/// Something that goes on.
#[derive(Debug, Serialize, JsonSchema)]
struct Blocker {
    /// Of what kind.
    kind: &'static str,
    /// How many.
    count: usize,
    /// For a person.
    message: String,
}

async fn preflight(cx: Context, _: Nothing) -> Result<Preflight, RpcError> {
    Ok(look(&cx))
}

fn look(cx: &Context) -> Preflight {
    let runs = cx.services.chat.active_runs();
    let blockers: Vec<_> = (runs != 0)
        .then(|| Blocker {
            kind: "embedded-run",
            count: runs,
            message: format!("{runs} {} going on", if runs == 1 { "run is" } else { "runs are" }),
        })
        .into_iter()
        .collect();
    let summary = match blockers.first() {
        None => "safe to restart now".to_owned(),
        Some(blocker) => format!("restart deferred: {}", blocker.message),
    };
    let counts = Counts { embedded_runs: runs, total_active: runs };
    Preflight { safe: runs == 0, counts, blockers, summary }
}

/// Parameters of `gateway.restart.request`. Others are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RequestParams {
    /// Why, for a person; at most 200 characters of it are kept.
    reason: Option<String>,
    /// Whether not to wait for runs.
    skip_deferral: Option<bool>,
    /// How long to wait before anything, in milliseconds, at most a minute.
    delay_ms: Option<u64>,
}

/// Result of `gateway.restart.request`.
#[derive(Debug, Serialize, JsonSchema)]
struct Requested {
    /// Always `true`.
    ok: bool,
    /// `scheduled`, `deferred` until runs have ended, or `coalesced` with an
    /// earlier request.
    status: &'static str,
    /// What goes on.
    preflight: Preflight,
    /// The restart that comes.
    restart: Restart,
}

/// The restart that comes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Restart {
    /// Always `true`.
    ok: bool,
    /// The process, which stays the same.
    pid: u32,
    /// The signal that would do the same.
    signal: &'static str,
    /// When.
    delay_ms: u64,
    /// Why.
    reason: String,
    /// How: `emit`, without a signal.
    mode: &'static str,
    /// Whether one had been asked for before.
    coalesced: bool,
}

/// How much of a reason is kept, in characters.
const REASON: usize = 200;

async fn request(cx: Context, params: RequestParams) -> Result<Requested, RpcError> {
    let preflight = look(&cx);
    let impatient = params.skip_deferral.unwrap_or(false);
    let reason: String = params.reason.unwrap_or_default().trim().chars().take(REASON).collect();
    let reason = if reason.is_empty() { "gateway.restart.request".to_owned() } else { reason };
    let delay = delay(Some(params.delay_ms.unwrap_or(0)));
    let scheduled = cx.services.restarts.request(&reason, delay, !impatient);
    let status = match (scheduled.coalesced, preflight.safe || impatient) {
        (true, _) => "coalesced",
        (false, true) => "scheduled",
        (false, false) => "deferred",
    };
    Ok(Requested { ok: true, status, preflight, restart: Restart::of(&cx, scheduled) })
}

impl Restart {
    pub(super) fn of(cx: &Context, scheduled: Scheduled) -> Self {
        Self {
            ok: true,
            pid: cx.services.facts.pid,
            signal: "SIGUSR1",
            delay_ms: u64::try_from(scheduled.delay.as_millis()).unwrap_or(u64::MAX),
            reason: scheduled.because.into(),
            mode: "emit",
            coalesced: scheduled.coalesced,
        }
    }
}
