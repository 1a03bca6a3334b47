//! What is left of `routing`, from the time before bindings.

use serde_json::{Map, Value, json};

use super::{at, moved, put, take};
use crate::problem::Problem;

pub(super) fn modernise(tree: &mut Value, problems: &mut Vec<Problem>) {
    groups(tree, problems);
    agents(tree, problems);
    transcription(tree, problems);
    if tree["routing"].as_object().is_some_and(Map::is_empty) {
        take(tree, &["routing"]);
    }
}

/// `routing.groupChat`: whether one has to call the agent was for three
/// channels.
fn groups(tree: &mut Value, problems: &mut Vec<Problem>) {
    if let Some(is_needed) = take(tree, &["routing", "groupChat", "requireMention"]) {
        for channel in ["whatsapp", "telegram", "imessage"] {
            let path = ["channels", channel, "groups", "*", "requireMention"];
            // Only WhatsApp worked without being set up.
            if channel == "whatsapp" || at(tree, &path[..2]).is_some() {
                put(tree, &path, is_needed.clone());
            }
        }
        let message = "has moved to channels.*.groups.*.requireMention";
        moved("routing.groupChat.requireMention", message, problems);
    }
    if let Some(Value::Object(groups)) = take(tree, &["routing", "groupChat"])
        && !groups.is_empty()
    {
        put(tree, &["messages", "groupChat"], groups.into());
        moved("routing.groupChat", "has moved to messages.groupChat", problems);
    }
}

/// `routing.agents`, by name, and which of them answers when nobody is named.
fn agents(tree: &mut Value, problems: &mut Vec<Problem>) {
    let named = take(tree, &["routing", "agents"]);
    let default = take(tree, &["routing", "defaultAgentId"]);
    let Some(Value::Object(agents)) = named.or(default.as_ref().map(|_| json!({}))) else { return };
    let mut list = take(tree, &["agents", "list"]).and_then(as_list).unwrap_or_default();
    for (id, agent) in agents {
        if list.iter().any(|known| known["id"] == id.as_str()) {
            continue;
        }
        let mut agent = if agent.is_object() { agent } else { json!({}) };
        agent["id"] = id.into();
        if let Some(patterns) = take(&mut agent, &["mentionPatterns"]) {
            put(&mut agent, &["groupChat", "mentionPatterns"], patterns);
        }
        list.push(agent);
    }
    if let Some(default) = default.filter(Value::is_string) {
        let is_marked = list.iter().any(|agent| agent["default"] == true);
        match list.iter_mut().find(|agent| agent["id"] == default) {
            Some(agent) if !is_marked => agent["default"] = true.into(),
            Some(_) => (),
            None => list.push(json!({ "id": default, "default": !is_marked })),
        }
    }
    put(tree, &["agents", "list"], list.into());
    moved("routing.agents", "has moved to agents.list", problems);
}

fn as_list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(list) => Some(list),
        _ => None,
    }
}

/// `routing.transcribeAudio`: a program that writes down what is said.
fn transcription(tree: &mut Value, problems: &mut Vec<Problem>) {
    let Some(Value::Object(old)) = take(tree, &["routing", "transcribeAudio"]) else { return };
    let command = old.get("command").and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some((program, arguments)) = command.split_first() {
        let mut model = json!({ "type": "cli", "command": program, "args": arguments });
        if let Some(seconds) = old.get("timeoutSeconds") {
            model["timeoutSeconds"] = seconds.clone();
        }
        put(tree, &["tools", "media", "audio", "models"], json!([model]));
        put(tree, &["tools", "media", "audio", "enabled"], true.into());
    }
    moved("routing.transcribeAudio", "has moved to tools.media.audio.models", problems);
}
