//! The checks that are about the configuration.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tokio::time;

use super::{expect::Mismatch, invariant::Aftermath, operator, starting};

/// How long something may take to be logged.
const SOON: Duration = Duration::from_secs(5);

/// A check with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Configured {
    FileUnchanged,
    IssuesNamed,
    StoredTokenIs(String),
    FileAbsent(PathBuf),
    NothingSpawned,
    OldOneActive,
    OneWarning,
    NoRestart,
}

impl Configured {
    pub(super) fn parse(name: &str) -> Option<Self> {
        if let Some(token) = name.strip_prefix("stored_token==") {
            return Some(Self::StoredTokenIs(token.to_owned()));
        }
        if let Some(path) = name.strip_prefix("file_absent:") {
            return Some(Self::FileAbsent(path.into()));
        }
        Some(match name {
            "config_file_unchanged" => Self::FileUnchanged,
            "details.issues non-empty" => Self::IssuesNamed,
            "never spawned through a shell" => Self::NothingSpawned,
            "old config stays active" => Self::OldOneActive,
            "one warning logged" => Self::OneWarning,
            "no restart" => Self::NoRestart,
            _ => return None,
        })
    }

    pub(super) async fn check(&self, after: &Aftermath<'_>) -> Result<(), Mismatch> {
        match self {
            Self::FileUnchanged => file_unchanged(after),
            Self::IssuesNamed => issues_named(after),
            Self::StoredTokenIs(token) => stored_token(after, token),
            Self::FileAbsent(path) if path.exists() => {
                Err(format!("{} is absent; it is there", path.display()))
            }
            Self::FileAbsent(_) => Ok(()),
            Self::NothingSpawned => {
                let pid = after.gateway.pid().ok_or("the gateway is alive")?;
                match starting::children(pid)[..] {
                    [] => Ok(()),
                    ref children => Err(format!("no child processes; {children:?}")),
                }
            }
            Self::OldOneActive => old_one_active(after).await,
            Self::OneWarning => one_warning(after).await,
            Self::NoRestart => {
                match after.gateway.output().matches("listening on ws://127.0.0.1").count() {
                    1 => Ok(()),
                    times => Err(format!("it starts once; it started {times} times")),
                }
            }
        }
    }
}

fn file(after: &Aftermath<'_>) -> Result<Vec<u8>, Mismatch> {
    fs::read(after.gateway.config_file()).map_err(|error| format!("a configuration; {error}"))
}

fn file_unchanged(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let now = file(after)?;
    if now == after.gateway.written_config() {
        return Ok(());
    }
    Err(format!("the configuration is unchanged; {}", String::from_utf8_lossy(&now)))
}

fn issues_named(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let connection = after.connection.ok_or("a connection")?;
    let seen = connection.seen();
    let response = seen.message(after.from, |message| message["type"] == "res");
    let details = &response.ok_or("a response")?.json["error"]["details"];
    match details["issues"].as_array().map(Vec::len) {
        None | Some(0) => Err(format!("issues are named; {details}")),
        Some(_) => Ok(()),
    }
}

fn stored_token(after: &Aftermath<'_>, token: &str) -> Result<(), Mismatch> {
    let text = String::from_utf8_lossy(&file(after)?).into_owned();
    if text.contains(&Value::from(token).to_string()) && !text.contains("REDACTED") {
        return Ok(());
    }
    Err("the stored token is what it was; it is not".to_owned())
}

async fn old_one_active(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    // With the token of the old one.
    let operator = operator::login(&after.gateway.site, &Value::Null).await?;
    operator.call("health", json!({})).await.map(drop)
}

async fn one_warning(after: &Aftermath<'_>) -> Result<(), Mismatch> {
    let mut found = Vec::new();
    for _ in 0..50 {
        let output = after.gateway.output();
        let warnings = output.lines().filter(|it| it.contains("warn") && it.contains("reload"));
        found = warnings.map(str::to_owned).collect();
        if !found.is_empty() {
            break;
        }
        time::sleep(SOON / 50).await;
    }
    if found.len() == 1 { Ok(()) } else { Err(format!("one warning; {found:?}")) }
}
