//! A response, as it is handed out.

use std::{collections::BTreeMap, sync::Arc};

use domain::run::Usage;
use ports::{
    Json,
    driven::{AnswerFormat, ToolChoice, ToolSpec},
};
use serde::Serialize;

use crate::responses::request::{Asked, Summary, Truncation};

/// A response at some moment.
#[derive(Debug, Serialize)]
pub(crate) struct Resource<'a> {
    pub(crate) id: &'a str,
    object: &'static str,
    created_at: u64,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<u64>,
    error: Option<&'a Failure>,
    incomplete_details: Option<Incomplete>,
    #[serde(flatten)]
    terms: &'a Terms,
    output: Vec<Output<'a>>,
    usage: Option<TokensUsed>,
}

/// How far a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    InProgress,
    Completed,
    Incomplete,
    Failed,
    Cancelled,
}

/// Why a response failed.
#[derive(Debug, Serialize)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

/// Why a response is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Incomplete {
    pub(crate) reason: &'static str,
}

/// What was asked for, repeated in every answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Terms {
    pub(crate) model: String,
    instructions: Option<String>,
    max_output_tokens: Option<u32>,
    metadata: BTreeMap<String, String>,
    parallel_tool_calls: bool,
    previous_response_id: Option<String>,
    reasoning: Reasoning,
    store: bool,
    temperature: Option<f64>,
    text: Text,
    tool_choice: Choice,
    tools: Vec<Tool>,
    top_p: Option<f64>,
    truncation: Truncation,
    user: Option<String>,
    background: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Reasoning {
    effort: Option<String>,
    summary: Option<Summary>,
}

#[derive(Clone, Debug, Serialize)]
struct Text {
    format: Format,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format {
    Text,
    JsonObject,
    JsonSchema { name: String, description: Option<String>, schema: Json, strict: Option<bool> },
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Choice {
    Word(&'static str),
    Named {
        #[serde(rename = "type")]
        kind: &'static str,
        name: String,
    },
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename = "function")]
struct Tool {
    name: String,
    description: Option<String>,
    parameters: Option<Json>,
    strict: Option<bool>,
}

/// One thing a response says or asks for.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Output<'a> {
    Message {
        id: &'a str,
        status: Status,
        role: &'static str,
        content: Vec<Part<'a>>,
    },
    Reasoning {
        id: &'a str,
        summary: Vec<Part<'a>>,
    },
    FunctionCall {
        id: &'a str,
        status: Status,
        call_id: &'a str,
        name: &'a str,
        arguments: &'a str,
    },
}

/// A part of what is said.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Part<'a> {
    OutputText { text: &'a str, annotations: [(); 0], logprobs: [(); 0] },
    SummaryText { text: &'a str },
}

/// Usage, in the words of responses.
#[derive(Debug, Serialize)]
pub(crate) struct TokensUsed {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Debug, Serialize)]
struct InputDetails {
    cached_tokens: u64,
}

/// How much of the output were thoughts is not known here.
#[derive(Debug, Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

/// What all moments of a response have in common.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) id: Arc<str>,
    /// In seconds since the epoch.
    pub(crate) created: u64,
    pub(crate) terms: Arc<Terms>,
}

/// How a response ends.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) status: Status,
    pub(crate) failure: Option<Failure>,
    pub(crate) incomplete: Option<Incomplete>,
    pub(crate) usage: Option<Usage>,
    /// When, in seconds since the epoch.
    pub(crate) at: u64,
}

impl Label {
    /// The response while it is made.
    pub(crate) fn begun(&self) -> Resource<'_> {
        Resource {
            id: &self.id,
            object: "response",
            created_at: self.created,
            status: Status::InProgress,
            completed_at: None,
            error: None,
            incomplete_details: None,
            terms: &self.terms,
            output: Vec::new(),
            usage: None,
        }
    }

    /// The response at its end, with its `output`.
    pub(crate) fn ended<'a>(&'a self, ending: &'a Ending, output: Vec<Output<'a>>) -> Resource<'a> {
        Resource {
            status: ending.status,
            completed_at: (ending.status == Status::Completed).then_some(ending.at),
            error: ending.failure.as_ref(),
            incomplete_details: ending.incomplete,
            output,
            usage: ending.usage.map(TokensUsed::from),
            ..self.begun()
        }
    }

    /// The response as somebody who stops it sees it.
    pub(crate) fn cancelled(&self) -> Resource<'_> {
        Resource { status: Status::Cancelled, ..self.begun() }
    }
}

impl Terms {
    /// The same for an answer of `model` that nobody keeps.
    pub(crate) fn unkept(&self, model: &str) -> Self {
        Self { model: model.to_owned(), store: false, ..self.clone() }
    }

    pub(crate) fn of(asked: &Asked) -> Self {
        let sampling = &asked.sampling;
        Self {
            model: asked.model.clone(),
            instructions: asked.instructions.clone(),
            max_output_tokens: sampling.max_tokens,
            metadata: asked.metadata.clone(),
            parallel_tool_calls: asked.tools.parallel.unwrap_or(true),
            previous_response_id: asked.previous.clone(),
            reasoning: Reasoning { effort: asked.effort.clone(), summary: asked.summary },
            store: asked.store,
            temperature: sampling.temperature,
            text: Text { format: Format::of(sampling.format.as_ref()) },
            tool_choice: match &asked.tools.choice {
                ToolChoice::Auto => Choice::Word("auto"),
                ToolChoice::None => Choice::Word("none"),
                ToolChoice::Required => Choice::Word("required"),
                ToolChoice::Named(name) => Choice::Named { kind: "function", name: name.clone() },
            },
            tools: asked.tools.offered.iter().map(Tool::from).collect(),
            top_p: sampling.top_p,
            truncation: asked.truncation,
            user: asked.user.clone(),
            background: false,
        }
    }
}

impl Format {
    fn of(format: Option<&AnswerFormat>) -> Self {
        match format {
            None => Self::Text,
            Some(AnswerFormat::JsonObject) => Self::JsonObject,
            Some(AnswerFormat::JsonSchema { name, description, schema, strict }) => {
                Self::JsonSchema {
                    name: name.clone(),
                    description: description.clone(),
                    schema: schema.clone(),
                    strict: *strict,
                }
            }
        }
    }
}

impl From<&ToolSpec> for Tool {
    fn from(tool: &ToolSpec) -> Self {
        Self {
            name: tool.name.clone(),
            description: tool.description.clone(),
            parameters: tool.parameters.clone(),
            strict: tool.strict,
        }
    }
}

impl<'a> Part<'a> {
    pub(crate) const fn text(text: &'a str) -> Self {
        Self::OutputText { text, annotations: [], logprobs: [] }
    }
}

impl From<Usage> for TokensUsed {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input,
            input_tokens_details: InputDetails { cached_tokens: usage.cache_read },
            output_tokens: usage.output,
            output_tokens_details: OutputDetails { reasoning_tokens: 0 },
            total_tokens: usage.total(),
        }
    }
}
