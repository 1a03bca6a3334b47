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

use crate::{completions::Label, refusal::Refusal};

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
    content: &'a str,
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
}

impl From<Usage> for TokensUsed {
    fn from(usage: Usage) -> Self {
        Self { prompt: usage.input, completion: usage.output, total: usage.total() }
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

/// Waits for the end of `answer`. Whoever hangs up meanwhile drops this future,
/// and with it `answer`, which aborts the run.
pub(crate) async fn response(label: &Label, mut answer: Answer) -> Result<Response<Body>, Refusal> {
    let outcome = loop {
        match answer.next().await.ok_or_else(broke_off)? {
            Reply::End(outcome) => break outcome,
            _ => (),
        }
    };
    let Ended { text, finish, usage } = ended(outcome)?;
    let content = if text.is_empty() { NOTHING_SAID } else { &text };
    let completion = Completion {
        id: &label.id,
        object: "chat.completion",
        created: label.created,
        model: &label.model,
        choices: [Choice {
            index: 0,
            message: Said { role: "assistant", content },
            finish_reason: finish.as_str(),
        }],
        usage: usage.into(),
    };
    Ok(json(StatusCode::OK, &completion))
}
