//! `status`: how things are, for a person.

use domain::{
    access::{Access::Operator, Scope::Read},
    ids::AgentId,
};
use ports::{
    driving::RpcError,
    view::{HeartbeatPlan, SessionRow},
};
use schemars::JsonSchema;
use serde::Serialize;
use usecases::status::SessionStatus;

use crate::{
    method::{Context, methods},
    params::Nothing,
    refusal,
};

methods! {
    /// How things are, for a person: heartbeats, what waits for the main
    /// session, the newest sessions and how full they are.
    "status" [Operator(Read)] status(Nothing) -> StatusSummary;
}

/// Result of `status`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StatusSummary {
    /// The version of the gateway.
    runtime_version: String,
    /// How often agents look around by themselves.
    heartbeat: Heartbeats,
    /// A line for each channel.
    channel_summary: Vec<String>,
    /// What the agent of the main session will be told when it is next asked.
    queued_system_events: Vec<String>,
    /// The sessions.
    sessions: Sessions,
}

/// How often agents look around by themselves.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Heartbeats {
    /// Who answers when nobody is named.
    default_agent_id: String,
    /// Each agent.
    agents: Vec<AgentHeartbeat>,
}

/// How often an agent looks around by itself.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AgentHeartbeat {
    /// The agent.
    agent_id: String,
    /// Whether it does at all.
    enabled: bool,
    /// How often, as written in the configuration.
    every: String,
    /// The same in milliseconds.
    every_ms: Option<u64>,
}

/// The sessions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Sessions {
    /// What the stores are called.
    paths: Vec<String>,
    /// How many there are.
    count: u64,
    /// What answers when nothing was chosen.
    defaults: Defaults,
    /// The newest.
    recent: Vec<Recent>,
    /// The newest of each agent.
    by_agent: Vec<OfAgent>,
}

/// What answers when nothing was chosen.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Defaults {
    /// The model.
    model: Option<String>,
    /// How many tokens it is shown at most.
    context_tokens: Option<u64>,
}

/// The sessions of one agent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct OfAgent {
    /// The agent.
    agent_id: String,
    /// What the store is called.
    path: String,
    /// How many of its sessions are shown.
    count: usize,
    /// The newest.
    recent: Vec<Recent>,
}

/// How one session is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Recent {
    /// Its row in the list.
    #[serde(flatten)]
    row: SessionRow,
    /// How long ago it changed, in milliseconds.
    age: Option<u64>,
    /// How many tokens its model is shown at most.
    context_tokens: Option<u64>,
    /// How many are left.
    remaining_tokens: Option<u64>,
    /// How much is used; no more than 999.
    percent_used: Option<u64>,
    /// What is special about it.
    flags: Vec<String>,
}

async fn status(cx: Context, _: Nothing) -> Result<StatusSummary, RpcError> {
    let overview = cx.services.status.overview().await.map_err(refusal::store)?;
    let path = overview.store.clone();
    let of_agent = |(agent, recent): (AgentId, Vec<SessionStatus>)| OfAgent {
        agent_id: agent.to_string(),
        path: path.clone(),
        count: recent.len(),
        recent: recent.into_iter().map(Recent::from).collect(),
    };
    Ok(StatusSummary {
        runtime_version: cx.services.facts.version.clone(),
        heartbeat: Heartbeats {
            default_agent_id: overview.default_agent.to_string(),
            agents: overview.heartbeats.into_iter().map(AgentHeartbeat::from).collect(),
        },
        channel_summary: Vec::new(),
        queued_system_events: overview.waiting,
        sessions: Sessions {
            paths: vec![overview.store],
            count: overview.count,
            defaults: Defaults {
                model: overview.defaults.model.map(|model| model.model().to_owned()),
                context_tokens: overview.defaults.context_tokens,
            },
            recent: overview.recent.into_iter().map(Recent::from).collect(),
            by_agent: overview.by_agent.into_iter().map(of_agent).collect(),
        },
    })
}

impl From<(AgentId, HeartbeatPlan)> for AgentHeartbeat {
    fn from((agent, plan): (AgentId, HeartbeatPlan)) -> Self {
        let HeartbeatPlan { enabled, every, every_ms, .. } = plan;
        Self { agent_id: agent.to_string(), enabled, every, every_ms }
    }
}

impl From<SessionStatus> for Recent {
    fn from(status: SessionStatus) -> Self {
        Self {
            row: status.row,
            age: Some(status.age_ms),
            context_tokens: status.context_tokens,
            remaining_tokens: status.remaining_tokens,
            percent_used: status.percent_used,
            flags: status.flags,
        }
    }
}
