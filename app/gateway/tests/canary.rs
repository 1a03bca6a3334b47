//! Secrets go in wherever one can; none of them may come out again.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// What is hidden where. Nothing about their shape gives them away.
const TOKEN: &str = "cnrytokn-kmwqzrtvbn-plxdgfhsjc-tokn";
const PROVIDER_KEY: &str = "cnryprov-wnzkqvtrmb-dlpxsgfhjc-prov";
const PROVIDER_HEADER: &str = "cnryhead-bvqzkwmrtn-xgplfdshcj-head";
const REFERENCED: &str = "cnryrefd-tzkvqwbrnm-gfxpldjshc-refd";
const CHANNEL: &str = "cnrychan-qkzvtwnrbm-hsdxplgfcj-chan";
const PATTERN: &str = "cnrypatt-zvkqwtnmrb-jxhspdlgfc-patt";
const ENVIRONMENT: &str = "cnryenvi-vtqkzwbmnr-cfjxhsplgd-envi";
const BEARER: &str = "cnrybear-kqvtwzrnbm-dgcfjxhspl-bear";
const COOKIE: &str = "cnrycook-wqkvztbrmn-lgdcfjxhps-cook";
const QUERY: &str = "cnryquer-zwkqtvmbnr-spgdlcfxhj-quer";
const BODY: &str = "cnrybody-tvwkzqnrmb-hjspgdlcxf-body";
const FRAME: &str = "cnryfram-qtvzwkmbrn-fxhjspgdlc-fram";
const GARBAGE: &str = "cnrygarb-kzqtvwrbnm-cxfhjpsgdl-garb";

/// A gateway that ends when it is dropped.
struct Running {
    child: Child,
    home: TempDir,
    address: SocketAddr,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Running {
    fn start() -> Self {
        let home = TempDir::new().unwrap();
        let state = home.path().join("state");
        fs::create_dir(&state).unwrap();
        fs::write(state.join("openclaw.json"), config(provider()).to_string()).unwrap();
        // Whatever the gateway runs: this says what it was given.
        let spy = home.path().join("spy");
        let script =
            "#!/bin/sh\n{ echo \"$0 $*\"; cat /proc/self/environ; } >>\"$HOME/children\"\n";
        fs::write(&spy, format!("{script}echo 1.0\n")).unwrap();
        fs::set_permissions(&spy, fs::Permissions::from_mode(0o700)).unwrap();

        let mut command = openclaw(home.path(), &["gateway", "run", "--verbose"]);
        command.env("OPENCLAW_TAILSCALE_COMMAND", &spy).env("CANARY_KEY", REFERENCED);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let begin = said.len();
            assert_ne!(lines.read_line(&mut said).unwrap(), 0, "it ended: {said}");
            if let Some((_, rest)) = said[begin..].split_once("listening on ws://") {
                break rest.split(' ').next().unwrap().parse().unwrap();
            }
        };
        let stderr = Arc::new(Mutex::new(said));
        let kept = Arc::clone(&stderr);
        let reader = thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                writeln!(kept.lock().unwrap(), "{line}").unwrap();
            }
        });
        Self { child, home, address, stderr, reader: Some(reader) }
    }

    /// What a command prints, on both streams.
    fn cli(&self, arguments: &[&str]) -> String {
        let mut command = openclaw(self.home.path(), arguments);
        let output = command.env("OPENCLAW_GATEWAY_TOKEN", TOKEN).output().unwrap();
        let text = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        text.concat()
    }

    /// Sends bytes, and reads until the gateway closes or has nothing to add.
    fn send(&self, bytes: &[u8]) -> String {
        let mut socket = TcpStream::connect(self.address).unwrap();
        socket.write_all(bytes).unwrap();
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // Cut off is an answer as well.
        let _ = socket.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn request(&self, line: &str, headers: &str, body: &str) -> String {
        let length = body.len();
        self.send(
            format!(
                "{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\
                 Content-Length: {length}\r\n\r\n{body}",
                self.address
            )
            .as_bytes(),
        )
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.child.id());
        String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
    }

    /// Ends it, and says what it said on its error stream.
    fn stop(mut self) -> (TempDir, String) {
        let state = self.home.path().join("state");
        let mut stop = openclaw(self.home.path(), &["gateway", "stop"]);
        let stopped = stop.env("OPENCLAW_STATE_DIR", state).output().unwrap();
        assert!(stopped.status.success(), "{stopped:?}");
        self.reader.take().unwrap().join().unwrap();
        let said = self.stderr.lock().unwrap().clone();
        let home = std::mem::replace(&mut self.home, TempDir::new().unwrap());
        (home, said)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn openclaw(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openclaw"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .env("OPENCLAW_STATE_DIR", home.join("state"))
        .env("OPENAI_API_KEY", ENVIRONMENT)
        .stdin(Stdio::null());
    command
}

/// A provider that refuses every key and, as some do, says which.
fn provider() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the process.
    thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = BufReader::new(socket.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            while line != "\r\n" && {
                line.clear();
                socket.read_line(&mut line).is_ok_and(|n| 0 < n)
            } {
                let lower = line.to_lowercase();
                length = lower
                    .strip_prefix("content-length: ")
                    .map_or(length, |n| n.trim().parse().unwrap());
            }
            let mut body = vec![0; length];
            socket.read_exact(&mut body).unwrap();
            let message =
                format!("Incorrect API key provided: {PROVIDER_KEY}. You have {PROVIDER_HEADER}.");
            let body =
                json!({ "error": { "message": message, "code": "invalid_api_key" } }).to_string();
            let head = format!(
                "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}",
                body.len()
            );
            let _ = write!(socket.get_mut(), "{head}\r\n\r\n{body}");
        }
    });
    address
}

