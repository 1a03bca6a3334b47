//! Updates, and what is told after a restart (`ws-protocol.md` 11.7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is told after the next start: the content of `restart-sentinel.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestartNote {
    /// Always 1.
    pub version: u8,
    /// What happened.
    pub payload: RestartPayload,
}

/// Why the gateway starts anew, and who wants to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestartPayload {
    /// `config-apply`, `update` or `restart`.
    pub kind: String,
    /// How it went.
    pub status: UpdateStatus,
    /// When, in milliseconds since 1970.
    pub ts: u64,
    /// The conversation that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_key: Option<String>,
    /// Where that conversation takes place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_context: Option<DeliveryContext>,
    /// The thread of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// What whoever asked for it had to say.
    #[serde(default)]
    pub message: Option<String>,
    /// What to do if something is wrong.
    #[serde(default)]
    pub doctor_hint: Option<String>,
    /// What was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<UpdateResult>,
}

/// Where a conversation takes place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryContext {
    /// The channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Whom it reaches there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The account it goes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// How something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UpdateStatus {
    /// Well.
    Ok,
    /// Not well.
    Error,
    /// There was nothing the gateway could do.
    Skipped,
}

/// What came of an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateResult {
    /// How it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<UpdateStatus>,
    /// What installed the program: `cargo`, `deb`, `npm`, `nix`, `container`,
    /// `source` or `unknown`.
    pub mode: String,
    /// The directory it was installed into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Why it did not go well, or what a person can do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The version that is installed now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What was run.
    #[serde(default)]
    pub steps: Vec<UpdateStep>,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
}

/// A command that was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateStep {
    /// What it was for.
    pub name: String,
    /// The command.
    pub command: String,
    /// Where it ran.
    pub cwd: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What it said.
    pub log: StepLog,
}

/// The end of what a command said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepLog {
    /// The end of its output.
    pub stdout_tail: String,
    /// The end of its complaints.
    pub stderr_tail: String,
    /// How it ended; `null` if it had to be ended.
    pub exit_code: Option<i32>,
}
