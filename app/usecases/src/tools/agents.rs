//! `agents_list`.

use serde::Serialize;

use super::{Call, Outcome, Tools, found};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Agents {
    requester: String,
    allow_any: bool,
    agents: Vec<Agent>,
}

#[derive(Serialize)]
struct Agent {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    configured: bool,
}

/// The agents of the configuration.
pub(super) async fn list(tools: Tools, call: Call) -> Outcome {
    let listing = tools.0.deps.directory.list();
    let agent = |agent: crate::directory::Listed| Agent {
        id: agent.id.to_string(),
        name: agent.name,
        configured: true,
    };
    Ok(found(&Agents {
        requester: call.place.agent.to_string(),
        allow_any: true,
        agents: listing.agents.into_iter().map(agent).collect(),
    }))
}
