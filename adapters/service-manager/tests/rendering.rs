//! What definitions of services say, on every system the tests run on.
//!
//! `OPENCLAW_BLESS=1` writes the snapshots anew.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use std::{env, fs, path::PathBuf, process::Command, time::Duration};

use ports::driven::{ServiceDefinition, ServiceError, ServiceKind};
use service_manager::{Identity, Scope, render_plist, render_script, render_unit};

fn gateway() -> ServiceDefinition {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    ServiceDefinition {
        kind: ServiceKind::Gateway,
        command: ["/usr/bin/openclaw", "gateway", "run", "--port", "18789"]
            .map(str::to_owned)
            .into(),
        environment: vec![
            pair("HOME", "/home/ana"),
            pair("PATH", "/usr/local/bin:/usr/bin:/bin"),
            pair("OPENCLAW_STATE_DIR", "/home/ana/.openclaw"),
            pair("OPENCLAW_SERVICE_MARKER", "openclaw"),
        ],
        working_directory: "/home/ana/.openclaw".into(),
        writable: vec!["/home/ana/.openclaw".into(), "/home/ana/my work".into()],
        log_directory: "/home/ana/.openclaw/logs".into(),
        stop_timeout: Duration::from_secs(45),
        port: Some(18789),
        user: 1000,
    }
}

fn node() -> ServiceDefinition {
    let command = ["/usr/bin/openclaw", "node", "run"].map(str::to_owned).into();
    ServiceDefinition { kind: ServiceKind::Node, command, port: None, ..gateway() }
}

/// Words that mean something to each of the three.
fn odd() -> ServiceDefinition {
    let mut service = gateway();
    service.command[0] = "/opt/a & b/100% $HOME/openclaw".into();
    service.command.push("$5 <x> 50%".into());
    service.environment.push(("NOTE".into(), r"50% of \ & <that>".into()));
    service
}

fn identity(kind: ServiceKind, profile: Option<&str>, scope: Scope) -> Identity {
    Identity { kind, profile: profile.map(str::to_owned), scope }
}

fn compare(name: &str, rendered: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if env::var_os("OPENCLAW_BLESS").is_some() {
        fs::write(&path, rendered).unwrap();
    }
    let reviewed = fs::read_to_string(&path).unwrap();
    assert_eq!(rendered, reviewed, "{name}");
}

#[test]
fn definitions_are_the_reviewed_ones() {
    use ServiceKind::{Gateway, Node};

    let user = identity(Gateway, None, Scope::User);
    let work = identity(Gateway, Some("work"), Scope::User);
    let system = identity(Gateway, None, Scope::System);
    let as_node = identity(Node, None, Scope::User);
    compare("gateway-user.service", &render_unit(&gateway(), &user).unwrap());
    compare("gateway-system.service", &render_unit(&gateway(), &system).unwrap());
    compare("node-user.service", &render_unit(&node(), &as_node).unwrap());
    compare("odd-words.service", &render_unit(&odd(), &work).unwrap());
    compare("gateway.plist", &render_plist(&gateway(), &user).unwrap());
    compare("odd-words.plist", &render_plist(&odd(), &work).unwrap());
    compare("gateway.cmd", &render_script(&gateway(), &user).unwrap());
    compare("odd-words.cmd", &render_script(&odd(), &work).unwrap());
}

#[test]
fn a_secret_is_in_no_definition() {
    let mut service = gateway();
    service.environment.push(("OPENCLAW_GATEWAY_TOKEN".into(), "canary".into()));
    let user = identity(ServiceKind::Gateway, None, Scope::User);
    for render in [render_unit, render_plist, render_script] {
        let refused = render(&service, &user).unwrap_err();
        assert!(matches!(&refused, ServiceError::Unspeakable(what) if !what.contains("canary")));
    }
}

#[test]
fn a_line_break_cannot_add_a_directive() {
    let user = identity(ServiceKind::Gateway, None, Scope::User);
    let line = "x\nExecStartPre=/bin/evil";
    let with = |change: fn(&mut ServiceDefinition, &str)| {
        let mut service = gateway();
        change(&mut service, line);
        service
    };
    let table = [
        with(|service, line| service.command.push(line.into())),
        with(|service, line| service.environment.push(("A".into(), line.into()))),
        with(|service, line| service.working_directory = line.into()),
        with(|service, line| service.writable.push(line.into())),
    ];
    for service in &table {
        assert!(render_unit(service, &user).is_err(), "{service:?}");
    }
}

#[test]
fn what_lies_in_a_temporary_directory_is_not_hidden() {
    let user = identity(ServiceKind::Gateway, None, Scope::User);
    let hides = |service: &ServiceDefinition| {
        render_unit(service, &user).unwrap().contains("PrivateTmp=yes")
    };
    assert!(hides(&gateway()));
    let mut in_tmp = gateway();
    in_tmp.command[0] = "/tmp/openclaw".into();
    assert!(!hides(&in_tmp));
    let mut state_in_tmp = gateway();
    state_in_tmp.writable.push("/var/tmp/state".into());
    assert!(!hides(&state_in_tmp));
}

#[test]
fn only_a_low_port_takes_a_privilege() {
    let system = identity(ServiceKind::Gateway, None, Scope::System);
    let table = [(18789, false), (1024, false), (1023, true), (443, true), (0, false)];
    for (port, expected) in table {
        let unit = render_unit(&ServiceDefinition { port: Some(port), ..gateway() }, &system);
        let privileged = unit.unwrap().contains("AmbientCapabilities=CAP_NET_BIND_SERVICE");
        assert_eq!(privileged, expected, "{port}");
    }
}

/// systemd's own opinion. Without systemd there is none, which only counts where
/// everything has to be tested.
#[test]
fn systemd_accepts_the_units() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        assert!(env::var_os("OPENCLAW_CI").is_none(), "systemd-analyze is not installed");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("100% $HOME openclaw");
    fs::copy("/bin/true", &program).unwrap();
    let table = [
        (gateway(), Scope::User),
        (gateway(), Scope::System),
        (ServiceDefinition { port: Some(443), ..gateway() }, Scope::System),
        (node(), Scope::User),
        (odd(), Scope::User),
    ];
    for (mut service, scope) in table {
        service.command[0] = program.to_str().unwrap().into();
        let identity = identity(service.kind, Some("verified"), scope);
        let unit = dir.path().join(format!("openclaw-{}.service", service.kind.word()));
        fs::write(&unit, render_unit(&service, &identity).unwrap()).unwrap();
        let scope = if scope == Scope::User { "--user" } else { "--system" };
        let verified = Command::new("systemd-analyze")
            .args([scope, "verify", "--man=no"])
            .arg(&unit)
            // The user's part wants to know where its sockets would be.
            .env("XDG_RUNTIME_DIR", dir.path())
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&verified.stderr);
        assert!(verified.status.success(), "{scope}: {complaints}");
        let ours: Vec<_> = complaints.lines().filter(|line| line.contains("openclaw")).collect();
        assert!(ours.is_empty(), "{scope}: {ours:?}");
    }
}
