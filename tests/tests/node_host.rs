//! `openclaw node run` against a gateway that does as it is told.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use domain::{
    device::payload::{self, SignedFields},
    time::Timestamp,
};
use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
use ports::driven::Signatures;
use serde_json::{Value, json};
use signatures::Ed25519;
use tempfile::TempDir;
use tests::bad_inputs::binary;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time,
};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);
const NONCE: &str = "nonce-of-the-gateway";

/// The gateway's end of a connection.
struct Gateway(WebSocket<TcpStream>);

impl Gateway {
    async fn accept(listener: &TcpListener) -> Self {
        let accepted = time::timeout(PATIENCE, listener.accept()).await;
        let (mut tcp, _) = accepted.expect("the node comes in time").expect("it comes");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(tcp.read_u8().await.expect("a request"));
        }
        let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";
        tcp.write_all(answer.as_bytes()).await.expect("a node that reads");
        let mut gateway = Self(WebSocket::after_handshake(tcp, Role::Server));
        let challenge = json!({ "nonce": NONCE, "ts": 1_769_600_000_000u64 });
        gateway
            .say(json!({ "type": "event", "event": "connect.challenge", "payload": challenge }))
            .await;
        gateway
    }

    async fn read(&mut self) -> Option<Value> {
        loop {
            let frame =
                time::timeout(PATIENCE, self.0.read_frame()).await.expect("in time").ok()?;
            match frame.opcode {
                OpCode::Text => return Some(serde_json::from_slice(&frame.payload).expect("JSON")),
                OpCode::Close => return None,
                _ => (),
            }
        }
    }

    async fn say(&mut self, frame: Value) {
        let text = frame.to_string().into_bytes();
        self.0.write_frame(Frame::text(Payload::Owned(text))).await.expect("a node that reads");
    }

    /// Reads what the node says about itself, and answers with `answer`.
    async fn connected(&mut self, answer: Value) -> Value {
        let connect = self.read().await.expect("a node that introduces itself");
        assert_eq!(connect["method"], "connect");
        let mut frame = json!({ "type": "res", "id": connect["id"] });
        for (name, value) in answer.as_object().expect("an object") {
            frame[name] = value.clone();
        }
        self.say(frame).await;
        connect["params"].clone()
    }

    /// The next call of the node whose method is `method`.
    async fn call(&mut self, method: &str) -> Value {
        loop {
            let frame = self.read().await.expect("a node that says something");
            if frame["method"] == method {
                return frame["params"].clone();
            }
        }
    }
}

struct Node(Child);

impl Node {
    fn start(home: &TempDir, port: u16, policy: &Value) -> Self {
        std::fs::create_dir_all(home.path().join(".openclaw")).expect("there is room");
        let file = home.path().join(".openclaw/exec-approvals.json");
        std::fs::write(file, policy.to_string()).expect("there is room");
        let program = binary().expect("the binary is built");
        let child = Command::new(program)
            .args(["node", "run", "--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--token", "shared-secret", "--display-name", "desk"])
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", "/usr/bin:/bin")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.expect("the binary runs"))
    }

    fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    }

    /// Waits for the end, and says what was printed.
    async fn end(mut self) -> (bool, String) {
        let ended = async {
            loop {
                if let Some(status) = self.0.try_wait().expect("it can be waited for") {
                    return status;
                }
                time::sleep(Duration::from_millis(10)).await;
            }
        };
        let status = time::timeout(PATIENCE, ended).await.expect("it ends in time");
        let mut printed = String::new();
        let mut stderr = self.0.stderr.take().expect("it is piped");
        std::io::Read::read_to_string(&mut stderr, &mut printed).expect("text");
        (status.success(), printed)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

/// Whether the device is who it says, by the rules of the gateway.
fn assert_signed(params: &Value, token: &str) {
    let device = &params["device"];
    let text = |name: &str| device[name].as_str().expect("a text");
    let key = Ed25519.key(text("publicKey")).expect("a key");
    assert_eq!(Ed25519.device(&key).as_str(), text("id"));
    let fields = SignedFields {
        device: text("id"),
        client_id: "node-host",
        client_mode: "node",
        role: "node",
        scopes: &[],
        signed_at: Timestamp::from_millis(device["signedAt"].as_u64().expect("a time")),
        token,
        nonce: NONCE,
        platform: params["client"]["platform"].as_str().expect("a text"),
        device_family: "",
    };
    let line = payload::v3(&fields).expect("nothing ambiguous");
    assert_eq!(Ed25519.verify(&key, &line, text("signature")), Ok(()));
}

#[tokio::test]
async fn a_node_pairs_connects_runs_commands_and_says_goodbye() {
    let home = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let policy = json!({ "version": 1, "defaults": { "security": "full", "ask": "off" } });
    let node = Node::start(&home, port, &policy);

    // It is not known yet, says what has to be done, and tries again.
    let mut gateway = Gateway::accept(&listener).await;
    let error = json!({ "code": "NOT_PAIRED", "message": "pairing required",
        "details": { "requestId": "request-7" } });
    let params = gateway.connected(json!({ "ok": false, "error": error })).await;
    assert_eq!((&params["role"], &params["client"]["mode"]), (&json!("node"), &json!("node")));
    assert_eq!(
        (&params["caps"], &params["pathEnv"]),
        (&json!(["system"]), &json!("/usr/bin:/bin"))
    );
    assert!(params["commands"].as_array().unwrap().contains(&json!("system.run")));
    assert_eq!(params["auth"], json!({ "token": "shared-secret" }));
    assert_signed(&params, "shared-secret");
    drop(gateway);

    // Somebody let it in. It keeps its token, and shows it from then on.
    let mut gateway = Gateway::accept(&listener).await;
    let auth = json!({ "deviceToken": "token-of-the-device", "role": "node", "scopes": [] });
    let hello = json!({ "type": "hello-ok", "protocol": 4, "auth": auth });
    let again = gateway.connected(json!({ "ok": true, "payload": hello })).await;
    assert_eq!(again["device"]["id"], params["device"]["id"], "it is the same device");

    let request = json!({ "id": "i1", "nodeId": "n", "command": "system.run",
        "paramsJSON": json!({ "command": ["sh", "-c", "echo $HOME"], "runId": "r1" }).to_string() });
    gateway
        .say(json!({ "type": "event", "event": "node.invoke.request", "payload": request }))
        .await;
    let started = gateway.call("node.event").await;
    assert_eq!(started["event"], "exec.started");
    let finished = gateway.call("node.event").await;
    assert_eq!(finished["event"], "exec.finished");
    let result = gateway.call("node.invoke.result").await;
    assert_eq!((&result["id"], &result["ok"]), (&json!("i1"), &json!(true)));
    let payload: Value = serde_json::from_str(result["payloadJSON"].as_str().unwrap()).unwrap();
    assert_eq!(payload["stdout"], format!("{}\n", home.path().display()));
    drop(gateway);

    let mut gateway = Gateway::accept(&listener).await;
    let hello = json!({ "type": "hello-ok", "protocol": 4 });
    let params = gateway.connected(json!({ "ok": true, "payload": hello })).await;
    assert_eq!(params["auth"], json!({ "deviceToken": "token-of-the-device" }));
    assert_signed(&params, "token-of-the-device");

    // Asked to stop, it ends what runs, says so, and goodbye.
    let request = json!({ "id": "i2", "nodeId": "n", "command": "system.run",
        "paramsJSON": json!({ "command": ["sleep", "1000"] }).to_string() });
    gateway
        .say(json!({ "type": "event", "event": "node.invoke.request", "payload": request }))
        .await;
    assert_eq!(gateway.call("node.event").await["event"], "exec.started");
    node.terminate();
    let result = gateway.call("node.invoke.result").await;
    assert_eq!(result["id"], "i2");
    assert!(result["payloadJSON"].as_str().unwrap().contains("cancelled"), "{result}");
    assert_eq!(gateway.read().await, None, "it closes the connection");
    let (well, printed) = node.end().await;
    assert!(well, "{printed}");
    assert!(printed.contains("openclaw devices approve request-7"), "{printed}");
    assert!(!printed.contains("shared-secret") && !printed.contains("token-of-the-device"));
}

#[tokio::test]
async fn a_token_that_is_no_good_any_more_is_forgotten() {
    let home = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let node = Node::start(&home, port, &json!({ "version": 1 }));
    let auth = json!({ "deviceToken": "old", "role": "node", "scopes": [] });
    let hello = json!({ "type": "hello-ok", "protocol": 4, "auth": auth });
    let mut gateway = Gateway::accept(&listener).await;
    gateway.connected(json!({ "ok": true, "payload": hello })).await;
    drop(gateway);

    let error =
        json!({ "code": "INVALID_REQUEST", "message": "unauthorized: device token mismatch" });
    let mut gateway = Gateway::accept(&listener).await;
    let params = gateway.connected(json!({ "ok": false, "error": error })).await;
    assert_eq!(params["auth"], json!({ "deviceToken": "old" }));
    let mut gateway = Gateway::accept(&listener).await;
    let params = gateway.connected(json!({ "ok": false, "error": error })).await;
    assert_eq!(params["auth"], json!({ "token": "shared-secret" }), "the other way in");
    let mut gateway = Gateway::accept(&listener).await;
    let params = gateway.connected(json!({ "ok": false, "error": error })).await;
    assert_eq!(params["auth"], json!({ "token": "shared-secret" }), "it is forgotten");
    node.terminate();
    let (well, printed) = node.end().await;
    assert!(well, "{printed}");
}
