//! What an answer cost that is only passed on.

use domain::run::Usage;
use memchr::memmem;
use serde::Deserialize;

/// Keeps the beginning and the end of an answer, where services say what it cost:
/// OpenAI's at the end, Anthropic's in both places.
#[derive(Debug, Default)]
pub(super) struct Meter {
    head: Vec<u8>,
    tail: Vec<u8>,
    events: u64,
}

/// So much of the beginning is kept.
const HEAD: usize = 4 << 10;

/// So much of the end is kept, and at most twice as much for a while.
const TAIL: usize = 8 << 10;

impl Meter {
    /// What is to be known of an answer that is there as a whole.
    pub(super) fn of(whole: &[u8]) -> Self {
        let mut meter = Self::default();
        meter.head.extend_from_slice(&whole[..whole.len().min(HEAD)]);
        meter.keep_end(whole);
        meter
    }

    /// Takes note of the next piece.
    pub(super) fn pass(&mut self, piece: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        self.keep_end(piece);
        let events = memmem::find_iter(piece, b"data:").count();
        self.events = self.events.saturating_add(u64::try_from(events).unwrap_or(u64::MAX));
    }

    fn keep_end(&mut self, piece: &[u8]) {
        let piece = match piece.len().checked_sub(TAIL) {
            Some(surplus) => {
                self.tail.clear();
                &piece[surplus..]
            }
            None => piece,
        };
        if 2 * TAIL < self.tail.len() + piece.len() {
            let surplus = self.tail.len().saturating_sub(TAIL);
            self.tail.drain(..surplus);
        }
        self.tail.extend_from_slice(piece);
    }

    /// How many events there were, about.
    pub(super) const fn events(&self) -> u64 {
        self.events
    }

    /// What the service says that it cost. Where it says so more than once, the
    /// counts have grown meanwhile, so the largest are the last.
    pub(super) fn usage(&self) -> Option<Usage> {
        let said = counts(&self.head).chain(counts(&self.tail));
        said.map(Counts::usage).reduce(|a, b| Usage {
            input: a.input.max(b.input),
            output: a.output.max(b.output),
            cache_read: a.cache_read.max(b.cache_read),
            cache_write: a.cache_write.max(b.cache_write),
        })
    }
}

/// The objects called `usage` in `text`. Inside a text of JSON the name cannot
/// stand in this form, for its quotes would be escaped.
fn counts(text: &[u8]) -> impl Iterator<Item = Counts> + '_ {
    const NAME: &[u8] = b"\"usage\"";

    memmem::find_iter(text, NAME).filter_map(|at| {
        let rest = text[at + NAME.len()..].trim_ascii_start();
        let rest = rest.strip_prefix(b":")?.trim_ascii_start();
        if !rest.starts_with(b"{") {
            return None;
        }
        // What follows the object does not matter.
        serde_json::Deserializer::from_slice(rest).into_iter().next()?.ok()
    })
}

/// As OpenAI counts, and as Anthropic does.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    prompt_tokens_details: Option<Details>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Details {
    cached_tokens: Option<u64>,
}

impl Counts {
    fn usage(self) -> Usage {
        let cached = self.prompt_tokens_details.and_then(|details| details.cached_tokens);
        let read = self.cache_read_input_tokens.unwrap_or(0);
        let written = self.cache_creation_input_tokens.unwrap_or(0);
        let input = self.prompt_tokens.unwrap_or_else(|| {
            self.input_tokens.unwrap_or(0).saturating_add(read).saturating_add(written)
        });
        Usage {
            input,
            output: self.completion_tokens.or(self.output_tokens).unwrap_or(0),
            cache_read: cached.unwrap_or(read),
            cache_write: written,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usage(input: u64, output: u64, cache_read: u64, cache_write: u64) -> Usage {
        Usage { input, output, cache_read, cache_write }
    }

    #[test]
    fn services_say_in_different_places_what_it_cost() {
        let filler = "x".repeat(3 * TAIL);
        let anthropic = format!(
            "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"usage\":{{\
             \"input_tokens\":10,\"cache_read_input_tokens\":5,\"cache_creation_input_tokens\":2,\
             \"output_tokens\":1}}}}}}\n\n{filler}event: message_delta\ndata: {{\"usage\":{{\
             \"output_tokens\":40}}}}\n\n",
        );
        #[rustfmt::skip]
        let table = [
            (r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#.to_owned(), Some(usage(7, 3, 0, 0))),
            (r#"{"usage" : {"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":4}}, "x":"#.to_owned() + &filler, Some(usage(7, 0, 4, 0))),
            (format!("{filler}data: {{\"usage\":null}}\n\ndata: {{\"usage\":{{\"prompt_tokens\":1,\"completion_tokens\":2}}}}\n\ndata: [DONE]\n\n"), Some(usage(1, 2, 0, 0))),
            (anthropic, Some(usage(17, 40, 5, 2))),
            // In a text, in a list, cut off, or not at all.
            (r#"{"text":"\"usage\":{\"prompt_tokens\":9}"}"#.to_owned(), None),
            (r#"{"usage":[{"prompt_tokens":9}]}"#.to_owned(), None),
            (r#"{"usage":{"prompt_tokens":9"#.to_owned(), None),
            (filler, None),
            (String::new(), None),
        ];
        for (said, expected) in table {
            assert_eq!(Meter::of(said.as_bytes()).usage(), expected, "{said:.200}");
            let mut meter = Meter::default();
            said.as_bytes().chunks(100).for_each(|piece| meter.pass(piece));
            assert_eq!(meter.usage(), expected, "in pieces: {said:.200}");
        }
    }

    proptest! {
        /// However the pieces are cut, the end is kept, and not much more.
        #[test]
        fn the_end_is_kept(pieces in prop::collection::vec(0_usize..20_000, 0..20)) {
            let mut meter = Meter::default();
            let mut all = Vec::new();
            for (at, length) in pieces.into_iter().enumerate() {
                let piece: Vec<u8> = (0..length).map(|byte| ((at + byte) % 251).try_into().unwrap()).collect();
                meter.pass(&piece);
                all.extend_from_slice(&piece);
                prop_assert!(meter.tail.len() <= 2 * TAIL);
            }
            prop_assert!(all.ends_with(&meter.tail));
            prop_assert!(all.len().min(TAIL) <= meter.tail.len());
            prop_assert_eq!(&meter.head[..], &all[..all.len().min(HEAD)]);
        }

        #[test]
        fn nothing_that_is_said_makes_it_panic(said in "(\"usage\"|[:{}\" 0-9a-z_,])*") {
            let _ = Meter::of(said.as_bytes()).usage();
        }
    }
}
