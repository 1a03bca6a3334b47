//! What is asked for.

use http::HeaderMap;
use ports::{
    Json,
    driving::{ToolInvocation, ToolOrigin},
};
use serde::Deserialize;

use crate::refusal::Refusal;

/// The body. What is not here is passed over.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Asked {
    tool: Option<String>,
    name: Option<String>,
    action: Option<String>,
    args: Option<Json>,
    session_key: Option<String>,
    agent_id: Option<String>,
    idempotency_key: Option<String>,
    /// Without effect, but nothing else than yes or no.
    #[serde(rename = "dryRun")]
    _dry_run: Option<bool>,
}

/// The names the gateway had before, which old clients still use.
const PREFIXES: [&str; 3] = ["openclaw", "moltbot", "clawdbot"];

/// The call that `body` and `headers` describe. An empty body is an empty object.
pub(crate) fn read(body: &[u8], headers: &HeaderMap) -> Result<ToolInvocation, Refusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    // A struct could be read from a list as well.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::invalid("the body must be a JSON object"));
    }
    let asked = serde_json::from_slice::<Asked>(body);
    let asked = asked.map_err(|error| Refusal::invalid(format!("Invalid JSON: {error}")))?;
    let tool = asked.name.or(asked.tool).filter(|tool| !tool.trim().is_empty());
    Ok(ToolInvocation {
        tool: tool.ok_or_else(|| Refusal::invalid("tools.invoke requires body.tool"))?,
        action: asked.action,
        arguments: asked.args,
        session: asked.session_key,
        agent: asked.agent_id,
        idempotency_key: asked.idempotency_key,
        origin: ToolOrigin {
            channel: header(headers, "message-channel"),
            account: header(headers, "account-id"),
            to: header(headers, "message-to"),
            thread: header(headers, "thread-id"),
        },
    })
}

/// The header `x-openclaw-<name>`, under whichever of its names it came.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = PREFIXES.iter().filter_map(|it| headers.get(format!("x-{it}-{name}")));
    let texts = values.filter_map(|value| value.to_str().ok()).map(str::trim);
    texts.map(str::to_owned).find(|text| !text.is_empty())
}
