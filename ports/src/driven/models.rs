//! Models.

use std::time::Duration;

use async_trait::async_trait;
use domain::{agent::FailureKind, run::Usage, session::Thinking};

use crate::{BoxError, BoxStream};

/// Somebody who offers models.
///
/// # Contract
///
/// - A stream is any number of events, ended by exactly one
///   [`ModelEvent::End`] or one error.
/// - Dropping the stream ends the request at the provider.
/// - A provider that falls silent, talks too long or too much ends in an error
///   by itself; nobody has to watch it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ModelProvider: Send + Sync {
    /// What it is called in model names, as in `openai`.
    fn name(&self) -> &str;

    /// The models it offers, as far as it is known without asking.
    fn known_models(&self) -> Vec<ModelInfo>;

    /// Begins an answer. The first event may take as long as the model takes.
    async fn stream(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<Result<ModelEvent, ModelError>>, ModelError>;
}

/// A model on offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelInfo {
    /// What its provider calls it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// How many tokens it can have in mind.
    pub context_window: Option<u64>,
    /// How many tokens it can say at once.
    pub max_tokens: Option<u64>,
    /// Whether it can think before it answers.
    pub reasoning: bool,
    /// What it can read, as in `text` and `image`.
    pub input: Vec<String>,
}

/// What is asked of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRequest {
    /// What its provider calls it.
    pub model: String,
    /// Instructions.
    pub system: Option<String>,
    /// What was said, the last message being the one to answer.
    pub messages: Vec<ModelMessage>,
    /// How long to think.
    pub thinking: Option<Thinking>,
    /// How to choose words.
    pub sampling: Sampling,
}

/// One message of a conversation, as a model reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelMessage {
    /// Who said it.
    pub role: ModelRole,
    /// What was said.
    pub parts: Vec<ModelPart>,
}

impl ModelMessage {
    /// A message that is nothing but text.
    pub fn text(role: ModelRole, text: impl Into<String>) -> Self {
        Self { role, parts: vec![ModelPart::Text(text.into())] }
    }

    /// All text of the message, its parts separated by line breaks.
    pub fn plain_text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            ModelPart::Text(text) => Some(text.as_str()),
            ModelPart::Image { .. } => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelRole {
    /// A person.
    User,
    /// The model.
    Assistant,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelPart {
    /// Text.
    Text(String),
    /// A picture.
    Image {
        /// As in `image/png`.
        mime: String,
        /// The bytes in base64.
        data: String,
    },
}

/// How a model chooses its words; `None` leaves it to the model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling {
    /// At most so many tokens.
    pub max_tokens: Option<u32>,
    /// 0 to 2.
    pub temperature: Option<f64>,
    /// 0 to 1.
    pub top_p: Option<f64>,
    /// -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// -2 to 2.
    pub presence_penalty: Option<f64>,
    /// For the same answer to the same question, where that is offered.
    pub seed: Option<i64>,
    /// Texts that end the answer; at most four.
    pub stop: Vec<String>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelEvent {
    /// More text.
    Text(String),
    /// More of what the model thinks.
    Thinking(String),
    /// What was used so far. The last one counts.
    Usage(Usage),
    /// The end.
    End(FinishReason),
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It was finished.
    Stop,
    /// It reached the limit.
    Length,
    /// The provider did not like what it said.
    ContentFilter,
}

impl FinishReason {
    /// As OpenAI's API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
        }
    }
}

/// Why a provider did not answer.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ModelError {
    /// What kind of failure it is. Decides whether somebody else is asked.
    pub kind: FailureKind,
    /// What happened, for a person. Never holds a key.
    pub message: String,
    /// How long the provider wants to be left alone.
    pub retry_after: Option<Duration>,
    /// What the library said, for the log.
    #[source]
    pub source: Option<BoxError>,
}

impl ModelError {
    /// A failure of kind `kind`.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, source: None }
    }
}
