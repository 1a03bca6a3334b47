//! `openclaw status`: how the gateway is doing, also when it is not running.

use std::time::{Duration, Instant};

use ports::driven::ServiceKind;
use serde_json::{Value, json};
use ws_client::{Client, ConnectError};

use crate::cli::{
    connect::{Destination, Rpc},
    context::Context,
    doctor,
    failure::Failure,
    output, service,
};

pub(crate) async fn status(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let destination = Destination::choose(context, rpc)?;
    let begin = Instant::now();
    let connected = destination.connect(context, Duration::from_millis(rpc.timeout)).await;
    let latency = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut gateway = json!({
        "mode": "local", "url": destination.target.to_string(), "urlSource": destination.source,
        "reachable": connected.is_ok(),
    });
    let mut status = json!({});
    match connected {
        Ok(mut client) => {
            gateway["connectLatencyMs"] = latency.into();
            gateway["self"] = json!({
                "version": client.hello().server.version,
                "uptimeMs": client.hello().snapshot.uptime_ms,
            });
            status = ask(&mut client).await?;
            client.close().await;
        }
        Err(error @ ConnectError::Readable(_)) => {
            return Err(destination.explain(context, &error));
        }
        Err(error) => gateway["error"] = error.to_string().into(),
    }
    status["gateway"] = gateway;
    status["os"] = json!({ "platform": std::env::consts::OS, "arch": std::env::consts::ARCH });
    status["gatewayService"] = service::status::overview(context, ServiceKind::Gateway).await;
    status["nodeService"] = service::status::overview(context, ServiceKind::Node).await;
    status["securityAudit"] = doctor::overview(context).await;
    if context.json {
        return Ok(output::json(&status)?);
    }
    output::line(&output::tame(&told(&status)))?;
    Ok(output::line(&audited(&status["securityAudit"]["summary"]))?)
}

async fn ask(client: &mut Client) -> Result<Value, Failure> {
    let answer = client.call("status", &json!({})).await;
    let answer = answer.map_err(|error| Failure::of_call("status", &error))?;
    let status: Value = serde_json::from_str(answer.as_str()).unwrap_or_default();
    Ok(if status.is_object() { status } else { json!({}) })
}

/// What people want to know of it.
fn told(status: &Value) -> String {
    let gateway = &status["gateway"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let url = text(&gateway["url"]);
    if gateway["reachable"] != true {
        let error = text(&gateway["error"]);
        return format!(
            "Gateway: not reachable at {url}: {error}\nStart it with: openclaw gateway run"
        );
    }
    let uptime = gateway["self"]["uptimeMs"].as_u64().unwrap_or_default() / 1000;
    let mut lines = vec![format!(
        "Gateway: {url}, version {}, up {}, answers in {} ms",
        text(&gateway["self"]["version"]),
        age(uptime),
        gateway["connectLatencyMs"],
    )];
    let sessions = &status["sessions"];
    if let Some(model) = sessions["defaults"]["model"].as_str() {
        lines.push(format!("Model: {model}"));
    }
    lines.push(format!("Sessions: {}", sessions["count"].as_u64().unwrap_or_default()));
    for session in sessions["recent"].as_array().into_iter().flatten() {
        let ago = session["age"].as_u64().map(|millis| format!(" ({} ago)", age(millis / 1000)));
        lines.push(format!("  {}{}", text(&session["key"]), ago.unwrap_or_default()));
    }
    lines.join("\n")
}

/// What the audit found, in one line.
fn audited(summary: &Value) -> String {
    let (critical, warn) = (&summary["critical"], &summary["warn"]);
    let more = if critical == 0 && warn == 0 { "" } else { " (openclaw security audit)" };
    format!("Security audit: {critical} critical, {warn} to change{more}")
}

/// A number of seconds in one unit.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[test]
fn status_in_words() {
    let running = json!({
        "gateway": { "url": "ws://127.0.0.1:1", "reachable": true, "connectLatencyMs": 2,
            "self": { "version": "0.1.0", "uptimeMs": 7_300_000 } },
        "sessions": { "count": 1, "defaults": { "model": "a/b" },
            "recent": [{ "key": "agent:main:main", "age": 61_000 }] },
    });
    let expected = "Gateway: ws://127.0.0.1:1, version 0.1.0, up 2h, answers in 2 ms\n\
        Model: a/b\nSessions: 1\n  agent:main:main (1m ago)";
    assert_eq!(told(&running), expected);
    let stopped = json!({ "gateway": { "url": "ws://x", "reachable": false, "error": "no" } });
    assert!(told(&stopped).starts_with("Gateway: not reachable at ws://x: no"));
}

#[test]
fn the_audit_in_one_line() {
    let line = audited(&json!({ "critical": 0, "warn": 0, "info": 3 }));
    assert_eq!(line, "Security audit: 0 critical, 0 to change");
    let line = audited(&json!({ "critical": 1, "warn": 0, "info": 0 }));
    assert_eq!(line, "Security audit: 1 critical, 0 to change (openclaw security audit)");
}
