//! The checks that are about a start.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use super::{
    client::{Connection, excerpt},
    expect::Mismatch,
    gateway::{Gateway, Start},
    operator,
    stage::RECORDS,
    written,
};

/// What is known after a start.
pub(super) struct Scene<'a> {
    pub(super) gateway: &'a mut Gateway,
    pub(super) start: &'a Start,
    /// What the database held before it.
    pub(super) database: Option<Vec<u8>>,
}

/// A check with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Started {
    SaysNothingOf(String),
    LogsNothingOf(String),
    ChildrenKnowNothingOf(String),
    OnlyThisMachine,
    NoOverflow,
    ConfigForOwnerOnly,
    OthersReadable,
    DamageCounted,
    NothingMayRun,
    DatabaseUnchanged,
    DatabaseSound,
    NothingOfLaterLog,
}

impl Started {
    pub(super) fn parse(name: &str) -> Option<Self> {
        /// What is made of a secret.
        type Make = fn(String) -> Started;
        let makers: [(&str, Make); 3] = [
            ("stderr_does_not_contain:", Self::SaysNothingOf),
            ("log_does_not_contain:", Self::LogsNothingOf),
            ("children_environ_does_not_contain:", Self::ChildrenKnowNothingOf),
        ];
        for (prefix, maker) in makers {
            if let Some(secret) = name.strip_prefix(prefix) {
                return Some(maker(secret.to_owned()));
            }
        }
        Some(match name {
            "nothing listens on 0.0.0.0" | "listens on loopback only" => Self::OnlyThisMachine,
            "no stack overflow (exit code not 134/139)" => Self::NoOverflow,
            "gateway starts and chmods 0600 (or exits 1 naming the mode)" => {
                Self::ConfigForOwnerOnly
            }
            "records before and after are readable" => Self::OthersReadable,
            "damage counted in health" => Self::DamageCounted,
            "security=deny until repaired" => Self::NothingMayRun,
            "file not modified further" => Self::DatabaseUnchanged,
            "integrity_check ok" => Self::DatabaseSound,
            "no stale WAL applied" => Self::NothingOfLaterLog,
            _ => return None,
        })
    }

    pub(super) async fn check(&self, scene: &mut Scene<'_>) -> Result<(), Mismatch> {
        match self {
            Self::SaysNothingOf(secret) => lacks(scene.start.said.as_bytes(), secret),
            Self::LogsNothingOf(secret) => lacks(&scene.gateway.log(), secret),
            Self::ChildrenKnowNothingOf(secret) => children_know_nothing(scene, secret),
            Self::OnlyThisMachine => only_this_machine(scene),
            Self::NoOverflow => match scene.start.ended.map(|status| status.code()) {
                Some(None | Some(134 | 139)) => Err("no stack overflow; it was killed".to_owned()),
                None | Some(Some(_)) => Ok(()),
            },
            Self::ConfigForOwnerOnly => config_for_owner_only(scene),
            Self::OthersReadable => others_readable(scene).await,
            Self::DamageCounted => damage_counted(scene).await,
            Self::NothingMayRun => nothing_may_run(scene).await,
            Self::DatabaseUnchanged => {
                let now = fs::read(scene.gateway.database()).ok();
                if now.is_some() && now == scene.database {
                    return Ok(());
                }
                Err("the database is left as it is; it is not".to_owned())
            }
            Self::DatabaseSound => {
                scene.gateway.kill().await?;
                let damaged = written::damaged(&scene.gateway.database()).await?;
                scene.gateway.restart().await?;
                if damaged == 0 { Ok(()) } else { Err(format!("a sound database; {damaged}")) }
            }
            Self::NothingOfLaterLog => nothing_of_later_log(scene).await,
        }
    }
}

async fn login(scene: &Scene<'_>) -> Result<Connection, Mismatch> {
    operator::login(&scene.gateway.site, &Value::Null).await
}

fn lacks(text: &[u8], secret: &str) -> Result<(), Mismatch> {
    let text = String::from_utf8_lossy(text);
    if text.contains(secret) { Err("nothing of a secret; it is there".to_owned()) } else { Ok(()) }
}

/// The processes that `pid` started.
pub(super) fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let numbers = |list: String| -> Vec<u32> {
        list.split_whitespace().filter_map(|number| number.parse().ok()).collect()
    };
    lists.flat_map(numbers).collect()
}

/// What a child knows it has from its parent, unless it is told more.
fn children_know_nothing(scene: &Scene<'_>, secret: &str) -> Result<(), Mismatch> {
    let pid = scene.gateway.pid().ok_or("a gateway that runs")?;
    for process in children(pid).into_iter().chain([pid]) {
        let environ = fs::read(format!("/proc/{process}/environ"));
        let environ = environ.map_err(|error| format!("an environment; {error}"))?;
        lacks(&environ, secret)?;
    }
    Ok(())
}

