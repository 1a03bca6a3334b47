//! `openclaw gateway probe`: does it answer?

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::cli::{
    connect::{Destination, Rpc},
    context::Context,
    failure::Failure,
    output,
};

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
