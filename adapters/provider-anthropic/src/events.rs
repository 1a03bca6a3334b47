//! What a server says, event by event.

use std::borrow::Cow;

use domain::run::Usage;
use http_client::{
    Event,
    model::{Complaint, Dialect, Pieces, Service, mend},
};
use ports::driven::{FinishReason, ModelError};
use serde::Deserialize;

/// Reads the events of an answer.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The usage is told bit by bit; what is not told again stays as it was.
    counts: Counts,
}

impl Dialect for Events {
    fn read(
        &mut self,
        event: Event<'_>,
        service: &Service,
        pieces: &mut Pieces,
    ) -> Result<(), ModelError> {
        match serde_json::from_slice(event.data) {
            Ok(said) => self.understand(said, event, service, pieces),
            Err(error) => match mend(event.data) {
                Some(mended) => {
                    let said = serde_json::from_slice(&mended);
                    let said = said.map_err(|error| misread(service, error))?;
                    self.understand(said, event, service, pieces)
                }
                None => Err(misread(service, error)),
            },
        }
    }
}

impl Events {
    fn understand(
        &mut self,
        said: Said<'_>,
        event: Event<'_>,
        service: &Service,
        pieces: &mut Pieces,
    ) -> Result<(), ModelError> {
        match &*said.kind {
            "message_start" => {
                if let Some(usage) = said.message.and_then(|message| message.usage) {
                    self.count(usage, pieces);
                }
            }
            "content_block_start" => {
                said.content_block.iter().for_each(|block| block.pass_on(pieces));
            }
            "content_block_delta" => said.delta.iter().for_each(|delta| delta.pass_on(pieces)),
            "message_delta" => {
                if let Some(reason) = said.delta.and_then(|delta| delta.stop_reason) {
                    pieces.finish(finish(&reason));
                }
                if let Some(usage) = said.usage {
                    self.count(usage, pieces);
                }
            }
            "message_stop" => pieces.complete(),
            "error" => return Err(service.complained(&Complaint::read(event.data), None)),
            // `ping`, `content_block_stop`, and what may be added one day.
            _ => (),
        }
        Ok(())
    }

    fn count(&mut self, news: Counts, pieces: &mut Pieces) {
        let counts = &mut self.counts;
        counts.input = news.input.or(counts.input);
        counts.output = news.output.or(counts.output);
        counts.cache_read = news.cache_read.or(counts.cache_read);
        counts.cache_write = news.cache_write.or(counts.cache_write);

        let cache_read = counts.cache_read.unwrap_or(0);
        let cache_write = counts.cache_write.unwrap_or(0);
        let fresh = counts.input.unwrap_or(0);
        pieces.usage(Usage {
            input: fresh.saturating_add(cache_read).saturating_add(cache_write),
            output: counts.output.unwrap_or(0),
            cache_read,
            cache_write,
        });
    }
}

fn misread(service: &Service, error: serde_json::Error) -> ModelError {
    let mut misread = service.misunderstood("it sent something that is not an answer");
    misread.source = Some(error.into());
    misread
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    message: Option<Message>,
    #[serde(borrow)]
    content_block: Option<Delta<'a>>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Message {
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    stop_reason: Option<String>,
}

/// Text that is only copied if it holds escapes. (In an `Option`, a plain `Cow`
/// is always copied.)
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Clone, Copy, Debug, Default, Deserialize)]
struct Counts {
    #[serde(rename = "input_tokens")]
    input: Option<u64>,
    #[serde(rename = "output_tokens")]
    output: Option<u64>,
    #[serde(rename = "cache_read_input_tokens")]
    cache_read: Option<u64>,
    #[serde(rename = "cache_creation_input_tokens")]
    cache_write: Option<u64>,
}

impl Delta<'_> {
    fn pass_on(&self, pieces: &mut Pieces) {
        if let Some(Text(thought)) = &self.thinking {
            pieces.thinking(thought);
        }
        if let Some(Text(text)) = &self.text {
            pieces.text(text);
        }
    }
}

fn finish(reason: &str) -> FinishReason {
    match reason {
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "refusal" => FinishReason::ContentFilter,
        // `end_turn`, `stop_sequence`, and whatever else is a plain end.
        _ => FinishReason::Stop,
    }
}
