//! `openclaw health`: is the gateway well?

use serde_json::{Value, json};

use crate::cli::{
    connect::{Rpc, connect},
    context::Context,
    failure::Failure,
    output,
};

pub(crate) async fn health(context: &Context, rpc: &Rpc) -> Result<(), Failure> {
    let health = ask(context, rpc).await?;
    if context.json {
        return Ok(output::json(&health)?);
    }
    Ok(output::line(&output::tame(&told(&health)))?)
}

/// What the gateway says about itself.
pub(crate) async fn ask(context: &Context, rpc: &Rpc) -> Result<Value, Failure> {
    let mut client = connect(context, rpc).await?;
    let answer = client.call("health", &json!({})).await;
    let answer = answer.map_err(|error| Failure::of_call("health", &error))?;
    client.close().await;
    Ok(serde_json::from_str(answer.as_str()).unwrap_or_default())
}

/// What people want to know of it.
pub(crate) fn told(health: &Value) -> String {
    let word = if health["ok"] == true { "ok" } else { "not well" };
    let mut lines = vec![format!("Gateway: {word} ({} ms)", health["durationMs"])];
    for agent in health["agents"].as_array().into_iter().flatten() {
        let id = agent["agentId"].as_str().unwrap_or_default();
        let default = if agent["isDefault"] == true { " (default)" } else { "" };
        lines.push(format!("Agent {id}{default}: {} sessions", agent["sessions"]["count"]));
    }
    for id in health["channelOrder"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let linked = match &health["channels"][id]["linked"] {
            Value::Bool(false) => "not linked",
            Value::Bool(true) => "linked",
            _ => "configured",
        };
        lines.push(format!("Channel {id}: {linked}"));
    }
    for (part, problem) in health["problems"].as_object().into_iter().flatten() {
        lines.push(format!("Problem with {part}: {}", problem.as_str().unwrap_or_default()));
    }
    lines.join("\n")
}

#[test]
fn health_in_words() {
    let health = json!({
        "ok": true, "durationMs": 3,
        "agents": [{ "agentId": "main", "isDefault": true, "sessions": { "count": 2 } }],
        "channelOrder": ["telegram"], "channels": { "telegram": { "linked": false } },
        "problems": { "store": "the disk is full" },
    });
    let expected = "Gateway: ok (3 ms)\nAgent main (default): 2 sessions\n\
        Channel telegram: not linked\nProblem with store: the disk is full";
    assert_eq!(told(&health), expected);
}
