//! What an answer used, in Anthropic's words.

use domain::run::Usage;
use serde::Serialize;

/// The gateway counts what was read from the cache and written to it as input;
/// here these are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TokensUsed {
    #[serde(rename = "input_tokens")]
    input: u64,
    #[serde(rename = "cache_creation_input_tokens")]
    cache_write: u64,
    #[serde(rename = "cache_read_input_tokens")]
    cache_read: u64,
    #[serde(rename = "output_tokens")]
    output: u64,
}

impl From<Usage> for TokensUsed {
    fn from(usage: Usage) -> Self {
        let Usage { input, output, cache_read, cache_write } = usage;
        Self {
            input: input.saturating_sub(cache_read).saturating_sub(cache_write),
            cache_write,
            cache_read,
            output,
        }
    }
}

#[test]
fn what_came_from_the_cache_is_not_input() {
    let usage = Usage { input: 41, output: 15, cache_read: 30, cache_write: 2 };
    let json = serde_json::to_string(&TokensUsed::from(usage)).unwrap();
    assert_eq!(
        json,
        r#"{"input_tokens":9,"cache_creation_input_tokens":2,"cache_read_input_tokens":30,"output_tokens":15}"#
    );
}
