//! A question, and what may be answered.

use serde::{Deserialize, Serialize};

use crate::exposure::Strength;

/// The longest answer, in bytes.
const LONGEST: usize = 16 * 1024;

/// The names of the questions.
pub mod id {
    /// Whether to go on where an earlier run was interrupted.
    pub const RESUME: &str = "resume";
    /// Whether the risk is understood.
    pub const RISK: &str = "risk";
    /// What becomes of the configuration there is.
    pub const EXISTING: &str = "existing";
    /// How much is thrown away with it.
    pub const RESET: &str = "existing.reset";
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
    /// Whether Tailscale stops when the gateway does.
    pub const TAILSCALE_RESET: &str = "gateway.tailscale.resetOnExit";
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
    Secret {
        /// How many characters it has at least.
        shortest: usize,
    },
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
#[error("{}: {}", self.question(), self.reason())]
pub enum BadAnswer {
    /// It is of another kind than the question wants.
    Kind(&'static str, &'static str),
    /// None of the answers there are.
    NotOffered(&'static str, String),
    /// Something about it is wrong.
    Wrong(&'static str, String),
}

impl BadAnswer {
    /// The question.
    pub fn question(&self) -> &'static str {
        match self {
            Self::Kind(id, _) | Self::NotOffered(id, _) | Self::Wrong(id, _) => id,
        }
    }

    /// What is wrong with the answer.
    pub fn reason(&self) -> String {
        match self {
            Self::Kind(_, wanted) => format!("answer with {wanted}"),
            Self::NotOffered(_, offered) => format!("must be one of {offered}"),
            Self::Wrong(_, why) => why.clone(),
        }
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
            (Kind::Text, Value::Text(text)) => self.unless(self.objection(text.trim()), &text),
            (Kind::Secret { shortest }, Value::Text(text)) => {
                self.unless(self.weakness(text.trim(), *shortest), &text)
            }
        }
    }

    fn confirmed(&self, flag: bool) -> Result<Value, BadAnswer> {
        if self.id == id::RISK && !flag {
            let why = "the risk has to be accepted to go on";
            return Err(BadAnswer::Wrong(self.id, why.to_owned()));
        }
        Ok(Value::Flag(flag))
    }

    fn unless(&self, objection: Option<String>, text: &str) -> Result<Value, BadAnswer> {
        match objection {
            Some(objection) => Err(BadAnswer::Wrong(self.id, objection)),
            None => Ok(Value::Text(text.trim().to_owned())),
        }
    }

    /// Whether saying nothing is an answer.
    fn may_be_empty(&self) -> bool {
        self.initial == Some(Value::Text(String::new()))
    }

    /// What is wrong with `text`.
    fn objection(&self, text: &str) -> Option<String> {
        let begins = |schemes: &[&str]| {
            schemes.iter().any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
        };
        let wrong = match self.id {
            _ if !is_line(text) => NO_LINE,
            _ if text.is_empty() && self.may_be_empty() => return None,
            id::PORT if !text.parse::<u16>().is_ok_and(|port| port != 0) => {
                "must be a port, from 1 to 65535"
            }
            id::REMOTE_URL if !begins(&["ws://", "wss://"]) => {
                "must be an address as in wss://gateway.example:18789"
            }
            id::PROVIDER_URL if !begins(&["http://", "https://"]) => {
                "must be an address as in https://models.example/v1"
            }
            id::WORKSPACE if !begins(&["/", "~/"]) => "must begin with / or ~/",
            id::MODEL if text.is_empty() => "must not be empty",
            _ => return None,
        };
        Some(wrong.to_owned())
    }

    /// What is wrong with the secret `text`.
    fn weakness(&self, text: &str, shortest: usize) -> Option<String> {
        let ours = matches!(self.id, id::TOKEN | id::PASSWORD);
        if !is_line(text) {
            Some(NO_LINE.to_owned())
        } else if text.is_empty() {
            (!self.may_be_empty()).then(|| "must not be empty".to_owned())
        } else if ours && Strength::of(text) == Strength::Placeholder {
            Some("is what manuals write where a secret belongs".to_owned())
        } else {
            let short = text.chars().count() < shortest;
            short.then(|| format!("must have at least {shortest} characters"))
        }
    }
}

/// What is wrong with a text that is no line.
const NO_LINE: &str = "is too long, or not a line of text";

fn is_line(text: &str) -> bool {
    text.len() <= LONGEST && !text.chars().any(char::is_control)
}
