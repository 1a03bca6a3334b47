//! `openclaw gateway usage-cost`: what was used, and what that cost.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{
    connect::{Rpc, connect},
    context::Context,
    failure::Failure,
    output,
};

/// Which days, and whose.
#[derive(Debug, Args)]
pub(crate) struct UsageCost {
    /// So many days up to today, in UTC.
    #[arg(long, default_value_t = 30, value_name = "DAYS")]
    days: u32,
    /// Only this agent. Without: the default one.
    #[arg(long, value_name = "ID", conflicts_with = "all_agents")]
    agent: Option<String>,
    /// Every agent.
    #[arg(long)]
    all_agents: bool,
    #[command(flatten)]
    rpc: Rpc,
}

pub(crate) async fn usage_cost(context: &Context, asked: &UsageCost) -> Result<(), Failure> {
    let mut params = json!({ "days": asked.days });
    if let Some(agent) = &asked.agent {
        params["agentId"] = agent.as_str().into();
    }
    if asked.all_agents {
        params["agentScope"] = "all".into();
    }
    let mut client = connect(context, &asked.rpc).await?;
    let answer = client.call("usage.cost", &params).await;
    let answer = answer.map_err(|error| Failure::of_call("usage.cost", &error))?;
    client.close().await;
    let summary: Value = serde_json::from_str(answer.as_str()).unwrap_or_default();
    if context.json {
        return Ok(output::json(&summary)?);
    }
    Ok(output::line(&output::tame(&told(&summary)))?)
}

/// The same for people: all of it, and then each day.
fn told(summary: &Value) -> String {
    let used = |of: &Value| {
        let dollars = of["totalCost"].as_f64().unwrap_or_default();
        format!("${dollars:.4}, {} tokens", of["totalTokens"])
    };
    let totals = &summary["totals"];
    let mut lines = vec![format!("Usage cost ({} days): {}", summary["days"], used(totals))];
    let parts = [
        ("input", "read"),
        ("output", "written"),
        ("cacheRead", "from the cache"),
        ("cacheWrite", "to the cache"),
    ];
    let parts = parts.map(|(name, word)| format!("{} {word}", totals[name]));
    lines.push(format!("Tokens: {}", parts.join(", ")));
    if totals["missingCostEntries"].as_u64().is_some_and(|missing| 0 < missing) {
        let by_model = totals["missingCostByModel"].as_object();
        let by_model =
            by_model.into_iter().flatten().map(|(model, count)| format!("{model} {count}"));
        lines.push(format!(
            "Answers without a known price, which are not in the cost: {} ({})",
            totals["missingCostEntries"],
            by_model.collect::<Vec<_>>().join(", ")
        ));
    }
    for day in summary["daily"].as_array().into_iter().flatten() {
        lines.push(format!("{}: {}", day["date"].as_str().unwrap_or_default(), used(day)));
    }
    lines.join("\n")
}

#[test]
fn costs_in_words() {
    let day = json!({ "date": "2026-01-27", "totalTokens": 17, "totalCost": 0.25 });
    let mut summary = json!({
        "days": 7, "daily": [day],
        "totals": { "input": 10, "output": 5, "cacheRead": 2, "cacheWrite": 0, "totalTokens": 17,
            "totalCost": 0.25, "missingCostEntries": 0 },
    });
    let known = "Usage cost (7 days): $0.2500, 17 tokens\n\
        Tokens: 10 read, 5 written, 2 from the cache, 0 to the cache\n\
        2026-01-27: $0.2500, 17 tokens";
    assert_eq!(told(&summary), known);
    summary["totals"]["missingCostEntries"] = 3.into();
    summary["totals"]["missingCostByModel"] = json!({ "p/m": 2, "unknown": 1 });
    let words = "Answers without a known price, which are not in the cost: 3 (p/m 2, unknown 1)";
    assert!(told(&summary).contains(words), "{}", told(&summary));
}
