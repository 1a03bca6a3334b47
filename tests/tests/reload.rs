//! The configuration changes while the gateway runs.

use std::{fs, net::TcpListener, process::Command, time::Duration};

use domain::client::Protocol;
use serde_json::{Value, json};
use tests::{
    ADMIN, Client, MAIN, TOKEN, TestGateway, bad_inputs::binary, network::Process, text_of,
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A port nobody has.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    listener.local_addr().expect("it is bound").port()
}

async fn changed(client: &mut Client) -> Value {
    tokio::time::timeout(PATIENCE, client.event_named("config.changed")).await.expect("it follows")
}

#[tokio::test]
async fn a_token_that_is_replaced_holds_at_once_and_sends_away_who_came_with_the_old_one() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    let next = "another-token-that-is-long-enough-for-anybody";
    gateway.configure(json!({ "gateway": { "auth": { "token": next } } }));
    let (code, reason) = tokio::time::timeout(PATIENCE, client.closed()).await.unwrap();
    assert_eq!((code, reason.starts_with("authorization revoked")), (4001, true), "{reason}");

    let mut old = Client::knock(gateway.address(), Protocol::V4).await;
    let params = tests::connect_params(TOKEN, Protocol::V4, ADMIN);
    old.call("connect", params).await.unwrap_err();
    let mut new = Client::connect(gateway.address(), next, Protocol::V4, ADMIN).await;
    new.call("health", json!({})).await.unwrap();
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_port_that_changes_leaves_sockets_and_runs_alone() {
    let (old, new) = (free_port(), free_port());
    let gateway = TestGateway::start_with(json!({ "gateway": { "port": old } })).await;
    let mut client = gateway.connect().await;
    let send = json!({ "sessionKey": MAIN, "idempotencyKey": "r1", "message": "hang on" });
    client.call("chat.send", send).await.unwrap();
    client.chat("delta").await;

    gateway.configure(json!({ "gateway": { "port": new } }));
    let told = changed(&mut client).await;
    assert_eq!(told["paths"], json!(["gateway.port"]));
    assert_eq!(gateway.address().port(), new);
    let refused = tokio::net::TcpStream::connect(("127.0.0.1", old)).await;
    assert!(refused.is_err(), "nobody listens at the old port");
    gateway.connect().await.call("health", json!({})).await.unwrap();

    client.call("chat.abort", json!({ "sessionKey": MAIN })).await.unwrap();
    let aborted = client.chat("aborted").await;
    assert_eq!(aborted["stopReason"], "rpc", "until now the run went on");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_port_that_is_taken_leaves_the_gateway_where_it_is_and_is_told() {
    let old = free_port();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let gateway = TestGateway::start_with(json!({ "gateway": { "port": old } })).await;
    let mut client = gateway.connect().await;
    gateway.configure(json!({ "gateway": { "port": port } }));
    let told = changed(&mut client).await;
    let message = told["issues"][0]["message"].as_str().unwrap();
    assert!(message.contains("already listening"), "{told}");
    assert_eq!(gateway.address().port(), old);
    gateway.connect().await.call("health", json!({})).await.unwrap();

    gateway.configure(json!({ "gateway": { "port": old } }));
    assert_eq!(changed(&mut client).await["issues"], json!([]));
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_mistake_changes_nothing_and_is_told_everywhere() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    gateway.configure(json!({ "gateway": { "limits": { "jsonDepth": "deep" } } }));
    let told = changed(&mut client).await;
    assert_eq!(told["issues"][0]["path"], "gateway.limits.jsonDepth");
    assert_eq!(told["paths"], json!([]));

    let health = client.call("health", json!({ "probe": true })).await.unwrap();
    let problem = health["problems"]["config"].as_str().unwrap();
    assert!(problem.contains("openclaw.json:1: gateway.limits.jsonDepth:"), "{problem}");
    let ready = gateway.http("GET", "/readyz", None, None).await;
    assert_eq!(ready.status(), 200, "it can do its work");
    assert!(text_of(ready).await.contains("gateway.limits.jsonDepth"));
    let config = client.call("config.get", json!({})).await.unwrap();
    assert_eq!(config["runningIssues"][0]["line"], 1);

    gateway.configure(json!({}));
    assert_eq!(changed(&mut client).await["issues"], json!([]));
    let health = client.call("health", json!({ "probe": true })).await.unwrap();
    assert_eq!(health.get("problems"), None);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_patch_keeps_every_byte_around_it_and_holds_a_moment_later() {
    let gateway = TestGateway::start().await;
    let mut client = gateway.connect().await;
    let file = gateway.state_dir().join("openclaw.json");
    let text = fs::read_to_string(&file).unwrap();
    let commented = format!("// mine\r\n{text}  /* the end */\r\n");
    fs::write(&file, &commented).unwrap();
    let hash = client.call("config.get", json!({})).await.unwrap()["hash"].clone();

    let raw = "{ session: { mainKey: 'home' } }";
    let stale = json!({ "raw": raw, "baseHash": "0".repeat(64) });
    let refused = client.call("config.patch", stale).await.unwrap_err();
    assert_eq!(refused["message"], "config changed since last load; re-run config.get and retry");
    let patched =
        client.call("config.patch", json!({ "raw": raw, "baseHash": hash })).await.unwrap();
    assert_eq!(patched["changed"], json!(["session.mainKey"]));
    let told = changed(&mut client).await;
    assert_eq!((&told["paths"], &told["hash"]), (&json!(["session.mainKey"]), &patched["hash"]));
    let now = fs::read_to_string(&file).unwrap();
    assert!(now.starts_with("// mine\r\n") && now.ends_with("  /* the end */\r\n"), "{now}");
    assert!(
        now.contains("home")
            && fs::read_to_string(file.with_extension("json.bak")).unwrap() == commented
    );
    let shown = client.call("config.get", json!({})).await.unwrap();
    assert!(!shown.to_string().contains(TOKEN), "the token is not shown");
    gateway.shutdown().await;
}

/// The release or debug binary in an empty home, on a free port.
fn start(home: &std::path::Path, config: &Value) -> Process {
    fs::write(home.join("openclaw.json"), config.to_string()).expect("there is room");
    let mut command = Command::new(binary().expect("openclaw was built"));
    command.args(["gateway", "run", "--port", "0"]).env("HOME", home);
    command.env("OPENCLAW_STATE_DIR", home).env("NO_COLOR", "1");
    Process::start(command).expect("it starts")
}

/// Where it says that it listens.
fn address(lines: &[String]) -> std::net::SocketAddr {
    let line = lines.iter().rev().find(|line| line.contains("listening on ws://127."));
    let line = line.expect("it says where");
    let from = line.find("ws://").expect("it was found by that") + "ws://".len();
    let address = line[from..].split_whitespace().next().unwrap_or_default();
    address.parse().expect("an address")
}

fn signal(process: &Process, name: &str) {
    let sent = Command::new("kill").arg(name).arg(process.id().to_string()).status();
    assert!(sent.is_ok_and(|sent| sent.success()), "kill {name}");
}

#[tokio::test]
async fn a_signal_starts_it_anew_in_the_same_process() {
    for name in ["-USR1", "-USR2"] {
        let home = tempfile::tempdir().unwrap();
        let process = start(home.path(), &json!({ "gateway": { "auth": { "token": TOKEN } } }));
        let ready = |line: &str| line.contains("to chat, run");
        let first = address(&process.until(ready));
        let mut client = Client::connect(first, TOKEN, Protocol::V4, ADMIN).await;
        signal(&process, name);
        let shutdown = client.event_named("shutdown").await;
        assert_eq!(shutdown["restartExpectedMs"], 1500);
        assert_eq!(client.closed().await, (1012, "service restart".to_owned()));
        let second = address(&process.until(ready));
        let mut again = Client::connect(second, TOKEN, Protocol::V4, ADMIN).await;
        let info = again.call("system.info", json!({})).await.unwrap();
        assert_eq!(info["pid"], process.id());
        process.stop();
    }
}

#[tokio::test]
async fn hanging_up_reads_the_file_again_whatever_the_watcher_saw() {
    let home = tempfile::tempdir().unwrap();
    let config = |key: &str| {
        json!({
            "gateway": { "auth": { "token": TOKEN }, "reload": { "debounceMs": 3_600_000 } },
            "session": { "mainKey": key },
        })
    };
    let process = start(home.path(), &config("a"));
    process.until(|line| line.contains("to chat, run"));
    fs::write(home.path().join("openclaw.json"), config("b").to_string()).unwrap();
    signal(&process, "-HUP");
    process.until(|line| line.contains("config change applied (dynamic reads: session.mainKey)"));
    process.stop();
}

#[tokio::test]
async fn whatever_the_file_says_it_comes_up_and_serves_this_machine() {
    for text in
        ["{ gateway: {", "{ gateway: { bind: 'wide' } }", "{ gateway: { auth: 5 }, a: 1 }", "\u{1}"]
    {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("openclaw.json"), text).unwrap();
        let run = |arguments: &[&str]| {
            let mut command = Command::new(binary().expect("openclaw was built"));
            command.args(["gateway", "run", "--port", "0"]).args(arguments);
            command.env("HOME", home.path()).env("OPENCLAW_STATE_DIR", home.path());
            command.env("NO_COLOR", "1").env("OPENCLAW_GATEWAY_TOKEN", TOKEN);
            command
        };
        let process = Process::start(run(&[])).unwrap();
        let lines = process.until(|line| line.contains("to chat, run"));
        assert!(lines.iter().any(|line| line.contains("SAFE MODE")), "{text}: {lines:#?}");
        let mut client = Client::connect(address(&lines), TOKEN, Protocol::V4, ADMIN).await;
        let config = client.call("config.get", json!({})).await.unwrap();
        assert_eq!(config["valid"], false, "{text}");
        process.stop();

        let refused = run(&["--bind", "lan"]).output().unwrap();
        assert_eq!(refused.status.code(), Some(78), "{text}");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(told.contains("invalid config") && told.contains("this machine only"), "{told}");
    }
}
