//! `openclaw gateway status`: is it installed, does it run, does it answer?

use std::{
    path::Path,
    time::{Duration, Instant},
};

use clap::Args;
use ports::driven::{
    ConfigSource, InstalledService, OtherService, ServiceKind, ServiceRuntime, ServiceStatus,
};
use serde_json::{Value, json};

use super::{Service, definition, wording};
use crate::cli::{
    connect::{Destination, Rpc},
    context::Context,
    doctor,
    failure::Failure,
    lock::Holder,
    output, port,
};

/// What to look at.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    rpc: Rpc,
    /// Do not ask the gateway.
    #[arg(long)]
    no_probe: bool,
    /// Look for services of older generations in the whole system.
    #[arg(long)]
    deep: bool,
    /// The service of the whole system, not the user's.
    #[arg(long)]
    system: bool,
}

/// Whether there is a gateway, what it is configured to do, and whether it
/// answers. Not an error when there is none.
pub(crate) async fn status(context: &Context, asked: &Asked) -> Result<(), Failure> {
    let destination = Destination::choose(context, &asked.rpc)?;
    let url = destination.target.to_string();
    let service = Service::installed(context, ServiceKind::Gateway, asked.system);
    let holder = Holder::of(&context.paths.state_dir);
    let port_cli = port::choose(context, None)?;
    let unit = of(context, &service).await;
    let in_unit = unit.installed.as_ref().and_then(|it| port_of(&it.command));
    let port = in_unit.unwrap_or(port_cli);
    let rpc = if asked.no_probe {
        None
    } else {
        Some(reach(context, &destination, asked.rpc.timeout).await)
    };
    let others = service.manager.others(asked.deep).await;
    let (legacy, extra): (Vec<_>, Vec<_>) = others.iter().partition(|other| other.is_legacy);

    let mut status = json!({
        "service": told(&service, &unit, holder.as_ref()),
        "config": configs(context, unit.installed.as_ref()),
        "gateway": gateway(context, port, in_unit, &url),
        "port": port_in_use(port),
        "legacyServices": legacy.into_iter().map(other).collect::<Vec<_>>(),
        "extraServices": extra.into_iter().map(other).collect::<Vec<_>>(),
        "logFile": context.paths.log_dir,
    });
    if port != port_cli {
        status["portCli"] = port_in_use(port_cli);
    }
    if let Some(reached) = &rpc {
        status["rpc"] = match reached {
            Ok(_) => json!({ "ok": true, "url": url }),
            Err(error) => json!({ "ok": false, "url": url, "error": error }),
        };
    }
    if context.json {
        return Ok(output::json(&status)?);
    }
    let latency = rpc.and_then(Result::ok);
    Ok(output::line(&output::tame(&for_people(&status, latency)))?)
}

/// What is known of this machine's service as a node.
pub(crate) async fn of_node(context: &Context) -> Value {
    let service = Service::installed(context, ServiceKind::Node, false);
    let status = service.manager.status(None).await;
    let status = status.unwrap_or_else(|error| unknown(error.to_string()));
    told(&service, &status, None)
}

/// A service for an overview, in the shape of OpenClaw's.
pub(crate) async fn overview(context: &Context, kind: ServiceKind) -> Value {
    let service = Service::installed(context, kind, false);
    let status = service.manager.status(None).await;
    let status = status.unwrap_or_else(|error| unknown(error.to_string()));
    let words = service.manager.wording();
    let runs = match status.runtime.running {
        Some(true) => "running",
        Some(false) => "stopped",
        None => "unknown",
    };
    json!({
        "label": words.label, "installed": status.installed.is_some(),
        "loadedText": if status.loaded { words.loaded } else { words.not_loaded },
        "runtimeShort": runs,
    })
}

/// The gateway's service, compared with what would be installed now.
pub(crate) async fn of(context: &Context, service: &Service) -> ServiceStatus {
    let port = port(context, service).await;
    let expected = definition::gateway(context, service, port).ok();
    let status = service.manager.status(expected).await;
    status.unwrap_or_else(|error| unknown(error.to_string()))
}

/// The port the service listens on, or would. What was chosen when it was
/// installed stays.
pub(crate) async fn port(context: &Context, service: &Service) -> u16 {
    let installed = service.manager.status(None).await;
    let installed = installed.ok().and_then(|status| status.installed);
    let port = installed.and_then(|it| port_of(&it.command));
    port.or_else(|| port::choose(context, None).ok()).unwrap_or_default()
}

fn unknown(detail: String) -> ServiceStatus {
    let runtime = ServiceRuntime { detail: Some(detail), ..ServiceRuntime::default() };
    ServiceStatus { runtime, ..ServiceStatus::default() }
}

