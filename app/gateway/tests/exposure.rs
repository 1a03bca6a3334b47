//! Where the binary listens, and where it refuses to.

#![cfg(feature = "tailscale")]
#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]
#![expect(clippy::print_stderr, reason = "what cannot be tested here is said")]

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, Lines},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

const OPENCLAW: &str = env!("CARGO_BIN_EXE_openclaw");
const TOKEN: &str = "a-token-that-is-long-enough-for-anybody-who-asks";

/// A state directory, which may have a configuration.
struct Home(TempDir);

impl Home {
    fn with(config: &Value) -> Self {
        let home = TempDir::new().unwrap();
        fs::write(home.path().join("openclaw.json"), config.to_string()).unwrap();
        Self(home)
    }

    /// `program` with `arguments`, at home and nowhere else.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.0.path())
            .env("OPENCLAW_STATE_DIR", self.0.path())
            // Not the Tailscale of the machine the test runs on.
            .env("OPENCLAW_TAILSCALE_SOCKET", self.0.path().join("no.sock"))
            .env("OPENCLAW_TAILSCALE_COMMAND", self.0.path().join("tailscale"))
            .stdin(Stdio::null());
        command
    }
}

#[test]
fn what_would_be_unsafe_or_of_no_use_does_not_start() {
    const WAYS: &str = "gateway.allowInsecureBind";
    let empty = json!({});
    let open = json!({ "gateway": { "auth": { "mode": "none" } } });
    let custom = json!({ "gateway": {
        "mode": "local", "bind": "custom", "customBindHost": "203.0.113.9",
        "auth": { "mode": "token", "token": TOKEN },
    } });
    let funnel = json!({ "gateway": { "tailscale": { "mode": "funnel" } } });
    #[rustfmt::skip]
    let table: &[(&Value, &str, i32, &str)] = &[
        (&empty,  "--bind lan", 78, "refusing to bind gateway to 0.0.0.0:0 without TLS"),
        (&empty,  "--bind lan", 78, "gateway.tls.enabled"),
        (&empty,  "--bind lan", 78, "gateway.trustedProxies"),
        (&empty,  "--bind lan", 78, WAYS),
        (&empty,  "--bind 0.0.0.0", 78, WAYS),
        (&empty,  "--bind ::", 78, WAYS),
        (&open,   "--bind lan --allow-insecure-bind", 78, "refusing to bind gateway to 0.0.0.0:0 without auth"),
        (&open,   "--tailscale serve", 78, "without auth"),
        (&empty,  "--bind lan --allow-insecure-bind --token hunter2", 78, "the gateway token is shorter than 24 characters"),
        (&empty,  "--tailscale serve --token hunter2", 78, "the gateway token is shorter than 24 characters"),
        (&empty,  "--token changeme", 78, "the gateway token is blank or a placeholder"),
        (&empty,  "--token your-token-here", 78, "the gateway token is blank or a placeholder"),
        (&empty,  "--token undefined", 1, "placeholder, so no token is configured"),
        (&empty,  "--auth password", 78, "gateway auth mode is password, but no password was configured"),
        (&empty,  "--tailscale funnel", 78, "tailscale funnel requires gateway auth mode=password"),
        (&funnel, "", 78, "tailscale funnel requires gateway auth mode=password"),
        (&empty,  "--tailscale serve --bind lan --allow-insecure-bind", 78, "tailscale serve/funnel requires gateway bind=loopback"),
        (&empty,  "--tailscale on", 1, "Invalid --tailscale (use \"off\", \"serve\", or \"funnel\")"),
        (&empty,  "--bind 203.0.113.9", 1, "203.0.113.9"),
        (&custom, "", 1, "203.0.113.9"),
        (&empty,  "--bind wide", 1, "Invalid --bind"),
        (&empty,  "--bind custom", 1, "gateway.customBindHost"),
    ];
    for (config, arguments, code, words) in table {
        let home = Home::with(config);
        let line = format!("gateway run --port 0 {arguments}");
        let line: Vec<&str> = line.split_whitespace().collect();
        let output = home.command(OPENCLAW, &line).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(*code), "{arguments}: {said}");
        assert!(said.contains(words), "{arguments}: {said}");
        assert!(!said.contains("listening on"), "{arguments}: {said}");
    }
}

