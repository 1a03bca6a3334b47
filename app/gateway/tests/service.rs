//! The service, the doctor and what systemd is told, from outside, with a fake
//! systemctl that writes down what it is asked.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs::{self, File, Permissions},
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);
const UNIT: &str = ".config/systemd/user/openclaw-gateway.service";

/// A user on a machine with a fake systemd.
struct Machine {
    home: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { home: tempfile::tempdir().unwrap() };
        let unit = machine.path(UNIT);
        let systemctl = format!(
            "case \"$*\" in *show*) if [ -f '{}' ]; then echo LoadState=loaded; \
             echo UnitFileState=enabled; echo ActiveState=active; echo MainPID=812; \
             else echo LoadState=not-found; echo ActiveState=inactive; fi;; esac",
            unit.display()
        );
        machine.program("systemctl", &systemctl);
        machine.program("loginctl", "echo Linger=yes");
        machine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn program(&self, name: &str, script: &str) {
        let place = self.path("bin").join(name);
        fs::create_dir_all(self.path("bin")).unwrap();
        let log = self.path("asked");
        let text = format!("#!/bin/sh\necho \"{name} $*\" >> '{}'\n{script}\n", log.display());
        fs::write(&place, text).unwrap();
        fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openclaw"));
        command.args(arguments.split_whitespace()).env_clear();
        command.env("HOME", self.home.path()).env("PATH", self.path("bin"));
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command that works out prints as JSON.
    fn json(&self, arguments: &str) -> Value {
        let output = self.run(&format!("{arguments} --json"));
        assert!(output.status.success(), "{arguments}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What systemctl was asked to change.
    fn changes(&self) -> Vec<String> {
        let log = self.path("asked");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        let changes = text.lines().filter(|line| line.starts_with("systemctl"));
        changes.filter(|line| !line.contains(" show ")).map(str::to_owned).collect()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_service_is_installed_looked_after_and_removed() {
    let machine = Machine::new();
    for action in ["start", "stop", "restart", "uninstall"] {
        let told = machine.json(&format!("gateway {action}"));
        assert_eq!((&told["result"], &told["ok"]), (&json!("not-loaded"), &json!(true)));
        assert_eq!(told["service"]["loaded"], false);
    }
    let hints = &machine.json("gateway start")["hints"];
    assert_eq!(hints, &json!(["openclaw gateway install", "openclaw gateway run"]));
    assert_eq!(machine.changes(), [""; 0]);

    let told = machine.json("gateway install --port 18799");
    let service = json!({
        "label": "systemd", "loaded": true, "loadedText": "enabled", "notLoadedText": "disabled",
    });
    assert_eq!((&told["result"], &told["service"]), (&json!("installed"), &service));
    let unit = "openclaw-gateway.service";
    let user = |verb: &str| format!("systemctl --user {verb}");
    let [enable, restart] = ["enable", "restart"].map(|verb| user(&format!("{verb} {unit}")));
    assert_eq!(machine.changes(), [user("daemon-reload"), enable, restart.clone()]);

    let told = machine.json("daemon install --port 18799");
    assert_eq!((&told["result"], &told["warnings"]), (&json!("already-installed"), &Value::Null));
    let told = machine.json("gateway install --port 18800");
    assert_eq!(told["result"], "already-installed");
    assert!(told["warnings"][0].as_str().unwrap().contains("--force"));
    assert_eq!(machine.changes(), [""; 0]);

    assert_eq!(machine.json("gateway restart")["result"], "restarted");
    assert_eq!(machine.json("gateway stop")["result"], "stopped");
    assert_eq!(machine.json("gateway start")["result"], "started");
    let [stop, start] = ["stop", "start"].map(|verb| user(&format!("{verb} {unit}")));
    assert_eq!(machine.changes(), [restart, stop, start]);

    assert_eq!(machine.json("gateway uninstall")["result"], "uninstalled");
    assert_eq!(machine.changes(), [user(&format!("disable --now {unit}")), user("daemon-reload")]);
    assert!(!machine.path(UNIT).exists());
}

#[test]
fn a_token_is_kept_in_the_state_and_not_in_the_unit() {
    let machine = Machine::new();
    machine.json("gateway install --token a-canary-of-many-letters-1234");
    let unit = fs::read_to_string(machine.path(UNIT)).unwrap();
    assert!(!unit.contains("canary") && !unit.contains("TOKEN"), "{unit}");
    let token = fs::read_to_string(machine.path(".openclaw/gateway-token")).unwrap();
    assert_eq!(token, "a-canary-of-many-letters-1234");
    for line in ["gateway install --token undefined", "node install --token x --force"] {
        assert!(!machine.run(line).status.success(), "{line}");
    }
}

#[test]
fn a_unit_of_somebody_else_stays() {
    let machine = Machine::new();
    let theirs = "[Service]\nExecStart=/usr/bin/node /x/index.js gateway --port 18789\n\
        Environment=OPENCLAW_SERVICE_MARKER=openclaw\nEnvironment=OPENCLAW_GATEWAY_TOKEN=canary\n";
    machine.write(UNIT, theirs);
    let refused = machine.run("gateway install --json");
    let told: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((refused.status.code(), &told["ok"]), (Some(1), &json!(false)));
    assert_eq!(fs::read_to_string(machine.path(UNIT)).unwrap(), theirs);

    let status = machine.json("gateway status --no-probe");
    let environment = &status["service"]["command"]["environment"];
    assert_eq!(environment["OPENCLAW_GATEWAY_TOKEN"], "[redacted]");
    let codes: Vec<_> = status["service"]["configAudit"]["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["service.secret_in_unit", "service.node_runtime"]);
    machine.json("gateway install --force");
    let kept = fs::read_to_string(machine.path(&format!("{UNIT}.bak"))).unwrap();
    assert_eq!(kept, theirs);
}

#[test]
fn the_status_has_the_keys_openclaws_tools_read() {
    let machine = Machine::new();
    machine.json("--profile work gateway install --port 18799");
    machine.write(".config/systemd/user/clawdbot-gateway.service", "[Service]\nExecStart=/x\n");
    let status = machine.json("--profile work gateway status --no-probe --deep");
    let service = &status["service"];
    let expected =
        ["command", "configAudit", "label", "loaded", "loadedText", "notLoadedText", "runtime"];
    assert_eq!(keys(service), expected);
    let expected = ["environment", "programArguments", "sourcePath", "workingDirectory"];
    assert_eq!(keys(&service["command"]), expected);
    assert_eq!(service["command"]["environment"]["OPENCLAW_PROFILE"], "work");
    let source = service["command"]["sourcePath"].as_str().unwrap();
    assert!(source.ends_with("openclaw-gateway-work.service"), "{source}");
    assert_eq!(status["gateway"]["portSource"], "service args");
    assert_eq!(
        (&status["port"]["port"], &status["portCli"]["port"]),
        (&json!(18799), &json!(18789))
    );
    assert_eq!(status["config"]["daemon"]["path"], status["config"]["cli"]["path"]);
    assert_eq!(status["legacyServices"][0]["label"], "clawdbot-gateway");
    assert_eq!(status["extraServices"], json!([]));
}

#[test]
fn a_node_is_a_service_as_well() {
    let machine = Machine::new();
    machine.json("node install --host gateway.local --port 1 --display-name desk");
    let unit = machine.path(".config/systemd/user/openclaw-node.service");
    let text = fs::read_to_string(unit).unwrap();
    assert!(
        text.contains(" node run --host=gateway.local --port=1 --display-name=desk\n"),
        "{text}"
    );
    assert_eq!(machine.json("node status")["service"]["label"], "systemd");
    assert_eq!(machine.json("node uninstall")["result"], "uninstalled");
}

#[test]
fn the_doctor_finds_mends_and_says_what_stays() {
    let machine = Machine::new();
    machine.write(".clawdbot/clawdbot.json", "{}");
    machine.write(".openclaw/.secret.left", "");
    let long_ago = SystemTime::now() - Duration::from_hours(2);
    File::open(machine.path(".openclaw/.secret.left")).unwrap().set_modified(long_ago).unwrap();
    let config = "{\n  gateway: { controlUi: { allowedOrigins: [\"*\"] },\n    port: true },\n}";
    machine.write(".openclaw/openclaw.json", config);
    let mode = |path: &str, mode| {
        fs::set_permissions(machine.path(path), Permissions::from_mode(mode)).unwrap();
    };
    mode(".openclaw", 0o755);
    mode(".openclaw/openclaw.json", 0o644);

    let found = |arguments: &str| {
        let output = machine.run(&format!("{arguments} --json"));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "something critical stays: {told}");
        let findings = told["findings"].as_array().unwrap().iter();
        let ids = findings.map(|it| it["checkId"].as_str().unwrap().to_owned());
        (ids.collect::<Vec<_>>(), told)
    };
    let (all, told) = found("doctor");
    let origin = "gateway.control_ui.wildcard_origin";
    let expected = [
        "fs.config.perms_world_readable",
        origin,
        "config.section_invalid",
        "fs.state_dir.perms_readable",
        "state.legacy",
        "fs.leftovers",
        "gateway.stopped",
    ];
    assert_eq!(all, expected);
    let invalid = &told["findings"][2];
    assert!(invalid["detail"].as_str().unwrap().contains("openclaw.json:3: gateway.port: "));
    let (audited, _) = found("security audit");
    assert_eq!(audited, ["fs.config.perms_world_readable", origin, "fs.state_dir.perms_readable"]);

    let (left, told) = found("doctor --fix --non-interactive");
    assert_eq!(left, [origin, "config.section_invalid", "state.legacy", "gateway.stopped"]);
    assert_eq!(told["fixed"].as_array().unwrap().len(), 3);
    assert!(!machine.path(".openclaw/.secret.left").exists());
    assert_eq!(fs::read_to_string(machine.path(".openclaw/openclaw.json")).unwrap(), config);
}

#[test]
fn the_doctor_makes_a_new_token_when_asked() {
    let machine = Machine::new();
    let told = machine.json("doctor --generate-gateway-token");
    let path = machine.path(".openclaw/gateway-token");
    let first = fs::read_to_string(&path).unwrap();
    assert_eq!(first.len(), 43);
    assert!(!told.to_string().contains(&first), "a token is not printed");
    machine.json("doctor --generate-gateway-token");
    assert_ne!(fs::read_to_string(&path).unwrap(), first);
}

/// A gateway that is ended when the test is.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn systemd_is_told_that_it_is_ready_alive_and_stopping() {
    let machine = Machine::new();
    let socket = UnixDatagram::bind(machine.path("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let hear = || {
        let mut told = [0; 512];
        let length = socket.recv(&mut told).unwrap();
        String::from_utf8_lossy(&told[..length]).into_owned()
    };
    let mut command = machine.command("gateway run --port 0");
    command.env("NOTIFY_SOCKET", machine.path("notify")).env("WATCHDOG_USEC", "200000");
    let mut gateway = Running(command.stderr(Stdio::null()).spawn().unwrap());

    let ready = hear();
    assert!(ready.starts_with("READY=1\nSTATUS=listening on 127.0.0.1:"), "{ready}");
    assert!(hear().starts_with("WATCHDOG=1") && hear().starts_with("WATCHDOG=1"));

    // It runs without the service.
    let told = machine.json("gateway stop");
    assert_eq!(told["result"], "stopped");
    assert_eq!(machine.changes(), [""; 0]);
    let said = std::iter::repeat_with(hear).find(|told| !told.starts_with("WATCHDOG=1"));
    assert!(said.unwrap().starts_with("STOPPING=1"));
    assert!(gateway.0.wait().unwrap().success());
}
