//! What a server says, event by event.

use std::borrow::Cow;

use domain::run::Usage;
use http_client::{
    Event,
    model::{Complaint, Dialect, Pieces, Service, mend},
};
use ports::driven::{FinishReason, ModelError};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Reads the events of an answer.
#[derive(Debug)]
pub(crate) struct Events {
    /// The texts that end the answer.
    stops: Vec<String>,
    /// Where in the answer its calls for tools are: the first call is the block
    /// with the first of these numbers.
    calls: Vec<u64>,
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
    /// An answer that ends where one of `stops` would be said.
    pub(crate) fn new(stops: Vec<String>) -> Self {
        Self { stops, calls: Vec::new(), counts: Counts::default() }
    }

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
                if let Some(block) = said.content_block {
                    pass_on(block.text.as_ref(), block.thinking.as_ref(), pieces);
                    self.begin(said.index, &block, pieces);
                }
            }
            "content_block_delta" => {
                if let Some(delta) = said.delta {
                    pass_on(delta.text.as_ref(), delta.thinking.as_ref(), pieces);
                    if let (Some(Text(more)), Some(at)) =
                        (&delta.partial_json, self.call_at(said.index))
                    {
                        pieces.arguments(at, more);
                    }
                }
            }
            "message_delta" => {
                if let Some(delta) = said.delta
                    && let Some(reason) = &delta.stop_reason
                {
                    pieces.finish(self.finish(reason, delta.stop_sequence.as_deref()));
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

    /// Takes note of a call for a tool. Tools of the service itself are its own
    /// business.
    fn begin(&mut self, index: Option<u64>, block: &Block<'_>, pieces: &mut Pieces) {
        let Block { kind: Some(Text(kind)), id, name: Some(Text(name)), input, .. } = block else {
            return;
        };
        if kind != "tool_use" {
            return;
        }
        let at = self.calls.len();
        self.calls.push(index.unwrap_or(at as u64));
        pieces.call(at, id.as_ref().map_or("", |Text(id)| id), name);
        // Usually empty, as the pieces follow.
        if let Some(input) = input.map(RawValue::get).filter(|it| !matches!(*it, "{}" | "null")) {
            pieces.arguments(at, input);
        }
    }

    /// Which call the block `index` is.
    fn call_at(&self, index: Option<u64>) -> Option<usize> {
        match index {
            Some(index) => self.calls.iter().rposition(|call| *call == index),
            None => self.calls.len().checked_sub(1),
        }
    }

    fn finish(&self, reason: &str, stop: Option<&str>) -> FinishReason {
        match reason {
            "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
            "refusal" => FinishReason::ContentFilter,
            "tool_use" if !self.calls.is_empty() => FinishReason::ToolCalls,
            "stop_sequence" => self
                .stops
                .iter()
                .position(|text| Some(text.as_str()) == stop)
                .map_or(FinishReason::Stop, FinishReason::StopText),
            // `end_turn`, and whatever else is a plain end.
            _ => FinishReason::Stop,
        }
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
    index: Option<u64>,
    #[serde(borrow)]
    content_block: Option<Block<'a>>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Message {
    usage: Option<Counts>,
}

/// The beginning of a block.
#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    partial_json: Option<Text<'a>>,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
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

fn pass_on(text: Option<&Text<'_>>, thought: Option<&Text<'_>>, pieces: &mut Pieces) {
    if let Some(Text(thought)) = thought {
        pieces.thinking(thought);
    }
    if let Some(Text(text)) = text {
        pieces.text(text);
    }
}
