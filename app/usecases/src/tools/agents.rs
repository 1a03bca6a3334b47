//! `agents_list`.

use ports::Json;
use serde::Serialize;

use super::{Call, Tools, found};
use crate::directory;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
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
pub(super) fn list(tools: &Tools, call: &Call) -> Json {
    let listing = tools.0.deps.directory.list();
    let agent = |agent: directory::Listed| Agent {
        id: agent.id.to_string(),
        name: agent.name,
        configured: true,
    };
    found(&Listed {
        requester: call.place.agent.to_string(),
        allow_any: true,
        agents: listing.agents.into_iter().map(agent).collect(),
    })
}