/// The port a command line names.
pub(crate) fn port_of(command: &[String]) -> Option<u16> {
    let after = command.iter().skip_while(|word| *word != "--port").nth(1);
    let joined = command.iter().find_map(|word| word.strip_prefix("--port="));
    after.map(String::as_str).or(joined)?.parse().ok()
}

fn told(service: &Service, status: &ServiceStatus, holder: Option<&Holder>) -> Value {
    let mut told = wording(service, status.loaded);
    told["command"] = status.installed.as_ref().map_or(Value::Null, |installed| {
        let environment = installed.environment.iter().cloned();
        let environment: serde_json::Map<_, _> =
            environment.map(|(name, value)| (name, value.into())).collect();
        json!({
            "programArguments": installed.command, "environment": environment,
            "workingDirectory": installed.working_directory, "sourcePath": installed.path,
        })
    });
    told["runtime"] = runtime(status, holder);
    let issues = doctor::about_service(service, status);
    told["configAudit"] = json!({ "ok": issues.is_empty(), "issues": issues });
    told
}

/// What it is doing. A gateway that runs without the service runs as well.
fn runtime(status: &ServiceStatus, holder: Option<&Holder>) -> Value {
    let runtime = &status.runtime;
    let by_hand = holder.filter(|_| runtime.running != Some(true));
    let word = match (runtime.running, by_hand) {
        (Some(true), _) | (_, Some(_)) => "running",
        (None, None) if status.installed.is_some() => "unknown",
        (Some(false) | None, None) => "stopped",
    };
    let detail = by_hand.map(|_| "runs without the service".to_owned());
    let mut told = json!({ "status": word });
    let pid = by_hand.map(|holder| holder.pid).or(runtime.pid);
    let fields = [
        ("state", json!(runtime.state)),
        ("subState", json!(runtime.sub_state)),
        ("pid", json!(pid)),
        ("lastExitStatus", json!(runtime.last_exit_status)),
        ("lastExitReason", json!(runtime.last_exit_reason)),
        ("lastRunResult", json!(runtime.last_run_result)),
        ("lastRunTime", json!(runtime.last_run_time)),
        ("detail", json!(detail.or_else(|| runtime.detail.clone()))),
    ];
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
        told[name] = value;
    }
    if status.installed.is_none() {
        told["missingUnit"] = true.into();
    }
    told
}

/// The configuration this command reads, and the one the service reads.
fn configs(context: &Context, unit: Option<&InstalledService>) -> Value {
    let snapshot = context.config.snapshot();
    let mut configs = json!({ "cli": {
        "path": snapshot.path, "exists": snapshot.exists, "valid": snapshot.valid,
        "issues": snapshot.issues,
    } });
    let variable = |name: &str| {
        let environment = unit?.environment.iter();
        environment.filter(|(known, _)| known == name).map(|(_, value)| value.clone()).next()
    };
    let beside = || Some(format!("{}/openclaw.json", variable("OPENCLAW_STATE_DIR")?));
    if let Some(path) = variable("OPENCLAW_CONFIG_PATH").or_else(beside) {
        configs["daemon"] = json!({ "path": path, "exists": Path::new(&path).exists() });
        if path == snapshot.path {
            configs["daemon"]["valid"] = snapshot.valid.into();
        } else {
            configs["mismatch"] = true.into();
        }
    }
    configs
}

fn gateway(context: &Context, port: u16, in_unit: Option<u16>, url: &str) -> Value {
    let config = context.config.current();
    let bind = config.gateway.bind;
    let host = gateway::first_address(bind).map_or_else(|_| String::new(), |it| it.to_string());
    let source = match (in_unit, context.variable("GATEWAY_PORT"), config.gateway.port) {
        (Some(_), ..) => "service args",
        (None, None, 18789) => "default",
        _ => "env/config",
    };
    json!({
        "bindMode": bind, "bindHost": host, "port": port, "portSource": source, "probeUrl": url,
    })
}

fn port_in_use(port: u16) -> Value {
    let listeners = port::listeners(port);
    let taken = port::is_taken(port);
    let hint = || format!("free it: openclaw gateway stop, or: kill {}", listeners[0].pid);
    let hints: Vec<_> = if listeners.is_empty() { Vec::new() } else { vec![hint()] };
    let told = |it: &port::Listener| json!({ "pid": it.pid, "command": it.command });
    json!({
        "port": port, "status": if taken { "busy" } else { "free" },
        "listeners": listeners.iter().map(told).collect::<Vec<_>>(), "hints": hints,
    })
}

fn other(other: &OtherService) -> Value {
    json!({
        "platform": other.platform, "label": other.label, "detail": other.detail,
        "scope": if other.is_system { "system" } else { "user" }, "legacy": other.is_legacy,
    })
}