#[test]
fn a_short_token_is_only_warned_about_on_loopback() {
    let home = Home::with(&json!({}));
    let mut gateway = Gateway::start(home.command(OPENCLAW, &run("--token hunter2")));
    let said = gateway.hear("log file:");
    assert!(said.contains("the gateway token is shorter than 24 characters"), "{said}");
    assert!(said.contains("open to this machine only"), "{said}");
}

/// A network namespace has interfaces of its own. Without the right to make one
/// there is nothing to be seen.
#[test]
fn every_bind_mode_listens_there_and_nowhere_else() {
    const TAILNET: &str = "ip link add tailscale0 type veth peer other && ip link set tailscale0 up && \
                           ip addr add 100.100.1.1/32 dev tailscale0 &&";
    const CARRIER: &str = "ip link add eth0 type veth peer other && ip link set eth0 up && \
                           ip addr add 100.64.3.4/10 dev eth0 &&";
    if !namespaces_work() {
        eprintln!("not tested: no network namespaces here");
        return;
    }
    let tailnet = IpAddr::from([100, 100, 1, 1]);
    let loopback: &[IpAddr] = &[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let everywhere: &[IpAddr] = &[Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    #[rustfmt::skip]
    let table: &[(&str, &str, &[IpAddr], &str)] = &[
        (TAILNET, "--bind tailnet",  &[tailnet], "the members of its tailnet"),
        (TAILNET, "--bind auto",     &[tailnet], "the members of its tailnet"),
        (TAILNET, "--bind loopback", loopback,   "this machine only"),
        ("",      "--bind auto",     loopback,   "this machine only"),
        (CARRIER, "--bind auto",     loopback,   "this machine only"),
        (TAILNET, "--bind 100.100.1.1", &[tailnet], "the members of its tailnet"),
        (TAILNET, "--bind lan --allow-insecure-bind", everywhere, "every network this machine is in"),
    ];
    for (interfaces, arguments, addresses, reach) in table {
        let home = Home::with(&json!({}));
        let mut gateway = Gateway::start(within(&home, interfaces, arguments));
        let said = gateway.hear("log file:");
        assert!(said.contains(&format!("open to {reach}\n")), "{arguments}: {said}");
        assert_eq!(gateway.listening(), *addresses, "{arguments}");
    }

    let refused: &[(&str, &str)] = &[("", "has a tailnet address"), (CARRIER, "name the address")];
    for (interfaces, words) in refused {
        let home = Home::with(&json!({}));
        let output = within(&home, interfaces, "--bind tailnet").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn tailscale_serves_while_the_gateway_runs() {
    /// Remembers what is served in a file beside it.
    const TAILSCALE: &str = r#"#!/bin/sh
home=$(dirname "$0")
[ "$1" = --socket ] && shift 2
echo "$*" >> "$home/asked"
case "$*" in
"status --json") echo '{"BackendState":"Running","Self":{"DNSName":"host.tailnet.ts.net."},"CertDomains":["host.tailnet.ts.net"]}' ;;
"serve status --json") cat "$home/served" 2>/dev/null || echo null ;;
"serve --bg --yes "*) echo "{\"TCP\":{\"443\":{\"HTTPS\":true}},\"Web\":{\"host.tailnet.ts.net:443\":{\"Handlers\":{\"/\":{\"Proxy\":\"http://127.0.0.1:$4\"}}}}}" > "$home/served" ;;
"serve reset") rm "$home/served" ;;
esac
"#;
    let home = Home::with(&json!({}));
    let command = home.0.path().join("tailscale");
    fs::write(&command, TAILSCALE).unwrap();
    fs::set_permissions(&command, Permissions::from_mode(0o755)).unwrap();

    let arguments = run("--tailscale serve --tailscale-reset-on-exit");
    let mut gateway = Gateway::start(home.command(OPENCLAW, &arguments));
    let said = gateway.hear("serve enabled");
    let url = "serve enabled: https://host.tailnet.ts.net/ (WS via wss://host.tailnet.ts.net)";
    assert!(said.contains(url), "{said}");
    assert!(home.0.path().join("served").exists());

    gateway.stop();
    let asked = fs::read_to_string(home.0.path().join("asked")).unwrap();
    assert!(asked.ends_with("serve status --json\nserve reset\n"), "{asked}");
    assert!(!home.0.path().join("served").exists());
}

