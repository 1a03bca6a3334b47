//! The payloads of events that are shown nowhere else.

use domain::{approval::Decision, event::EventKind, time::Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{
    DeviceDecided, ExecRequest, HealthSummary, Message, NodeRequestRow, PendingDevice,
    PresenceEntry, SessionMessage, SessionsChanged,
};
use crate::{Json, driven::ConfigIssue};

/// The shape of what comes with an event of `kind`.
pub fn payload(kind: EventKind) -> fn(&mut SchemaGenerator) -> Schema {
    fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
    match kind {
        EventKind::Tick => of::<Tick>,
        EventKind::Health => of::<HealthSummary>,
        EventKind::Presence => of::<PresenceChanged>,
        EventKind::Heartbeat => of::<Json>,
        EventKind::Agent => of::<AgentEvent>,
        EventKind::Chat => of::<ChatEvent>,
        EventKind::Shutdown => of::<Shutdown>,
        EventKind::SessionsChanged => of::<SessionsChanged>,
        EventKind::SessionMessage => of::<SessionMessage>,
        EventKind::DevicePairRequested => of::<PendingDevice>,
        EventKind::DevicePairResolved => of::<DeviceDecided>,
        EventKind::DevicePairChanged => of::<DeviceChanged<'_>>,
        EventKind::DeviceSetupCompleted => of::<SetupCompleted<'_>>,
        EventKind::NodePairRequested => of::<NodeRequestRow>,
        EventKind::NodePairResolved => of::<NodeDecided<'_>>,
        EventKind::NodePresence => of::<NodePresence<'_>>,
        EventKind::NodeInvokeRequest => of::<NodeInvokeRequest<'_>>,
        EventKind::NodeInvokeCancel => of::<NodeInvokeCancel<'_>>,
        EventKind::ExecApprovalRequested => of::<ExecApprovalRequested<'_>>,
        EventKind::ExecApprovalResolved => of::<ExecApprovalResolved<'_>>,
        EventKind::ConfigChanged => of::<ConfigChanged<'_>>,
    }
}

/// The payload of `tick`, as clients read it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tick {
    /// When, in milliseconds since 1970.
    pub ts: u64,
}

/// The payload of `presence`: everybody, not only who changed.
#[derive(Debug, JsonSchema)]
pub struct PresenceChanged {
    /// Who is connected, or was a moment ago.
    pub presence: Vec<PresenceEntry>,
}

/// The payload of `shutdown`, as clients read it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Shutdown {
    /// Why, for a person.
    pub reason: String,
    /// When it will be back, in milliseconds, if it will.
    #[serde(default)]
    pub restart_expected_ms: Option<u64>,
}

/// The payload of `chat`, as clients of protocol 4 read it: what an agent
/// answers (`ws-protocol.md` 8.3).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChatEvent {
    /// The run.
    pub run_id: String,
    /// The session, spelled as whoever started the run spelled it.
    pub session_key: String,
    /// Who answers.
    pub agent_id: String,
    /// The `seq` of the agent's step this belongs to.
    pub seq: u64,
    /// How far the answer is.
    pub state: ChatProgress,
    /// What the gateway is at, with `status`.
    pub phase: Option<String>,
    /// What is new, with `delta`.
    pub delta_text: Option<String>,
    /// Whether `deltaText` is everything so far instead.
    pub replace: Option<bool>,
    /// Everything so far, or, with `final`, the message as it stands in the
    /// transcript.
    pub message: Option<Message>,
    /// Why it ends here.
    pub stop_reason: Option<String>,
    /// What went wrong, with `error`.
    pub error_message: Option<String>,
    /// What kind of failure it was: `rate_limit`, `timeout`, `context_length`
    /// or `unknown`.
    pub error_kind: Option<String>,
}

/// How far an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChatProgress {
    /// Nothing is said yet.
    Status,
    /// There is more text.
    Delta,
    /// It is complete.
    Final,
    /// It was stopped.
    Aborted,
    /// It failed.
    Error,
}