fn config(provider: SocketAddr) -> Value {
    json!({
        "gateway": {
            "port": 0,
            "auth": { "token": TOKEN },
            "tailscale": { "mode": "serve" },
            "http": { "endpoints": { "chatCompletions": { "enabled": true } } },
        },
        "models": { "providers": {
            "fake": {
                "baseUrl": format!("http://{provider}/v1"), "api": "openai-completions",
                "apiKey": PROVIDER_KEY, "headers": { "x-extra": PROVIDER_HEADER },
                "models": [{ "id": "fake" }],
            },
            "other": {
                "baseUrl": "http://127.0.0.1:1/v1", "api": "openai-completions",
                "apiKey": "${CANARY_KEY}", "models": [{ "id": "other" }],
            },
        } },
        "agents": { "defaults": { "model": "fake/fake" } },
        "channels": { "telegram": { "accounts": { "main": { "botToken": CHANNEL } } } },
        "logging": { "redactPatterns": ["cnrypatt-[a-z-]+"] },
    })
}

/// What a secret leaves when its ends are shown, as they may be.
fn core(secret: &str) -> &str {
    &secret[6..secret.len() - 4]
}

#[test]
fn no_secret_comes_out_again() {
    let gateway = Running::start();
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut keep = |what: &str, text: String| seen.push((what.to_owned(), text));

    // In by every door there is.
    let json = "Content-Type: application/json\r\n";
    let bearer = format!("Authorization: Bearer {BEARER}\r\n{json}");
    let ours = format!("Authorization: Bearer {TOKEN}\r\n{json}");
    let cookie = format!("Cookie: session={COOKIE}\r\nX-Api-Key: {COOKIE}\r\n");
    let chat = "POST /v1/chat/completions";
    let asked =
        json!({ "model": "openclaw", "messages": [{ "role": "user", "content": "hello" }] });
    let bad = format!("{{\"apiKey\":\"{BODY}\",");
    let odd = json!({ "model": BODY, "messages": BODY }).to_string();
    keep("wrong bearer", gateway.request("GET /v1/models", &bearer, ""));
    keep("cookie", gateway.request("GET /nothing", &cookie, ""));
    keep("query", gateway.request(&format!("GET /v1/models?token={QUERY}"), "", ""));
    keep("path", gateway.request(&format!("GET /{QUERY}?api_key={QUERY}&x={QUERY}"), "", ""));
    keep("broken body", gateway.request(chat, &ours, &bad));
    // Whoever sent it may hear what is wrong with it, and nobody else.
    assert!(gateway.request(chat, &ours, &odd).contains("400 Bad Request"));
    keep("refused provider", gateway.request(chat, &ours, &asked.to_string()));
    keep("garbage", gateway.send(format!("{GARBAGE} {GARBAGE}\r\n\r\n").as_bytes()));
    keep(
        "no HTTP",
        gateway.send(format!("GET / HTTP/9 {GARBAGE}\r\ntoken {GARBAGE}\r\n\r\n").as_bytes()),
    );
    let frame = json!({ "type": "req", "id": FRAME, "method": "connect", "params": {
        "minProtocol": 3, "maxProtocol": 4, "role": "operator", "scopes": ["operator.read"],
        "client": { "id": "cli", "version": "1", "platform": "linux", "mode": "cli" },
        "auth": { "token": FRAME, "password": FRAME },
    } });
    let upgrade = format!(
        "GET /?token={QUERY} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        gateway.address
    );
    let mut bytes = upgrade.into_bytes();
    bytes.extend(masked(&frame.to_string()));
    // The id of a request is told back to whoever sent it.
    let answer = gateway.send(&bytes).replace(FRAME, "id");
    assert!(answer.contains("101 Switching Protocols"), "{answer}");
    keep("refused login", answer);
    let wrong = ["health", "--token", BEARER];
    keep("wrong token", gateway.cli(&wrong));

    // Out by every door there is.
    let agent = gateway.cli(&["agent", "--message", "hello", "--session", PATTERN]);
    assert!(!agent.is_empty());
    keep("agent", agent);
    let methods = [
        "config.get",
        "config.schema",
        "health",
        "status",
        "system.info",
        "logs.tail",
        "system-presence",
        "models.list",
        "sessions.list",
        "chat.history",
        "agents.list",
        "device.pair.list",
    ];
    for method in methods {
        let params = if method == "chat.history" { r#"{"sessionKey":"main"}"# } else { "{}" };
        let answer = gateway.cli(&["gateway", "call", method, "--params", params, "--json"]);
        assert!(answer.starts_with(['{', '[']), "{method}: {answer}");
        keep(method, answer);
    }
    for command in [
        &["status"][..],
        &["gateway", "status"],
        &["logs", "--limit", "5000"],
        &["auth", "explain"],
        &["devices", "list"],
        &["gateway", "probe"],
    ] {
        keep(&command.join(" "), gateway.cli(command));
    }
    keep("argv", gateway.proc("cmdline"));
    let device = fs::read_to_string(gateway.home.path().join("state/identity/device-auth.json"));
    let device: Value = serde_json::from_str(&device.unwrap()).unwrap();
    let device = device["tokens"]["operator"]["token"].as_str().unwrap().to_owned();

    let (home, said) = gateway.stop();
    keep("stderr", said);
    let children = fs::read_to_string(home.path().join("children")).unwrap();
    assert!(children.contains("--version"), "{children}");
    keep("children", children);
    let mut logged = String::new();
    for entry in fs::read_dir(home.path().join("state/logs")).unwrap() {
        logged.push_str(&fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    // The name of a conversation is no secret, but somebody said it should be.
    assert!(logged.contains("cnrypa…patt") && !logged.contains(core(PATTERN)), "{logged}");
    keep("log file", logged);

    let secrets = [
        TOKEN,
        PROVIDER_KEY,
        PROVIDER_HEADER,
        REFERENCED,
        CHANNEL,
        ENVIRONMENT,
        BEARER,
        COOKIE,
        QUERY,
        BODY,
        FRAME,
        GARBAGE,
        &device,
    ];
    let mut found = Vec::new();
    for (what, text) in &seen {
        for secret in secrets {
            if let Some(at) = text.find(core(secret)) {
                let from = text.floor_char_boundary(at.saturating_sub(160));
                let to = text.ceil_char_boundary(at + 80);
                found.push(format!("{secret} in {what}: …{}…", &text[from..to]));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A text frame as clients send them.
fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0xfe];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}
