//! The command line and a gateway behind TLS: they find each other.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

const CONFIG: &str = r#"{ "gateway": { "port": 0, "tls": { "enabled": true } } }"#;

/// A gateway that ends when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn openclaw(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openclaw"));
    command.args(arguments).env_clear().env("HOME", home).stdin(Stdio::null());
    command
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    openclaw(home, arguments).output().expect("the binary runs")
}

/// Starts a gateway, and waits until it has said where it listens and how its
/// certificate is recognised.
fn start(home: &Path) -> (Running, String, String) {
    let mut gateway =
        openclaw(home, &["gateway", "run"]).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stderr = gateway.stderr.take().expect("it is piped");
    let mut gateway = Running(gateway);
    let (mut url, mut fingerprint) = (None, None);
    for line in BufReader::new(&mut stderr).lines().map_while(Result::ok) {
        let behind = |text: &str| Some(line.split_once(text)?.1.to_owned());
        url = url.or_else(|| behind("listening on ")?.split(' ').next().map(str::to_owned));
        fingerprint = behind("tls fingerprint sha256 ");
        if fingerprint.is_some() {
            break;
        }
    }
    // What it says later must have somewhere to go.
    gateway.0.stderr = Some(stderr);
    (gateway, url.expect("it listens"), fingerprint.expect("it has a certificate"))
}

#[test]
fn a_gateway_behind_tls_is_found_at_home_and_recognised_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let (home, elsewhere) = (dir.path().join("home"), dir.path().join("elsewhere"));
    let state = home.join(".openclaw");
    std::fs::create_dir_all(&state).unwrap();
    std::fs::create_dir_all(elsewhere.join(".openclaw")).unwrap();
    std::fs::write(state.join("openclaw.json"), CONFIG).unwrap();
    let (_gateway, url, fingerprint) = start(&home);
    assert!(url.starts_with("wss://127.0.0.1:"), "{url}");

    let status = run(&home, &["gateway", "probe", "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["ok"], &status["targets"][0]["url"]), (&true.into(), &url.clone().into()));

    let token = std::fs::read_to_string(state.join("gateway-token")).unwrap();
    let probe = |more: &[&str]| {
        let usual = ["gateway", "probe", "--url", &url, "--token", token.trim()];
        run(&elsewhere, &[&usual[..], more].concat())
    };
    let pinned = probe(&["--tls-fingerprint", &format!("SHA256:{fingerprint}")]);
    assert!(pinned.status.success(), "{pinned:?}");
    let other = "00".repeat(32);
    let table: [(&[&str], &str); 3] = [
        (&["--tls-fingerprint", &other], "gateway tls fingerprint mismatch"),
        (&["--tls-fingerprint", "00"], "Invalid --tls-fingerprint"),
        (&[], "not trusted here"),
    ];
    for (arguments, expected) in table {
        let refused = probe(arguments);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(1) && said.contains(expected), "{said}");
    }

    let remote = serde_json::json!({ "gateway": { "mode": "remote", "remote": {
        "url": url, "token": token.trim(), "tlsFingerprint": fingerprint,
    } } });
    std::fs::write(elsewhere.join(".openclaw/openclaw.json"), remote.to_string()).unwrap();
    let health = run(&elsewhere, &["health"]);
    assert!(health.status.success(), "{health:?}");
}

/// Security row V-33, case TLS-012: nothing is sent, the address is not even
/// tried.
#[test]
fn a_secret_does_not_leave_this_machine_in_the_open() {
    let home = tempfile::tempdir().unwrap();
    let probe = |more: &[&str]| {
        let usual = ["gateway", "probe", "--url", "ws://192.0.2.10:1", "--token", "t"];
        let refused = run(home.path(), &[&usual[..], more].concat());
        assert_eq!(refused.status.code(), Some(1));
        String::from_utf8_lossy(&refused.stderr).into_owned()
    };
    assert!(probe(&[]).contains("refusing to send a token or password"));
    let tried = probe(&["--allow-insecure", "--timeout", "50"]);
    assert!(!tried.contains("refusing"), "{tried}");
}
