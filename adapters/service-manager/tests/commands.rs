//! What the system is asked, by fake programs that write it down.

#![expect(clippy::unwrap_used, reason = "it is a test")]

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use ports::driven::{
    ServiceAuthor, ServiceDefinition, ServiceError, ServiceInstalled, ServiceKind, ServiceManager,
};
use service_manager::{Identity, LaunchAgent, Options, Programs, ScheduledTask, Scope, Systemd};
use tempfile::TempDir;

/// A machine with fake programs.
struct Machine {
    dir: TempDir,
}

impl Machine {
    /// `program` answers what `script` says; all it is asked is written down.
    fn new(program: &str, script: &str) -> Self {
        let machine = Self { dir: tempfile::tempdir().unwrap() };
        machine.program(program, script);
        machine
    }

    fn program(&self, name: &str, script: &str) {
        let place = self.dir.path().join("bin").join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let log = self.dir.path().join("asked");
        let text = format!("#!/bin/sh\necho \"{name} $*\" >> '{}'\n{script}\n", log.display());
        fs::write(&place, text).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn options(&self, scope: Scope) -> Options {
        let root = self.dir.path().to_owned();
        Options {
            identity: Identity { kind: ServiceKind::Gateway, profile: None, scope },
            home: root.join("home"),
            state_dir: root.join("home/.openclaw"),
            programs: Programs::along(root.join("bin"), Vec::new()),
            root,
        }
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<String> {
        let log = self.dir.path().join("asked");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        text.lines().map(str::to_owned).collect()
    }

    fn file(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.file(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn service() -> ServiceDefinition {
    ServiceDefinition {
        kind: ServiceKind::Gateway,
        command: ["/usr/bin/openclaw", "gateway", "run", "--port", "1"].map(str::to_owned).into(),
        environment: vec![("OPENCLAW_SERVICE_MARKER".into(), "openclaw".into())],
        working_directory: "/home".into(),
        writable: vec!["/home".into()],
        log_directory: "/home".into(),
        stop_timeout: Duration::from_secs(45),
        port: Some(1),
        user: 1000,
    }
}

const UNIT: &str = "home/.config/systemd/user/openclaw-gateway.service";
/// A systemd that knows the unit once there is one.
const KNOWS: &str = "echo LoadState=loaded; echo UnitFileState=enabled; echo ActiveState=active
    echo SubState=running; echo MainPID=812; echo ExecMainStatus=0; echo ExecMainCode=0";
const KNOWS_NOTHING: &str = "echo LoadState=not-found; echo ActiveState=inactive";
const SHOW: &str = "systemctl --user show openclaw-gateway.service --no-page --property \
    LoadState,UnitFileState,ActiveState,SubState,MainPID,ExecMainStatus,ExecMainCode,Result,\
    ExecMainStartTimestamp";

#[tokio::test]
async fn a_life_with_systemd() {
    let machine = Machine::new("systemctl", KNOWS_NOTHING);
    machine.program("loginctl", "echo Linger=no");
    let systemd = Systemd::new(machine.options(Scope::User));

    for nothing in [systemd.start().await, systemd.stop().await, systemd.restart().await] {
        assert!(!nothing.unwrap());
    }
    assert!(!systemd.uninstall().await.unwrap());
    assert_eq!(machine.asked(), [""; 0], "nothing is there to be asked about");

    assert_eq!(systemd.install(&service(), false).await.unwrap(), ServiceInstalled::Now);
    let unit = "openclaw-gateway.service";
    let user = |rest: &str| format!("systemctl --user {rest}");
    let [enable, restart] = ["enable", "restart"].map(|verb| user(&format!("{verb} {unit}")));
    assert_eq!(machine.asked(), [SHOW.to_owned(), user("daemon-reload"), enable, restart]);
    assert!(machine.file(UNIT).is_file());

    machine.program("systemctl", KNOWS);
    assert_eq!(systemd.install(&service(), false).await.unwrap(), ServiceInstalled::Already);
    assert_eq!(systemd.install(&service(), true).await.unwrap(), ServiceInstalled::Already);
    assert_eq!(machine.asked(), [SHOW, SHOW]);

    let status = systemd.status(Some(service())).await.unwrap();
    assert!(status.loaded && status.outlives_login == Some(false));
    assert_eq!((status.runtime.running, status.runtime.pid), (Some(true), Some(812)));
    let installed = status.installed.unwrap();
    assert_eq!(installed.command, service().command);
    assert_eq!((installed.author, installed.is_current), (ServiceAuthor::Ours, Some(true)));
    machine.asked();

    assert!(systemd.start().await.unwrap());
    assert!(systemd.stop().await.unwrap());
    assert!(systemd.restart().await.unwrap());
    let verbs = ["start", "stop", "restart"].map(|verb| user(&format!("{verb} {unit}")));
    assert_eq!(machine.asked(), verbs);

    assert!(systemd.uninstall().await.unwrap());
    let disable = user(&format!("disable --now {unit}"));
    assert_eq!(machine.asked(), [disable, user("daemon-reload")]);
    assert!(!machine.file(UNIT).exists());

    systemd.outlive_login().await.unwrap();
    assert_eq!(machine.asked(), ["loginctl enable-linger"]);
}

#[tokio::test]
async fn the_whole_system_is_asked_without_user() {
    let machine = Machine::new("systemctl", KNOWS);
    let systemd = Systemd::new(machine.options(Scope::System));
    systemd.install(&service(), false).await.unwrap();
    assert!(machine.asked().iter().all(|asked| !asked.contains("--user")));
    let unit = machine.file("etc/systemd/system/openclaw-gateway.service");
    assert!(fs::read_to_string(unit).unwrap().contains("User=1000"));
    assert_eq!(systemd.status(None).await.unwrap().outlives_login, Some(true));
}

#[tokio::test]
async fn a_changed_definition_waits_for_leave() {
    let machine = Machine::new("systemctl", KNOWS);
    let systemd = Systemd::new(machine.options(Scope::User));
    systemd.install(&service(), false).await.unwrap();
    let newer = ServiceDefinition { stop_timeout: Duration::from_mins(1), ..service() };
    let status = systemd.status(Some(newer.clone())).await.unwrap();
    assert_eq!(status.installed.unwrap().is_current, Some(false));
    let outcome = systemd.install(&newer, false).await.unwrap();
    assert_eq!(outcome, ServiceInstalled::AlreadyDifferent);
    assert!(fs::read_to_string(machine.file(UNIT)).unwrap().contains("TimeoutStopSec=45"));
    assert_eq!(systemd.install(&newer, true).await.unwrap(), ServiceInstalled::Now);
    assert!(fs::read_to_string(machine.file(UNIT)).unwrap().contains("TimeoutStopSec=60"));
}

#[tokio::test]
async fn units_of_others_stay_and_are_told() {
    let machine = Machine::new("systemctl", KNOWS);
    let node = "[Service]\nExecStart=/usr/bin/node /opt/index.js gateway --port 18789\n\
        Environment=OPENCLAW_SERVICE_MARKER=openclaw\nEnvironment=OPENCLAW_GATEWAY_TOKEN=canary\n";
    let stranger = "[Service]\nExecStart=/usr/bin/nginx\n";
    machine.write(UNIT, node);
    machine.write("home/.config/systemd/user/clawdbot-gateway.service", node);
    machine.write("home/.config/systemd/user/nginx.service", stranger);
    machine.write(
        "home/.config/systemd/user/openclaw-node.service",
        "[Service]\nExecStart=/usr/bin/openclaw node run\n",
    );
    machine.write(
        "etc/systemd/system/mine.service",
        "[Service]\nExecStart=/opt/openclaw gateway run\n",
    );
    machine.write("usr/lib/systemd/system/moltbot.service", stranger);
    let systemd = Systemd::new(machine.options(Scope::User));

    let refused = systemd.install(&service(), false).await.unwrap_err();
    assert!(matches!(refused, ServiceError::NotOurs(_)), "{refused}");
    let installed = systemd.status(None).await.unwrap().installed.unwrap();
    assert_eq!(installed.author, ServiceAuthor::OpenClaw);
    assert_eq!(installed.secrets, ["OPENCLAW_GATEWAY_TOKEN"]);
    assert!(!format!("{installed:?}").contains("canary"));

    let told = async |deep| {
        let others = systemd.others(deep).await;
        others.into_iter().map(|it| (it.label, it.is_legacy, it.is_system)).collect::<Vec<_>>()
    };
    let old = ("clawdbot-gateway".to_owned(), true, false);
    let mine = ("mine".to_owned(), false, true);
    assert_eq!(told(false).await, [old.clone(), mine.clone()]);
    assert_eq!(told(true).await, [old, mine, ("moltbot".to_owned(), true, true)]);

    systemd.install(&service(), true).await.unwrap();
    let kept = fs::read_to_string(machine.file(&format!("{UNIT}.bak"))).unwrap();
    assert_eq!(kept, node);

    machine.write(UNIT, stranger);
    let refused = systemd.uninstall().await.unwrap_err();
    assert!(matches!(refused, ServiceError::NotOurs(_)), "{refused}");
    assert_eq!(fs::read_to_string(machine.file(UNIT)).unwrap(), stranger);
}

#[tokio::test]
async fn a_machine_without_systemd_says_so_and_gets_no_unit() {
    let silent = "echo 'Failed to connect to bus: No medium found' >&2; exit 1";
    let machine = Machine::new("systemctl", silent);
    for machine in [machine, Machine::new("something", "")] {
        let systemd = Systemd::new(machine.options(Scope::User));
        let refused = systemd.install(&service(), false).await.unwrap_err();
        assert!(matches!(refused, ServiceError::Unavailable(_)), "{refused}");
        assert!(!machine.file(UNIT).exists());
        let status = systemd.status(None).await.unwrap();
        assert_eq!((status.loaded, status.runtime.running), (false, None));
        assert!(status.runtime.detail.is_some());
    }
}

#[tokio::test]
async fn what_the_system_says_about_a_failure_is_passed_on() {
    let machine = Machine::new("systemctl", KNOWS);
    let systemd = Systemd::new(machine.options(Scope::User));
    systemd.install(&service(), false).await.unwrap();
    machine.program("systemctl", "echo 'Job failed. See journalctl.' >&2; exit 1");
    let failed = systemd.restart().await.unwrap_err().to_string();
    let command = "`systemctl --user restart openclaw-gateway.service` failed";
    assert_eq!(failed, format!("{command}: Job failed. See journalctl."));
}

#[tokio::test]
async fn a_life_with_launchd() {
    let absent = r#"case "$1" in print) exit 113;; esac"#;
    let machine = Machine::new("launchctl", absent);
    let launchd = LaunchAgent::new(machine.options(Scope::User));
    let domain = format!("gui/{}", rustix::process::getuid().as_raw());
    let target = format!("{domain}/ai.openclaw.gateway");
    let plist = machine.file("home/Library/LaunchAgents/ai.openclaw.gateway.plist");
    let asked = |verbs: &[&str]| -> Vec<String> {
        let line = |verb: &&str| match *verb {
            "bootstrap" => format!("launchctl bootstrap {domain} {}", plist.display()),
            verb => format!("launchctl {verb} {target}"),
        };
        verbs.iter().map(line).collect()
    };

    assert!(!launchd.start().await.unwrap() && !launchd.stop().await.unwrap());
    machine.asked();
    assert_eq!(launchd.install(&service(), false).await.unwrap(), ServiceInstalled::Now);
    assert_eq!(machine.asked(), asked(&["print", "enable", "bootstrap", "kickstart -k"]));
    assert!(launchd.restart().await.unwrap());
    let anew = ["print", "print", "enable", "bootstrap", "kickstart -k"];
    assert_eq!(machine.asked(), asked(&anew));

    machine.program("launchctl", "echo 'state = running'; echo 'pid = 5'");
    assert_eq!(launchd.install(&service(), false).await.unwrap(), ServiceInstalled::Already);
    let status = launchd.status(Some(service())).await.unwrap();
    assert_eq!((status.loaded, status.runtime.pid), (true, Some(5)));
    assert_eq!(status.installed.unwrap().is_current, Some(true));
    machine.asked();
    assert!(launchd.restart().await.unwrap() && launchd.stop().await.unwrap());
    assert_eq!(machine.asked(), asked(&["print", "kickstart -k", "print", "bootout"]));
    let newer = ServiceDefinition { stop_timeout: Duration::from_mins(1), ..service() };
    launchd.install(&newer, true).await.unwrap();
    let anew = ["print", "bootout", "enable", "bootstrap", "kickstart -k"];
    assert_eq!(machine.asked(), asked(&anew));

    machine.write("home/Library/LaunchAgents/com.clawdbot.gateway.plist", "");
    let others = launchd.others(false).await;
    assert!(others.len() == 1 && others[0].is_legacy && others[0].platform == "darwin");
    assert!(launchd.uninstall().await.unwrap() && !plist.exists());
}

#[tokio::test]
async fn a_life_with_windows() {
    let machine = Machine::new("schtasks", "exit 1");
    let task = ScheduledTask::new(machine.options(Scope::User));
    assert!(!task.start().await.unwrap() && !task.stop().await.unwrap());
    assert!(!task.uninstall().await.unwrap());
    machine.asked();

    let script = machine.file("home/.openclaw/gateway.cmd");
    machine.program("schtasks", r#"case "$1" in /Query) exit 1;; esac"#);
    assert_eq!(task.install(&service(), false).await.unwrap(), ServiceInstalled::Now);
    let name = "/TN OpenClaw Gateway";
    let query = format!("schtasks /Query {name} /V /FO LIST");
    let create =
        format!("schtasks /Create /F /SC ONLOGON /RL LIMITED {name} /TR \"{}\"", script.display());
    let [run, end] = ["/Run", "/End"].map(|verb| format!("schtasks {verb} {name}"));
    assert_eq!(machine.asked(), [query.clone(), create, run.clone()]);

    machine.program("schtasks", "echo 'Status: Running'");
    assert_eq!(task.install(&service(), false).await.unwrap(), ServiceInstalled::Already);
    assert!(task.status(None).await.unwrap().loaded);
    machine.asked();
    assert!(task.restart().await.unwrap());
    assert_eq!(machine.asked(), [query.clone(), end.clone(), run]);
    assert!(task.uninstall().await.unwrap() && !script.exists());
    assert_eq!(machine.asked(), [query, end, format!("schtasks /Delete /F {name}")]);

    machine.program("schtasks", r"echo 'TaskName: \Clawdbot Gateway'; echo 'TaskName: \Other'");
    let others = task.others(true).await;
    assert!(others.len() == 1 && others[0].label == "Clawdbot Gateway" && others[0].is_legacy);
}
