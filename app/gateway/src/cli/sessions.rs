//! `openclaw sessions`: the conversations, newest first.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{
    connect::{Rpc, connect},
    context::Context,
    failure::Failure,
    output,
    status::age,
};

/// Which conversations.
#[derive(Debug, Args)]
pub(crate) struct Sessions {
    /// Only those in which something happened in the last minutes.
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..))]
    active: Option<u64>,
    /// At most so many.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    rpc: Rpc,
}

pub(crate) async fn sessions(context: &Context, asked: &Sessions) -> Result<(), Failure> {
    let mut params = json!({});
    if let Some(minutes) = asked.active {
        params["activeMinutes"] = minutes.into();
    }
    if let Some(limit) = asked.limit {
        params["limit"] = limit.into();
    }
    let mut client = connect(context, &asked.rpc).await?;
    let answer = client.call("sessions.list", &params).await;
    let answer = answer.map_err(|error| Failure::of_call("sessions.list", &error))?;
    client.close().await;
    let mut list: Value = serde_json::from_str(answer.as_str()).unwrap_or_default();
    if context.json {
        list["activeMinutes"] = asked.active.into();
        return Ok(output::json(&list)?);
    }
    Ok(output::line(&output::tame(&told(&list)))?)
}

fn told(list: &Value) -> String {
    let now = list["ts"].as_u64().unwrap_or_default();
    let rows = list["sessions"].as_array().into_iter().flatten().map(|session| {
        let text = |name: &str| session[name].as_str().unwrap_or_default().to_owned();
        let updated = session["updatedAt"].as_u64();
        let ago = updated.map(|then| age(now.saturating_sub(then) / 1000)).unwrap_or_default();
        let tokens = session["totalTokens"].as_u64().unwrap_or_default().to_string();
        vec![text("key"), text("kind"), ago, text("model"), tokens]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return "No sessions yet. Begin one with: openclaw chat".into();
    }
    output::table(&["KEY", "KIND", "AGE", "MODEL", "TOKENS"], &rows)
}

#[test]
fn sessions_in_a_table() {
    let list = json!({ "ts": 100_000, "sessions": [
        { "key": "agent:main:main", "kind": "direct", "updatedAt": 95_000, "model": "m",
          "totalTokens": 7 },
        { "key": "agent:x:y", "kind": "group", "updatedAt": null },
    ] });
    let expected = "KEY              KIND    AGE  MODEL  TOKENS\n\
        agent:main:main  direct  5s   m      7\nagent:x:y        group               0";
    assert_eq!(told(&list), expected);
    assert!(told(&json!({})).starts_with("No sessions yet"));
}
