//! A client and a gateway that does as it is told.

use std::time::Duration;

use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
use ports::driven::Signer;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use ws_client::{CallError, Client, ConnectError, Credentials, Introduction, Target};

const PATIENCE: Duration = Duration::from_secs(5);

/// The gateway's end of a connection.
struct Gateway(WebSocket<TcpStream>);

impl Gateway {
    async fn accept(listener: &TcpListener) -> Self {
        let (mut tcp, _) = listener.accept().await.expect("a client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tcp.read_u8().await.expect("a request"));
        }
        // Clients of ours do not look at the key, so any will do. The challenge
        // comes in the same packet.
        let mut answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
            .to_vec();
        let challenge =
            br#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":7}}"#;
        answer.extend([0x81, u8::try_from(challenge.len()).expect("it is short")]);
        answer.extend(challenge);
        tcp.write_all(&answer).await.expect("a client that reads");
        Self(WebSocket::after_handshake(tcp, Role::Server))
    }

    async fn read(&mut self) -> Value {
        let frame = self.0.read_frame().await.expect("a frame");
        serde_json::from_slice(&frame.payload).expect("JSON")
    }

    async fn say(&mut self, frame: Value) {
        let text = frame.to_string().into_bytes();
        self.0.write_frame(Frame::text(Payload::Owned(text))).await.expect("a client that reads");
    }

    async fn let_in(&mut self) -> Value {
        let connect = self.read().await;
        let hello = json!({ "type": "hello-ok", "protocol": 4, "server": { "version": "1.2.3" },
            "snapshot": { "uptimeMs": 7 } });
        self.say(json!({ "type": "res", "id": connect["id"], "ok": true, "payload": hello })).await;
        connect
    }
}

async fn listen() -> (TcpListener, Target) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, Target::local(port))
}

async fn connect(target: &Target) -> Result<Client, ConnectError> {
    let credentials = Credentials { token: Some("t".into()), ..Credentials::default() };
    Client::connect(target, &credentials, &Introduction::CLI, PATIENCE, false).await
}

/// A key that signs by repeating.
struct Echo;

impl Signer for Echo {
    fn device(&self) -> &'static str {
        "device"
    }

    fn public_key(&self) -> String {
        "key".into()
    }

    fn sign(&self, message: &str) -> String {
        format!("signed {message}")
    }
}

#[tokio::test]
async fn a_device_answers_the_challenge_and_is_told_its_token() {
    let (listener, target) = listen().await;
    let gateway = async {
        let mut gateway = Gateway::accept(&listener).await;
        let connect = gateway.read().await;
        let auth = json!({ "deviceToken": "for next time", "role": "node", "scopes": [] });
        let hello = json!({ "type": "hello-ok", "protocol": 4, "auth": auth });
        gateway
            .say(json!({ "type": "res", "id": connect["id"], "ok": true, "payload": hello }))
            .await;
        connect
    };
    let who = Introduction {
        client: "node-host",
        mode: "node",
        role: "node",
        scopes: &[],
        commands: &["system.run"],
        path_env: Some("/bin"),
        device: Some(&Echo),
        ..Introduction::CLI
    };
    let credentials = Credentials { device_token: Some("kept".into()), ..Credentials::default() };
    let client = Client::connect(&target, &credentials, &who, PATIENCE, false);
    let (client, connect) = tokio::join!(client, gateway);
    let auth = client.unwrap().hello().auth.clone().unwrap();
    assert_eq!(auth.device_token.as_deref(), Some("for next time"));

    let params = &connect["params"];
    let line = format!("v3|device|node-host|node|node||7|kept|n|{}|", std::env::consts::OS);
    let device = json!({ "id": "device", "publicKey": "key", "signature": format!("signed {line}"),
        "signedAt": 7, "nonce": "n" });
    assert_eq!(params["device"], device);
    assert_eq!(params["auth"], json!({ "deviceToken": "kept" }));
    assert_eq!((&params["commands"], &params["pathEnv"]), (&json!(["system.run"]), &json!("/bin")));
}

#[tokio::test]
async fn a_refusal_says_which_request_somebody_has_to_decide_about() {
    let (listener, target) = listen().await;
    let gateway = async {
        let mut gateway = Gateway::accept(&listener).await;
        let call = gateway.read().await;
        let error = json!({ "code": "NOT_PAIRED", "message": "pairing required",
            "details": { "requestId": "r1", "code": "PAIRING_REQUIRED" } });
        gateway.say(json!({ "type": "res", "id": call["id"], "ok": false, "error": error })).await;
    };
    let (client, ()) = tokio::join!(connect(&target), gateway);
    let Err(ConnectError::Refused(error)) = client else { panic!("{client:?}") };
    assert_eq!(error.code, "NOT_PAIRED");
    assert_eq!(error.details.request_id.as_deref(), Some("r1"));
}

