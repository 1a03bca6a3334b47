//! What a call asks for, before it is decided whether it gets it.

use super::{fence::one_line, tree::Tree};
use crate::words::words;

words! {
    /// When an agent looks at what came.
    pub enum WakeMode {
        /// At once.
        Now = "now",
        /// When it looks around anyway.
        NextHeartbeat = "next-heartbeat",
    }
}

words! {
    /// Whether a conversation goes on.
    pub enum HookSessionMode {
        /// Every call has its own.
        Isolated = "isolated",
        /// It does.
        Persistent = "persistent",
    }
}

words! {
    /// What is to be done about a call.
    #[derive(Default)]
    pub enum HookVerb {
        /// An agent is asked.
        #[default]
        Agent = "agent",
        /// The main conversation is told something.
        Wake = "wake",
    }
}

/// What a call asks for, as far as it says; texts are as they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// What is to be done.
    pub verb: HookVerb,
    /// What somebody is woken with.
    pub text: Option<String>,
    /// When.
    pub wake: Option<WakeMode>,
    /// What an agent is asked.
    pub message: Option<String>,
    /// Who it is from.
    pub name: Option<String>,
    /// Which agent.
    pub agent: Option<String>,
    /// The conversation, and who says so.
    pub session_key: Option<(String, KeyOrigin)>,
    /// Whether it goes on.
    pub session_mode: Option<HookSessionMode>,
    /// Whether the answer is sent to a channel.
    pub deliver: Option<bool>,
    /// Which.
    pub channel: Option<String>,
    /// To whom there.
    pub to: Option<String>,
    /// A model other than the agent's own.
    pub model: Option<String>,
    /// How long it thinks.
    pub thinking: Option<String>,
    /// How long it may take.
    pub timeout_seconds: Option<u64>,
    /// Whether the caller waits for the end.
    pub waits: bool,
    /// Whether what came is shown to the model as if it were trusted. Nothing
    /// that comes from outside can say so.
    pub is_trusted: bool,
    /// Whether it is what a mapping makes of a call.
    pub is_of_mapping: bool,
}

/// Who says which conversation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// The caller.
    Request,
    /// The configuration, with parts that came from the caller.
    Template,
    /// The configuration.
    Configured,
}

/// Why a call does not get what it asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Nobody can be woken with nothing.
    #[error("text required")]
    NoText,
    /// Nobody can be asked nothing.
    #[error("message required")]
    NoMessage,
    /// The mapping gives nothing to wake somebody with.
    #[error("hook mapping requires text")]
    MappingNeedsText,
    /// The mapping gives nothing to ask.
    #[error("hook mapping requires message")]
    MappingNeedsMessage,
    /// A field is there and says nothing.
    #[error("{0} required")]
    Blank(&'static str),
    /// A field says something that cannot be.
    #[error("{field}: {why}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What is the matter with it.
        why: String,
    },
}

/// The longest name of a hook, in letters.
const MAX_NAME: usize = 64;

impl Draft {
    /// What the body of a call to `agent` asks for.
    pub fn of_agent_call(body: &Tree) -> Result<Self, DraftError> {
        let mut draft = Self::default();
        draft.read(body, KeyOrigin::Request)?;
        draft.waits = body.get("waitForCompletion") == Some(&Tree::Bool(true));
        Ok(draft)
    }

    /// What the body of a call to `wake` asks for.
    pub fn of_wake_call(body: &Tree) -> Self {
        let word = body.get("mode").and_then(Tree::as_text);
        Self {
            verb: HookVerb::Wake,
            text: filled(body, "text"),
            wake: word.and_then(|word| word.parse().ok()),
            ..Self::default()
        }
    }

    /// The same, changed by what a transform said. It is a program of the
    /// owner's, but what it says may have come from outside: it cannot choose
    /// conversations freely, nor say that something is to be trusted.
    pub fn transformed(mut self, said: &Tree) -> Result<Self, DraftError> {
        let verb = said.get("kind").or_else(|| said.get("action")).and_then(Tree::as_text);
        if let Some(verb) = verb.and_then(|word| word.parse().ok()) {
            self.verb = verb;
        }
        self.read(said, KeyOrigin::Template)?;
        Ok(self)
    }

    fn read(&mut self, body: &Tree, origin: KeyOrigin) -> Result<(), DraftError> {
        fn put<T>(place: &mut Option<T>, value: Option<T>) {
            if value.is_some() {
                *place = value;
            }
        }
        let mode = body.get("wakeMode").or_else(|| body.get("mode")).and_then(Tree::as_text);
        put(&mut self.wake, mode.and_then(|word| word.parse().ok()));
        put(&mut self.text, filled(body, "text"));
        put(&mut self.message, filled(body, "message"));
        put(&mut self.name, filled(body, "name"));
        put(&mut self.to, filled(body, "to"));
        put(&mut self.model, named(body, "model")?);
        put(&mut self.channel, named(body, "channel")?);
        put(&mut self.agent, named(body, "agentId")?);
        put(&mut self.thinking, named(body, "thinking")?);
        let key = named(body, "sessionKey")?;
        put(&mut self.session_key, key.map(|key| (key, origin)));
        let mode = named(body, "sessionMode")?;
        put(&mut self.session_mode, mode.map(|word| parsed("sessionMode", &word)).transpose()?);
        if let Some(Tree::Bool(deliver)) = body.get("deliver") {
            self.deliver = Some(*deliver);
        }
        put(&mut self.timeout_seconds, seconds(body)?);
        Ok(())
    }

