//! A question, and what may be answered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The longest answer, in bytes.
const LONGEST: usize = 16 * 1024;

/// The names of the questions.
pub mod id {
    /// Whether the risk is understood.
    pub const RISK: &str = "risk";
    /// What becomes of the configuration there is.
    pub const EXISTING: &str = "existing";
    /// Whether to ask about everything.
    pub const FLOW: &str = "flow";
    /// Whether a gateway runs here.
    pub const MODE: &str = "mode";
    /// Where the gateway elsewhere is.
    pub const REMOTE_URL: &str = "remote.url";
    /// What it wants to be shown.
    pub const REMOTE_TOKEN: &str = "remote.token";
    /// Who offers the model.
    pub const PROVIDER: &str = "provider";
    /// Where a provider is that is not known by name.
    pub const PROVIDER_URL: &str = "provider.url";
    /// Its key.
    pub const PROVIDER_KEY: &str = "provider.key";
    /// What to do about a provider that did not answer well.
    pub const PROVIDER_FAILED: &str = "provider.failed";
    /// The model.
    pub const MODEL: &str = "model";
    /// Where agents work.
    pub const WORKSPACE: &str = "workspace";
    /// The port.
    pub const PORT: &str = "gateway.port";
    /// Who can reach it.
    pub const BIND: &str = "gateway.bind";
    /// What clients show.
    pub const AUTH: &str = "gateway.auth";
    /// The token, if it is not to be made up.
    pub const TOKEN: &str = "gateway.token";
    /// The password.
    pub const PASSWORD: &str = "gateway.password";
    /// How Tailscale brings others.
    pub const TAILSCALE: &str = "gateway.tailscale";
    /// Whether the gateway starts by itself.
    pub const SERVICE: &str = "service";
    /// How to go on.
    pub const CLOSING: &str = "closing";
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name, one of [`id`].
    pub id: &'static str,
    /// How it is answered.
    pub kind: Kind,
    /// What it is about.
    pub title: &'static str,
    /// The question.
    pub message: String,
    /// What is answered by saying nothing. Never a secret.
    pub initial: Option<Value>,
    /// What an answer looks like.
    pub placeholder: Option<&'static str>,
}

/// How a question is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only wants to be read.
    Note,
    /// By one of these.
    Select(Vec<Choice>),
    /// By a text.
    Text,
    /// By a text that is a secret.
    Secret,
    /// By yes or no.
    Confirm,
}

/// One of several answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The answer.
    pub value: String,
    /// What it is called.
    pub label: String,
    /// What there is to say about it.
    pub hint: Option<String>,
}

impl Choice {
    /// The answer `value`, called `label`.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), hint: None }
    }

    /// The same with something to say about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Flag(bool),
    /// A text, or one of several answers.
    Text(String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Why an answer does not count. Never repeats a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAnswer {
    /// It is of another kind than the question wants.
    #[error("{0}: answer with {1}")]
    Kind(&'static str, &'static str),
    /// None of the answers there are.
    #[error("{0}: must be one of {1}")]
    NotOffered(&'static str, String),
    /// Something about it is wrong.
    #[error("{0}: {1}")]
    Wrong(&'static str, &'static str),
}

/// What was answered, by the names of the questions. Shows no values, which may
/// be secrets.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<String, Value>);

impl Answers {
    /// Notes an answer.
    pub fn set(&mut self, id: &str, value: Value) {
        self.0.insert(id.to_owned(), value);
    }

    /// Forgets an answer.
    pub fn forget(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// The answer to `id`.
    pub fn get(&self, id: &str) -> Option<&Value> {
        self.0.get(id)
    }

    /// The text answered to `id`; an empty one is none.
    pub fn text(&self, id: &str) -> Option<&str> {
        match self.0.get(id)? {
            Value::Text(text) => Some(text.as_str()).filter(|text| !text.is_empty()),
            Value::Flag(_) => None,
        }
    }

    /// What may be kept: without secrets, which are asked for again.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let secret = [id::REMOTE_TOKEN, id::PROVIDER_KEY, id::TOKEN, id::PASSWORD];
        let kept = self.0.iter().filter(|(id, _)| !secret.contains(&id.as_str()));
        Self(kept.map(|(id, value)| (id.clone(), value.clone())).collect())
    }

    /// Whether nothing was answered.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Step {
    /// The answer `value`, if it answers this.
    pub fn accept(&self, value: Value) -> Result<Value, BadAnswer> {
        match (&self.kind, value) {
            (Kind::Note, value) => Ok(value),
            (Kind::Confirm, Value::Flag(flag)) => self.confirmed(flag),
            (Kind::Confirm, Value::Text(_)) => Err(BadAnswer::Kind(self.id, "true or false")),
            (_, Value::Flag(_)) => Err(BadAnswer::Kind(self.id, "a text")),
            (Kind::Select(choices), Value::Text(text)) => {
                if choices.iter().any(|choice| choice.value == text) {
                    return Ok(Value::Text(text));
                }
                let some: Vec<_> = choices.iter().map(|choice| choice.value.as_str()).collect();
                Err(BadAnswer::NotOffered(self.id, some.join(", ")))
            }
            (Kind::Text | Kind::Secret, Value::Text(text)) => {
                let text = text.trim();
                match self.objection(text) {
                    Some(objection) => Err(BadAnswer::Wrong(self.id, objection)),
                    None => Ok(Value::Text(text.to_owned())),
                }
            }
        }
    }

    fn confirmed(&self, flag: bool) -> Result<Value, BadAnswer> {
        if self.id == id::RISK && !flag {
            return Err(BadAnswer::Wrong(self.id, "the risk has to be accepted to go on"));
        }
        Ok(Value::Flag(flag))
    }

    /// What is wrong with `text`.
    fn objection(&self, text: &str) -> Option<&'static str> {
        let begins = |schemes: &[&str]| {
            schemes.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
        };
        if LONGEST < text.len() || text.chars().any(char::is_control) {
            return Some("is too long, or not a line of text");
        }
        match self.id {
            id::PORT if text.parse::<u16>().is_ok_and(|port| port != 0) => None,
            id::PORT => Some("must be a port, from 1 to 65535"),
            id::REMOTE_URL if begins(&["ws://", "wss://"]) => None,
            id::REMOTE_URL => Some("must be an address as in wss://gateway.example:18789"),
            id::PROVIDER_URL if begins(&["http://", "https://"]) => None,
            id::PROVIDER_URL => Some("must be an address as in https://models.example/v1"),
            id::WORKSPACE if begins(&["/", "~/"]) => None,
            id::WORKSPACE => Some("must begin with / or ~/"),
            id::PASSWORD | id::MODEL | id::PROVIDER_KEY if text.is_empty() => {
                Some("must not be empty")
            }
            id::TOKEN if !text.is_empty() && text.len() < 16 => {
                Some("must have at least 16 characters")
            }
            _ => None,
        }
    }
}
