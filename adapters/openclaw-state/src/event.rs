//! One event of a transcript, as it stands on a line or in a row.

use domain::{ids::MessageId, time::Timestamp};
use ports::{
    Json,
    driven::{ForeignRecord, Record},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The newest format of transcripts that is known.
pub(crate) const NEWEST: u64 = 4;

/// What an event says.
#[derive(Debug)]
pub(crate) enum Event {
    /// The transcript begins.
    Header(Header),
    /// Something was said.
    Said(Box<ForeignRecord>),
    /// Something about how it goes on, such as a choice of model.
    Aside,
}

/// The first event of a transcript.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: u64,
    pub(crate) began_at: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    timestamp: Option<Value>,
    version: Option<u64>,
    message: Option<Map<String, Value>>,
    summary: Option<String>,
    content: Option<Value>,
    display: Option<bool>,
}

/// Reads the event `text`. It stands at `at`, the `number`th of its transcript.
/// The error says what is wrong with it, and nothing of what is in it.
pub(crate) fn read(text: &str, at: String, number: u64) -> Result<Event, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => "it is not an event".to_owned(),
        _ => "it is not JSON".to_owned(),
    })?;
    let said_at = line.timestamp.as_ref().and_then(time);
    let message = match line.kind.as_str() {
        "session" => {
            let version = line.version.unwrap_or(1);
            return Ok(Event::Header(Header { version, began_at: said_at }));
        }
        "message" => line.message.ok_or("a message is missing in it")?,
        "compaction" | "branch_summary" => match line.summary {
            Some(summary) => summary_of(&summary),
            None => return Ok(Event::Aside),
        },
        "custom_message" if line.display == Some(true) => {
            let content = line.content.unwrap_or_default();
            Map::from_iter([("role".to_owned(), json!("system")), ("content".to_owned(), content)])
        }
        _ => return Ok(Event::Aside),
    };
    let id = match line.id {
        Some(id) => id,
        // The first format had no names; a place in a file is one.
        None => format!("line-{number}"),
    };
    let id: MessageId = id.parse().map_err(|_| "its id is not one")?;
    said(message, id, said_at, at).map(|said| Event::Said(Box::new(said)))
}

fn said(
    mut message: Map<String, Value>,
    id: MessageId,
    said_at: Option<Timestamp>,
    at: String,
) -> Result<ForeignRecord, String> {
    let role = message.get("role").and_then(Value::as_str).ok_or("nobody says it")?;
    if !matches!(role, "user" | "assistant" | "system" | "toolResult") {
        return Err("it is said in a role that is not known here".to_owned());
    }
    let by_person = role == "user";
    let text = match message.get("content") {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(parts)) => text_of(parts),
        _ => return Err("nothing is said in it".to_owned()),
    };
    let time = message.get("timestamp").and_then(time).or(said_at).unwrap_or_default();
    message.insert("timestamp".to_owned(), time.as_millis().into());
    // Ours are put in when a message is handed out.
    if let Some(Value::Object(notes)) = message.remove("__openclaw")
        && let Some(run) = notes.get("runId").filter(|run| run.is_string())
    {
        message.entry("runId").or_insert_with(|| run.clone());
    }
    let record = Record { id, at: time, message: Json::of(&message) };
    Ok(ForeignRecord { record, at, by_person, text })
}

/// A summary as our own transcripts have it.
fn summary_of(summary: &str) -> Map<String, Value> {
    let message = json!({
        "role": "assistant",
        "content": [{ "type": "text", "text": summary }],
        "stopReason": "compaction",
    });
    match message {
        Value::Object(message) => message,
        _ => Map::new(),
    }
}

