//! Starting, stopping, and what is left behind.

use domain::client::Protocol;
use serde_json::{Value, json};
use tests::{ADMIN, Client, MAIN, TestGateway, text_of};

#[tokio::test]
async fn stopping_tells_the_clients_first_and_ends_the_runs() {
    let gateway =
        TestGateway::start_with(json!({ "gateway": { "limits": { "drainMs": 50 } } })).await;
    let mut client = gateway.connect().await;
    let send = json!({ "sessionKey": MAIN, "idempotencyKey": "r1", "message": "hang on" });
    client.call("chat.send", send).await.unwrap();
    client.chat("delta").await;

    let (goodbye, ()) = tokio::join!(
        async {
            let shutdown = client.event_named("shutdown").await;
            let aborted = client.chat("aborted").await;
            (shutdown, aborted, client.closed().await)
        },
        gateway.shutdown()
    );
    let (shutdown, aborted, (code, reason)) = goodbye;
    assert_eq!(shutdown["reason"], "gateway stopping");
    assert_eq!(aborted["stopReason"], "shutdown");
    assert_eq!((code, reason.as_str()), (1012, "service restart"));
}

#[tokio::test]
async fn a_client_that_never_reads_does_not_hold_up_the_stop() {
    let gateway = TestGateway::start().await;
    let _silent = gateway.connect().await;
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(5), gateway.shutdown()).await;
    assert!(stopped.is_ok(), "the gateway waits for a client that does not close");
}

#[tokio::test]
async fn the_probes_say_how_it_is() {
    let gateway = TestGateway::start().await;
    for path in ["/healthz", "/health"] {
        let response = gateway.http("GET", path, None, None).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(text_of(response).await, r#"{"ok":true,"status":"live"}"#);
    }
    let response = gateway.http("GET", "/readyz", None, None).await;
    assert_eq!(response.status(), 200);
    let ready: Value = serde_json::from_str(&text_of(response).await).unwrap();
    assert_eq!(ready["ready"], true);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_wrong_token_is_refused_in_words_everyone_can_act_on() {
    let gateway = TestGateway::start().await;
    for protocol in [Protocol::V3, Protocol::V4, Protocol::Brief] {
        let mut client = Client::knock(gateway.address(), protocol).await;
        let params = tests::connect_params("wrong", protocol, ADMIN);
        let refused = client.call("connect", params).await.unwrap_err();
        assert_eq!(refused["code"], "INVALID_REQUEST");
        let text = refused["message"].as_str().unwrap();
        assert!(text.starts_with("unauthorized: gateway token mismatch ("), "{text}");
        assert_eq!(client.closed().await.0, 1008);
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn hello_says_what_is_served_and_how_much_is_allowed() {
    let gateway = TestGateway::start().await;
    let client = gateway.connect().await;
    let hello = &client.hello;
    assert_eq!((&hello["type"], &hello["protocol"]), (&json!("hello-ok"), &json!(4)));
    assert_eq!(hello["policy"]["maxPayload"], 25 * 1024 * 1024);
    let methods: Vec<&str> =
        hello["features"]["methods"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let served: Vec<&str> =
        rpc::all().map(|method| method.name).filter(|name| *name != "connect").collect();
    assert_eq!(methods, served);
    gateway.shutdown().await;
}

#[tokio::test]
async fn the_files_of_the_gateway_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    let inject = json!({ "sessionKey": MAIN, "idempotencyKey": "r", "message": "say hello" });
    client.call("chat.send", inject).await.unwrap();
    client.chat("final").await;
    let mut pending = vec![gateway.state_dir().to_owned()];
    let mut files = 0;
    while let Some(directory) = pending.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            if entry.file_type().unwrap().is_dir() {
                assert_eq!(mode, 0o700, "{}", entry.path().display());
                pending.push(entry.path());
            } else if entry.file_name() != "openclaw.json" {
                assert_eq!(mode, 0o600, "{}", entry.path().display());
                files += 1;
            }
        }
    }
    assert!(0 < files);
    gateway.shutdown().await;
}
