//! Requests and their answers.

use std::sync::atomic::Ordering::SeqCst;

use serde_json::{Value, json};

use crate::{
    tests::client::{Client, Said, frame},
    tests::gateway::Gateway,
};

#[tokio::test]
async fn a_hundred_calls_at_once_are_answered_in_the_order_in_which_they_end() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    let mut bytes = Vec::new();
    for id in 0..100 {
        let method = if id % 2 == 0 { "wait" } else { "echo" };
        let call = json!({ "type": "req", "id": id.to_string(), "method": method, "params": id });
        bytes.extend(frame(0x81, call.to_string().as_bytes()));
    }
    client.raw(&bytes).await;
    for id in (1..100).step_by(2) {
        let answer = client.json().await;
        assert_eq!((&answer["id"], &answer["payload"]), (&json!(id.to_string()), &json!(id)));
    }
    for id in (0..100).step_by(2).rev() {
        let waiting = gateway.methods.waiting.lock().unwrap().remove(&id.to_string());
        waiting.unwrap().send(()).unwrap();
        assert_eq!(client.json().await["id"], id.to_string());
    }
}

#[tokio::test]
async fn a_call_may_be_answered_twice() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    client.request("1", "twice", json!({ "done": true })).await;
    let accepted = json!({ "type": "res", "id": "1", "ok": true, "payload": "accepted" });
    assert_eq!(client.json().await, accepted);
    let done = json!({ "type": "res", "id": "1", "ok": true, "payload": { "done": true } });
    assert_eq!(client.json().await, done);
}

#[tokio::test]
async fn binary_messages_and_messages_in_pieces_are_requests_too() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    let echo =
        json!({ "type": "req", "id": "1", "method": "echo", "params": "\u{f6}" }).to_string();
    client.frame(0x82, echo.as_bytes()).await;
    assert_eq!(client.json().await["payload"], "\u{f6}");
    for split in 1..echo.len() {
        let (start, rest) = echo.as_bytes().split_at(split);
        client.frame(0x01, start).await;
        client.frame(0x89, b"in between").await;
        client.frame(0x80, rest).await;
        let pong = client.said().await;
        assert_eq!(pong, Said::Pong(b"in between".to_vec()));
        assert_eq!(client.json().await["payload"], "\u{f6}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_the_connection_stays() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    let deep = vec![b'['; 100_000];
    let table: [(&[u8], &str, &str); 5] = [
        (b"not json", "invalid", "invalid request frame: must be JSON"),
        (b"\xef\xbb\xbf{}", "invalid", "invalid request frame: must be JSON"),
        (&deep, "invalid", "invalid request frame: must NOT be nested deeper"),
        (br#"{"type":"res","id":"r1","ok":true}"#, "r1", "invalid request frame: at /type"),
        (
            br#"{"type":"request","id":"r2","method":"echo"}"#,
            "r2",
            "invalid request frame: at /type",
        ),
    ];
    for (message, id, words) in table {
        client.frame(0x81, message).await;
        let answer = client.json().await;
        assert_eq!(
            (&answer["id"], &answer["error"]["code"]),
            (&json!(id), &json!("INVALID_REQUEST"))
        );
        let said = answer["error"]["message"].as_str().unwrap();
        assert!(said.starts_with(words), "{said}");
    }
    client.frame(0x82, &[0xff]).await;
    assert_eq!(client.json().await["id"], "invalid");
    let again = client.call("connect", json!({})).await;
    assert_eq!(again["error"]["message"], "connect is only valid as the first request");
    assert_eq!(client.call("echo", json!(1)).await["payload"], 1);
}

#[tokio::test]
async fn the_calls_of_a_client_that_leaves_are_given_up() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    client.request("1", "wait", json!("w")).await;
    gateway.until(|gateway| gateway.methods.calls.load(SeqCst) == 1).await;
    let mut waiting = gateway.methods.waiting.lock().unwrap().remove("\"w\"").unwrap();
    drop(client);
    waiting.closed().await;
    gateway.until(|gateway| gateway.door.left.load(SeqCst) == 1).await;
    assert_eq!(ports::driven::EventSink::clients(&gateway.hub), 0);
}

#[tokio::test]
async fn nobody_may_try_forbidden_doors_for_long() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    for _ in 0..199 {
        let denied = client.call("admin", Value::Null).await;
        assert_eq!(denied["error"]["code"], "FORBIDDEN", "{denied}");
    }
    client.request("1", "admin", Value::Null).await;
    assert_eq!(client.closed().await, (1008, "repeated unauthorized calls".to_owned()));
}

#[tokio::test]
async fn only_so_many_calls_may_wait() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    for id in 0..1024 {
        client.request("w", "wait", json!(id)).await;
    }
    let refused = client.call("echo", json!(1)).await;
    assert_eq!(refused["error"]["code"], "UNAVAILABLE", "{refused}");
    assert_eq!(
        (&refused["error"]["retryable"], &refused["error"]["retryAfterMs"]),
        (&json!(true), &json!(500))
    );
    let waiting = gateway.methods.waiting.lock().unwrap().remove("7").unwrap();
    waiting.send(()).unwrap();
    assert_eq!(client.json().await["payload"], 7);
    assert_eq!(client.call("echo", json!(2)).await["payload"], 2);
}