fn text_of(parts: &[Value]) -> Option<String> {
    let texts: Vec<_> = parts
        .iter()
        .filter(|part| part["type"] == "text")
        .filter_map(|part| part["text"].as_str())
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// A point in time, in milliseconds or as ISO 8601.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    let millis = match value {
        Value::Number(millis) => millis.as_u64().or_else(|| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "saturates"
            )]
            millis.as_f64().map(|millis| millis as u64)
        }),
        Value::String(text) => {
            let time: jiff::Timestamp = text.parse().ok()?;
            u64::try_from(time.as_millisecond()).ok()
        }
        _ => None,
    };
    millis.map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> ForeignRecord {
        match read(text, "x:3".to_owned(), 3).unwrap() {
            Event::Said(record) => *record,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_an_event_is_called_by_what_is_wrong_with_it() {
        #[rustfmt::skip]
        let table = [
            ("",                                                     "it is not JSON"),
            (r#"{"type":"message","mess"#,                           "it is not JSON"),
            ("[]",                                                   "it is not an event"),
            (r#"{"id":"a"}"#,                                        "it is not an event"),
            (r#"{"type":"message","id":"a"}"#,                       "a message is missing in it"),
            (r#"{"type":"message","id":"","message":{"role":"user","content":"x"}}"#, "its id is not one"),
            (r#"{"type":"message","id":"a","message":{"content":"x"}}"#, "nobody says it"),
            (r#"{"type":"message","id":"a","message":{"role":"user"}}"#, "nothing is said in it"),
            (r#"{"type":"message","id":"a","message":{"role":"bash","content":""}}"#, "it is said in a role that is not known here"),
        ];
        for (text, wrong) in table {
            assert_eq!(read(text, String::new(), 1).unwrap_err(), wrong, "{text}");
        }
    }

    #[test]
    fn a_message_keeps_everything_but_notes_of_the_other_gateway() {
        let found = said(
            r#"{"type":"message","id":"a1","timestamp":"2026-01-30T00:00:01.500Z","message":{"role":
            "assistant","content":[{"type":"text","text":"one"},{"type":"toolCall","id":"c","name":
            "read","arguments":{}},{"type":"text","text":"two"}],"api":"x","__openclaw":{"runId":
            "r1"}}}"#,
        );
        assert_eq!(found.text.as_deref(), Some("one\ntwo"));
        assert_eq!((found.id().as_str(), found.by_person), ("a1", false));
        assert_eq!(found.record.at, Timestamp::from_millis(1_769_731_201_500));
        let message: Value = serde_json::from_str(found.record.message.as_str()).unwrap();
        assert_eq!(message["timestamp"], 1_769_731_201_500_u64);
        assert_eq!(message["content"][1]["name"], "read");
        assert_eq!((&message["api"], &message["runId"]), (&json!("x"), &json!("r1")));
        assert!(message.get("__openclaw").is_none());
    }

    #[test]
    fn the_first_format_had_no_names() {
        let found = said(r#"{"type":"message","message":{"role":"user","content":"x"}}"#);
        assert_eq!((found.id().as_str(), found.by_person), ("line-3", true));
    }

    #[test]
    fn summaries_are_told_as_ours() {
        let found = said(r#"{"type":"compaction","id":"c","summary":"short"}"#);
        let message: ports::view::Message =
            serde_json::from_str(found.record.message.as_str()).unwrap();
        assert_eq!(message.stop_reason.as_deref(), Some("compaction"));
        assert_eq!(message.plain_text(), "short");
    }

    #[test]
    fn what_is_no_message_is_passed_over() {
        for kind in ["model_change", "thinking_level_change", "custom", "label", "from-the-future"]
        {
            let text = format!(r#"{{"type":"{kind}","id":"a"}}"#);
            assert!(matches!(read(&text, String::new(), 1), Ok(Event::Aside)), "{kind}");
        }
        let header =
            r#"{"type":"session","version":3,"id":"s","timestamp":"1970-01-01T00:00:01Z"}"#;
        let Ok(Event::Header(header)) = read(header, String::new(), 1) else { panic!("no header") };
        let began_at = Some(Timestamp::from_millis(1_000));
        assert_eq!(header, Header { version: 3, began_at });
    }
}
