//! Commands that wait, or waited, for somebody's consent (`ws-protocol.md` 5.7,
//! 6.5, 10.3).

use domain::{approval::Decision, time::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What somebody wants to run, as whoever decides gets to see it: everything
/// that would not be seen is written out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecRequest {
    /// The command as one line. What is left out is marked.
    pub command: String,
    /// Program and arguments, if they are known one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_argv: Option<Vec<String>>,
    /// The variables that would be set for it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env_keys: Vec<String>,
    /// Where it would run.
    pub cwd: Option<String>,
    /// On which kind of machine: `gateway`, `node`, `sandbox`.
    pub host: Option<String>,
    /// On which node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// What the caller says may run.
    pub security: Option<String>,
    /// When the caller says somebody is asked.
    pub ask: Option<String>,
    /// For which agent.
    pub agent_id: Option<String>,
    /// The file of the program.
    pub resolved_path: Option<String>,
    /// For which session, as the caller spelled it.
    pub session_key: Option<String>,
    /// What the caller says to look out for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning_text: Option<String>,
    /// SHA-256 of exactly what was asked, in hex.
    pub request_hash: String,
    /// The fingerprint of everything that decides what the command does, as the
    /// machine that would run it took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding_hash: Option<String>,
}

/// A command that waits for consent, or waited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecApproval {
    /// Names it.
    pub id: String,
    /// Always `exec`.
    pub kind: String,
    /// `pending`, `approved`, `denied` or `expired`.
    pub status: ApprovalStatus,
    /// What it is about.
    pub request: ExecRequest,
    /// When it was asked.
    #[schemars(with = "u64")]
    pub created_at_ms: Timestamp,
    /// When nobody has to answer any more.
    #[schemars(with = "u64")]
    pub expires_at_ms: Timestamp,
    /// The answer; none is a no.
    #[schemars(with = "Option<String>")]
    pub decision: Option<Decision>,
    /// Who answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// When.
    #[schemars(with = "Option<u64>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at_ms: Option<Timestamp>,
}

/// How far a question is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalStatus {
    /// It waits.
    Pending,
    /// Somebody said yes.
    Approved,
    /// Somebody said no.
    Denied,
    /// Nobody said anything in time.
    Expired,
}

impl ApprovalStatus {
    /// What an answer means.
    pub fn of(decision: Option<Decision>) -> Self {
        match decision {
            Some(decision) if decision.allows() => Self::Approved,
            Some(_) => Self::Denied,
            None => Self::Expired,
        }
    }
}

/// Consent that was given once and for all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecGrant {
    /// Names it.
    pub grant_id: String,
    /// What it is about. It covers exactly this command, of this program, for
    /// whoever asked.
    pub request: ExecRequest,
    /// Who gave it.
    pub granted_by: Option<String>,
    /// When.
    #[schemars(with = "u64")]
    pub created_at_ms: Timestamp,
    /// Until when.
    #[schemars(with = "Option<u64>")]
    pub expires_at_ms: Option<Timestamp>,
    /// When it was last of use.
    #[schemars(with = "Option<u64>")]
    pub last_used_at_ms: Option<Timestamp>,
}