/// A service in a few words.
pub(crate) fn in_words(service: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let state = if service["loaded"] == true { "loadedText" } else { "notLoadedText" };
    format!("{} ({})", text(&service["label"]), text(&service[state]))
}

fn for_people(status: &Value, latency: Option<Duration>) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (service, gateway) = (&status["service"], &status["gateway"]);
    let (runtime, command) = (&service["runtime"], &service["command"]);
    let mut lines = vec![format!("Service: {}", in_words(service))];
    if command.is_object() {
        let words = command["programArguments"].as_array().into_iter().flatten().map(text);
        lines.push(format!("Command: {}", words.collect::<Vec<_>>().join(" ")));
        lines.push(format!("Service file: {}", text(&command["sourcePath"])));
    }
    let pid = runtime["pid"].as_u64().map(|pid| format!(" (pid {pid})")).unwrap_or_default();
    let detail = runtime["detail"].as_str().map(|detail| format!(", {detail}"));
    let detail = detail.unwrap_or_default();
    lines.push(format!("Runtime: {}{pid}{detail}", text(&runtime["status"])));
    let config = &status["config"];
    let exists = config["cli"]["exists"] == true;
    let absent = if exists { "" } else { " (not there)" };
    lines.push(format!("Config (cli): {}{absent}", text(&config["cli"]["path"])));
    if config["daemon"].is_object() {
        lines.push(format!("Config (service): {}", text(&config["daemon"]["path"])));
    }
    if config["mismatch"] == true {
        lines.push("Trouble: the service reads another configuration than this command".into());
    }
    let (bind, host) = (text(&gateway["bindMode"]), text(&gateway["bindHost"]));
    let source = text(&gateway["portSource"]);
    lines.push(format!("Gateway: bind {bind} ({host}), port {} ({source})", gateway["port"]));
    let url = text(&gateway["probeUrl"]);
    lines.push(match (&status["rpc"], latency) {
        (_, Some(latency)) => format!("RPC probe: ok, {url}, {} ms", latency.as_millis()),
        (Value::Null, None) => format!("Probe target: {url} (not asked)"),
        (rpc, None) => format!("RPC probe: failed, {url}: {}", text(&rpc["error"])),
    });
    lines.push(format!("File logs: {}", text(&status["logFile"])));
    let issues = config["cli"]["issues"].as_array().into_iter().flatten();
    lines.extend(
        issues.map(|it| format!("Trouble: {}: {}", text(&it["path"]), text(&it["message"]))),
    );
    let audit = service["configAudit"]["issues"].as_array().into_iter().flatten();
    lines.extend(audit.map(|it| format!("Trouble: {}", text(&it["message"]))));
    for (key, what) in [("legacyServices", "older service"), ("extraServices", "other service")] {
        let others = status[key].as_array().into_iter().flatten();
        lines.extend(
            others.map(|it| {
                format!("Trouble: {what} {} ({})", text(&it["label"]), text(&it["detail"]))
            }),
        );
    }
    if runtime["status"] != "running" && latency.is_none() {
        lines.push("Start it with: openclaw gateway run".into());
    }
    lines.join("\n")
}

/// Connects, logs in, and leaves. How long that took, or why it did not work.
async fn reach(
    context: &Context,
    destination: &Destination,
    timeout: u64,
) -> Result<Duration, String> {
    let begin = Instant::now();
    match destination.connect(context, Duration::from_millis(timeout)).await {
        Ok(client) => {
            let latency = begin.elapsed();
            client.close().await;
            Ok(latency)
        }
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_port_of_a_command_line() {
    let table = [
        ("/x gateway run --port 18789", Some(18789)),
        ("/x gateway --port=1", Some(1)),
        ("/x gateway run", None),
        ("/x gateway --port", None),
        ("/x gateway --port x", None),
    ];
    for (line, expected) in table {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(port_of(&words), expected, "{line}");
    }
}

#[test]
fn a_gateway_without_a_service_runs_as_well() {
    let holder = Holder { pid: 7, start_time: None, url: None };
    let told = runtime(&ServiceStatus::default(), Some(&holder));
    let expected = json!({
        "status": "running", "pid": 7, "detail": "runs without the service", "missingUnit": true,
    });
    assert_eq!(told, expected);
    assert_eq!(runtime(&ServiceStatus::default(), None)["status"], "stopped");
    let asked = ServiceStatus {
        installed: Some(InstalledService::default()),
        ..unknown("nobody answers".into())
    };
    let told = runtime(&asked, None);
    assert_eq!((&told["status"], &told["detail"]), (&json!("unknown"), &json!("nobody answers")));
}
