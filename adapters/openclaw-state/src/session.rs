//! What the other gateway remembers of a conversation.

use std::str::FromStr;

use domain::{
    agent::ModelRef,
    ids::SessionId,
    session::{Session, SessionKey, Settings, Tokens},
    time::Timestamp,
};
use serde_json::{Map, Value};

use crate::event;

/// The entry of a conversation, as it stands in `sessions.json` or in a row.
pub(crate) type Entry = Map<String, Value>;

/// The session under `key` that `entry` describes.
///
/// What was chosen about commands on the machine is not taken over: whoever
/// wants that here decides it here.
pub(crate) fn session(key: SessionKey, id: SessionId, entry: &Entry) -> Session {
    let text = |name: &str| {
        let text = entry.get(name).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty())
    };
    let number = |name: &str| entry.get(name).and_then(Value::as_u64).unwrap_or_default();
    let time = |name: &str| entry.get(name).and_then(event::time);
    let updated_at = time("updatedAt").unwrap_or_default();
    let created_at = time("sessionStartedAt").or(time("createdAt")).unwrap_or(updated_at);
    let mut session = Session::fresh(key, id, created_at);
    session.updated_at = updated_at.max(created_at);
    session.settings = settings(entry);
    session.tokens = Tokens {
        input: number("inputTokens"),
        output: number("outputTokens"),
        context: number("totalTokens"),
    };
    session.model_provider = text("modelProvider").map(Into::into);
    session.model = text("model").map(Into::into);
    session.aborted_last_run = entry.get("abortedLastRun").is_some_and(|it| it == true);
    session.compactions = u32::try_from(number("compactionCount")).unwrap_or(u32::MAX);
    session.channel = text("channel").or(text("lastChannel")).map(Into::into);
    session.title = text("displayName").or(text("subject")).map(Into::into);
    session
}

/// A conversation of which only the transcript is left.
pub(crate) fn bare(key: SessionKey, id: SessionId, began_at: Timestamp) -> Session {
    Session::fresh(key, id, began_at)
}

fn settings(entry: &Entry) -> Settings {
    fn word<T: FromStr>(entry: &Entry, name: &str) -> Option<T> {
        entry.get(name)?.as_str()?.parse().ok()
    }
    let label = entry.get("label").and_then(Value::as_str).map(str::trim);
    let label = label.filter(|it| !it.is_empty() && it.chars().count() <= Settings::MAX_LABEL);
    let model = entry.get("modelOverride").and_then(Value::as_str).and_then(|model| {
        match entry.get("providerOverride").and_then(Value::as_str) {
            Some(provider) => ModelRef::new(provider, model).ok(),
            None => model.parse().ok(),
        }
    });
    Settings {
        label: label.map(Into::into),
        thinking: word(entry, "thinkingLevel"),
        verbose: word(entry, "verboseLevel"),
        reasoning: word(entry, "reasoningLevel"),
        response_usage: word(entry, "responseUsage"),
        model,
        send_policy: word(entry, "sendPolicy"),
        group_activation: word(entry, "groupActivation"),
        spawned_by: word(entry, "spawnedBy"),
        ..Settings::default()
    }
}

/// Whether something was chosen that is not taken over.
pub(crate) fn grants_machine_access(entry: &Entry) -> bool {
    ["elevatedLevel", "execHost", "execSecurity", "execAsk", "execNode"]
        .iter()
        .any(|name| entry.get(*name).is_some_and(|value| !value.is_null()))
}

#[test]
fn choices_come_along_and_access_to_the_machine_does_not() {
    let entry = serde_json::json!({
        "updatedAt": 20, "sessionStartedAt": 10, "label": " work ", "thinkingLevel": "high",
        "elevatedLevel": "full", "execSecurity": "full", "providerOverride": "fake",
        "modelOverride": "m", "inputTokens": 5, "outputTokens": 6, "totalTokens": 11,
        "compactionCount": 2, "lastChannel": "telegram", "subject": "Family", "sendPolicy": 7,
    });
    let Value::Object(entry) = entry else { panic!("not an object") };
    let key: SessionKey = "agent:main:main".parse().unwrap();
    let session = session(key, "s".parse().unwrap(), &entry);
    assert_eq!(session.settings.label.as_deref(), Some("work"));
    assert_eq!(session.settings.model.as_ref().unwrap().to_string(), "fake/m");
    assert_eq!((session.settings.elevated, session.settings.exec_security), (None, None));
    assert_eq!(session.settings.send_policy, None, "a number is no word");
    assert_eq!((session.created_at.as_millis(), session.updated_at.as_millis()), (10, 20));
    assert_eq!((session.tokens.input, session.compactions), (5, 2));
    assert_eq!(
        (session.channel.as_deref(), session.title.as_deref()),
        (Some("telegram"), Some("Family"))
    );
    assert!(grants_machine_access(&entry));
}