/// The payload of `agent`, as clients of protocol 4 read it: one step of a run
/// (`ws-protocol.md` 8.5).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AgentEvent {
    /// The run.
    pub run_id: String,
    /// What kind of step it is: `lifecycle`, `assistant`, `usage` or `tool`.
    pub stream: String,
    /// What happened; its fields depend on the kind.
    pub data: serde_json::Map<String, serde_json::Value>,
    /// The session, spelled as whoever started the run spelled it.
    pub session_key: String,
    /// Its transcript.
    pub session_id: String,
    /// Who answers.
    pub agent_id: String,
    /// Counts the steps of this run from 1.
    pub seq: u64,
    /// When, in milliseconds since 1970.
    pub ts: u64,
}

/// The payload of `device.pair.changed`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviceChanged<'a> {
    /// The device.
    pub device_id: &'a str,
    /// What changed, as in `renamed`.
    pub change: &'static str,
    /// When, in milliseconds since 1970.
    pub ts: u64,
}

/// The payload of `device.pair.setup.completed`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetupCompleted<'a> {
    /// Names the setup code.
    pub setup_id: &'a str,
    /// The device that used it.
    pub device_id: &'a str,
    /// What it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_name: Option<&'a str>,
    /// What it may do now.
    pub access: &'static str,
    /// When, in milliseconds since 1970.
    pub ts: u64,
}

/// The payload of `node.pair.resolved`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeDecided<'a> {
    /// The request.
    pub request_id: &'a str,
    /// The node.
    pub node_id: &'a str,
    /// `approved`, `rejected` or `superseded`.
    pub decision: &'static str,
    /// When.
    #[schemars(with = "u64")]
    pub ts: Timestamp,
}

/// The payload of `node.presence`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodePresence<'a> {
    /// The node.
    pub node_id: &'a str,
    /// What it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<&'a str>,
    /// Whether it is there.
    pub connected: bool,
    /// What brought this about, as in `connect`.
    pub reason: &'static str,
    /// When.
    #[schemars(with = "u64")]
    pub ts: Timestamp,
}

/// The payload of `node.invoke.request`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeInvokeRequest<'a> {
    /// Names the command, for the answer.
    pub id: &'a str,
    /// The node.
    pub node_id: &'a str,
    /// What it is asked to do.
    pub command: &'a str,
    /// With what, as JSON in a text.
    #[serde(rename = "paramsJSON")]
    pub params_json: Option<&'a str>,
    /// How long somebody waits for the answer.
    pub timeout_ms: u64,
    /// Makes repeating the command harmless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<&'a str>,
}

/// The payload of `node.invoke.cancel`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeInvokeCancel<'a> {
    /// The command nobody waits for any more.
    pub invoke_id: &'a str,
    /// The node.
    pub node_id: &'a str,
}

/// The payload of `exec.approval.requested`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecApprovalRequested<'a> {
    /// Names the question.
    pub id: &'a str,
    /// What it is about.
    pub request: &'a ExecRequest,
    /// When it was asked.
    #[schemars(with = "u64")]
    pub created_at_ms: Timestamp,
    /// When nobody has to answer any more.
    #[schemars(with = "u64")]
    pub expires_at_ms: Timestamp,
}

/// The payload of `exec.approval.resolved`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecApprovalResolved<'a> {
    /// Names the question.
    pub id: &'a str,
    /// The answer. Without one the time is over.
    #[schemars(with = "Option<String>")]
    pub decision: Option<Decision>,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<&'a str>,
    /// When.
    #[schemars(with = "u64")]
    pub ts: Timestamp,
}

/// The payload of `config.changed`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ConfigChanged<'a> {
    /// Names the text of the file that was read.
    pub hash: &'a str,
    /// The keys that changed.
    pub paths: &'a [String],
    /// What is wrong with the file.
    pub issues: &'a [ConfigIssue],
}
