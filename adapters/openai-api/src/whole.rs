//! An answer in one piece.

use domain::run::{StopReason, Usage};
use futures_util::StreamExt;
use http::{Response, StatusCode};
use http_kit::{Body, json};
use ports::{
    driven::{FinishReason, ToolCall},
    driving::{Answer, Outcome, Reply},
};
use serde::Serialize;

use crate::{
    completions::{Label, Shown},
    refusal::Refusal,
};

/// What is said when the agent said nothing.
pub(crate) const NOTHING_SAID: &str = "No response from OpenClaw.";

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [Choice<'a>; 1],
    usage: TokensUsed,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: u32,
    message: Said<'a>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Said<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reasoning_content: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
}

/// A tool the agent asks for.
#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: &'a str,
}

/// Usage, in OpenAI's words.
#[derive(Serialize)]
pub(crate) struct TokensUsed {
    #[serde(rename = "prompt_tokens")]
    prompt: u64,
    #[serde(rename = "completion_tokens")]
    completion: u64,
    #[serde(rename = "total_tokens")]
    total: u64,
    #[serde(rename = "prompt_tokens_details")]
    details: PromptDetails,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

impl From<Usage> for TokensUsed {
    fn from(usage: Usage) -> Self {
        Self {
            prompt: usage.input,
            completion: usage.output,
            total: usage.total(),
            details: PromptDetails { cached_tokens: usage.cache_read },
        }
    }
}

/// How an answer ended for whoever asked over HTTP.
pub(crate) struct Ended {
    pub(crate) text: String,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) finish: FinishReason,
    pub(crate) usage: Usage,
}

/// An answer that a person stopped is shorter, and an answer. One that ended in
/// any other way is none.
pub(crate) fn ended(outcome: Outcome) -> Result<Ended, Refusal> {
    match outcome {
        Outcome::Done { text, calls, finish, usage } => Ok(Ended { text, calls, finish, usage }),
        Outcome::Stopped { reason: StopReason::Rpc | StopReason::Stop, text } => {
            let (calls, usage) = (Vec::new(), Usage::default());
            Ok(Ended { text, calls, finish: FinishReason::Stop, usage })
        }
        Outcome::Stopped { reason, text: _ } => Err(Refusal::stopped(reason)),
        Outcome::Failed { message, kind } => Err(Refusal::failed(message, kind)),
    }
}

/// A stream that ended without saying how.
pub(crate) fn broke_off() -> Refusal {
    Refusal::failed("the answer broke off", None)
}

impl Ended {
    /// Refuses an answer that came to a plain end without the call it
    /// `must_call` for.
    pub(crate) fn check(self, must_call: bool) -> Result<Self, Refusal> {
        if must_call && self.calls.is_empty() && self.finish == FinishReason::Stop {
            return Err(Refusal::not_called());
        }
        Ok(self)
    }
}

/// Waits for the end of `answer`. Whoever hangs up meanwhile drops this future,
/// and with it `answer`, which aborts the run.
pub(crate) async fn response(
    label: &Label,
    mut answer: Answer,
    shown: Shown,
    must_call: bool,
) -> Result<Response<Body>, Refusal> {
    let mut thoughts = String::new();
    let outcome = loop {
        match answer.next().await.ok_or_else(broke_off)? {
            Reply::End(outcome) => break outcome,
            Reply::Thinking(more) if shown.thinking => thoughts.push_str(&more),
            // All of it is repeated at the end.
            Reply::Text(_)
            | Reply::Thinking(_)
            | Reply::CallBegun { .. }
            | Reply::CallArguments { .. } => (),
        }
    };
    let Ended { text, calls, finish, usage } = ended(outcome)?.check(must_call)?;
    let content = match (text.as_str(), calls.as_slice()) {
        ("", []) => Some(shown.silence),
        ("", _) => None,
        (text, _) => Some(text),
    };
    let message = Said {
        role: "assistant",
        content,
        reasoning_content: &thoughts,
        tool_calls: calls.iter().map(Call::from).collect(),
    };
    let completion = Completion {
        id: &label.id,
        object: "chat.completion",
        created: label.created,
        model: &label.model,
        choices: [Choice { index: 0, message, finish_reason: finish.as_str() }],
        usage: usage.into(),
    };
    Ok(json(StatusCode::OK, &completion))
}

impl<'a> From<&'a ToolCall> for Call<'a> {
    fn from(call: &'a ToolCall) -> Self {
        let function = Called { name: &call.name, arguments: &call.arguments };
        Self { id: &call.id, kind: "function", function }
    }
}
