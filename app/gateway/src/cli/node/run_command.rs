//! Running commands, and what belongs to it.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use domain::approval::{Command, may_inherit, show};
use ports::{
    driven::{ApprovalPolicy, PolicySnapshot},
    view::ApprovalsFile,
};
use process::{Errand, Finished};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    decide::{self, RunParams},
    host::{Machine, Shared},
    invoke::{Refused, Request, Said, params},
};

/// How long a command may take when nobody says, and at most.
const LONGEST: Duration = Duration::from_mins(30);
/// How much of the output goes into the event, in characters, from its end.
const TAIL: usize = 20_000;
/// How many programs can be looked for at a time.
const MAX_BINS: usize = 256;

/// Runs a command, if it may.
pub(super) async fn run(
    shared: &Arc<Shared>,
    request: &Request,
    cancel: &CancellationToken,
) -> Result<Value, Refused> {
    let params: RunParams = params(request)?;
    params.check()?;
    let about = about(request, &params);
    let decided = on_disk(shared, params.clone(), |shared, params| {
        decide::decide(&shared.machine, &shared.memory, params)
    });
    let program = match decided.await {
        Ok(program) => program,
        Err(refused) => {
            let denied = refused.message.strip_prefix("SYSTEM_RUN_DENIED: ");
            if let Some(reason) = denied {
                let event = with(&about, json!({ "reason": reason }));
                shared.say(Said::event("exec.denied", &event)).await;
            }
            return Err(refused);
        }
    };
    let machine = &shared.machine;
    let inherited = machine.env.iter().filter(|(name, _)| may_inherit(name)).cloned();
    let errand = Errand {
        program,
        cwd: params.cwd(machine),
        env: inherited.chain(params.env()?).collect(),
        input: Vec::new(),
        timeout: Some(timeout(params.timeout_ms)),
        argv: params.command,
    };
    shared.say(Said::event("exec.started", &about)).await;
    let finished = process::run(errand, cancel).await;
    let event = match &finished {
        Ok(finished) => json!({
            "exitCode": finished.code, "timedOut": finished.timed_out,
            "success": finished.code == Some(0), "output": tail(finished),
        }),
        Err(error) => json!({ "timedOut": false, "success": false, "output": error.to_string() }),
    };
    shared.say(Said::event("exec.finished", &with(&about, event))).await;
    let finished = finished.map_err(|error| Refused::unavailable(error.to_string()))?;
    Ok(json!({
        "exitCode": finished.code,
        "timedOut": finished.timed_out,
        "success": finished.code == Some(0) && !finished.timed_out,
        "stdout": finished.stdout,
        "stderr": finished.stderr,
        "error": error_of(&finished),
        "truncated": finished.truncated,
    }))
}

/// Says what a command is, so that somebody can be asked about it.
pub(super) async fn prepare(shared: &Arc<Shared>, request: &Request) -> Result<Value, Refused> {
    let params: RunParams = params(request)?;
    params.check()?;
    let bound = on_disk(shared, params.clone(), |shared, params| {
        let (binding, hash) = decide::bind(&shared.machine, params)?;
        let asked = (params.command.clone(), params.cwd(&shared.machine), params.env()?);
        shared.memory.remember(asked, hash.clone());
        Ok((binding, hash))
    });
    let (binding, hash) = bound.await?;
    let names: Vec<_> = binding.env.iter().map(|(name, _)| name).collect();
    Ok(json!({ "plan": {
        "argv": binding.argv,
        "cwd": params.cwd,
        "commandText": Command::Argv(&binding.argv).line(),
        "agentId": params.agent_id,
        "sessionKey": params.session_key,
        "envKeys": names,
        "resolvedPath": binding.program.path,
        "bindingHash": hash,
    } }))
}

