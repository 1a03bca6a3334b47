//! What the gateway says about what it did.

use serde_json::json;
use tests::{TOKEN, TestGateway, text_of};

const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[tokio::test]
async fn whoever_may_read_is_told_what_was_counted() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    client.call("last-heartbeat", json!({})).await.unwrap();
    client.call("no-such-method", json!({})).await.unwrap_err();
    let question = json!({ "messages": [{ "role": "user", "content": "say Good morning." }] });
    let answer = gateway.http("POST", "/v1/chat/completions", Some(TOKEN), Some(&question)).await;
    assert_eq!(answer.status(), 200);

    for token in [None, Some("wrong")] {
        let refused = gateway.http("GET", "/metrics", token, None).await;
        assert_eq!(refused.status(), 401);
    }
    let answer = gateway.http("GET", "/api/diagnostics/prometheus", Some(TOKEN), None).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], FORMAT);
    let text = text_of(answer).await;
    let counted = |start: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(start));
        line.unwrap_or_else(|| panic!("{start}\n{text}")).trim().parse().unwrap()
    };
    let exactly = [
        (r#"openclaw_gateway_rpc_requests_total{method="last-heartbeat"}"#, 1.0),
        (r#"openclaw_gateway_rpc_requests_total{method="unknown"}"#, 1.0),
        (r#"openclaw_gateway_rpc_outcomes_total{outcome="invalid_request"}"#, 1.0),
        (r#"openclaw_http_requests_total{method="GET",route="/metrics",status="401"}"#, 2.0),
        ("openclaw_ws_clients", 1.0),
        ("openclaw_store_damaged_records", 0.0),
    ];
    for (name, value) in exactly {
        assert!((counted(name) - value).abs() < f64::EPSILON, "{name} is {}", counted(name));
    }
    assert!(0.0 < counted("process_resident_memory_bytes"));
    assert!(text.contains("# TYPE openclaw_store_commits counter"), "{text}");
    let run = text.lines().find(|line| line.starts_with("openclaw_run_completed_total{"));
    assert!(run.is_some_and(|run| run.ends_with(r#"outcome="ok"} 1"#)), "{text}");
    assert!(!text.contains("no-such"), "what clients say is no label:\n{text}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn nothing_is_said_where_diagnostics_are_off() {
    let gateway = TestGateway::start_with(json!({ "diagnostics": { "enabled": false } })).await;
    let answer = gateway.http("GET", "/metrics", Some(TOKEN), None).await;
    assert_eq!(answer.status(), 404);
    gateway.shutdown().await;
}
