//! `agent`, from the time of one agent: today's `agents.defaults`.

use serde_json::{Map, Value, json};

use super::{moved, put, relocate, take};
use crate::problem::Problem;

/// The models, which were said in five keys.
pub(super) fn models(tree: &mut Value, problems: &mut Vec<Problem>) {
    for (list, model) in [("modelFallbacks", "model"), ("imageModelFallbacks", "imageModel")] {
        let Some(fallbacks) = take(tree, &["agent", list]) else { continue };
        let chosen = match take(tree, &["agent", model]) {
            Some(Value::Object(chosen)) => Value::Object(chosen),
            Some(primary) => json!({ "primary": primary }),
            None => json!({}),
        };
        put(tree, &["agent", model], chosen);
        put(tree, &["agent", model, "fallbacks"], fallbacks);
        let message = format!("has moved to agents.defaults.{model}.fallbacks");
        moved(&format!("agent.{list}"), message, problems);
    }
    if let Some(Value::Array(allowed)) = take(tree, &["agent", "allowedModels"]) {
        for model in allowed.iter().filter_map(Value::as_str) {
            put(tree, &["agents", "defaults", "models", model], json!({}));
        }
        moved("agent.allowedModels", "has moved to agents.defaults.models", problems);
    }
    if let Some(Value::Object(aliases)) = take(tree, &["agent", "modelAliases"]) {
        for (alias, model) in &aliases {
            let Some(model) = model.as_str() else { continue };
            put(tree, &["agents", "defaults", "models", model, "alias"], alias.as_str().into());
        }
        moved("agent.modelAliases", "has moved to agents.defaults.models.*.alias", problems);
    }
}

/// Everything else.
pub(super) fn rest(tree: &mut Value, problems: &mut Vec<Problem>) {
    let Some(agent) = tree.get("agent").and_then(Value::as_object) else { return };
    let names: Vec<String> = agent.keys().cloned().collect();
    for name in &names {
        relocate(tree, &["agent", name], &["agents", "defaults", name], problems);
    }
    if tree["agent"].as_object().is_some_and(Map::is_empty) {
        take(tree, &["agent"]);
    }
}