/// Whether a gateway that runs listens, and nowhere but on the loopback.
fn only_this_machine(scene: &Scene<'_>) -> Result<(), Mismatch> {
    if scene.start.ended.is_some() {
        return Ok(());
    }
    let pid = scene.gateway.pid().ok_or("a gateway that runs")?;
    let files = fs::read_dir(format!("/proc/{pid}/fd")).map_err(|error| error.to_string())?;
    let sockets: BTreeSet<String> = files
        .flatten()
        .filter_map(|file| fs::read_link(file.path()).ok())
        .filter_map(|link| {
            let link = link.to_string_lossy().into_owned();
            Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let mut places = Vec::new();
    for table in ["tcp", "tcp6"] {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{table}"));
        places.extend(listening(&table.unwrap_or_default(), &sockets));
    }
    let near = |place: &String| *place == LOOPBACK || *place == LOOPBACK_6;
    if !places.is_empty() && places.iter().all(near) {
        return Ok(());
    }
    Err(format!("it listens on the loopback only; {places:?}"))
}

/// How the kernel writes the loopback addresses.
const LOOPBACK: &str = "0100007F";
const LOOPBACK_6: &str = "00000000000000000000000001000000";

/// Where those of `sockets` listen that are in the kernel's `table`.
fn listening(table: &str, sockets: &BTreeSet<String>) -> Vec<String> {
    const LISTEN: &str = "0A";
    let rows = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.get(3) == Some(&LISTEN))
        .filter(|row| row.get(9).is_some_and(|inode| sockets.contains(*inode)))
        .filter_map(|row| Some(row.get(1)?.split_once(':')?.0.to_owned()))
        .collect()
}

fn config_for_owner_only(scene: &Scene<'_>) -> Result<(), Mismatch> {
    let about = fs::metadata(scene.gateway.config_file()).map_err(|error| error.to_string())?;
    let mode = about.permissions().mode() & 0o777;
    match scene.start.ended {
        None if mode == 0o600 => Ok(()),
        Some(status) if status.code() == Some(1) && scene.start.said.contains("644") => Ok(()),
        _ => Err(format!("a configuration for its owner only; {mode:o}: {}", scene.start.said)),
    }
}

async fn others_readable(scene: &Scene<'_>) -> Result<(), Mismatch> {
    let history = login(scene).await?.history("main").await?;
    let times = |text: &str| history.iter().filter(|said| said.text == text).count();
    if RECORDS.map(times) == [1, 0, 1] {
        return Ok(());
    }
    Err(format!("what is not damaged is readable; {history:?}"))
}

async fn damage_counted(scene: &Scene<'_>) -> Result<(), Mismatch> {
    let operator = login(scene).await?;
    // Damage is found when something is read.
    operator.history("main").await?;
    let health = operator.call("health", json!({ "probe": true })).await?;
    match health["problems"]["store"].as_str() {
        Some(problem) if problem.contains("1 stored record is damaged") => Ok(()),
        _ => Err(format!("damage is counted in health; {}", excerpt(&health.to_string()))),
    }
}

async fn nothing_may_run(scene: &Scene<'_>) -> Result<(), Mismatch> {
    let policy = login(scene).await?.call("exec.approvals.get", json!({})).await?;
    let (file, problem) = (&policy["file"]["defaults"]["security"], &policy["problem"]);
    if *file == "deny" || (file.is_null() && problem.is_string()) {
        return Ok(());
    }
    Err(format!("nothing may run; {policy}"))
}

async fn nothing_of_later_log(scene: &Scene<'_>) -> Result<(), Mismatch> {
    let history = login(scene).await?.history("main").await?;
    let is_there = |text: &str| history.iter().any(|said| said.text == text);
    if is_there("hello") && !is_there(RECORDS[0]) {
        return Ok(());
    }
    Err(format!("what was said until the copy, and nothing later; {history:?}"))
}

#[test]
fn where_a_process_listens() {
    let sockets = BTreeSet::from(["77".to_owned(), "78".to_owned()]);
    let table = "sl local rem st tx tr retrnsmt uid timeout inode\n\
        0: 0100007F:1F90 00000000:0000 0A 0:0 00:0 0 0 0 77 1\n\
        1: 00000000:1F91 00000000:0000 0A 0:0 00:0 0 0 0 78 1\n\
        2: 0100007F:1F92 00000000:0000 01 0:0 00:0 0 0 0 78 1\n\
        3: 00000000:1F93 00000000:0000 0A 0:0 00:0 0 0 0 79 1\n";
    assert_eq!(listening(table, &sockets), [LOOPBACK, "00000000"]);
    let loopback = u32::from_str_radix(LOOPBACK, 16).unwrap().to_le_bytes();
    assert_eq!(std::net::Ipv4Addr::from(loopback), std::net::Ipv4Addr::LOCALHOST);
}
