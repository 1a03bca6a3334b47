//! The names of conversations.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::ids::AgentId;

/// Names one conversation: `agent:<agent>:<place>`, where the place may itself
/// be several segments, as in `agent:main:telegram:dm:1234`; or one of the two
/// special names `global` and `unknown`.
///
/// A key is always in canonical form (trimmed, lower case, no empty segment, a
/// well-formed agent), so two keys are the same conversation exactly when they
/// are equal. Cloning is cheap: keys travel with every event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionKey(Arc<str>);

/// Why a text is not a [`SessionKey`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseSessionKeyError {
    /// Nothing is left after trimming.
    #[error("session key must not be empty")]
    Empty,
    /// The text does not start with `agent:<agent>:`.
    #[error("session key must start with agent:<agent>:")]
    NoAgent,
    /// Two colons in a row, or one at the end.
    #[error("session key must not have empty segments")]
    EmptySegment,
    /// The agent's name is not well formed.
    #[error("session key names an invalid agent")]
    BadAgent,
    /// Control characters.
    #[error("session key must not contain control characters")]
    Control,
    /// Longer than [`SessionKey::MAX_LEN`] bytes.
    #[error("session key must not be longer than {} bytes", SessionKey::MAX_LEN)]
    TooLong,
}

impl SessionKey {
    /// The longest key, in bytes.
    pub const MAX_LEN: usize = 512;

    /// The text of the key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The agent that answers in this conversation. The special keys belong to
    /// no agent in particular.
    pub fn agent(&self) -> Option<AgentId> {
        split(&self.0).map(|(agent, _)| AgentId::normalize(agent))
    }

    /// What follows the agent, as in `telegram:dm:1234`.
    pub fn place(&self) -> &str {
        split(&self.0).map_or(&self.0, |(_, place)| place)
    }

    /// Whether the conversation is one of a messenger: with a person there, or
    /// in a group or channel.
    pub fn is_of_messenger(&self) -> bool {
        const KINDS: [&str; 4] = ["dm", "direct", "group", "channel"];
        self.place().split(':').any(|segment| KINDS.contains(&segment))
    }

    /// Whether the conversation belongs to a group or channel of a messenger.
    pub fn is_group(&self) -> bool {
        self.place().split(':').any(|segment| segment == "group" || segment == "channel")
    }
}

impl FromStr for SessionKey {
    type Err = ParseSessionKeyError;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let trimmed = raw.trim();
        if trimmed.is_empty() {
            return Err(ParseSessionKeyError::Empty);
        }
        if Self::MAX_LEN < trimmed.len() {
            return Err(ParseSessionKeyError::TooLong);
        }
        if trimmed.chars().any(char::is_control) {
            return Err(ParseSessionKeyError::Control);
        }
        let text = trimmed.to_lowercase();
        if text == "global" || text == "unknown" {
            return Ok(Self(text.into()));
        }
        let (agent, place) = split(&text).ok_or(ParseSessionKeyError::NoAgent)?;
        if agent.is_empty() || place.split(':').any(str::is_empty) {
            return Err(ParseSessionKeyError::EmptySegment);
        }
        if !AgentId::is_canonical(agent) {
            return Err(ParseSessionKeyError::BadAgent);
        }
        Ok(Self(text.into()))
    }
}

fn split(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("agent:")?.split_once(':')
}

impl TryFrom<String> for SessionKey {
    type Error = ParseSessionKeyError;

    fn try_from(raw: String) -> Result<Self, Self::Error> {
        raw.parse()
    }
}

impl From<SessionKey> for String {
    fn from(key: SessionKey) -> Self {
        key.0.as_ref().into()
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Turns the short names clients use into keys (`ws-protocol.md` 9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Who answers when nobody is named.
    pub default_agent: AgentId,
    /// What the main conversation of an agent is called.
    pub main_key: Box<str>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { default_agent: AgentId::main(), main_key: "main".into() }
    }
}

impl Keys {
    /// The main conversation of the default agent.
    pub fn main(&self) -> SessionKey {
        self.main_of(&self.default_agent)
    }

    /// The main conversation of `agent`.
    pub fn main_of(&self, agent: &AgentId) -> SessionKey {
        SessionKey(format!("agent:{agent}:{}", self.main_key).into())
    }

    /// The conversation `place` of `agent`.
    pub fn key(&self, agent: &AgentId, place: &str) -> Result<SessionKey, ParseSessionKeyError> {
        format!("agent:{agent}:{place}").parse()
    }

    /// The conversation that `raw` names: a whole key, `main`, or a place of the
    /// default agent.
    pub fn resolve(&self, raw: &str) -> Result<SessionKey, ParseSessionKeyError> {
        let trimmed = raw.trim();
        let lower = trimmed.to_lowercase();
        if lower == "main" || *lower == *self.main_key {
            return Ok(self.main());
        }
        if lower == "global" || lower == "unknown" {
            return lower.parse();
        }
        if lower.starts_with("agent:") {
            let key: SessionKey = trimmed.parse()?;
            return Ok(match key.agent() {
                Some(agent) if key.place() == "main" => self.main_of(&agent),
                _ => key,
            });
        }
        if trimmed.is_empty() {
            return Err(ParseSessionKeyError::Empty);
        }
        self.key(&self.default_agent, trimmed)
    }
}

#[test]
fn parsing() {
    use ParseSessionKeyError::{BadAgent, Control, Empty, EmptySegment, NoAgent, TooLong};

    let ok = |raw: &str| raw.parse::<SessionKey>().unwrap().to_string();
    let err = |raw: &str| raw.parse::<SessionKey>().unwrap_err();

    assert_eq!(ok("agent:main:main"), "agent:main:main");
    assert_eq!(ok("  Agent:Main:Telegram:DM:42 "), "agent:main:telegram:dm:42");
    assert_eq!(ok("global"), "global");

    assert_eq!(err(""), Empty);
    assert_eq!(err("main"), NoAgent);
    assert_eq!(err("agent:main"), NoAgent);
    assert_eq!(err("agent::main"), EmptySegment);
    assert_eq!(err("agent:main:"), EmptySegment);
    assert_eq!(err("agent:../../x:main"), BadAgent);
    assert_eq!(err("agent:main:a\u{0}b"), Control);
    assert_eq!(err(&format!("agent:main:{}", "x".repeat(600))), TooLong);
}

#[test]
fn conversations_of_messengers_are_known_by_their_keys() {
    let of_messenger = |key: &str| key.parse::<SessionKey>().unwrap().is_of_messenger();
    assert!(of_messenger("agent:main:slack:direct:u1"));
    assert!(of_messenger("agent:main:dm:u1"));
    assert!(of_messenger("agent:main:telegram:group:1"));
    assert!(!of_messenger("agent:main:main"));
}

#[test]
fn short_names_are_completed() {
    let keys = Keys { default_agent: AgentId::normalize("work"), main_key: "main".into() };
    #[rustfmt::skip]
    let table = [
        ("main",                  "agent:work:main"),
        (" MAIN ",                "agent:work:main"),
        ("telegram:dm:1",         "agent:work:telegram:dm:1"),
        ("agent:other:main",      "agent:other:main"),
        ("agent:other:x:y",       "agent:other:x:y"),
        ("global",                "global"),
        ("__proto__",             "agent:work:__proto__"),
    ];
    for (raw, key) in table {
        assert_eq!(keys.resolve(raw).unwrap().as_str(), key, "{raw:?}");
    }
    assert_eq!(keys.resolve("  "), Err(ParseSessionKeyError::Empty));
}
