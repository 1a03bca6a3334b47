//! What commands about nodes and approvals ask of a gateway that answers as it is
//! told.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What was asked: methods and their parameters.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A gateway that gives every method one answer.
struct Gateway {
    home: TempDir,
    url: String,
    asked: Asked,
}

impl Gateway {
    fn that_answers(answers: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let (asked, answers) = (Asked::default(), answers.clone());
        let told = Arc::clone(&asked);
        // It ends with the process.
        thread::spawn(move || {
            for socket in listener.incoming() {
                serve(socket.unwrap(), &answers, &told);
            }
        });
        Self { home: TempDir::new().unwrap(), url, asked }
    }

    fn cli(&self, words: &[&str]) -> Output {
        self.asked.lock().unwrap().clear();
        Command::new(env!("CARGO_BIN_EXE_openclaw"))
            .args(words)
            .args(["--url", &self.url, "--token", "t"])
            .env_clear()
            .env("HOME", self.home.path())
            .env("OPENCLAW_STATE_DIR", self.home.path())
            .output()
            .unwrap()
    }

    /// What the last of several questions of a command is, and what it prints.
    fn asked_by(&self, words: &[&str]) -> (String, Value, String) {
        let output = self.cli(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
        let (method, params) = self.asked.lock().unwrap().pop().unwrap();
        (method, params, String::from_utf8(output.stdout).unwrap())
    }
}

/// One connection, to its end.
fn serve(socket: TcpStream, answers: &Value, asked: &Asked) {
    let mut socket = BufReader::new(socket);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if socket.read_line(&mut head).unwrap_or_default() == 0 {
            return;
        }
    }
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";
    socket.get_mut().write_all(upgrade.as_bytes()).unwrap();
    let challenge = json!({ "nonce": "n", "ts": 1 });
    say(
        socket.get_mut(),
        &json!({ "type": "event", "event": "connect.challenge", "payload": challenge }),
    );
    while let Some(request) = read(&mut socket) {
        let method = request["method"].as_str().unwrap();
        let mut answer = json!({ "type": "res", "id": request["id"], "ok": true });
        if method == "connect" {
            answer["payload"] = json!({ "type": "hello-ok", "protocol": 4 });
        } else {
            asked.lock().unwrap().push((method.to_owned(), request["params"].clone()));
            answer["payload"] = answers[method].clone();
        }
        say(socket.get_mut(), &answer);
    }
}

fn say(socket: &mut TcpStream, message: &Value) {
    let text = message.to_string();
    let mut frame = vec![0x81, 126];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend(text.as_bytes());
    socket.write_all(&frame).unwrap();
}

/// The next message; none when the client leaves.
fn read(socket: &mut impl Read) -> Option<Value> {
    let mut head = [0; 2];
    socket.read_exact(&mut head).ok()?;
    if head[0] != 0x81 {
        return None;
    }
    let length = match head[1] & 0x7f {
        126 => {
            let mut length = [0; 2];
            socket.read_exact(&mut length).ok()?;
            usize::from(u16::from_be_bytes(length))
        }
        short => usize::from(short),
    };
    let mut mask = [0; 4];
    socket.read_exact(&mut mask).ok()?;
    let mut text = vec![0; length];
    socket.read_exact(&mut text).ok()?;
    let text: Vec<_> = text.iter().zip(mask.iter().cycle()).map(|(it, mask)| it ^ mask).collect();
    Some(serde_json::from_slice(&text).unwrap())
}