/// Says where programs are.
pub(super) fn which(machine: &Machine, request: &Request) -> Result<Value, Refused> {
    #[derive(Deserialize)]
    struct Params {
        bins: Vec<String>,
    }

    let Params { bins } = params(request)?;
    if MAX_BINS < bins.len() {
        return Err(Refused::invalid(format!("bins: at most {MAX_BINS}")));
    }
    let named = bins.iter().map(|name| name.trim()).filter(|name| !name.contains('/'));
    let found: BTreeMap<&str, String> = named
        .filter_map(|name| {
            let path = process::path_of(name, Path::new("/"), machine.path())?;
            Some((name, path.into_os_string().into_string().ok()?))
        })
        .collect();
    Ok(json!({ "bins": found }))
}

/// The policy of this machine, without what only its owner may know.
pub(super) async fn policy(shared: &Arc<Shared>) -> Result<Value, Refused> {
    let loaded = on_disk(shared, (), |shared, ()| Ok(shared.machine.policy.load()));
    loaded.await.map(policy_view)
}

/// Replaces the policy of this machine.
pub(super) async fn set_policy(shared: &Arc<Shared>, request: &Request) -> Result<Value, Refused> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        file: ApprovalsFile,
        #[serde(default)]
        base_hash: Option<String>,
    }

    let params: Params = params(request)?;
    let stored = on_disk(shared, (params.file, params.base_hash), |shared, (file, base)| {
        let policy = &shared.machine.policy;
        let id = || uuid::Uuid::new_v4().to_string();
        let file = file.clone().in_place_of(&policy.load().file, id);
        policy.store(&file, base.clone()).map_err(|error| Refused::invalid(error.to_string()))
    });
    stored.await.map(policy_view)
}

fn policy_view(snapshot: PolicySnapshot) -> Value {
    let PolicySnapshot { path, exists, hash, file, problem } = snapshot;
    let mut view = json!({ "path": path, "exists": exists, "hash": hash,
        "file": file.without_secrets() });
    if let Some(problem) = problem {
        view["problem"] = problem.into();
    }
    view
}

/// Reads and writes beside the connection.
async fn on_disk<P: Send + 'static, T: Send + 'static>(
    shared: &Arc<Shared>,
    params: P,
    work: impl FnOnce(&Shared, &P) -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let shared = Arc::clone(shared);
    let done = tokio::task::spawn_blocking(move || work(&shared, &params)).await;
    done.unwrap_or_else(|_| Err(Refused::unavailable("it cannot be found out")))
}

/// What every event about a command says.
fn about(request: &Request, params: &RunParams) -> Value {
    json!({
        "sessionKey": params.session_key,
        "runId": params.run_id.as_deref().unwrap_or(&request.id),
        "host": "node",
        "command": show(&Command::Argv(&params.command).line()),
    })
}

/// `about` and `more`.
fn with(about: &Value, more: Value) -> Value {
    let mut event = about.clone();
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    event
}

fn timeout(millis: Option<f64>) -> Duration {
    let given = millis.filter(|millis| 0.0 < *millis);
    let given = given.and_then(|millis| Duration::try_from_secs_f64(millis / 1000.0).ok());
    given.unwrap_or(LONGEST).min(LONGEST)
}

/// Why a command did not end well, where its exit code does not say it.
fn error_of(finished: &Finished) -> Option<String> {
    match finished.signal {
        _ if finished.cancelled => Some("cancelled".to_owned()),
        _ if finished.timed_out => Some("timed out".to_owned()),
        Some(signal) => Some(format!("ended by signal {signal}")),
        None => None,
    }
}

/// The end of what was written.
fn tail(finished: &Finished) -> String {
    let all = [finished.stdout.as_str(), finished.stderr.as_str()];
    let all = all.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
    let skip = all.chars().count().saturating_sub(TAIL);
    all.chars().skip(skip).collect()
}

#[test]
fn a_command_has_a_deadline() {
    for (millis, seconds) in [
        (None, 1_800.0),
        (Some(500.0), 0.5),
        (Some(0.0), 1_800.0),
        (Some(-1.0), 1_800.0),
        (Some(f64::NAN), 1_800.0),
        (Some(1e300), 1_800.0),
    ] {
        assert_eq!(timeout(millis), Duration::from_secs_f64(seconds), "{millis:?}");
    }
}
