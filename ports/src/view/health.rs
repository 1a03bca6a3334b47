//! How the gateway is.

use std::collections::BTreeMap;

use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::Json;

/// The result of `health` and the payload of the event of that name
/// (`ws-protocol.md` 10.5).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthSummary {
    /// Whether everything is as it should be.
    pub ok: bool,
    /// When this was found out.
    #[schemars(with = "u64")]
    pub ts: Timestamp,
    /// How long finding out took, in milliseconds.
    pub duration_ms: u64,
    /// Each channel by name.
    pub channels: BTreeMap<String, Json>,
    /// The order in which to show them.
    pub channel_order: Vec<String>,
    /// What to call them.
    pub channel_labels: BTreeMap<String, String>,
    /// How often agents look around by themselves, in seconds; 0 is never.
    pub heartbeat_seconds: u64,
    /// Who answers when nobody is named.
    pub default_agent_id: String,
    /// Each agent.
    pub agents: Vec<AgentHealth>,
    /// The sessions of all agents.
    pub sessions: SessionsHealth,
    /// Parts that do not work, by name, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub problems: BTreeMap<String, String>,
}

/// How an agent is.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentHealth {
    /// Its name in keys.
    pub agent_id: String,
    /// Its name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it answers when nobody is named.
    pub is_default: bool,
    /// How often it looks around by itself.
    pub heartbeat: HeartbeatPlan,
    /// Its sessions.
    pub sessions: SessionsHealth,
}

/// How often an agent looks around by itself.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HeartbeatPlan {
    /// Whether it does at all.
    pub enabled: bool,
    /// How often, as written in the configuration.
    pub every: String,
    /// The same in milliseconds.
    pub every_ms: Option<u64>,
    /// What it is told then.
    pub prompt: String,
    /// Where the result goes.
    pub target: String,
    /// How long an answer may be that only says all is well, in characters.
    pub ack_max_chars: u32,
}

/// How many sessions there are, and the newest of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct SessionsHealth {
    /// Where they are kept.
    pub path: String,
    /// How many.
    pub count: u64,
    /// The newest five.
    pub recent: Vec<RecentSession>,
}

/// One of the newest sessions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecentSession {
    /// Which.
    pub key: String,
    /// When it last changed.
    #[schemars(with = "Option<u64>")]
    pub updated_at: Option<Timestamp>,
    /// How long ago that is, in milliseconds.
    pub age: Option<u64>,
}