#[test]
fn nodes_are_listed_decided_about_and_asked() {
    let gateway = Gateway::that_answers(&json!({
        "node.list": { "ts": 1, "nodes": [{ "nodeId": "aa11", "displayName": "Kitchen",
            "approvalState": "approved", "commands": ["system.which"], "connected": true,
            "paired": true }] },
        "node.describe": { "nodeId": "aa11", "displayName": "Kitchen" },
        "node.rename": { "nodeId": "aa11", "displayName": "Cellar" },
        "node.pair.list": { "pending": [{ "requestId": "r1-long", "nodeId": "aa11", "ts": 1,
            "commands": ["system.run"] }], "paired": [] },
        "node.pair.approve": { "requestId": "r1-long",
            "node": { "nodeId": "aa11", "displayName": "Kitchen", "commands": ["system.run"] } },
        "node.pair.reject": { "requestId": "r1-long", "nodeId": "aa11" },
        "node.pair.remove": { "nodeId": "aa11" },
        "node.invoke": { "ok": true, "nodeId": "aa11", "command": "system.which",
            "payload": { "bins": { "ls": "/bin/ls" } }, "payloadJSON": null },
        "device.pair.list": { "pending": [{ "requestId": "d1", "deviceId": "dd" }], "paired": [] },
        "device.pair.reject": { "requestId": "d1", "deviceId": "dd" },
    }));
    let node = json!({ "nodeId": "aa11" });
    let request = json!({ "requestId": "r1-long" });
    #[rustfmt::skip]
    let table: &[(&[&str], &str, Value, &str)] = &[
        (&["nodes", "list"],                        "node.list",          json!({}),       "Kitchen"),
        (&["nodes", "describe", "kitchen"],         "node.describe",      node.clone(),    "Name: Kitchen"),
        (&["nodes", "rename", "aa", "Cellar"],      "node.rename",        json!({ "nodeId": "aa11", "displayName": "Cellar" }), "Renamed to Cellar"),
        (&["nodes", "pending"],                     "node.pair.list",     json!({}),       "openclaw nodes approve r1-long"),
        (&["nodes", "approve", "r1"],               "node.pair.approve",  request.clone(), "Approved Kitchen (aa11…): system.run"),
        (&["nodes", "reject", "r1"],                "node.pair.reject",   request.clone(), "Turned down: node aa11"),
        (&["nodes", "remove", "--node", "aa11"],    "node.pair.remove",   node,            "Withdrew what was approved"),
        (&["pairing", "list"],                      "node.pair.list",     json!({}),       "Nodes that wait for a decision: 1"),
        (&["pairing", "approve", "r1"],             "node.pair.approve",  request,         "Approved: node request r1-long"),
        (&["pairing", "reject", "d"],               "device.pair.reject", json!({ "requestId": "d1" }), "Turned away: device request d1"),
        (&["nodes", "invoke", "--node", "aa", "--command", "system.which", "--params", r#"{"bins":["ls"]}"#, "--timeout", "7000", "--idempotency-key", "k"],
            "node.invoke", json!({ "nodeId": "aa11", "command": "system.which", "params": { "bins": ["ls"] }, "timeoutMs": 7000, "idempotencyKey": "k" }), "/bin/ls"),
    ];
    for (words, method, params, said) in table {
        let (asked, with, printed) = gateway.asked_by(words);
        assert_eq!((asked.as_str(), &with), (*method, params), "{words:?}");
        assert!(printed.contains(said), "{words:?}: {printed}");
    }
    let unknown = gateway.cli(&["nodes", "describe", "nobody"]);
    assert_eq!(unknown.status.code(), Some(1));
}

#[test]
fn commands_are_decided_about_and_the_policy_is_replaced() {
    let file = json!({ "version": 1, "agents": { "main": { "security": "allowlist" } } });
    let approval = json!({ "id": "abc-1", "kind": "exec", "status": "pending", "decision": null,
        "createdAtMs": 1, "expiresAtMs": 2, "request": { "command": "ls -l" } });
    let snapshot = json!({ "path": "/p", "exists": true, "hash": "h1", "file": file });
    let gateway = Gateway::that_answers(&json!({
        "exec.approval.list": [approval],
        "exec.approval.get": approval,
        "exec.approval.resolve": { "ok": true },
        "approval.history": { "approvals": [], "nextCursor": null },
        "exec.approvals.get": snapshot,
        "exec.approvals.set": snapshot,
        "exec.approvals.node.set": { "ok": true, "payload": snapshot },
        "exec.approvals.node.get": { "ok": true, "payload": snapshot },
        "node.list": { "ts": 1, "nodes": [{ "nodeId": "aa11", "displayName": "Kitchen" }] },
        "exec.approval.grants.list": { "grants": [{ "grantId": "g1", "createdAtMs": 1,
            "request": { "command": "ls -l" } }] },
        "exec.approval.grants.revoke": { "ok": true },
    }));
    let edited = gateway.home.path().join("edited.json");
    let edited = edited.to_str().unwrap();
    let mut changed = snapshot.clone();
    changed["hash"] = "h0".into();
    fs::write(edited, changed.to_string()).unwrap();
    let bare = gateway.home.path().join("bare.json");
    let bare = bare.to_str().unwrap();
    fs::write(bare, file.to_string()).unwrap();

    let resolve = |decision| json!({ "id": "abc-1", "decision": decision });
    let set = |hash| json!({ "file": file, "baseHash": hash });
    let mut listed = set("h1");
    listed["file"]["agents"]["main"]["allowlist"] = json!([{ "pattern": "/usr/bin/rg" }]);
    #[rustfmt::skip]
    let table: &[(&[&str], &str, Value, &str)] = &[
        (&["approvals", "list"],                           "exec.approval.list",    json!({}),                 "ls -l"),
        (&["approvals", "get", "abc"],                     "exec.approval.get",     json!({ "id": "abc-1" }),  "ls -l"),
        (&["approvals", "allow", "abc"],                   "exec.approval.resolve", resolve("allow-once"),     "Allowed once: ls -l"),
        (&["approvals", "allow", "abc", "--always"],       "exec.approval.resolve", resolve("allow-always"),   "Allowed always: ls -l"),
        (&["approvals", "deny", "abc"],                    "exec.approval.resolve", resolve("deny"),           "Denied: ls -l"),
        (&["approvals", "resolve", "abc", "deny"],         "exec.approval.resolve", resolve("deny"),           "Denied: ls -l"),
        (&["approvals", "history", "--limit", "5"],        "approval.history",      json!({ "limit": 5 }),     "Nothing was decided"),
        (&["approvals", "get"],                            "exec.approvals.get",    json!({}),                 "Policy: /p"),
        (&["approvals", "policy", "set", "--file", bare],  "exec.approvals.set",    set("h1"),                 "Wrote /p"),
        (&["approvals", "set", "--file", edited],          "exec.approvals.set",    set("h0"),                 "Wrote /p"),
        (&["approvals", "set", "--file", bare, "--node", "kitchen"], "exec.approvals.node.set", json!({ "file": file, "baseHash": "h1", "nodeId": "aa11" }), "Wrote /p"),
        (&["approvals", "grants"],                         "exec.approval.grants.list", json!({}),             "ls -l"),
        (&["approvals", "revoke", "g"],                    "exec.approval.grants.revoke", json!({ "grantId": "g1" }), "Took back g1"),
        (&["approvals", "allowlist", "list"],              "exec.approvals.get",    json!({}),                 "No program is on a list."),
        (&["approvals", "allowlist", "add", "/usr/bin/rg", "--agent", "main"], "exec.approvals.set", listed,  "No program is on a list."),
        (&["approvals", "allowlist", "remove", "/usr/bin/rg"], "exec.approvals.get", json!({}),                "is not on the list of *"),
    ];
    for (words, method, params, said) in table {
        let (asked, with, printed) = gateway.asked_by(words);
        assert_eq!((asked.as_str(), &with), (*method, params), "{words:?}");
        assert!(printed.contains(said), "{words:?}: {printed}");
    }
    let unknown = gateway.cli(&["approvals", "allow", "zzz"]);
    assert_eq!(unknown.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!(stderr, "no command is called zzz\n");
}
