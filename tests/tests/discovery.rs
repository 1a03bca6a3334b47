//! Being found and finding, on a network of two machines, with Avahi as the
//! other side. Takes root on Linux, `ip`, `avahi-daemon`, `avahi-utils` and
//! `dbus-daemon`. Where the machine has none of it, a test says so and passes;
//! with `OPENCLAW_CI` set it fails.

use std::{
    env, ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path, process::Command, time::Instant,
};

use serde_json::{Value, json};
use tests::{
    bad_inputs::binary,
    network::{
        Daemon,
        Machine::{self, Left, Right},
        Network, PATIENCE, Process,
    },
};

const SERVICE: &str = "_openclaw-gw._tcp";
/// Long enough for every question to be asked twice.
const LOOK_MS: &str = "3000";

/// Runs `test` on a network, or says why that is impossible here.
fn on_a_network(test: impl FnOnce(&Network) -> Result<(), String>) {
    let done = Network::new().and_then(|network| test(&network));
    if let Err(reason) = done {
        assert!(env::var_os("OPENCLAW_CI").is_none(), "IMPOSSIBLE HERE: {reason}");
        anstream::eprintln!("IMPOSSIBLE HERE: {reason}");
    }
}

/// `openclaw` on `machine`, which believes to be called `kitchen`.
fn openclaw(network: &Network, machine: Machine, arguments: &[&str]) -> Command {
    let home = network.directory().join(format!("home-{machine:?}"));
    let mut command = network.command(machine, "unshare");
    let script = "hostname kitchen && exec \"$@\"";
    command
        .args(["--uts", "sh", "-c", script, "sh"])
        .arg(binary().expect("openclaw was built"))
        .args(arguments);
    command.env_remove("OPENCLAW_DISABLE_BONJOUR").env("HOME", &home);
    command.env("OPENCLAW_STATE_DIR", home).env("NO_COLOR", "1");
    command.env("OPENCLAW_GATEWAY_TOKEN", "a-token-that-nobody-on-the-network-knows");
    command
}

/// A gateway on `machine` that everybody on the network can reach.
fn gateway(network: &Network, machine: Machine) -> Command {
    openclaw(
        network,
        machine,
        &["gateway", "run", "--bind", "lan", "--allow-insecure-bind", "--port", "18789"],
    )
}

fn announced(gateway: &Process) -> String {
    gateway.until(|line| line.contains("announced on the network")).join("\n")
}

/// Avahi's own list of gateways, as it changes. A line is
/// `=;interface;protocol;name;type;domain;host;address;port;txt`, with `+` for
/// what is new and `-` for what is gone.
fn avahi_browse(network: &Network, machine: Machine, daemon: &Daemon) -> Result<Process, String> {
    let mut command = network.command(machine, "avahi-browse");
    command.args(["--resolve", "--parsable", SERVICE]);
    daemon.tell(&mut command);
    Process::start(command)
}

