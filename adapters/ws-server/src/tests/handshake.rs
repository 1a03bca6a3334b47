//! From the upgrade to `hello-ok`.

use domain::time::Timestamp;
use ports::{
    config::LimitsConfig,
    driven::EventSink,
    event::{Body, Event},
};
use serde_json::json;

use crate::{
    tests::client::{Client, Said, UPGRADE, connect, frame},
    tests::gateway::Gateway,
};

fn tick(at: u64) -> Event {
    Event::new(Body::Tick(Timestamp::from_millis(at)))
}

#[tokio::test]
async fn nothing_comes_before_the_hello_and_nothing_from_before_after_it() {
    let gateway = Gateway::start().await;
    let _other = Client::operator(gateway.address).await;
    let mut client = Client::open(gateway.address).await;
    gateway.hub.publish(tick(1));
    client.text(&connect(json!({}))).await;
    let hello = client.json().await;
    assert_eq!(
        (&hello["type"], &hello["id"], &hello["ok"]),
        (&json!("res"), &json!("hello"), &json!(true))
    );
    gateway.hub.publish(tick(2));
    assert_eq!(
        client.json().await,
        json!({ "type": "event", "event": "tick", "payload": { "ts": 2 }, "seq": 1 })
    );
}

#[tokio::test]
async fn odd_beginnings() {
    let gateway = Gateway::start().await;
    let health = json!({ "type": "req", "id": "h", "method": "health" });
    let first = "invalid handshake: first request must be connect";
    let version = json!({ "id": "cli", "version": "", "platform": "p", "mode": "cli" });
    #[rustfmt::skip]
    let table = [
        ("not json".to_owned(),                                  None,                1008, "invalid request frame"),
        ("\"x\"".to_owned(),                                     None,                1008, "invalid request frame"),
        (json!({"type": "res", "id": "1"}).to_string(),          None,                1008, "invalid request frame"),
        (health.to_string(),                                     Some(("h", first)),  1008, first),
        (connect(json!({"role": "admin"})).to_string(),          Some(("hello", "invalid role")), 1008, "invalid role"),
        (connect(json!({"client": version})).to_string(),        Some(("hello", "invalid connect params: at /client/version: must NOT have fewer than 1 characters")), 1008, "invalid connect params: at /client/version: must NOT have fewer than 1 characters"),
        (connect(json!({"minProtocol": 5, "maxProtocol": 6})).to_string(), Some(("hello", "protocol mismatch")), 1002, "protocol mismatch"),
        (connect(json!({"auth": {"password": "wrong"}})).to_string(), Some(("hello", "unauthorized: password mismatch")), 1008, "unauthorized: password mismatch"),
    ];
    for (beginning, answer, code, reason) in table {
        let mut client = Client::open(gateway.address).await;
        client.frame(0x81, beginning.as_bytes()).await;
        if let Some((id, message)) = answer {
            let refused = client.json().await;
            assert_eq!(
                (&refused["id"], &refused["ok"]),
                (&json!(id), &json!(false)),
                "{beginning}"
            );
            assert_eq!(refused["error"]["code"], "INVALID_REQUEST");
            assert_eq!(refused["error"]["message"], message);
        }
        assert_eq!(client.said().await, Said::Close(code, reason.to_owned()), "{beginning}");
        client.frame(0x88, &code.to_be_bytes()).await;
        assert_eq!(client.said().await, Said::End);
    }
    assert_eq!(gateway.hub.clients(), 0);
}

#[tokio::test]
async fn frames_that_come_during_the_handshake_are_answered_after_it() {
    let gateway = Gateway::start().await;
    gateway.door.tickets.forget_permits(10_000);
    let mut client = Client::open(gateway.address).await;
    let echo = |id: &str| json!({ "type": "req", "id": id, "method": "echo", "params": 1 });
    let mut bytes = frame(0x81, connect(json!({})).to_string().as_bytes());
    bytes.extend(frame(0x81, echo("a").to_string().as_bytes()));
    client.raw(&bytes).await;
    client.text(&echo("b")).await;
    gateway.door.tickets.add_permits(1);
    for id in ["hello", "a", "b"] {
        assert_eq!(client.json().await["id"], id);
    }
}

