//! The command line that decides who may, against a gateway that runs.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Output, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use tempfile::TempDir;

const OPENCLAW: &str = env!("CARGO_BIN_EXE_openclaw");

/// A gateway that runs until it is dropped, and its state directory.
struct Gateway {
    home: TempDir,
    process: Child,
    port: u16,
}

impl Gateway {
    fn start() -> Self {
        let home = TempDir::new().unwrap();
        let run = ["gateway", "run", "--port", "0", "--allow-unconfigured"];
        let mut process =
            command(&home, &run).stderr(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(process.stderr.take().unwrap());
        let mut heard = String::new();
        while !heard.contains("to chat, run") {
            assert_ne!(said.read_line(&mut heard).unwrap(), 0, "it did not start:\n{heard}");
        }
        // It goes on writing, and must not meet a closed pipe.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let port = heard.split("ws://127.0.0.1:").nth(1).unwrap();
        let port = port.chars().take_while(char::is_ascii_digit).collect::<String>();
        Self { home, process, port: port.parse().unwrap() }
    }

    fn cli(&self, line: &str) -> Output {
        let words: Vec<_> = line.split_whitespace().collect();
        command(&self.home, &words).stdin(Stdio::null()).output().unwrap()
    }

    /// What a command prints that works.
    fn says(&self, line: &str) -> String {
        let output = self.cli(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.says(&format!("{line} --json"))).unwrap()
    }

    /// What a command complains about that does not.
    fn complains(&self, line: &str) -> String {
        let output = self.cli(line);
        assert_eq!(output.status.code(), Some(1), "{line}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn token(&self) -> String {
        fs::read_to_string(self.home.path().join("gateway-token")).unwrap().trim().to_owned()
    }

    /// The answer to a page of the gateway's own that connects as `device`. No
    /// page is ever let in without asking.
    fn knock(&self, device: &Device) -> Value {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let here = format!("127.0.0.1:{}", self.port);
        write!(
            socket,
            "GET / HTTP/1.1\r\nHost: {here}\r\nOrigin: http://{here}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        .unwrap();
        let mut socket = BufReader::new(socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(socket.read_line(&mut head).unwrap(), 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        let challenge = read(&mut socket);
        let nonce = challenge["payload"]["nonce"].as_str().unwrap();
        send(socket.get_mut(), &device.connect(nonce, &self.token()));
        loop {
            let frame = read(&mut socket);
            if frame["type"] == "res" {
                return frame;
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(home: &TempDir, words: &[&str]) -> Command {
    let mut command = Command::new(OPENCLAW);
    command
        .args(words)
        .env_clear()
        .env("HOME", home.path())
        .env("OPENCLAW_STATE_DIR", home.path())
        .env("OPENCLAW_DISABLE_BONJOUR", "1")
        .env("OPENCLAW_TAILSCALE_SOCKET", home.path().join("no.sock"))
        .env("OPENCLAW_TAILSCALE_COMMAND", home.path().join("no-tailscale"));
    command
}

/// A device with a key of its own.
struct Device(Ed25519KeyPair);

impl Device {
    fn new() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn id(&self) -> String {
        let hash = digest(&SHA256, self.0.public_key().as_ref());
        hash.as_ref().iter().fold(String::new(), |id, byte| format!("{id}{byte:02x}"))
    }

    fn connect(&self, nonce: &str, token: &str) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        let now = u64::try_from(now).unwrap();
        let id = self.id();
        let line = format!(
            "v2|{id}|webchat-ui|webchat|operator|operator.read,operator.write|{now}|{token}|{nonce}"
        );
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "type": "req", "id": "1", "method": "connect", "params": {
            "minProtocol": 3, "maxProtocol": 4, "role": "operator",
            "scopes": ["operator.read", "operator.write"],
            "client": { "id": "webchat-ui", "version": "1", "platform": "linux",
                "mode": "webchat", "displayName": "Ana's\u{1b}[2J page" },
            "auth": { "token": token },
            "device": { "id": id, "publicKey": text(self.0.public_key().as_ref()),
                "signature": text(self.0.sign(line.as_bytes()).as_ref()), "signedAt": now,
                "nonce": nonce },
        } })
    }
}

/// Sends a message the way clients have to: masked, here with zeroes.
fn send(socket: &mut TcpStream, message: &Value) {
    let text = message.to_string();
    let mut frame = vec![0x81, 0xfe];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    socket.write_all(&frame).unwrap();
}

/// The next message.
fn read(socket: &mut impl Read) -> Value {
    let mut head = [0; 2];
    socket.read_exact(&mut head).unwrap();
    assert_eq!(head[0], 0x81, "one frame with text");
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            socket.read_exact(&mut length).unwrap();
            usize::from(u16::from_be_bytes(length))
        }
        127 => {
            let mut length = [0; 8];
            socket.read_exact(&mut length).unwrap();
            usize::try_from(u64::from_be_bytes(length)).unwrap()
        }
        short => usize::from(short),
    };
    let mut text = vec![0; length];
    socket.read_exact(&mut text).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_device_asks_is_let_in_renamed_and_removed() {
    let gateway = Gateway::start();
    // The command line is a device as well, and was paired by asking.
    let paired = || gateway.json("devices list")["paired"].as_array().unwrap().len();
    assert_eq!(paired(), 1);

    let device = Device::new();
    let refused = gateway.knock(&device);
    assert_eq!(refused["error"]["code"], "NOT_PAIRED", "{refused}");
    let details = &refused["error"]["details"];
    let request = details["requestId"].as_str().unwrap();
    assert_eq!(details["next"], format!("openclaw devices approve {request}"));

    let waiting = gateway.says("devices list");
    let next = format!("openclaw devices approve {}\n", &request[..8]);
    assert!(waiting.contains("Ana's[2J page") && waiting.contains(&next), "{waiting}");
    assert!(waiting.contains("operator: read,write"), "{waiting}");
    assert!(!waiting.contains('\u{1b}'), "{waiting:?}");
    assert_eq!(gateway.json("devices list")["pending"][0]["requestId"], request);

    let shown = gateway.cli("devices approve --latest");
    assert_eq!(shown.status.code(), Some(1), "it is shown and not approved: {shown:?}");
    assert!(String::from_utf8_lossy(&shown.stdout).contains(request), "{shown:?}");
    assert_eq!(gateway.knock(&device)["error"]["code"], "NOT_PAIRED");

    let nobody = gateway.complains("devices approve zzz");
    assert_eq!(nobody, "no request is called zzz\n");
    let approved = gateway.says(&format!("devices approve {}", &request[..8]));
    assert!(approved.contains("as operator, allowed read,write"), "{approved}");
    let hello = gateway.knock(&device);
    assert_eq!(hello["ok"], true, "{hello}");

    let id = device.id();
    let renamed = gateway.json(&format!("devices rename {} Desk", &id[..6]));
    assert_eq!(renamed, json!({ "deviceId": id, "label": "Desk" }));
    assert!(gateway.says("devices list").contains("  Desk  "));

    let line =
        format!("devices rotate --device {} --role operator --scope operator.read", &id[..6]);
    let rotated = gateway.json(&line);
    assert_eq!(rotated["scopes"], json!(["operator.read"]));
    assert!(rotated["token"].is_null(), "another's token is not shown");
    let nobody = gateway.complains(&format!("devices revoke --device {id} --role node"));
    assert!(nobody.starts_with("device.token.revoke: "), "{nobody}");
    gateway.says(&format!("devices revoke --device {id} --role operator"));
    let again = gateway.knock(&device);
    assert_eq!(again["error"]["code"], "NOT_PAIRED", "what was revoked has to ask again");

    let request = again["error"]["details"]["requestId"].as_str().unwrap();
    let rejected = gateway.json(&format!("devices reject {request}"));
    assert_eq!(rejected, json!({ "requestId": request, "deviceId": id }));
    gateway.says(&format!("devices remove {id}"));
    assert_eq!(paired(), 1);
}

#[test]
fn a_setup_code_is_drawn_and_told() {
    let gateway = Gateway::start();
    let text = gateway.says("qr --public-url wss://gateway.example");
    assert!(text.contains('\u{2588}'), "{text}");
    assert!(text.contains("Gateway: wss://gateway.example\n"), "{text}");
    let bare = gateway
        .says("devices setup-code --public-url wss://gateway.example --setup-code-only --no-qr");
    let contents = URL_SAFE_NO_PAD.decode(bare.trim()).unwrap();
    let contents: Value = serde_json::from_slice(&contents).unwrap();
    assert_eq!(contents["url"], "wss://gateway.example");
    let node = gateway.json("qr --public-url wss://gateway.example --access node");
    assert_eq!(node["access"], "node");
}

#[test]
fn whoever_is_refused_is_told_what_to_do() {
    let gateway = Gateway::start();
    let text = gateway.complains("devices list --token wrong");
    assert!(text.contains("gateway token mismatch"), "{text}");
    assert!(text.contains("\nNext: show the gateway's token"), "{text}");
    let output = gateway.cli("devices list --token wrong --json");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["error"]["code"], "AUTH_TOKEN_MISMATCH");
    assert!(told["error"]["next"].as_str().is_some_and(|next| !next.is_empty()), "{told}");
}

#[test]
fn what_is_explained_is_what_happens() {
    let gateway = Gateway::start();
    let port = gateway.port;
    let explained = |line: &str| {
        let told: Value = gateway.json(&format!("auth explain {line}"));
        assert_eq!(told["allowed"], told["code"].is_null());
        told
    };
    let page = explained(&format!(
        "--origin http://127.0.0.1:{port} --host 127.0.0.1:{port} --device unpaired"
    ));
    let happened = gateway.knock(&Device::new());
    assert_eq!(page["code"], happened["error"]["details"]["code"]);
    assert_eq!(page["reason"], happened["error"]["details"]["reason"]);

    let local = explained("");
    assert_eq!(local["allowed"], true);
    gateway.says("devices list");
    let far = explained("--from 192.0.2.9 --device paired");
    assert_eq!((&far["allowed"], &far["reachable"]), (&json!(true), &json!(false)));
}

#[test]
fn secrets_are_read_unseen_and_never_printed() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("gateway-token").display().to_string();
    let output = command(&home, &["auth", "token"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), path);
    assert!(String::from_utf8_lossy(&output.stderr).contains("not there yet"));
    assert!(!home.path().join("gateway-token").exists(), "asking makes none");

    let hash = |password: &str| {
        let mut process = command(&home, &["auth", "hash-password"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        process.wait_with_output().unwrap()
    };
    let hashed = hash("correct horse battery staple\n");
    assert!(String::from_utf8_lossy(&hashed.stdout).starts_with("$argon2id$"), "{hashed:?}");
    for nothing in ["", "\n", "undefined\n"] {
        assert_eq!(hash(nothing).status.code(), Some(1), "{nothing:?}");
    }
}