/// A gateway of somebody else, announced by Avahi.
fn publish(
    network: &Network,
    machine: Machine,
    daemon: &Daemon,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> Result<Process, String> {
    let mut command = network.command(machine, "avahi-publish");
    command.arg("--service").args(arguments);
    daemon.tell(&mut command);
    let publisher = Process::start(command)?;
    publisher.until(|line| line.contains("Established under name"));
    Ok(publisher)
}

/// What `openclaw gateway discover` finds.
fn discover(mut command: Command) -> Vec<Value> {
    let output = command.output().expect("the command runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_str(&text).expect("it prints JSON");
    let beacons = found["beacons"].as_array().expect("it prints a list");
    assert_eq!(found["count"], beacons.len());
    beacons.clone()
}

fn discovering(network: &Network, machine: Machine) -> Command {
    openclaw(network, machine, &["gateway", "discover", "--json", "--timeout", LOOK_MS])
}

/// The TXT record of a line of `avahi-browse`, in order.
fn txt(line: &str) -> Vec<String> {
    let record = line.splitn(10, ';').nth(9).unwrap_or_default();
    let mut entries: Vec<_> = record.trim_matches('"').split("\" \"").map(str::to_owned).collect();
    entries.sort();
    entries
}

const MINIMAL: [&str; 5] = [
    "displayName=kitchen",
    "gatewayPort=18789",
    "lanHost=kitchen.local",
    "role=gateway",
    "transport=gateway",
];

#[test]
fn avahi_sees_the_embedded_responder_come_and_go() {
    on_a_network(|network| {
        let avahi = network.avahi(Right, "pantry")?;
        let browser = avahi_browse(network, Right, &avahi)?;
        let gateway = Process::start(gateway(network, Left))?;
        assert!(announced(&gateway).contains("embedded"));

        let seen = browser.until(|line| line.starts_with('=')).pop().unwrap();
        assert!(seen.contains(r"kitchen\032\040OpenClaw\041;"), "{seen}");
        assert!(seen.contains(";kitchen.local;192.0.2.1;18789;"), "{seen}");
        assert_eq!(txt(&seen), MINIMAL);

        gateway.stop();
        browser.until(|line| line.starts_with('-') && line.contains("kitchen"));
        Ok(())
    });
}

#[test]
fn avahi_announces_the_gateway_of_its_machine_and_says_goodbye_for_it() {
    on_a_network(|network| {
        let ours = network.avahi(Left, "kitchen")?;
        let theirs = network.avahi(Right, "pantry")?;
        let browser = avahi_browse(network, Right, &theirs)?;
        let mut command = gateway(network, Left);
        let gateway = Process::start({
            ours.tell(&mut command);
            command
        })?;
        assert!(announced(&gateway).contains("Avahi"));

        let seen = browser.until(|line| line.starts_with('=')).pop().unwrap();
        assert!(seen.contains(";kitchen.local;192.0.2.1;18789;"), "{seen}");
        assert_eq!(txt(&seen), MINIMAL);

        gateway.stop();
        browser.until(|line| line.starts_with('-') && line.contains("kitchen"));
        Ok(())
    });
}

#[test]
fn the_full_record_has_the_program_and_ssh() {
    on_a_network(|network| {
        let avahi = network.avahi(Right, "pantry")?;
        let browser = avahi_browse(network, Right, &avahi)?;
        let mut command = gateway(network, Left);
        write_config(network, Left, &json!({ "discovery": { "mdns": { "mode": "full" } } }));
        command.env("OPENCLAW_CLI_PATH", "/opt/openclaw").env("OPENCLAW_SSH_PORT", "2222");
        command.env("OPENCLAW_TAILNET_DNS", "kitchen.tail1234.ts.net.");
        let _gateway = Process::start(command)?;

        let seen = browser.until(|line| line.starts_with('=')).pop().unwrap();
        let more = ["cliPath=/opt/openclaw", "sshPort=2222", "tailnetDns=kitchen.tail1234.ts.net"];
        let mut expected = [&MINIMAL[..], &more].concat();
        expected.sort_unstable();
        assert_eq!(txt(&seen), expected);
        Ok(())
    });
}

/// V-34, on a real network: a peer lies about everything a TXT record can say.
#[test]
fn a_published_peer_is_found_where_it_resolves_to_whatever_it_claims() {
    on_a_network(|network| {
        let ours = network.avahi(Left, "kitchen")?;
        let theirs = network.avahi(Right, "pantry")?;
        let fingerprint = format!("gatewayTlsSha256={}", "AB".repeat(32));
        let lies = ["lanHost=evil.example", "gatewayPort=666", "gatewayTls=1", &fingerprint];
        let harm = ["displayName=\u{1b}[2J\u{202e}", "flag"];
        let odd = OsStr::from_bytes(b"odd=\xff\xfe");
        let name = ["Pantry 2.0 (OpenClaw)", SERVICE, "4321"];
        let arguments = [&name[..], &lies, &harm].concat().into_iter().map(OsStr::new);
        let _peer = publish(network, Right, &theirs, arguments.chain([odd]))?;

        let embedded = discover(discovering(network, Left));
        let mut command = discovering(network, Left);
        ours.tell(&mut command);
        let system = discover(command);
        for found in [embedded, system] {
            let [beacon] = found.as_slice() else { panic!("one peer: {found:#?}") };
            assert_eq!(beacon["instanceName"], "Pantry 2.0 (OpenClaw)");
            assert_eq!(beacon["host"], "pantry.local");
            assert_eq!(beacon["port"], 4321);
            assert_eq!(beacon["addresses"][0], "192.0.2.2");
            assert_eq!(beacon["wsUrl"], "wss://pantry.local:4321");
            assert_eq!(beacon["lanHost"], "evil.example");
            assert_eq!(beacon["gatewayPort"], 666);
            assert_eq!(beacon["gatewayTlsFingerprintSha256"], "ab".repeat(32));
            assert_eq!(beacon["gatewayTlsFingerprintVerified"], false);
            assert_eq!(beacon["displayName"], "\\u{1b}[2J\\u{202e}");
            assert_eq!(beacon["txt"]["flag"], "");
            assert!(beacon["txt"]["odd"].is_string(), "what is no text does no harm");
        }
        Ok(())
    });
}

#[test]
fn gateways_find_each_other() {
    on_a_network(|network| {
        let gateway = Process::start(gateway(network, Right))?;
        announced(&gateway);
        let found = discover(discovering(network, Left));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["wsUrl"], "ws://kitchen.local:18789");
        assert_eq!(found[0]["addresses"][0], "192.0.2.2");
        assert_eq!(found[0]["role"], "gateway");
        Ok(())
    });
}

#[test]
fn who_cannot_be_reached_or_does_not_want_to_be_found_is_not_announced() {
    on_a_network(|network| {
        let run = |arguments: &[&str], variable: &str, mode: &str| {
            write_config(network, Right, &json!({ "discovery": { "mdns": { "mode": mode } } }));
            let mut command = openclaw(
                network,
                Right,
                &[&["gateway", "run", "--port", "18789"], arguments].concat(),
            );
            command.env("OPENCLAW_DISABLE_BONJOUR", variable);
            let gateway = Process::start(command)?;
            gateway.until(|line| line.contains("to chat, run"));
            let found = discover(discovering(network, Left));
            assert!(found.is_empty(), "{arguments:?} {variable} {mode}: {found:#?}");
            gateway.stop();
            Ok::<(), String>(())
        };
        run(&["--bind", "loopback"], "0", "full")?;
        run(&["--bind", "lan", "--allow-insecure-bind"], "1", "full")?;
        run(&["--bind", "lan", "--allow-insecure-bind"], "0", "off")
    });
}

#[test]
fn the_embedded_responder_gives_way_when_its_names_are_taken() {
    on_a_network(|network| {
        let avahi = network.avahi(Right, "kitchen")?;
        let _peer = publish(network, Right, &avahi, ["kitchen (OpenClaw)", SERVICE, "4321"])?;
        let gateway = Process::start(gateway(network, Left))?;
        let said = announced(&gateway);
        // A host may lose its name once for each of its addresses: to `-2` or `-3`.
        for renamed in [
            r#"from="kitchen (OpenClaw)" to="kitchen (OpenClaw) (2)""#,
            "from=kitchen.local to=kitchen-",
        ] {
            assert_eq!(said.matches(renamed).count(), 1, "{renamed}: {said}");
        }
        // The record follows the names within a second or two.
        let end = Instant::now() + PATIENCE;
        loop {
            let found = discover(discovering(network, Right));
            let ours = found.iter().find(|it| it["instanceName"] == "kitchen (OpenClaw) (2)");
            let ours = ours.expect("it is announced").clone();
            let host = ours["lanHost"].as_str().expect("a record names its host");
            assert_eq!(ours["addresses"][0], "192.0.2.1");
            if host.starts_with("kitchen-") && ours["wsUrl"] == format!("ws://{host}:18789") {
                break;
            }
            assert!(Instant::now() < end, "{ours:#?}");
        }

        let browser = avahi_browse(network, Right, &avahi)?;
        browser.until(|line| line.starts_with('+') && line.contains(r"\0402\041"));
        gateway.stop();
        browser.until(|line| line.starts_with('-') && line.contains(r"\0402\041"));
        Ok(())
    });
}

#[test]
fn a_name_taken_on_the_same_machine_gets_a_number() {
    on_a_network(|network| {
        let avahi = network.avahi(Left, "kitchen")?;
        let _peer = publish(network, Left, &avahi, ["kitchen (OpenClaw)", SERVICE, "4321"])?;
        let mut command = gateway(network, Left);
        avahi.tell(&mut command);
        let gateway = Process::start(command)?;
        let said = announced(&gateway);
        let renamed = r#"from="kitchen (OpenClaw)" to="kitchen (OpenClaw) (2)""#;
        assert_eq!(said.matches(renamed).count(), 1, "{said}");
        assert!(
            said.contains(r#"instance="kitchen (OpenClaw) (2)" responder="the system"#),
            "{said}"
        );
        Ok(())
    });
}

#[test]
fn avahi_renames_what_is_taken_elsewhere_and_tells_the_host_it_gave_up() {
    on_a_network(|network| {
        let theirs = network.avahi(Right, "kitchen")?;
        let _peer = publish(network, Right, &theirs, ["kitchen (OpenClaw)", SERVICE, "4321"])?;
        let ours = network.avahi(Left, "kitchen")?;
        // The two have to have heard of each other, or the later one may win.
        let browser = avahi_browse(network, Left, &ours)?;
        browser.until(|line| line.starts_with('=') && line.contains("kitchen"));
        drop(browser);
        let mut command = gateway(network, Left);
        ours.tell(&mut command);
        let gateway = Process::start(command)?;
        let said = announced(&gateway);
        let renamed = r#"from="kitchen (OpenClaw)" to="kitchen (OpenClaw) #2""#;
        // Avahi may hear of the other one only afterwards.
        if !said.contains(renamed) {
            gateway.until(|line| line.contains(renamed));
        }

        let browser = avahi_browse(network, Right, &theirs)?;
        let ours = |line: &str| line.starts_with('=') && line.contains(r"\0352;");
        let seen = browser.until(ours).pop().unwrap();
        let host = seen.split(';').nth(6).unwrap();
        assert!(host.starts_with("kitchen-"), "{seen}");
        assert!(txt(&seen).contains(&format!("lanHost={host}")), "{seen}");
        Ok(())
    });
}

#[test]
fn a_chosen_host_name_is_answered_for_even_beside_avahi() {
    on_a_network(|network| {
        let ours = network.avahi(Left, "kitchen")?;
        let mut command = gateway(network, Left);
        ours.tell(&mut command).env("OPENCLAW_MDNS_HOSTNAME", "cellar");
        let gateway = Process::start(command)?;
        assert!(announced(&gateway).contains("embedded"));
        let found = discover(discovering(network, Right));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["instanceName"], "cellar (OpenClaw)");
        assert_eq!(found[0]["wsUrl"], "ws://cellar.local:18789");
        assert_eq!(found[0]["addresses"][0], "192.0.2.1");
        Ok(())
    });
}

/// The watchdog looks once a minute, so this takes longer than one.
#[test]
#[ignore = "takes more than a minute; .ci/run does it"]
fn a_gateway_whose_avahi_crashed_is_announced_anew() {
    on_a_network(|network| {
        let ours = network.avahi(Left, "kitchen")?;
        let mut command = gateway(network, Left);
        ours.tell(&mut command);
        let gateway = Process::start(command)?;
        assert!(announced(&gateway).contains("Avahi"));
        ours.crash();
        gateway.until_within(std::time::Duration::from_mins(2), |line| {
            line.contains("announced on the network") && line.contains("embedded")
        });
        let found = discover(discovering(network, Right));
        assert_eq!(found.len(), 1, "{found:#?}");
        Ok(())
    });
}

fn write_config(network: &Network, machine: Machine, config: &Value) {
    let home = network.directory().join(format!("home-{machine:?}"));
    fs::create_dir_all(&home).expect("there is room for a directory");
    fs::write(Path::new(&home).join("openclaw.json"), config.to_string())
        .expect("there is room for a file");
}
