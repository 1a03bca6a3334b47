//! Ports: which one, who has it, and how to get it back.

use std::{fs, os::unix::fs::MetadataExt, path::Path, time::Duration};

use ports::driven::ConfigSource;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tokio::time::{Instant, sleep};

use crate::cli::{context::Context, failure::Failure, lock::Holder};

/// How often to look whether a port is free.
const LOOK: Duration = Duration::from_millis(50);
/// How long a program may take to leave when asked.
const POLITE: Duration = Duration::from_millis(700);
/// How long leaving may take at all.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads a port: digits and nothing else. `0` means any free one.
pub(crate) fn parse(text: &str) -> Result<u16, Failure> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.then(|| text.parse().ok()).flatten();
    port.ok_or_else(|| Failure::new("Invalid port (0 to 65535, 0 for any free one)"))
}

/// The port to listen on that was asked for: by flag, by variable.
pub(crate) fn asked_for(context: &Context, flag: Option<&str>) -> Result<Option<u16>, Failure> {
    if let Some(text) = flag {
        return parse(text.trim()).map(Some);
    }
    let Some(text) = context.variable("GATEWAY_PORT") else { return Ok(None) };
    let port = parse(&text);
    port.map(Some).map_err(|failure| failure.with("It is set in OPENCLAW_GATEWAY_PORT."))
}

/// The port to listen on: by flag, by variable, by configuration.
pub(crate) fn choose(context: &Context, flag: Option<&str>) -> Result<u16, Failure> {
    if let Some(port) = asked_for(context, flag)? {
        return Ok(port);
    }
    let configured = context.config.current().gateway.port;
    let default = ports::config::Config::default().gateway.port;
    Ok(context.default_port().filter(|_| configured == default).unwrap_or(configured))
}

/// A program that listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    /// Its number.
    pub(crate) pid: u32,
    /// How it was started.
    pub(crate) command: String,
    /// Whether it is ours to stop.
    pub(crate) own: bool,
}

/// Who listens on `port`. Programs of other users may be left out.
pub(crate) fn listeners(port: u16) -> Vec<Listener> {
    let sockets = sockets(port);
    if sockets.is_empty() {
        return Vec::new();
    }
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbered = processes.filter_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, entry.path()))
    });
    numbered
        .filter(|(_, process)| has_one_of(process, &sockets))
        .map(|(pid, process)| Listener {
            pid,
            command: command(&process),
            own: fs::metadata(&process).is_ok_and(|it| it.uid() == geteuid().as_raw()),
        })
        .collect()
}

/// Whether anybody listens on `port`.
pub(crate) fn is_taken(port: u16) -> bool {
    !sockets(port).is_empty()
}

/// Ends who listens on `port`: asks first, and does not ask again. Returns who
/// that was.
pub(crate) async fn free(port: u16) -> Result<Vec<Listener>, Failure> {
    let found = listeners(port);
    if let Some(other) = found.iter().find(|listener| !listener.own) {
        let message = format!("port {port} is held by a program of another user");
        return Err(Failure::new(format!("{message} (pid {})", other.pid)));
    }
    let left: Vec<_> = found.iter().map(|listener| Holder::process(listener.pid)).collect();
    let signal = |signal| {
        for process in left.iter().filter(|process| process.is_alive()) {
            if let Some(pid) = Pid::from_raw(process.pid.cast_signed()) {
                // One that has left already is what we want.
                let _ = kill_process(pid, signal);
            }
        }
    };
    let begin = Instant::now();
    let mut forced = false;
    signal(Signal::TERM);
    // A gateway gives up its port at once and its state only when it ends.
    while is_taken(port) || left.iter().any(Holder::is_alive) {
        if PATIENCE < begin.elapsed() {
            return Err(Failure::new(format!("port {port} could not be freed")));
        }
        if !forced && POLITE < begin.elapsed() {
            signal(Signal::KILL);
            forced = true;
        }
        sleep(LOOK).await;
    }
    Ok(found)
}

/// The inodes of the sockets that listen on `port`.
fn sockets(port: u16) -> Vec<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let tables = tables.into_iter().flatten();
    tables.flat_map(|table| listening(&table, port)).collect()
}

/// The inodes in one of the kernel's tables.
fn listening(table: &str, port: u16) -> Vec<String> {
    /// How the kernel spells "listening".
    const LISTEN: &str = "0A";
    let rows = table.lines().skip(1).filter_map(|row| {
        let cells: Vec<_> = row.split_whitespace().collect();
        let (_, local) = cells.get(1)?.rsplit_once(':')?;
        let found = u16::from_str_radix(local, 16).ok()? == port && cells.get(3)? == &LISTEN;
        found.then(|| cells.get(9).map(|inode| (*inode).to_owned())).flatten()
    });
    rows.collect()
}

fn has_one_of(process: &Path, sockets: &[String]) -> bool {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()).any(|target| {
        let target = target.to_string_lossy();
        let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
        inode.is_some_and(|inode| sockets.iter().any(|socket| socket == inode))
    })
}

/// How a process was started, without its arguments: they may hold secrets.
fn command(process: &Path) -> String {
    let line = fs::read(process.join("cmdline")).unwrap_or_default();
    let program = line.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(program).into_owned()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn ports() {
        let table = [
            ("18789", Some(18789)),
            ("0", Some(0)),
            ("65535", Some(65535)),
            ("65536", None),
            ("-1", None),
            ("+1", None),
            ("1e4", None),
            ("18789abc", None),
            ("0x10", None),
            ("1.0", None),
            ("", None),
            ("abc", None),
            ("٣", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
        assert!(parse("abc").unwrap_err().message().starts_with("Invalid port"));
    }

    #[test]
    fn who_listens_is_found_and_is_us() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let found = listeners(port);
        assert_eq!(found.iter().map(|it| it.pid).collect::<Vec<_>>(), [std::process::id()]);
        assert!(found[0].own && found[0].command.contains("openclaw"));
        drop(listener);
        assert!(!is_taken(port));
    }

    #[test]
    fn only_listening_sockets_of_the_port_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:4965 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 11 1\n\
             1: 0100007F:4965 0100007F:A0A0 01 00000000:00000000 00:00000000 00000000  1000        0 12 1\n\
             2: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 13 1\n";
        assert_eq!(listening(table, 18789), ["11"]);
    }
}
