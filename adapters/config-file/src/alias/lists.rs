//! Old spellings inside of lists, and old words for values.

use serde_json::{Value, json};

use super::{at, moved, put, take};
use crate::problem::Problem;

/// Keys of `talk` that are about one provider, which used to be ElevenLabs.
const SPOKEN: [&str; 5] = ["voiceId", "voiceAliases", "modelId", "outputFormat", "apiKey"];

pub(super) fn modernise(tree: &mut Value, problems: &mut Vec<Problem>) {
    bindings(tree, problems);
    send_policy(tree, problems);
    speech(tree, problems);
    claude(tree, problems);
    groups_of_tools(tree);
}

fn bindings(tree: &mut Value, problems: &mut Vec<Problem>) {
    for (index, binding) in list(tree, &["bindings"]).enumerate() {
        for (from, to) in [("provider", "channel"), ("accountID", "accountId")] {
            rename(binding, &format!("bindings[{index}].match"), from, to, problems);
        }
    }
}

fn send_policy(tree: &mut Value, problems: &mut Vec<Problem>) {
    for (index, rule) in list(tree, &["session", "sendPolicy", "rules"]).enumerate() {
        let key = format!("session.sendPolicy.rules[{index}].match");
        rename(rule, &key, "provider", "channel", problems);
    }
}

/// The elements of the list at `path`.
fn list<'a>(tree: &'a mut Value, path: &[&str]) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    let found = path.iter().try_fold(tree, |tree, step| tree.get_mut(*step));
    found.and_then(Value::as_array_mut).into_iter().flatten()
}

/// Renames a key of `match` of `rule`, which stands at `key`.
fn rename(rule: &mut Value, key: &str, from: &str, to: &str, problems: &mut Vec<Problem>) {
    if let Some(value) = take(rule, &["match", from]) {
        put(rule, &["match", to], value);
        moved(&format!("{key}.{from}"), format!("has moved to {key}.{to}"), problems);
    }
}

/// What is spoken, and by whom.
fn speech(tree: &mut Value, problems: &mut Vec<Problem>) {
    if at(tree, &["tts", "auto"]).is_none()
        && let Some(Value::Bool(is_on)) = take(tree, &["tts", "enabled"])
    {
        put(tree, &["tts", "auto"], if is_on { "always" } else { "off" }.into());
        moved("tts.enabled", "has moved to tts.auto", problems);
    }
    let said = at(tree, &["talk", "provider"]).and_then(Value::as_str);
    let provider = said.unwrap_or("elevenlabs").to_owned();
    for key in SPOKEN {
        if let Some(value) = take(tree, &["talk", key]) {
            put(tree, &["talk", "providers", &provider, key], value);
            let message = format!("has moved to talk.providers.{provider}.{key}");
            moved(&format!("talk.{key}"), message, problems);
        }
    }
}

/// The account Claude Code shares is one of OAuth.
fn claude(tree: &mut Value, problems: &mut Vec<Problem>) {
    let path = ["auth", "profiles", "anthropic:claude-cli", "mode"];
    if at(tree, &path).is_some_and(|mode| mode == "token") {
        take(tree, &path);
        put(tree, &path, json!("oauth"));
        moved(&path.join("."), "is oauth now", problems);
    }
}

/// The group of the gateway's own tools had the name of the gateway.
fn groups_of_tools(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(groups_of_tools),
        Value::Object(map) => map.values_mut().for_each(groups_of_tools),
        Value::String(text) if matches!(text.as_str(), "group:clawdbot" | "group:moltbot") => {
            *text = "group:openclaw".into();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}
