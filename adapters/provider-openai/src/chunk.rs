//! What a server says, piece by piece or all at once.

use std::borrow::Cow;

use domain::run::Usage;
use http_client::{
    Event,
    model::{Complaint, Dialect, Pieces, Service, mend},
};
use ports::driven::{FinishReason, ModelError};
use serde::Deserialize;

use crate::calls::{Calls, Piece};

/// Reads chunks of an answer.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    calls: Calls,
}

impl Dialect for Chunks {
    fn read(
        &mut self,
        event: Event<'_>,
        service: &Service,
        pieces: &mut Pieces,
    ) -> Result<(), ModelError> {
        let data = event.data.trim_ascii();
        if data == b"[DONE]" {
            pieces.complete();
            return Ok(());
        }
        match serde_json::from_slice::<Chunk<'_>>(data) {
            Ok(chunk) if event.name == b"error" && chunk.error.is_none() => {
                Err(service.complained(&Complaint::read(data), None))
            }
            Ok(chunk) => chunk.understand(service, &mut self.calls, pieces),
            Err(error) => match mend(data) {
                Some(mended) => {
                    read(&mended, service)?.understand(service, &mut self.calls, pieces)
                }
                None => Err(misread(service, error)),
            },
        }
    }
}

/// Reads an answer that came in one piece.
pub(crate) fn read_whole(
    body: &[u8],
    service: &Service,
    pieces: &mut Pieces,
) -> Result<(), ModelError> {
    let chunk = read(body, service)?;
    if chunk.error.is_none() && chunk.choices.as_ref().is_none_or(Vec::is_empty) {
        return Err(service.misunderstood("it sent something that is not an answer"));
    }
    chunk.understand(service, &mut Calls::default(), pieces)
}

fn read<'a>(data: &'a [u8], service: &Service) -> Result<Chunk<'a>, ModelError> {
    serde_json::from_slice(data).map_err(|error| misread(service, error))
}

fn misread(service: &Service, error: serde_json::Error) -> ModelError {
    let mut misread = service.misunderstood("it sent something that is not an answer");
    misread.source = Some(error.into());
    misread
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<Counts>,
    error: Option<Complaint>,
    // As Ollama counts outside this protocol, and some servers inside it.
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: u32,
    #[serde(borrow)]
    delta: Option<Said<'a>>,
    #[serde(borrow)]
    message: Option<Said<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Piece<'a>>>,
}

/// Text that is only copied if it holds escapes. (In an `Option`, a plain `Cow`
/// is always copied.)
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

#[derive(Deserialize)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
    prompt_cache_hit_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Details {
    cached_tokens: Option<u64>,
}

impl Chunk<'_> {
    fn understand(
        self,
        service: &Service,
        calls: &mut Calls,
        pieces: &mut Pieces,
    ) -> Result<(), ModelError> {
        // Only one answer is asked for.
        let choice = self.choices.into_iter().flatten().find(|choice| choice.index == 0);
        if let Some(choice) = choice {
            if let Some(said) = choice.delta.or(choice.message) {
                said.pass_on(pieces);
                for piece in said.tool_calls.iter().flatten() {
                    calls.take(piece, service, pieces)?;
                }
            }
            if let Some(Text(reason)) = choice.finish_reason
                && self.error.is_none()
            {
                pieces.finish(finish(&reason));
            }
        }
        match (self.usage, self.prompt_eval_count, self.eval_count) {
            (Some(counts), ..) => pieces.usage(counts.usage()),
            (None, None, None) => (),
            (None, input, output) => pieces.usage(Usage {
                input: input.unwrap_or(0),
                output: output.unwrap_or(0),
                ..Usage::default()
            }),
        }
        match self.error {
            Some(complaint) => Err(service.complained(&complaint, None)),
            None => Ok(()),
        }
    }
}

impl Said<'_> {
    fn pass_on(&self, pieces: &mut Pieces) {
        if let Some(Text(thought)) = self.reasoning_content.as_ref().or(self.reasoning.as_ref()) {
            pieces.thinking(thought);
        }
        for Text(text) in self.content.iter().chain(&self.refusal) {
            pieces.text(text);
        }
    }
}

impl Counts {
    fn usage(&self) -> Usage {
        let details = self.prompt_tokens_details.as_ref();
        let cached = details.and_then(|details| details.cached_tokens);
        Usage {
            input: self.prompt_tokens.unwrap_or(0),
            output: self.completion_tokens.unwrap_or(0),
            cache_read: cached.or(self.prompt_cache_hit_tokens).unwrap_or(0),
            cache_write: 0,
        }
    }
}

fn finish(reason: &str) -> FinishReason {
    match reason {
        "length" | "max_tokens" => FinishReason::Length,
        "content_filter" => FinishReason::ContentFilter,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        // `stop`, and whatever else a server calls a plain end.
        _ => FinishReason::Stop,
    }
}
