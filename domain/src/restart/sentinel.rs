//! What is left behind for the gateway that starts next.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{time::Timestamp, words::words};

/// How long after the start it is told.
pub const PAUSE: Duration = Duration::from_millis(750);

/// The file `restart-sentinel.json`. What is not known in it is skipped, so that
/// one of another version is still told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentinel {
    /// Always 1.
    version: Version,
    /// What happened.
    pub payload: SentinelPayload,
}

/// The one version there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
struct Version;

impl TryFrom<u64> for Version {
    type Error = &'static str;

    fn try_from(number: u64) -> Result<Self, Self::Error> {
        if number == 1 { Ok(Self) } else { Err("a restart sentinel has version 1") }
    }
}

impl From<Version> for u64 {
    fn from(_: Version) -> Self {
        1
    }
}

words! {
    /// Why the gateway started again.
    pub enum Cause {
        /// Its configuration was replaced.
        ConfigApply = "config-apply",
        /// It was updated, or was to be.
        Update = "update",
        /// Somebody asked for it.
        Restart = "restart",
    }
}

words! {
    /// How what came before the restart went.
    pub enum Outcome {
        /// Well.
        Ok = "ok",
        /// It failed.
        Error = "error",
        /// There was nothing to do.
        Skipped = "skipped",
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentinelPayload {
    /// Why the gateway started again.
    pub kind: Cause,
    /// How it went.
    pub status: Outcome,
    /// When.
    pub ts: Timestamp,
    /// The session that asked. It is told; without one, the main session of the
    /// default agent is, as an event of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// Where that session speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_context: Option<DeliveryContext>,
    /// The thread there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// What whoever asked wanted to be reminded of. Told as `null` without one.
    #[serde(default)]
    pub message: Option<String>,
    /// What to do when it does not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_hint: Option<String>,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<Stats>,
}

/// Where a session speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeliveryContext {
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Who, there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// As which of our accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// What was done before the restart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Stats {
    /// In which manner: `config.patch`, `npm`, `git`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Where the program lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// What ran before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Build>,
    /// What runs now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Build>,
    /// What was called, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// Why it was not done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// Which program it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Build {
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The commit it was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha: Option<String>,
}

/// One command that was called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Step {
    /// What for.
    pub name: String,
    /// The command.
    pub command: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// What it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<Log>,
}

/// What a command said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Log {
    /// The end of its output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdout_tail: Option<String>,
    /// The end of its complaints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stderr_tail: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

impl Sentinel {
    /// Leaves `payload` behind.
    pub fn new(payload: SentinelPayload) -> Self {
        Self { version: Version, payload }
    }

    /// What the session is told, where `json` is the payload.
    pub fn told(json: &str) -> String {
        format!("GatewayRestart:\n{json}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn it_reads_as_it_was_written() {
        let file = json!({
            "version": 1,
            "payload": {
                "kind": "update", "status": "skipped", "ts": 1_795_374_545_783_u64,
                "sessionKey": "agent:main:main", "threadId": "7",
                "deliveryContext": { "channel": "slack", "to": "C1", "accountId": "work" },
                "message": "back soon", "doctorHint": "openclaw doctor",
                "stats": {
                    "mode": "npm", "root": "/usr/lib", "reason": "not-installed-by-us",
                    "before": { "version": "1", "sha": "a" }, "after": { "version": "2" },
                    "durationMs": 12,
                    "steps": [{
                        "name": "install", "command": "npm i", "cwd": "/", "durationMs": 5,
                        "log": { "stdoutTail": "ok", "stderrTail": "", "exitCode": 0 },
                    }],
                },
            },
        });
        let sentinel: Sentinel = serde_json::from_value(file.clone()).unwrap();
        assert_eq!(serde_json::to_value(&sentinel).unwrap(), file);
    }

    #[test]
    fn little_is_enough_and_more_does_not_matter() {
        let read = |file: Value| serde_json::from_value::<Sentinel>(file).ok();
        let little = json!({ "kind": "restart", "status": "ok", "ts": 1 });
        let sentinel = read(json!({ "version": 1, "payload": little })).unwrap();
        assert_eq!(sentinel.payload.message, None);
        let payload = serde_json::to_string(&sentinel.payload).unwrap();
        assert_eq!(payload, r#"{"kind":"restart","status":"ok","ts":1,"message":null}"#);
        assert_eq!(Sentinel::told(&payload), format!("GatewayRestart:\n{payload}"));
        assert_eq!(Sentinel::new(sentinel.payload.clone()), sentinel);

        let more = json!({ "kind": "restart", "status": "ok", "ts": 1, "runId": "x" });
        assert_eq!(read(json!({ "version": 1, "payload": more, "extra": 1 })), Some(sentinel));
        assert_eq!(read(json!({ "version": 2, "payload": little })), None);
        assert_eq!(read(json!({ "version": 1, "payload": { "kind": "other" } })), None);
    }
}
