//! A chat turn from end to end, as clients see it.

use domain::client::Protocol;
use serde_json::json;
use tests::{ADMIN, MAIN, TestGateway};

const ALL: [Protocol; 3] = [Protocol::V3, Protocol::V4, Protocol::Brief];

fn send(run: &str, message: &str) -> serde_json::Value {
    json!({ "sessionKey": MAIN, "idempotencyKey": run, "message": message })
}

#[tokio::test]
async fn an_answer_reaches_everyone_who_may_read_in_every_protocol() {
    let gateway = TestGateway::start().await;
    let mut writer = gateway.connect().await;
    let mut readers = Vec::new();
    for protocol in ALL {
        readers.push(gateway.connect_as(protocol, &["operator.read"]).await);
    }

    let sent = writer.call("chat.send", send("r1", "say Good  | morning.")).await.unwrap();
    assert_eq!((&sent["runId"], &sent["status"]), (&json!("r1"), &json!("started")));

    for reader in &mut readers {
        let end = reader.chat("final").await;
        assert_eq!(end["runId"], "r1");
        assert_eq!(end["message"]["content"][0]["text"], "Good morning.");
    }
    let history = writer.call("chat.history", json!({ "sessionKey": MAIN })).await.unwrap();
    let said: Vec<_> =
        history["messages"].as_array().unwrap().iter().map(|it| &it["role"]).collect();
    assert_eq!(said, ["user", "assistant"]);
    gateway.shutdown().await;
}

#[tokio::test]
async fn who_may_not_read_is_told_nothing_and_may_not_send() {
    let gateway = TestGateway::start().await;
    let mut outsider = gateway.connect_as(Protocol::V4, &["operator.pairing"]).await;
    let refused = outsider.call("chat.send", send("r0", "say no")).await.unwrap_err();
    assert_eq!(refused["code"], "FORBIDDEN");
    assert_eq!(refused["message"], "missing scope: operator.write");

    let mut writer = gateway.connect().await;
    writer.call("chat.send", send("r1", "say secret")).await.unwrap();
    writer.chat("final").await;
    // What was published before this answer would have arrived before it.
    outsider.call("health", json!({})).await.unwrap_err();
    let health = outsider.begin("node.nothing", json!({})).await;
    outsider.answer(&health).await.unwrap_err();
    gateway.shutdown().await;
}

#[tokio::test]
async fn sending_the_same_message_twice_is_one_run() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    client.call("chat.send", send("r1", "hang wait")).await.unwrap();
    let again = client.call("chat.send", send("r1", "hang wait")).await.unwrap();
    assert_eq!(again["status"], "in_flight");

    let aborted = client.call("chat.abort", json!({ "sessionKey": MAIN })).await.unwrap();
    assert_eq!((&aborted["aborted"], &aborted["runIds"]), (&json!(true), &json!(["r1"])));
    assert_eq!(client.chat("aborted").await["stopReason"], "rpc");
    gateway.shutdown().await;
}

#[tokio::test]
async fn messages_of_one_session_are_answered_in_order() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    for run in ["r1", "r2", "r3"] {
        client.call("chat.send", send(run, &format!("say {run}"))).await.unwrap();
    }
    for run in ["r1", "r2", "r3"] {
        assert_eq!(client.chat("final").await["runId"], run);
    }
    // Three questions, three answers, and this question.
    client.call("chat.send", send("r4", "recall")).await.unwrap();
    assert_eq!(client.chat("final").await["message"]["content"][0]["text"], "7");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_conversation_survives_a_restart() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    client.call("chat.send", send("r1", "say remember me")).await.unwrap();
    client.chat("final").await;

    let gateway = gateway.restart().await;
    let mut client = gateway.connect().await;
    let history = client.call("chat.history", json!({ "sessionKey": MAIN })).await.unwrap();
    assert_eq!(history["messages"][1]["content"][0]["text"], "remember me");
    let again = client.call("chat.send", send("r1", "say remember me")).await.unwrap();
    assert_eq!(again["status"], "ok", "the key of a run keeps answering: {again}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_failing_model_is_explained() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    client.call("chat.send", send("r1", "fail 401")).await.unwrap();
    let failed = client.chat("error").await;
    assert!(failed["errorMessage"].as_str().unwrap().contains("401"), "{failed}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn an_agent_run_is_answered_twice() {
    let gateway = TestGateway::start().await;
    for protocol in ALL {
        let mut client = gateway.connect_as(protocol, ADMIN).await;
        let run = format!("agent-{protocol}");
        let params = json!({ "message": "say done", "sessionKey": MAIN, "idempotencyKey": run });
        let id = client.begin("agent", params).await;
        let accepted = client.answer(&id).await.unwrap();
        assert_eq!((&accepted["runId"], &accepted["status"]), (&json!(run), &json!("accepted")));
        let done = client.answer(&id).await.unwrap();
        assert_eq!(done["status"], "ok");
        assert_eq!(done["result"]["payloads"][0]["text"], "done");
        let waited = client.call("agent.wait", json!({ "runId": run })).await.unwrap();
        assert_eq!(waited["status"], "ok");
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_client_that_leaves_does_not_take_its_run_along() {
    let gateway = TestGateway::start().await;
    let mut sender = gateway.connect().await;
    let mut reader = gateway.connect().await;
    sender.call("chat.send", send("r1", "hang first")).await.unwrap();
    reader.chat("delta").await;
    drop(sender);
    // The run still holds its lane: the next message waits behind it.
    reader.call("chat.send", send("r2", "say second")).await.unwrap();
    reader.call("chat.abort", json!({ "sessionKey": MAIN, "runId": "r1" })).await.unwrap();
    assert_eq!(reader.chat("aborted").await["runId"], "r1");
    assert_eq!(reader.chat("final").await["runId"], "r2");
    gateway.shutdown().await;
}

#[tokio::test]
async fn commands_are_answered_by_the_gateway_itself() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    client.call("chat.send", send("c1", "/status")).await.unwrap();
    let end = client.chat("final").await;
    let text = end["message"]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("Model: fake/fake"), "{text}");

    client.call("chat.send", send("r1", "say one")).await.unwrap();
    client.chat("final").await;
    client.call("chat.send", send("c2", "/new")).await.unwrap();
    client.chat("final").await;
    client.call("chat.send", send("r2", "recall")).await.unwrap();
    assert_eq!(client.chat("final").await["message"]["content"][0]["text"], "1");
    gateway.shutdown().await;
}
