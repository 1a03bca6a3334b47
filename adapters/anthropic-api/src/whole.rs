//! An answer in one piece.

use domain::run::{StopReason, Usage};
use futures_util::StreamExt;
use http::{Response, StatusCode};
use http_kit::{Body, json};
use ports::{
    driven::FinishReason,
    driving::{Answer, Outcome, Reply},
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    refusal::Refusal,
    script::{Label, SIGNATURE},
    thinking::Shown,
    usage::TokensUsed,
};

#[derive(Serialize)]
struct Message<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<Block<'a>>,
    #[serde(flatten)]
    stop: Stop<'a>,
    usage: TokensUsed,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str, signature: &'static str },
    ToolUse { id: &'a str, name: &'a str, input: Input<'a> },
}

/// What a tool is given. It has to be an object.
#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Object(&'a RawValue),
    Nothing {},
    Invalid {
        #[serde(rename = "INVALID_JSON")]
        text: &'a str,
    },
}

impl<'a> Input<'a> {
    fn of(arguments: &'a str) -> Self {
        match serde_json::from_str::<&RawValue>(arguments) {
            Ok(raw) if raw.get().starts_with('{') => Self::Object(raw),
            _ if arguments.trim().is_empty() => Self::Nothing {},
            _ => Self::Invalid { text: arguments },
        }
    }
}

/// Why the model stopped, in Anthropic's words.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Stop<'a> {
    #[serde(rename = "stop_reason")]
    reason: &'static str,
    #[serde(rename = "stop_sequence")]
    sequence: Option<&'a str>,
    #[serde(rename = "stop_details", skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

/// What is known about a refusal.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Details {
    #[serde(rename = "type")]
    kind: &'static str,
    category: Option<&'static str>,
    explanation: Option<&'static str>,
}

impl<'a> Stop<'a> {
    /// `finish`, where `stops` are the texts that may end the answer.
    pub(crate) fn of(finish: FinishReason, stops: &'a [String]) -> Self {
        let plain = |reason| Self { reason, sequence: None, details: None };
        match finish {
            FinishReason::Stop => plain("end_turn"),
            FinishReason::StopText(at) => match stops.get(at) {
                Some(stop) => Self { sequence: Some(stop), ..plain("stop_sequence") },
                None => plain("end_turn"),
            },
            FinishReason::Length => plain("max_tokens"),
            FinishReason::ToolCalls => plain("tool_use"),
            FinishReason::ContentFilter => {
                let details = Details { kind: "refusal", category: None, explanation: None };
                Self { details: Some(details), ..plain("refusal") }
            }
        }
    }
}

/// How an answer ended for whoever asked over HTTP.
pub(crate) struct Ended {
    pub(crate) text: String,
    pub(crate) finish: FinishReason,
    pub(crate) usage: Usage,
}

/// An answer that a person stopped is shorter, and an answer. One that ended in
/// any other way is none.
pub(crate) fn ended(outcome: Outcome) -> Result<Ended, Refusal> {
    match outcome {
        Outcome::Done { text, finish, usage, .. } => Ok(Ended { text, finish, usage }),
        Outcome::Stopped { reason: StopReason::Rpc | StopReason::Stop, text } => {
            Ok(Ended { text, finish: FinishReason::Stop, usage: Usage::default() })
        }
        Outcome::Stopped { reason, text: _ } => Err(Refusal::stopped(reason)),
        Outcome::Failed { message, kind } => Err(Refusal::failed(message, kind)),
    }
}

/// A stream that ended without saying how.
pub(crate) fn broke_off() -> Refusal {
    Refusal::failed("the answer broke off", None)
}

/// What was said so far, in the order in which it began.
#[derive(Default)]
struct Said(Vec<Part>);

enum Part {
    Text(String),
    Thinking(String),
    Call { at: usize, id: String, name: String, arguments: String },
}

impl Said {
    fn text(&mut self, more: &str) {
        match self.0.last_mut() {
            _ if more.is_empty() => (),
            Some(Part::Text(text)) => text.push_str(more),
            _ => self.0.push(Part::Text(more.to_owned())),
        }
    }

    fn thinking(&mut self, more: &str) {
        match self.0.last_mut() {
            _ if more.is_empty() => (),
            Some(Part::Thinking(thoughts)) => thoughts.push_str(more),
            _ => self.0.push(Part::Thinking(more.to_owned())),
        }
    }

    fn arguments(&mut self, call: usize, more: &str) {
        let wanted = self.0.iter_mut().rev().find_map(|part| match part {
            Part::Call { at, arguments, .. } if *at == call => Some(arguments),
            _ => None,
        });
        if let Some(arguments) = wanted {
            arguments.push_str(more);
        }
    }

    /// How much text there is, in bytes.
    fn length(&self) -> usize {
        let lengths = self.0.iter().map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Thinking(_) | Part::Call { .. } => 0,
        });
        lengths.sum()
    }

    fn blocks(&self, shown: Shown) -> Vec<Block<'_>> {
        let blocks = self.0.iter().map(|part| match part {
            Part::Text(text) => Block::Text { text },
            Part::Thinking(thoughts) => {
                let thinking = if shown == Shown::Yes { thoughts } else { "" };
                Block::Thinking { thinking, signature: SIGNATURE }
            }
            Part::Call { id, name, arguments, .. } => {
                Block::ToolUse { id, name, input: Input::of(arguments) }
            }
        });
        blocks.collect()
    }
}

/// What stands in `text` behind the first `said` bytes of it, which were passed
/// on piece by piece.
pub(crate) fn unsaid(text: &str, said: usize) -> &str {
    text.get(said..).unwrap_or_default()
}

/// Waits for the end of `answer`. Whoever hangs up meanwhile drops this future,
/// and with it `answer`, which aborts the run.
pub(crate) async fn response(label: &Label, mut answer: Answer) -> Result<Response<Body>, Refusal> {
    let mut said = Said::default();
    let outcome = loop {
        match answer.next().await.ok_or_else(broke_off)? {
            Reply::Text(piece) => said.text(&piece),
            Reply::Thinking(_) if label.thoughts == Shown::No => (),
            Reply::Thinking(piece) => said.thinking(&piece),
            Reply::CallBegun { at, id, name } => {
                said.0.push(Part::Call { at, id, name, arguments: String::new() });
            }
            Reply::CallArguments { at, piece } => said.arguments(at, &piece),
            Reply::End(outcome) => break outcome,
        }
    };
    let Ended { text, finish, usage } = ended(outcome)?;
    said.text(unsaid(&text, said.length()));
    let message = Message {
        id: &label.id,
        kind: "message",
        role: "assistant",
        model: &label.model,
        content: said.blocks(label.thoughts),
        stop: Stop::of(finish, &label.stops),
        usage: usage.into(),
    };
    Ok(json(StatusCode::OK, &message))
}