#[tokio::test]
async fn who_says_nothing_is_sent_away() {
    let limits = LimitsConfig { handshake_ms: 50, ..LimitsConfig::default() };
    let gateway = Gateway::with(limits).await;
    let mut client = Client::open(gateway.address).await;
    assert_eq!(client.closed().await, (1008, "handshake timeout".to_owned()));
}

#[tokio::test]
async fn strangers_may_say_less_than_clients() {
    let gateway = Gateway::start().await;
    let mut client = Client::open(gateway.address).await;
    client.frame(0x81, " ".repeat(64 * 1024 + 1).as_bytes()).await;
    assert_eq!(client.closed().await.0, 1009);

    let mut client = Client::operator(gateway.address).await;
    let long = "x".repeat(200_000);
    assert_eq!(client.call("echo", json!(long)).await["payload"], long);
}

#[tokio::test]
async fn only_proper_upgrades_are_answered_with_a_socket() {
    let gateway = Gateway::start().await;
    let evil = UPGRADE.replace("Host:", "Origin: http://evil.example\r\nHost:");
    #[rustfmt::skip]
    let table = [
        (UPGRADE.to_owned(),                                         101),
        (UPGRADE.replace("GET /", "POST /"),                         405),
        (UPGRADE.replace("HTTP/1.1", "HTTP/1.0"),                    400),
        (UPGRADE.replace("Version: 13", "Version: 8"),               426),
        (UPGRADE.replace("Sec-WebSocket-Key", "X-Key"),              400),
        (UPGRADE.replace("dGhl", ""),                                400),
        (UPGRADE.replace("GET /", "GET /no/such/ws"),                404),
        (UPGRADE.replace("Connection: Upgrade", "Connection: close"), 400),
        (evil,                                                       403),
    ];
    for (request, status) in table {
        let (_client, head) = Client::http(gateway.address, &request).await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status}"))
                || head.starts_with(&format!("HTTP/1.0 {status}")),
            "{status}: {head}"
        );
        assert!(status != 426 || head.contains("sec-websocket-version: 13"), "{head}");
    }
    let offered = UPGRADE.replace("Host:", "Sec-WebSocket-Protocol: evil-proto\r\nHost:");
    let (_client, head) = Client::http(gateway.address, &offered).await;
    assert!(head.starts_with("HTTP/1.1 101") && !head.contains("sec-websocket-protocol"), "{head}");
}

#[tokio::test]
async fn the_waiting_room_has_few_seats_and_those_let_in_leave_it() {
    let limits = LimitsConfig { preauth_connections_per_address: 2, ..LimitsConfig::default() };
    let gateway = Gateway::with(limits).await;
    let mut first = Client::open(gateway.address).await;
    let second = Client::open(gateway.address).await;
    let (_, head) = Client::http(gateway.address, UPGRADE).await;
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");

    first.text(&connect(json!({}))).await;
    first.json().await;
    let third = Client::open(gateway.address).await;
    drop((second, third));
    // Those who leave give their seats back, too, as soon as it is noticed.
    loop {
        let (_, head) = Client::http(gateway.address, UPGRADE).await;
        if head.starts_with("HTTP/1.1 101") {
            break;
        }
    }
}

#[tokio::test]
async fn the_dialect_of_the_brief() {
    let gateway = Gateway::start().await;
    let mut client = Client::open(gateway.address).await;
    let hello =
        json!({ "type": "request", "id": "1", "method": "connect", "params": { "token": "t" } });
    client.text(&hello).await;
    let hello = client.json().await;
    assert_eq!((&hello["type"], &hello["ok"]), (&json!("response"), &json!(true)));

    gateway.hub.publish(tick(7));
    assert_eq!(
        client.json().await,
        json!({ "type": "broadcast", "event": "tick", "data": { "ts": 7 } })
    );

    client.request("2", "echo", json!(1)).await;
    let refused = client.json().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("response"), &json!("2")));
    assert_eq!(refused["error"]["code"], "INVALID_REQUEST");
}
