//! Consent for commands, from outside.

use std::{os::unix::fs::PermissionsExt, time::Instant};

use domain::client::Protocol;
use serde_json::{Value, json};
use tests::{ADMIN, Client, TestGateway};

const APPROVALS: &[&str] = &["operator.approvals"];

#[tokio::test]
async fn a_command_waits_for_somebody_else() {
    let gateway = TestGateway::start().await;
    let mut asking = gateway.connect().await;
    let mut deciding = gateway.connect_as(Protocol::V4, APPROVALS).await;
    let mut reading = gateway.connect_as(Protocol::V4, &["operator.read"]).await;

    let params =
        json!({ "id": "a1", "command": "rm -rf build", "cwd": "/work", "host": "gateway" });
    let call = asking.begin("exec.approval.request", params).await;
    let asked = deciding.event_named("exec.approval.requested").await;
    assert_eq!(
        (&asked["id"], &asked["request"]["command"]),
        (&json!("a1"), &json!("rm -rf build"))
    );
    assert_eq!(asked["request"]["agentId"], Value::Null);

    let list = deciding.call("exec.approval.list", json!({})).await.unwrap();
    assert_eq!(list[0]["id"], "a1");
    let allow = json!({ "id": "a1", "decision": "allow-once" });
    let refused = reading.call("exec.approval.resolve", allow.clone()).await.unwrap_err();
    assert_eq!(refused["message"], "missing scope: operator.approvals");
    assert_eq!(
        deciding.call("exec.approval.resolve", allow.clone()).await,
        Ok(json!({ "ok": true }))
    );

    let decided = asking.answer(&call).await.unwrap();
    assert_eq!((&decided["id"], &decided["decision"]), (&json!("a1"), &json!("allow-once")));
    let resolved = asking.event_named("exec.approval.resolved").await;
    assert_eq!(
        (&resolved["decision"], &resolved["resolvedBy"]),
        (&json!("allow-once"), &json!("gateway-client"))
    );
    let late = deciding.call("exec.approval.resolve", allow).await.unwrap_err();
    assert_eq!(late["message"], "unknown approval id");
    gateway.shutdown().await;
}

#[tokio::test]
async fn nobody_deciding_is_a_no() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    let begun = Instant::now();
    let params = json!({ "command": "ls", "timeoutMs": 1000 });
    let decided = client.call("exec.approval.request", params).await.unwrap();
    assert_eq!(decided["decision"], Value::Null);
    assert!((1000..1600).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    let resolved = client.event_named("exec.approval.resolved").await;
    assert_eq!(resolved["decision"], Value::Null);
    gateway.shutdown().await;
}

/// Whoever asked may lose his connection, and the gateway may be restarted: what
/// waits is found again, and what was decided is on record.
#[tokio::test]
async fn leaving_takes_nothing_back_and_answers_survive() {
    let gateway = TestGateway::start().await;
    let mut asking = gateway.connect().await;
    asking.begin("exec.approval.request", json!({ "id": "a1", "command": "ls" })).await;
    asking.event_named("exec.approval.requested").await;
    drop(asking);

    let mut back = gateway.connect().await;
    let list = back.call("exec.approval.list", json!({})).await.unwrap();
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    let waiting = back.begin("exec.approval.waitDecision", json!({ "id": "a1" })).await;
    let mut other = gateway.connect().await;
    let deny = json!({ "id": "a1", "kind": "exec", "decision": "deny" });
    other.call("approval.resolve", deny).await.unwrap();
    assert_eq!(back.answer(&waiting).await.unwrap()["decision"], "deny");

    let gateway = gateway.restart().await;
    let mut later = gateway.connect().await;
    let history = later.call("approval.history", json!({})).await.unwrap();
    let first = &history["approvals"][0];
    assert_eq!((&first["id"], &first["status"]), (&json!("a1"), &json!("denied")));
    let known = later.call("exec.approval.waitDecision", json!({ "id": "a1" })).await.unwrap();
    assert_eq!(known["decision"], "deny");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_command_can_be_asked_for_in_two_steps_and_in_the_dialect_of_the_brief() {
    let gateway = TestGateway::start().await;
    let mut client = Client::connect(gateway.address(), tests::TOKEN, Protocol::Brief, ADMIN).await;
    let params = json!({ "id": "a1", "command": "ls", "twoPhase": true });
    let call = client.begin("exec.approval.request", params).await;
    let accepted = client.answer(&call).await.unwrap();
    assert_eq!((&accepted["status"], &accepted["id"]), (&json!("accepted"), &json!("a1")));
    let allow = json!({ "id": "a1", "decision": "allow-once" });
    client.call("exec.approval.resolve", allow).await.unwrap();
    gateway.shutdown().await;
}

#[tokio::test]
async fn the_policy_is_a_file_of_its_owner() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    let found = client.call("exec.approvals.get", json!({})).await.unwrap();
    assert_eq!(found["exists"], false);
    let file = json!({ "version": 1, "socket": { "path": "/s", "token": "canary" },
        "agents": { "default": { "security": "allowlist", "allowlist": [{ "pattern": "/usr/bin/rg" }] } } });
    let set = json!({ "file": file, "baseHash": found["hash"] });
    let written = client.call("exec.approvals.set", set).await.unwrap();
    assert_eq!(written["file"]["socket"], json!({ "path": "/s" }));
    let path = gateway.state_dir().join("exec-approvals.json");
    assert_eq!(written["path"], path.to_str().unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("canary") && text.contains("\"main\""), "{text}");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    // Writing it again without the token keeps the token.
    let again = json!({ "file": written["file"], "baseHash": written["hash"] });
    let written = client.call("exec.approvals.set", again).await.unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().contains("canary"));
    let stale = json!({ "file": written["file"], "baseHash": "0".repeat(64) });
    let refused = client.call("exec.approvals.set", stale).await.unwrap_err();
    let words = "exec approvals changed since last load; re-run exec.approvals.get and retry";
    assert_eq!(refused["message"], words);
    gateway.shutdown().await;
}

/// FIL-008: a damaged policy lets nothing run, and is not silently replaced.
#[tokio::test]
async fn a_damaged_policy_is_reported_and_kept() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    let path = gateway.state_dir().join("exec-approvals.json");
    let half = r#"{"version":1,"defaults":{"security":"full"#;
    std::fs::write(&path, half).unwrap();
    let found = client.call("exec.approvals.get", json!({})).await.unwrap();
    assert!(
        found["problem"].as_str().is_some_and(|it| it.starts_with("the file is not understood"))
    );
    assert_eq!(found["file"], json!({ "version": 1 }));
    let blind = json!({ "file": { "version": 1 } });
    let refused = client.call("exec.approvals.set", blind).await.unwrap_err();
    let words = "exec approvals base hash required; re-run exec.approvals.get and retry";
    assert_eq!(refused["message"], words);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), half);
    gateway.shutdown().await;
}
