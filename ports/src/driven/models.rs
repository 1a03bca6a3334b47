//! Models.

use std::time::Duration;

use async_trait::async_trait;
use domain::{
    agent::FailureKind,
    relay::{Fault, Form},
    run::Usage,
    session::Thinking,
};

use super::{RelayAnswer, RelayError, RelayRequest};
use crate::{BoxError, BoxStream, Json};

/// Somebody who offers models.
///
/// # Contract
///
/// - A stream is any number of events, ended by exactly one
///   [`ModelEvent::End`] or one error.
/// - A call for a tool begins with [`ModelEvent::CallBegun`]; the pieces of its
///   arguments follow. Calls are counted from 0 without a gap.
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

    /// How many tokens `request` would cost the model to read; `None` from
    /// those who cannot tell without answering it.
    async fn count_tokens(&self, request: ModelRequest) -> Result<Option<u64>, ModelError> {
        drop(request);
        Ok(None)
    }

    /// The forms of requests it takes as they are.
    fn forms(&self) -> &'static [Form] {
        &[]
    }

    /// What of `request` it would leave out, because it has no words for it, although
    /// the answer would be another one. Not among this is how long to think, which
    /// is a wish.
    fn leaves_out(&self, request: &ModelRequest) -> Option<Unspoken> {
        let _ = request;
        None
    }

    /// Passes on a request of one of [these forms](Self::forms) as it is, but for
    /// the name of the model, and its answer as it comes.
    async fn relay(&self, request: RelayRequest) -> Result<RelayAnswer, RelayError> {
        let why = format!("{} takes no {} as they are", self.name(), request.form);
        let error = ModelError::new(FailureKind::Format, why);
        Err(RelayError { fault: Fault::Garbled, error, said: None })
    }
}

/// Something a provider has no words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unspoken {
    /// What.
    pub setting: Setting,
    /// Why.
    pub why: &'static str,
}

/// Something one can choose in [`Sampling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// [`Sampling::temperature`].
    Temperature,
    /// [`Sampling::top_p`].
    TopP,
    /// [`Sampling::top_k`].
    TopK,
    /// [`Sampling::frequency_penalty`].
    FrequencyPenalty,
    /// [`Sampling::presence_penalty`].
    PresencePenalty,
    /// [`Sampling::seed`].
    Seed,
    /// [`Sampling::stop`].
    Stop,
}

impl Setting {
    /// What it is called in requests of this form.
    pub const fn called(self, form: Form) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::TopK => "top_k",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::PresencePenalty => "presence_penalty",
            Self::Seed => "seed",
            Self::Stop => match form {
                Form::Messages => "stop_sequences",
                Form::Chat | Form::Embeddings | Form::Responses => "stop",
            },
        }
    }
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
    /// What it may ask to have done.
    pub tools: ToolUse,
}

/// The tools a model may ask for, which whoever asks the model uses in its
/// place. None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolUse {
    /// The tools.
    pub offered: Vec<ToolSpec>,
    /// Whether the model shall ask for one.
    pub choice: ToolChoice,
    /// Whether it may ask for several at once; `None` leaves it to the model.
    pub parallel: Option<bool>,
}

/// A tool a model may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolSpec {
    /// Its name.
    pub name: String,
    /// What it is for, for the model.
    pub description: Option<String>,
    /// What it takes, as a JSON schema of an object.
    pub parameters: Option<Json>,
    /// Whether the provider shall hold the model to the schema; `None` leaves
    /// it to the provider.
    pub strict: Option<bool>,
}

/// Whether a model shall ask for a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    #[default]
    Auto,
    /// It shall not.
    None,
    /// It has to ask for one.
    Required,
    /// It has to ask for this one.
    Named(String),
}

/// A tool a model asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// Names the call in the conversation, so that its result can name it.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it is given: JSON as the model wrote it, which need not be valid.
    pub arguments: String,
}

/// The form an answer has to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerFormat {
    /// Any JSON object.
    JsonObject,
    /// JSON that matches a schema.
    JsonSchema {
        /// What the schema is called.
        name: String,
        /// What it is for, for the model.
        description: Option<String>,
        /// The schema.
        schema: Json,
        /// Whether the provider shall hold the model to it.
        strict: Option<bool>,
    },
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
            ModelPart::Image { .. } | ModelPart::Call(_) | ModelPart::Result(_) => None,
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
    /// A tool the model asked for. Only models ask.
    Call(ToolCall),
    /// What came of it. Only users tell, in the message after the call.
    Result(ToolResult),
}

/// What came of a tool a model asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolResult {
    /// The id of the call.
    pub call: String,
    /// What the tool said.
    pub text: String,
    /// Whether it failed.
    pub failed: bool,
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
    /// Only among so many of the likeliest words, where that is offered.
    pub top_k: Option<u32>,
    /// -2 to 2.
    pub frequency_penalty: Option<f64>,
    /// -2 to 2.
    pub presence_penalty: Option<f64>,
    /// For the same answer to the same question, where that is offered.
    pub seed: Option<i64>,
    /// Texts that end the answer; at most four.
    pub stop: Vec<String>,
    /// The form the answer has to have; `None` means text.
    pub format: Option<AnswerFormat>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelEvent {
    /// More text.
    Text(String),
    /// More of what the model thinks.
    Thinking(String),
    /// The model begins to ask for a tool.
    CallBegun {
        /// Which of the calls of this answer it is, from 0.
        at: usize,
        /// Names the call.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of what the tool is given, the next piece of the text of
    /// [`ToolCall::arguments`].
    CallArguments {
        /// Which of the calls of this answer it belongs to.
        at: usize,
        /// The piece.
        piece: String,
    },
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
    /// It was about to say one of the texts that end the answer: the one at
    /// this place in [`Sampling::stop`]. Not every provider tells.
    StopText(usize),
    /// It reached the limit.
    Length,
    /// The provider did not like what it said.
    ContentFilter,
    /// It asks for tools and waits for what comes of them.
    ToolCalls,
}

impl FinishReason {
    /// As OpenAI's API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop | Self::StopText(_) => "stop",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::ToolCalls => "tool_calls",
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
    /// The same for people who shall not learn where the provider is, if the
    /// message tells.
    pub discreet: Option<Box<str>>,
    /// With which status the provider refused, if it did.
    pub status: Option<u16>,
    /// How long the provider wants to be left alone.
    pub retry_after: Option<Duration>,
    /// What the library said, for the log.
    #[source]
    pub source: Option<BoxError>,
}

impl ModelError {
    /// A failure of kind `kind`.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let (discreet, status, retry_after, source) = (None, None, None, None);
        Self { kind, message: message.into(), discreet, status, retry_after, source }
    }

    /// The same, for people who shall not learn where the provider is.
    #[must_use]
    pub fn discreetly(mut self) -> Self {
        if let Some(discreet) = self.discreet.take() {
            self.message = discreet.into();
        }
        self
    }
}
