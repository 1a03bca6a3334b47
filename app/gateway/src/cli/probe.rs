//! `openclaw gateway status` and `gateway probe`: is it there, does it answer?

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ports::{config::BindMode, driven::ConfigSource};
use serde_json::{Value, json};

use crate::cli::{
    connect::{Destination, Rpc},
    context::Context,
    failure::Failure,
    lock::Holder,
    output, port,
};

/// Whether there is a gateway, what it is configured to do, and whether it
/// answers. Not an error when there is none.
pub(crate) async fn gateway_status(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let destination = Destination::choose(context, rpc)?;
    let url = destination.target.to_string();
    let reached = reach(context, &destination, rpc.timeout).await;
    let running = Holder::of(&context.paths.state_dir);
    let port = port::choose(context, None)?;
    let snapshot = context.config.snapshot();
    let bind = context.config.current().gateway.bind;
    let listeners: Vec<_> = port::listeners(port)
        .into_iter()
        .map(|listener| json!({ "pid": listener.pid, "command": listener.command }))
        .collect();
    let source = match (context.variable("GATEWAY_PORT"), context.config.current().gateway.port) {
        (None, 18789) => "default",
        _ => "env/config",
    };
    let host = gateway::first_address(bind).map_or_else(|_| String::new(), |it| it.to_string());
    let status = json!({
        "service": { "runtime": {
            "status": if running.is_some() { "running" } else { "stopped" },
            "pid": running.as_ref().map(|holder| holder.pid),
        } },
        "config": { "cli": {
            "path": snapshot.path, "exists": snapshot.exists, "valid": snapshot.valid,
            "issues": snapshot.issues,
        } },
        "gateway": {
            "bindMode": bind, "bindHost": host, "port": port, "portSource": source,
            "probeUrl": url,
        },
        "port": {
            "port": port, "listeners": listeners,
            "status": if port::is_taken(port) { "busy" } else { "free" },
        },
        "rpc": match &reached {
            Ok(_) => json!({ "ok": true, "url": url }),
            Err(error) => json!({ "ok": false, "url": url, "error": error }),
        },
        "logFile": context.paths.log_dir,
    });
    if context.json {
        return Ok(output::json(&status)?);
    }
    let mut lines = vec![
        match &running {
            Some(holder) => format!("Runtime: running (pid {})", holder.pid),
            None => "Runtime: stopped".into(),
        },
        format!("Config: {}{}", snapshot.path, if snapshot.exists { "" } else { " (not there)" }),
        format!("Gateway: bind {} ({host}), port {port}", bind_word(bind)),
        match &reached {
            Ok(latency) => format!("RPC probe: ok, {url}, {} ms", latency.as_millis()),
            Err(error) => format!("RPC probe: failed, {url}: {error}"),
        },
        format!("File logs: {}", context.paths.log_dir.display()),
    ];
    lines.extend(snapshot.issues.iter().map(|it| format!("Trouble: {}: {}", it.path, it.message)));
    if running.is_none() && reached.is_err() {
        lines.push("Start it with: openclaw gateway run".into());
    }
    Ok(output::line(&lines.join("\n"))?)
}

/// Whether the gateway can be reached, and how it is. An error when it cannot.
pub(crate) async fn probe(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let destination = Destination::choose(context, rpc)?;
    let url = destination.target.to_string();
    let (begin, now) = (Instant::now(), SystemTime::now().duration_since(UNIX_EPOCH));
    let connected = destination.connect(context, Duration::from_millis(rpc.timeout)).await;
    let latency = begin.elapsed().as_millis();
    let (connect, about, health) = match connected {
        Ok(mut client) => {
            let health = client.call("health", &json!({})).await;
            let health = health.map(|it| serde_json::from_str(it.as_str()).unwrap_or_default());
            let about = json!({ "version": client.hello().server.version });
            client.close().await;
            let connect = json!({ "ok": true, "latencyMs": latency, "error": null });
            (connect, about, health.unwrap_or(Value::Null))
        }
        Err(error) => {
            let connect = json!({ "ok": false, "latencyMs": null, "error": error.to_string() });
            (connect, Value::Null, Value::Null)
        }
    };
    let ok = connect["ok"] == true;
    let error = connect["error"].as_str().unwrap_or_default().to_owned();
    if context.json {
        output::json(&json!({
            "ok": ok,
            "ts": now.unwrap_or_default().as_millis(),
            "durationMs": begin.elapsed().as_millis(),
            "timeoutMs": rpc.timeout,
            "primaryTargetId": if ok { json!("local") } else { Value::Null },
            "warnings": [],
            "targets": [{
                "id": "local", "kind": "local", "url": url, "active": true,
                "connect": connect, "self": about, "health": health,
            }],
        }))?;
        return if ok { Ok(()) } else { Err(Failure::new("")) };
    }
    if ok {
        Ok(output::line(&format!("Reachable: {url} in {latency} ms"))?)
    } else {
        Err(Failure::new(format!("Not reachable: {url}: {error}")))
    }
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

fn bind_word(bind: BindMode) -> String {
    serde_json::to_value(bind).ok().and_then(|it| Some(it.as_str()?.to_owned())).unwrap_or_default()
}