#[tokio::test]
async fn a_client_introduces_itself_and_is_let_in() {
    let (listener, target) = listen().await;
    let gateway = async { Gateway::accept(&listener).await.let_in().await };
    let (client, connect) = tokio::join!(connect(&target), gateway);
    let client = client.unwrap();
    assert_eq!(client.hello().server.version, "1.2.3");
    assert_eq!(client.hello().snapshot.uptime_ms, 7);

    assert_eq!(connect["method"], "connect");
    let params = &connect["params"];
    assert_eq!((&params["minProtocol"], &params["maxProtocol"]), (&json!(4), &json!(4)));
    assert_eq!(
        (&params["client"]["id"], &params["client"]["mode"]),
        (&json!("cli"), &json!("cli"))
    );
    assert_eq!(params["auth"], json!({ "token": "t" }));
    assert!(params["scopes"].as_array().unwrap().contains(&json!("operator.admin")));
}

#[tokio::test]
async fn answers_find_their_calls_and_events_are_kept() {
    let (listener, target) = listen().await;
    let gateway = async {
        let mut gateway = Gateway::accept(&listener).await;
        gateway.let_in().await;
        let call = gateway.read().await;
        assert_eq!(call["params"], json!({ "a": 1 }));
        gateway.say(json!({ "type": "event", "event": "tick", "payload": { "ts": 1 } })).await;
        gateway.say(json!({ "type": "res", "id": "another", "ok": true })).await;
        gateway
            .0
            .write_frame(Frame::new(true, OpCode::Ping, None, Payload::Borrowed(b"p")))
            .await
            .unwrap();
        gateway.say(json!({ "type": "res", "id": call["id"], "ok": true, "payload": [2] })).await;
        let pong = gateway.0.read_frame().await.unwrap();
        assert_eq!((pong.opcode, &pong.payload[..]), (OpCode::Pong, &b"p"[..]));
        let call = gateway.read().await;
        let error = json!({ "code": "INVALID_REQUEST", "message": "no such session" });
        gateway.say(json!({ "type": "res", "id": call["id"], "ok": false, "error": error })).await;
    };
    let client = async {
        let mut client = connect(&target).await.unwrap();
        let answer = client.call("health", &json!({ "a": 1 })).await.unwrap();
        assert_eq!(answer.as_str(), "[2]");
        let event = client.event().await.unwrap();
        assert_eq!((event.name.as_str(), event.payload.as_str()), ("tick", r#"{"ts":1}"#));
        let refused = client.call("x", &json!({})).await.unwrap_err();
        assert_eq!(refused.to_string(), "no such session");
    };
    tokio::join!(client, gateway);
}

#[tokio::test]
async fn the_second_answer_is_awaited_and_events_are_heard() {
    let (listener, target) = listen().await;
    let gateway = async {
        let mut gateway = Gateway::accept(&listener).await;
        gateway.let_in().await;
        let id = gateway.read().await["id"].clone();
        let answer = |payload| json!({ "type": "res", "id": id, "ok": true, "payload": payload });
        gateway.say(answer(json!({ "runId": "r", "status": "accepted" }))).await;
        for part in ["Good ", "morning"] {
            gateway.say(json!({ "type": "event", "event": "chat", "payload": part })).await;
        }
        gateway.say(answer(json!({ "runId": "r", "status": "ok" }))).await;
    };
    let client = async {
        let mut client = connect(&target).await.unwrap();
        let mut heard = String::new();
        let listen = |event: &ws_client::Event| heard.push_str(event.payload.as_str());
        let answer = client.call_expect_final("agent", &json!({}), listen).await.unwrap();
        assert!(answer.as_str().contains(r#""status":"ok""#));
        assert_eq!(heard, r#""Good ""morning""#);
    };
    tokio::join!(client, gateway);
}

#[tokio::test]
async fn giving_up_on_an_event_loses_nothing() {
    let (listener, target) = listen().await;
    let gateway = async {
        let mut gateway = Gateway::accept(&listener).await;
        gateway.let_in().await;
        let text = br#"{"type":"event","event":"chat","payload":"whole"}"#;
        let mut frame = vec![0x81, u8::try_from(text.len()).unwrap()];
        frame.extend(text);
        (gateway.0.into_inner(), frame)
    };
    let (client, (mut tcp, frame)) = tokio::join!(connect(&target), gateway);
    let mut client = client.unwrap();
    // The frame arrives byte by byte, and after each the reader is disturbed.
    for byte in frame {
        tcp.write_u8(byte).await.unwrap();
        let disturbed = tokio::time::timeout(Duration::from_millis(1), client.event()).await;
        if let Ok(event) = disturbed {
            assert_eq!(event.unwrap().payload.as_str(), r#""whole""#);
            return;
        }
    }
    assert_eq!(client.event().await.unwrap().payload.as_str(), r#""whole""#);
}

#[tokio::test]
async fn refusals_closings_and_strangers_are_told_apart() {
    let (listener, target) = listen().await;

    let refusing = async {
        let mut gateway = Gateway::accept(&listener).await;
        let id = gateway.read().await["id"].clone();
        let error = json!({ "code": "INVALID_REQUEST", "message": "unauthorized" });
        gateway.say(json!({ "type": "res", "id": id, "ok": false, "error": error })).await;
    };
    let (refused, ()) = tokio::join!(connect(&target), refusing);
    let refused = refused.unwrap_err();
    assert_eq!(refused.to_string(), "the gateway refused the connection: unauthorized");

    let closing = async {
        let mut gateway = Gateway::accept(&listener).await;
        gateway.0.write_frame(Frame::close(1008, b"slow consumer")).await.unwrap();
    };
    let (closed, ()) = tokio::join!(connect(&target), closing);
    assert_eq!(closed.unwrap_err().to_string(), "gateway closed (1008 slow consumer)");

    let gone = async { drop(Gateway::accept(&listener).await) };
    let (lost, ()) = tokio::join!(connect(&target), gone);
    assert!(matches!(lost, Err(ConnectError::Call(CallError::Closed { code: 1006, .. }))));

    let stranger = async {
        let (mut tcp, _) = listener.accept().await.unwrap();
        tcp.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        tcp
    };
    let (strange, _tcp) = tokio::join!(connect(&target), stranger);
    assert!(matches!(strange, Err(ConnectError::NotAGateway(_))));

    drop(listener);
    assert!(matches!(connect(&target).await, Err(ConnectError::Unreachable { .. })));
}

#[tokio::test]
async fn a_gateway_that_says_nothing_is_not_awaited_for_ever() {
    let (_listener, target) = listen().await;
    let patience = Duration::from_millis(20);
    let silent =
        Client::connect(&target, &Credentials::default(), &Introduction::CLI, patience, false)
            .await;
    assert_eq!(silent.unwrap_err().to_string(), "gateway timeout after 20ms");
}

#[tokio::test]
async fn no_secret_leaves_for_a_stranger() {
    for url in ["ws://192.0.2.10:18789", "ws://192.168.1.7:18789", "ws://gateway.example"] {
        let target: Target = url.parse().unwrap();
        let credentials = Credentials { password: Some("p".into()), ..Credentials::default() };
        let refused =
            Client::connect(&target, &credentials, &Introduction::CLI, PATIENCE, false).await;
        assert!(matches!(refused, Err(ConnectError::Readable(_))), "{url}");
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do_next() {
    let (listener, target) = listen().await;
    let gateway = async {
        let mut gateway = Gateway::accept(&listener).await;
        let connect = gateway.read().await;
        let error = json!({ "code": "NOT_PAIRED", "message": "pairing required",
            "details": { "code": "PAIRING_REQUIRED", "requestId": "r1",
                "next": "openclaw devices approve r1" } });
        gateway
            .say(json!({ "type": "res", "id": connect["id"], "ok": false, "error": error }))
            .await;
    };
    let credentials = Credentials::default();
    let connecting = Client::connect(&target, &credentials, &Introduction::CLI, PATIENCE, false);
    let (connected, ()) = tokio::join!(connecting, gateway);
    let Err(ConnectError::Refused(refused)) = connected else { panic!("it was let in") };
    assert_eq!(refused.details.code.as_deref(), Some("PAIRING_REQUIRED"));
    assert_eq!(refused.details.request_id.as_deref(), Some("r1"));
    assert_eq!(refused.details.next.as_deref(), Some("openclaw devices approve r1"));
}
