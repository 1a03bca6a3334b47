//! An answer as it comes in.

use serde_json::Value;
use ws_client::Event;

/// What is known of the answer of one run.
#[derive(Debug)]
pub(crate) struct Answer {
    run: String,
    text: String,
}

/// What an event means for the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing.
    Nothing,
    /// It goes on with this.
    More(String),
    /// It is complete; this is the rest.
    Done(String),
    /// It was stopped, for this reason.
    Stopped(String),
    /// It failed, for this reason.
    Failed(String),
}

impl Answer {
    /// The answer of `run`, of which nothing is known yet.
    pub(crate) fn of(run: &str) -> Self {
        Self { run: run.to_owned(), text: String::new() }
    }

    /// All of it so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Takes note of `event`.
    pub(crate) fn hear(&mut self, event: &Event) -> Heard {
        if event.name != "chat" {
            return Heard::Nothing;
        }
        let Ok(chat) = serde_json::from_str::<Value>(event.payload.as_str()) else {
            return Heard::Nothing;
        };
        if chat["runId"] != self.run.as_str() {
            return Heard::Nothing;
        }
        let reason = |name: &str| chat[name].as_str().unwrap_or_default().to_owned();
        match chat["state"].as_str() {
            Some("delta") => match message(&chat["message"]) {
                Some(all) => self.becomes(&all),
                None => self.continues(&chat),
            }
            .map_or(Heard::Nothing, Heard::More),
            Some("final") => {
                let rest = message(&chat["message"]).and_then(|all| self.becomes(&all));
                Heard::Done(rest.unwrap_or_default())
            }
            Some("aborted") => Heard::Stopped(reason("stopReason")),
            Some("error") => Heard::Failed(reason("errorMessage")),
            _ => Heard::Nothing,
        }
    }

    /// The whole text is `all`. Returns what has to be printed for it.
    pub(crate) fn becomes(&mut self, all: &str) -> Option<String> {
        let new = match all.strip_prefix(self.text.as_str()) {
            Some(new) => new.to_owned(),
            // The final text is trimmed; what is printed is printed.
            None if self.text.trim() == all.trim() => String::new(),
            None => format!("\n{all}"),
        };
        all.clone_into(&mut self.text);
        Some(new).filter(|new| !new.is_empty())
    }

    fn continues(&mut self, chat: &Value) -> Option<String> {
        let delta = chat["deltaText"].as_str()?;
        if chat["replace"] == true {
            return self.becomes(delta);
        }
        self.text.push_str(delta);
        Some(delta.to_owned()).filter(|new| !new.is_empty())
    }
}

/// The text of a message.
fn message(message: &Value) -> Option<String> {
    match &message["content"] {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            Some(parts.iter().filter_map(|part| part["text"].as_str()).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ports::Json;
    use serde_json::json;

    use super::*;

    fn event(mut payload: Value) -> Event {
        if payload["runId"].is_null() {
            payload["runId"] = "r".into();
        }
        Event { name: "chat".into(), payload: Json::of(&payload) }
    }

    fn said(text: &str) -> Value {
        json!({ "role": "assistant", "content": [{ "type": "text", "text": text }] })
    }

    #[test]
    fn an_answer_is_printed_once_however_it_is_told() {
        let mut answer = Answer::of("r");
        let mut hear = |payload| answer.hear(&event(payload));
        let more = |text: &str| Heard::More(text.into());
        assert_eq!(hear(json!({ "state": "delta", "message": said("Good") })), more("Good"));
        assert_eq!(hear(json!({ "state": "delta", "message": said("Good mor") })), more(" mor"));
        assert_eq!(hear(json!({ "state": "delta", "message": said("Good mor") })), Heard::Nothing);
        assert_eq!(hear(json!({ "state": "delta", "deltaText": "ning " })), more("ning "));
        assert_eq!(
            hear(json!({ "state": "delta", "runId": "other", "deltaText": "x" })),
            Heard::Nothing
        );
        assert_eq!(hear(json!({ "state": "status", "phase": "starting_model" })), Heard::Nothing);
        assert_eq!(
            hear(json!({ "state": "final", "message": said("Good morning") })),
            Heard::Done(String::new())
        );
        assert_eq!(answer.text(), "Good morning");
    }

    #[test]
    fn ends() {
        let hear = |payload| Answer::of("r").hear(&event(payload));
        assert_eq!(
            hear(json!({ "state": "final", "message": said("all") })),
            Heard::Done("all".into())
        );
        assert_eq!(hear(json!({ "state": "final" })), Heard::Done(String::new()));
        assert_eq!(
            hear(json!({ "state": "aborted", "stopReason": "rpc" })),
            Heard::Stopped("rpc".into())
        );
        assert_eq!(
            hear(json!({ "state": "error", "errorMessage": "no key" })),
            Heard::Failed("no key".into())
        );
    }

    #[test]
    fn a_model_that_begins_anew_is_shown_anew() {
        let mut answer = Answer::of("r");
        answer.hear(&event(json!({ "state": "delta", "deltaText": "One" })));
        let heard = answer.hear(&event(json!({ "state": "delta", "message": said("Two") })));
        assert_eq!(heard, Heard::More("\nTwo".into()));
    }
}
