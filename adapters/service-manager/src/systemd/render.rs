//! What a unit says.
//!
//! Why each directive is there stands in the README.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use ports::driven::{ServiceDefinition, ServiceError, ServiceKind};

use crate::{
    name::{Identity, Scope},
    recognise,
};

/// What every service of ours lives with.
const ALWAYS: &str = "\
Restart=always
RestartSec=5
RestartPreventExitStatus=78
KillMode=mixed
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
";

/// What only the system's own systemd can do.
const SYSTEM: &str = "\
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
";

/// The directories `PrivateTmp` hides.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];
/// Ports below take a privilege.
const FIRST_FREE_PORT: u16 = 1024;

/// The unit of a service. Refuses what a unit cannot say, and secrets.
pub fn render(service: &ServiceDefinition, identity: &Identity) -> Result<String, ServiceError> {
    let system = identity.scope == Scope::System;
    let gateway = service.kind == ServiceKind::Gateway;
    let mut unit = String::new();
    let unit_name = identity.unit();
    let user = if system { "" } else { "--user " };
    lines(
        &mut unit,
        &[
            format!(
                "# Written by `openclaw {} install`. Changes of your own belong into a",
                service.kind.word()
            ),
            format!("# file beside it, which stays: systemctl {user}edit {unit_name}"),
            "[Unit]".into(),
            format!("Description={}", plain(&identity.description())?),
            "After=network-online.target".into(),
            "Wants=network-online.target".into(),
            String::new(),
            "[Service]".into(),
        ],
    );
    if gateway {
        lines(
            &mut unit,
            &[
                "Type=notify".into(),
                "NotifyAccess=main".into(),
                "TimeoutStartSec=120".into(),
                "WatchdogSec=60".into(),
            ],
        );
    } else {
        lines(&mut unit, &["Type=exec".into()]);
    }
    lines(
        &mut unit,
        &[
            format!("TimeoutStopSec={}", service.stop_timeout.as_secs()),
            format!("ExecStart={}", command(&service.command)?),
            format!("WorkingDirectory={}", plain(text(&service.working_directory)?)?),
        ],
    );
    for (name, value) in &service.environment {
        if recognise::is_secret(name) {
            return Err(ServiceError::Unspeakable(format!("the secret {name}")));
        }
        lines(&mut unit, &[format!("Environment={}", quoted(&format!("{name}={value}"))?)]);
    }
    unit.push_str(ALWAYS);
    if gateway {
        confine(&mut unit, service)?;
    } else {
        unit.push_str("ProtectSystem=full\n");
    }
    if system {
        unit.push_str(SYSTEM);
        lines(&mut unit, &[format!("User={}", service.user)]);
        privileges(&mut unit, service);
    }
    let target = if system { "multi-user.target" } else { "default.target" };
    lines(&mut unit, &[String::new(), "[Install]".into(), format!("WantedBy={target}")]);
    Ok(unit)
}

/// A gateway runs nothing of agents itself; nodes do. It writes to its own
/// directories and nowhere else.
fn confine(unit: &mut String, service: &ServiceDefinition) -> Result<(), ServiceError> {
    unit.push_str("ProtectSystem=strict\nProtectHome=read-only\n");
    let writable = service.writable.iter().map(|path| quoted(&format!("-{}", text(path)?)));
    let writable: Vec<_> = writable.collect::<Result<_, ServiceError>>()?;
    lines(unit, &[format!("ReadWritePaths={}", writable.join(" "))]);
    let program = service.command.first().map(PathBuf::from);
    let needed = service.writable.iter().chain(&program).chain([&service.working_directory]);
    let hidden = |path: &PathBuf| TEMPORARY.iter().any(|temporary| path.starts_with(temporary));
    if needed.into_iter().all(|path| !hidden(path)) {
        unit.push_str("PrivateTmp=yes\n");
    }
    Ok(())
}

/// No privilege at all, except for a low port.
fn privileges(unit: &mut String, service: &ServiceDefinition) {
    let low = service.port.is_some_and(|port| 0 < port && port < FIRST_FREE_PORT);
    unit.push_str(if low {
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"
    } else {
        "CapabilityBoundingSet=\n"
    });
}

fn lines(unit: &mut String, lines: &[String]) {
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(unit, "{line}");
    }
}

/// A command line. In arguments `$` begins a variable, in the program it does
/// not.
fn command(words: &[String]) -> Result<String, ServiceError> {
    let spoken = words.iter().enumerate().map(|(place, word)| {
        let word = if place == 0 { word.clone() } else { word.replace('$', "$$") };
        let simple = |c: char| c.is_ascii_alphanumeric() || "/._-:=".contains(c);
        if !word.is_empty() && word.chars().all(simple) { Ok(word) } else { quoted(&word) }
    });
    Ok(spoken.collect::<Result<Vec<_>, _>>()?.join(" "))
}

/// `word` in quotes, as one word whatever is in it.
fn quoted(word: &str) -> Result<String, ServiceError> {
    let word = plain(word)?.replace('\\', "\\\\").replace('"', "\\\"");
    Ok(format!("\"{word}\""))
}

/// `text` as it stands, where `%` begins something that is put in its place.
fn plain(text: &str) -> Result<String, ServiceError> {
    if text.chars().any(char::is_control) {
        return Err(ServiceError::Unspeakable(format!("{text:?}")));
    }
    Ok(text.replace('%', "%%"))
}

fn text(path: &Path) -> Result<&str, ServiceError> {
    path.to_str().ok_or_else(|| ServiceError::Unspeakable(path.display().to_string()))
}
