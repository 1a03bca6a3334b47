//! `sessions_list`, `sessions_history` and `session_status`: what the methods of
//! the same kind show.

use domain::{ids::AgentId, session::SessionKey};
use ports::{
    Json,
    driven::{HistoryQuery, StoredRecord},
    driving::ToolRefusal,
    view::{MessageRole, SessionRow},
};
use serde::{Deserialize, Serialize};

use super::{Call, Outcome, Tools, at_fault, found};
use crate::sessions::{Extras, ListQuery};

/// Messages when nobody says how many.
const DEFAULT_MESSAGES: usize = 50;
/// The most bytes of messages in one answer.
const MAX_BYTES: usize = 512 * 1024;

#[derive(Serialize)]
struct List {
    count: usize,
    sessions: Vec<SessionRow>,
}

/// The sessions, the newest first.
pub(super) async fn list(tools: Tools, call: Call) -> Outcome {
    let text = |name| call.arguments.text(name).map(str::to_owned);
    let query = ListQuery {
        agent: call.arguments.text("agentId").map(AgentId::normalize),
        label: text("label"),
        search: text("search"),
        active_minutes: call.arguments.count("activeMinutes"),
        extras: Extras {
            titles: call.arguments.is_set("includeDerivedTitles"),
            last_messages: call.arguments.is_set("includeLastMessage"),
        },
        limit: call.arguments.size("limit"),
        ..ListQuery::default()
    };
    let listed = tools.0.deps.sessions.list(query).await.map_err(|error| at_fault(&error))?;
    Ok(found(&List { count: listed.rows.len(), sessions: listed.rows }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct History {
    session_key: SessionKey,
    messages: Vec<Json>,
    /// Whether there are older ones.
    has_more: bool,
}

/// What was said last in a session, the oldest first.
pub(super) async fn history(tools: Tools, call: Call) -> Outcome {
    let key = tools.key(&call, "sessionKey")?;
    let query = HistoryQuery {
        before: None,
        from: 0,
        limit: call.arguments.size("limit").unwrap_or(DEFAULT_MESSAGES),
        max_bytes: MAX_BYTES,
    };
    let read = tools.0.deps.chat.history(&key, query).await.map_err(|error| at_fault(&error))?;
    let with_tools = call.arguments.is_set("includeTools");
    let shown = read.records.into_iter().filter(|stored| with_tools || !is_of_tool(stored));
    let messages = shown.map(|stored| stored.record.message).collect();
    Ok(found(&History { session_key: key, messages, has_more: read.more }))
}

/// Whether it is what a tool said.
fn is_of_tool(stored: &StoredRecord) -> bool {
    #[derive(Deserialize)]
    struct Said {
        role: MessageRole,
    }
    let said = serde_json::from_str::<Said>(stored.record.message.as_str());
    said.is_ok_and(|said| said.role == MessageRole::ToolResult)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    ok: bool,
    session_key: SessionKey,
    agent_id: String,
    model: Option<String>,
    context_tokens: Option<u64>,
    #[serde(rename = "statusText")]
    text: String,
    /// Its row in the list, once something was said there.
    session: Option<SessionRow>,
}

/// How a session is.
pub(super) async fn status(tools: Tools, call: Call) -> Outcome {
    let key = match call.arguments.text("sessionKey") {
        None => call.place.session.clone(),
        Some(_) => tools.key(&call, "sessionKey")?,
    };
    let agent = key.agent().unwrap_or(call.place.agent);
    let session = tools.0.deps.sessions.get(&key).await.map_err(|error| at_fault(&error))?;
    let models = &tools.0.deps.models;
    let chosen = session.as_ref().and_then(|session| session.settings.model.clone());
    let model = chosen.or_else(|| models.default_of(&agent).model);
    let context_tokens = model.as_ref().and_then(|model| models.context_tokens(model));
    let model = model.map(|model| model.to_string());
    let row = session.as_ref().map(|session| tools.0.deps.sessions.row(session));
    let answers = model.as_deref().unwrap_or("none");
    let text = format!("Session: {key}\nAgent: {agent}\nModel: {answers}");
    Ok(found(&Status {
        ok: true,
        session_key: key,
        agent_id: agent.to_string(),
        model,
        context_tokens,
        text,
        session: row,
    }))
}

impl Tools {
    /// The session the argument `name` names. In short, it is one of the agent
    /// the tool is used for.
    pub(super) fn key(&self, call: &Call, name: &str) -> Result<SessionKey, ToolRefusal> {
        let raw = call.arguments.text(name).unwrap_or_default();
        let mut keys = self.0.deps.configuration.keys();
        keys.default_agent = call.place.agent.clone();
        if raw.trim().eq_ignore_ascii_case("main") {
            return Ok(keys.main());
        }
        keys.resolve(raw).map_err(|error| ToolRefusal::Tool(format!("{name}: {error}")))
    }
}