#[test]
fn a_gateway_without_tailscale_runs_nevertheless() {
    let home = Home::with(&json!({}));
    let mut gateway = Gateway::start(home.command(OPENCLAW, &run("--tailscale serve")));
    let said = gateway.hear("serve is not enabled");
    assert!(said.contains("open to the members of its tailnet"), "{said}");
    gateway.stop();
}

fn run(arguments: &str) -> Vec<&str> {
    ["gateway", "run", "--port", "0"].into_iter().chain(arguments.split_whitespace()).collect()
}

/// A gateway in a network namespace of its own, in which `interfaces` has been
/// run.
fn within(home: &Home, interfaces: &str, arguments: &str) -> Command {
    let script = format!("ip link set lo up && {interfaces} exec {OPENCLAW} \"$@\"");
    let mut line = vec!["--map-root-user", "--net", "sh", "-c", &script, "sh"];
    line.extend(run(arguments));
    home.command("unshare", &line)
}

fn namespaces_work() -> bool {
    let probe = ["--map-root-user", "--net", "ip", "link", "set", "lo", "up"];
    Command::new("unshare").args(probe).output().is_ok_and(|output| output.status.success())
}

/// A gateway that runs until it is dropped.
struct Gateway {
    process: Child,
    said: Lines<BufReader<ChildStderr>>,
}

impl Gateway {
    fn start(mut command: Command) -> Self {
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(process.stderr.take().unwrap()).lines();
        Self { process, said }
    }

    /// What it says until it says `words`.
    fn hear(&mut self, words: &str) -> String {
        let mut heard = String::new();
        for line in self.said.by_ref() {
            let line = line.unwrap();
            heard = heard + &line + "\n";
            if line.contains(words) {
                return heard;
            }
        }
        panic!("it never said {words:?}, but:\n{heard}");
    }

    /// The addresses it listens on, as the kernel of its namespace knows them.
    fn listening(&self) -> Vec<IpAddr> {
        let table = Path::new("/proc").join(self.process.id().to_string()).join("net");
        let mut addresses: Vec<IpAddr> = ["tcp", "tcp6"]
            .iter()
            .flat_map(|family| {
                let text = fs::read_to_string(table.join(family)).unwrap_or_default();
                text.lines().filter_map(listener).collect::<Vec<_>>()
            })
            .collect();
        addresses.sort();
        addresses
    }

    fn stop(&mut self) {
        let pid = Pid::from_child(&self.process);
        kill_process(pid, Signal::TERM).unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address of a line of `/proc/net/tcp`, if somebody listens there.
fn listener(line: &str) -> Option<IpAddr> {
    const LISTENING: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, state) = (fields.get(1)?.split(':').next()?, fields.get(3)?);
    if *state != LISTENING {
        return None;
    }
    // Words of four bytes, each in the order of the machine.
    let words = address.as_bytes().chunks(8).map(|word| {
        let word = std::str::from_utf8(word).ok()?;
        Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
    });
    let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.concat();
    match bytes.len() {
        4 => Some(<[u8; 4]>::try_from(bytes).ok()?.into()),
        _ => Some(<[u8; 16]>::try_from(bytes).ok()?.into()),
    }
}
