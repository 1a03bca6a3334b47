//! The methods over real use cases.

use domain::access::Scope;
use ports::config::Config;
use serde_json::{Value, json};

use crate::testing::World;

const UNPRICED: &str = r#"{ "models": { "providers": { "fake": { "models": [
    { "id": "other", "cost": { "input": 1, "output": 1 } } ] } } } }"#;
const PRICED: &str = r#"{ "models": { "providers": { "fake": { "models": [
    { "id": "echo", "cost": { "input": 2, "output": 10, "cacheRead": 0.5 } } ] } } } }"#;

fn world(config: &str) -> World {
    World::configured(serde_json::from_str::<Config>(config).unwrap())
}

/// An answer that uses a million tokens, 400,000 of the cache, and says 100,000.
async fn spend(world: &World, session: &str, run: &str) {
    let send = json!({ "sessionKey": session, "message": "spend", "idempotencyKey": run });
    world.call("chat.send", send).await.unwrap();
    let wait = json!({ "runId": run, "timeoutMs": 5000 });
    assert_eq!(world.call("agent.wait", wait).await.unwrap()["status"], "ok");
}

#[tokio::test]
async fn what_an_answer_costs_is_told_by_day_with_its_parts() {
    let world = world(PRICED);
    spend(&world, "main", "r1").await;
    let told = world.call("usage.cost", json!({})).await.unwrap();
    let totals = json!({
        "input": 600_000, "output": 100_000, "cacheRead": 400_000, "cacheWrite": 0,
        "totalTokens": 1_100_000, "totalCost": 2.4, "inputCost": 1.2, "outputCost": 1.0,
        "cacheReadCost": 0.2, "cacheWriteCost": 0.0, "missingCostEntries": 0,
    });
    assert_eq!(told["totals"], totals);
    let [day] = told["daily"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!(day["totalCost"], 2.4);
    assert_eq!(day["date"].as_str().map(str::len), Some(10));

    let history = world.call("chat.history", json!({ "sessionKey": "main" })).await.unwrap();
    let usage = &history["messages"][1]["usage"];
    assert_eq!(usage["cost"]["total"], 2.4, "it stands beside the answer: {usage}");
    assert_eq!(usage["totalTokens"], 1_100_000);
}

#[tokio::test]
async fn a_price_nobody_gave_is_not_guessed() {
    let world = world(UNPRICED);
    spend(&world, "main", "r1").await;
    let told = world.call("usage.cost", json!({ "days": "7" })).await.unwrap();
    let totals = &told["totals"];
    assert_eq!((&totals["totalCost"], &totals["totalTokens"]), (&json!(0.0), &json!(1_100_000)));
    assert_eq!(totals["missingCostEntries"], 1);
    assert_eq!(totals["missingCostByModel"], json!({ "fake/echo": 1 }));
    let history = world.call("chat.history", json!({ "sessionKey": "main" })).await.unwrap();
    assert_eq!(history["messages"][1]["usage"].get("cost"), None);
}

#[tokio::test]
async fn whose_usage_is_told_is_as_asked() {
    let world = world(PRICED);
    spend(&world, "agent:main:main", "r1").await;
    spend(&world, "agent:main:other", "r2").await;
    let cost = async |params: Value| {
        world.call("usage.cost", params).await.unwrap()["totals"]["totalCost"].clone()
    };
    assert_eq!(cost(json!({})).await, 4.8);
    assert_eq!(cost(json!({ "agentScope": "all", "unknown": [1] })).await, 4.8);
    assert_eq!(cost(json!({ "agentId": "nobody" })).await, 0.0);
}

#[tokio::test]
async fn conversations_are_told_with_what_they_used() {
    let world = world(PRICED);
    spend(&world, "main", "r1").await;
    spend(&world, "main", "r2").await;
    let told = world.call("sessions.usage", json!({ "range": "all" })).await.unwrap();
    let [session] = told["sessions"].as_array().unwrap().as_slice() else { panic!("{told}") };
    assert_eq!((&session["key"], &session["agentId"]), (&json!("agent:main:main"), &json!("main")));
    assert_eq!((&session["scope"], &session["model"]), (&json!("instance"), &json!("echo")));
    let usage = &session["usage"];
    assert_eq!((&usage["totalCost"], &usage["totalTokens"]), (&json!(4.8), &json!(2_200_000)));
    assert_eq!(usage["messageCounts"]["total"], 4);
    assert_eq!(usage["modelUsage"][0]["count"], 2);
    assert_eq!(usage["dailyBreakdown"][0]["cost"], 4.8);
    let aggregates = &told["aggregates"];
    assert_eq!(aggregates["sessionCount"], 1);
    assert_eq!(aggregates["byModel"][0]["totals"]["totalCost"], 4.8);
    assert_eq!(aggregates["byProvider"][0].get("model"), None);
    assert_eq!(aggregates["byAgent"][0]["agentId"], "main");
    assert_eq!(aggregates["modelDaily"][0]["model"], "echo");
    assert_eq!(told["totals"], aggregates["byCreator"][0]["totals"]);
    assert_eq!(told["creatorOptions"], json!([{ "key": "[\"unknown\"]" }]));

    world.call("sessions.reset", json!({ "key": "main" })).await.unwrap();
    spend(&world, "main", "r3").await;
    let one = async |params: Value| {
        let told = world.call("sessions.usage", params).await.unwrap();
        told["sessions"][0]["usage"]["totalCost"].clone()
    };
    assert_eq!(one(json!({ "range": "all", "key": "main" })).await, 2.4);
    assert_eq!(one(json!({ "range": "all", "groupBy": "family" })).await, 7.2);
    assert_eq!(one(json!({ "range": "all", "key": "main", "includeHistorical": true })).await, 7.2);
    let others = json!({ "range": "all", "creatorKey": "[\"profile\",\"x\"]" });
    let others = world.call("sessions.usage", others).await.unwrap();
    assert_eq!((&others["sessions"], &others["totals"]["totalCost"]), (&json!([]), &json!(0.0)));
}

#[tokio::test]
async fn one_conversation_is_told_over_time_and_message_by_message() {
    let world = world(PRICED);
    spend(&world, "main", "r1").await;
    spend(&world, "main", "r2").await;
    let series = world.call("sessions.usage.timeseries", json!({ "key": "main" })).await.unwrap();
    let points = series["points"].as_array().unwrap();
    assert_eq!((points.len(), &points[1]["cost"]), (2, &json!(2.4)));
    assert_eq!(points[1]["cumulativeCost"], 4.8);
    assert_eq!(points[1]["cumulativeTokens"], 2_200_000);

    let logs = async |limit: Value| {
        let params = json!({ "key": "main", "limit": limit });
        world.call("sessions.usage.logs", params).await.unwrap()["logs"].clone()
    };
    let all = logs(Value::Null).await;
    let roles: Vec<_> = all.as_array().unwrap().iter().map(|it| it["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!((&all[1]["content"], &all[1]["cost"]), (&json!("echo: spend"), &json!(2.4)));
    assert_eq!((all[0].get("tokens"), &all[1]["tokens"]), (None, &json!(1_100_000)));
    assert_eq!(logs(json!(1)).await.as_array().unwrap().len(), 1);
    assert_eq!(logs(json!(1e300)).await.as_array().unwrap().len(), 4);
    assert_eq!(logs(json!(-5)).await, json!([]));
}

/// As people ask in a conversation, and as they see it below an answer.
#[tokio::test]
async fn a_conversation_says_itself_what_it_cost() {
    let said = async |world: &World, text: &str, run: &str| {
        let send = json!({ "sessionKey": "main", "message": text, "idempotencyKey": run });
        world.call("chat.send", send).await.unwrap();
        let wait = json!({ "runId": run, "timeoutMs": 5000 });
        world.call("agent.wait", wait).await.unwrap();
        let history = world.call("chat.history", json!({ "sessionKey": "main" })).await.unwrap();
        let last = history["messages"].as_array().unwrap().last().unwrap();
        last["content"][0]["text"].as_str().unwrap().to_owned()
    };
    let priced = world(PRICED);
    let nothing = "This conversation: $0.0000, 0 tokens\nToday: $0.0000, 0 tokens";
    assert_eq!(said(&priced, "/usage cost", "r0").await, nothing);
    said(&priced, "/usage full", "r1").await;
    let footer = said(&priced, "spend", "r2").await;
    assert!(footer.ends_with(", 100000 written, $2.4000"), "{footer}");
    let cost = "This conversation: $2.4000, 1100000 tokens\nToday: $2.4000, 1100000 tokens";
    assert_eq!(said(&priced, "/usage cost", "r3").await, cost);

    let unpriced = world(UNPRICED);
    said(&unpriced, "/usage full", "r1").await;
    let footer = said(&unpriced, "spend", "r2").await;
    assert!(footer.ends_with(", 100000 written"), "{footer}");
    let cost = said(&unpriced, "/usage cost", "r3").await;
    assert!(cost.ends_with("\nAnswers without a known price: 1"), "{cost}");
}

#[tokio::test]
async fn no_provider_says_what_is_left() {
    let told = World::new().call("usage.status", json!({})).await.unwrap();
    assert_eq!(told["providers"], json!([]));
    assert!(told["updatedAt"].is_u64());
}

#[tokio::test]
async fn whoever_may_read_may_ask() {
    let world = World::new();
    for method in ["usage.cost", "usage.status", "sessions.usage"] {
        assert!(world.reply(&[Scope::Read], method, &json!({})).await.is_ok(), "{method}");
        let refused = world.reply(&[Scope::Pairing], method, &json!({})).await.unwrap_err();
        assert_eq!(refused.message, "missing scope: operator.read", "{method}");
    }
}

#[tokio::test]
async fn what_is_not_clear_is_refused_in_words() {
    let world = World::new();
    #[rustfmt::skip]
    let table = [
        ("usage.cost",                json!({ "startDate": "2026-02-30", "endDate": "2026-03-01" }), "invalid startDate: expected a valid YYYY-MM-DD calendar date"),
        ("usage.cost",                json!({ "startDate": "2026-01-01" }),                          "startDate and endDate must be provided together"),
        ("usage.cost",                json!({ "startDate": "2026-01-02", "endDate": "2026-01-01" }), "startDate must not be after endDate"),
        ("usage.cost",                json!({ "mode": "specific", "timeZone": "../../etc/passwd" }), "invalid timeZone: expected a valid IANA time zone"),
        ("usage.cost",                json!({ "mode": "specific", "utcOffset": "UTC+99" }),          "invalid utcOffset: expected UTC-12:00 through UTC+14:00"),
        ("usage.cost",                json!({ "agentScope": "all", "agentId": "main" }),             "agentScope=all cannot be combined with agentId"),
        ("sessions.usage",            json!({ "agentScope": "all", "key": "main" }),                 "agentScope=all cannot be combined with key or agentId"),
        ("sessions.usage",            json!({ "key": "nobody" }),                                    "Invalid session reference: nobody"),
        ("sessions.usage",            json!({ "limit": 0 }),                                         "invalid sessions.usage params: at /limit: must be >= 1"),
        ("sessions.usage.timeseries", json!({}),                                                     "key is required for timeseries"),
        ("sessions.usage.timeseries", json!({ "key": "nobody" }),                                    "Invalid session key: nobody"),
        ("sessions.usage.logs",       json!({ "key": null }),                                        "key is required for logs"),
        ("sessions.usage.logs",       json!({ "key": "agent:main:nobody" }),                         "Invalid session key: agent:main:nobody"),
    ];
    for (method, params, words) in table {
        assert_eq!(world.refusal(method, params.clone()).await, words, "{method} {params}");
    }
    for params in [json!({ "sneaky": 1 }), json!({ "range": "2d" }), json!({ "mode": "moon" })] {
        let words = world.refusal("sessions.usage", params.clone()).await;
        assert!(words.starts_with("invalid sessions.usage params: "), "{params}: {words}");
    }
}

#[tokio::test]
async fn however_many_days_are_asked_for_there_is_an_answer() {
    let world = World::new();
    for days in [json!(0), json!(-7), json!("-1e9"), json!("soon"), json!(""), json!(1e300)] {
        let told = world.call("usage.cost", json!({ "days": days })).await.unwrap();
        assert_eq!(told["days"], 1, "it is the first day of all: {days}");
    }
    let far = json!({ "startDate": "0001-01-01", "endDate": "9999-12-31" });
    let told = world.call("usage.cost", far.clone()).await.unwrap();
    assert_eq!(told["days"], 2_932_897);
    let told = world.call("sessions.usage", far).await.unwrap();
    assert_eq!(
        (&told["startDate"], &told["endDate"]),
        (&json!("1970-01-01"), &json!("9999-12-31"))
    );
}