    /// What the hook is called, for people.
    pub fn shown_name(&self) -> String {
        let name = one_line(self.name.as_deref().unwrap_or_default(), MAX_NAME);
        if name.is_empty() { "Hook".to_owned() } else { name }
    }
}

/// The text of a field, if it is one that says something.
fn filled(body: &Tree, field: &str) -> Option<String> {
    let text = body.get(field)?.as_text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The text of a field that has to say something if it is there.
fn named(body: &Tree, field: &'static str) -> Result<Option<String>, DraftError> {
    match body.get(field) {
        None | Some(Tree::Null) => Ok(None),
        Some(_) => filled(body, field).map(Some).ok_or(DraftError::Blank(field)),
    }
}

pub(super) fn parsed<T>(field: &'static str, text: &str) -> Result<T, DraftError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse().map_err(|error: T::Err| DraftError::Field { field, why: error.to_string() })
}

fn seconds(body: &Tree) -> Result<Option<u64>, DraftError> {
    const FIELD: &str = "timeoutSeconds";
    match body.get(FIELD) {
        None | Some(Tree::Null) => Ok(None),
        Some(Tree::Natural(seconds @ 1..)) => Ok(Some(*seconds)),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is at least one, and what is too much becomes the most"
        )]
        Some(Tree::Fraction(seconds)) if 1.0 <= *seconds => Ok(Some(*seconds as u64)),
        Some(_) => {
            let why = "has to be a number of seconds, at least 1".to_owned();
            Err(DraftError::Field { field: FIELD, why })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_fields_of_a_call() {
        let all = tree(
            r#"{"message":" m ","name":"N","agentId":"ops","wakeMode":"next-heartbeat",
                "sessionKey":"hook:a","sessionMode":"persistent","deliver":false,
                "channel":"last","to":"+1","model":"a/b","thinking":"low","timeoutSeconds":90.7,
                "waitForCompletion":true,"allowUnsafeExternalContent":true}"#,
        );
        let draft = Draft::of_agent_call(&all).unwrap();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            draft,
            Draft {
                message: text("m"),
                name: text("N"),
                agent: text("ops"),
                wake: Some(WakeMode::NextHeartbeat),
                session_key: Some(("hook:a".to_owned(), KeyOrigin::Request)),
                session_mode: Some(HookSessionMode::Persistent),
                deliver: Some(false),
                channel: text("last"),
                to: text("+1"),
                model: text("a/b"),
                thinking: text("low"),
                timeout_seconds: Some(90),
                waits: true,
                ..Draft::default()
            },
            "nobody outside says that something is to be trusted"
        );
    }

    #[test]
    fn fields_that_say_nothing() {
        let refused = |text: &str| Draft::of_agent_call(&tree(text)).map_err(|it| it.to_string());
        #[rustfmt::skip]
        let table = [
            (r#"{"model":" "}"#,             "model required"),
            (r#"{"model":5}"#,               "model required"),
            (r#"{"agentId":"  "}"#,          "agentId required"),
            (r#"{"channel":""}"#,            "channel required"),
            (r#"{"sessionKey":[]}"#,         "sessionKey required"),
            (r#"{"sessionMode":"x"}"#,       "sessionMode: must be equal to one of the allowed values: isolated, persistent"),
            (r#"{"timeoutSeconds":0}"#,      "timeoutSeconds: has to be a number of seconds, at least 1"),
            (r#"{"timeoutSeconds":"9"}"#,    "timeoutSeconds: has to be a number of seconds, at least 1"),
        ];
        for (text, expected) in table {
            assert_eq!(refused(text), Err(expected.to_owned()), "{text}");
        }
        for fine in ["null", "[]", "5", "{}", r#"{"name":5,"to":null,"model":null,"wakeMode":1}"#] {
            assert_eq!(refused(fine), Ok(Draft::default()), "{fine}");
        }
    }

    #[test]
    fn waking_somebody() {
        let wake = |text: &str| {
            let draft = Draft::of_wake_call(&tree(text));
            (draft.verb, draft.text, draft.wake)
        };
        let text = Some("x".to_owned());
        assert_eq!(wake(r#"{"text":" x "}"#), (HookVerb::Wake, text.clone(), None));
        assert_eq!(
            wake(r#"{"text":"x","mode":"next-heartbeat"}"#),
            (HookVerb::Wake, text, Some(WakeMode::NextHeartbeat))
        );
        assert_eq!(wake(r#"{"text":"  "}"#), (HookVerb::Wake, None, None));
    }

    #[test]
    fn a_transform_changes_what_it_names_and_cannot_vouch() {
        let draft = Draft { message: Some("m".into()), name: Some("N".into()), ..Draft::default() };
        let said = tree(
            r#"{"message":"other","sessionKey":"agent:main:main","allowUnsafeExternalContent":true,
                "waitForCompletion":true}"#,
        );
        let after = draft.clone().transformed(&said).unwrap();
        assert_eq!(
            after,
            Draft {
                message: Some("other".into()),
                session_key: Some(("agent:main:main".into(), KeyOrigin::Template)),
                ..draft.clone()
            }
        );
        let woken = draft.transformed(&tree(r#"{"kind":"wake","text":"t"}"#)).unwrap();
        assert!(woken.verb == HookVerb::Wake && woken.text.as_deref() == Some("t"));
    }
}
