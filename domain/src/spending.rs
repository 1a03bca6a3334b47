//! What answers used, what that costs, and how it adds up.
//!
//! A price nobody gave is never guessed: an answer without one is counted as
//! such, and adds its tokens and nothing else.

mod price;
mod series;
mod sums;

use serde::{Deserialize, Serialize};

pub use price::{Cost, Money, Price};
pub use series::{Point, Series};
pub use sums::{Exchanges, Place, Sums, Totals};

use crate::{
    agent::ModelRef,
    ids::{AgentId, SessionId},
    run::Usage,
    session::SessionKey,
    time::Timestamp,
};

/// Tokens by kind. No token is of two kinds, unlike in [`Usage`], where those of
/// the cache are part of what was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Tokens {
    /// Read anew.
    pub input: u64,
    /// Written.
    pub output: u64,
    /// Read from the provider's cache.
    pub cache_read: u64,
    /// Written to the provider's cache.
    pub cache_write: u64,
}

impl Tokens {
    /// All of them.
    pub const fn total(self) -> u64 {
        let read = self.input.saturating_add(self.cache_read).saturating_add(self.cache_write);
        read.saturating_add(self.output)
    }

    /// These and those of `other`.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
        }
    }
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        let Usage { input, output, cache_read, cache_write } = usage;
        // Providers that count in a manner of their own must not make tokens
        // appear: what is said to be of the cache is at most what was read.
        let cache_read = cache_read.min(input);
        let cache_write = cache_write.min(input - cache_read);
        Self { input: input - cache_read - cache_write, output, cache_read, cache_write }
    }
}

/// What one answer used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spending {
    /// When it was given.
    pub at: Timestamp,
    /// The conversation it belongs to.
    pub session: SessionKey,
    /// The transcript of that time.
    pub transcript: SessionId,
    /// The agent that gave it.
    pub agent: AgentId,
    /// The model that gave it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// What it used.
    pub tokens: Tokens,
    /// What that cost, by the prices of that time; nothing where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Whether it answers a message of somebody. An answer to what a tool said
    /// does not.
    #[serde(default)]
    pub asked: bool,
    /// The tools it asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Box<str>>,
    /// Whether it came to a bad end.
    #[serde(default)]
    pub failed: bool,
}

#[test]
fn tokens_of_the_cache_are_counted_once() {
    let usage =
        |input, cache_read, cache_write| Usage { input, output: 5, cache_read, cache_write };
    let tokens =
        |input, cache_read, cache_write| Tokens { input, output: 5, cache_read, cache_write };
    #[rustfmt::skip]
    let table = [
        // as providers count    by kind
        (usage(100, 0, 0),       tokens(100, 0, 0)),
        (usage(100, 60, 0),      tokens(40, 60, 0)),
        (usage(100, 60, 30),     tokens(10, 60, 30)),
        (usage(100, 100, 0),     tokens(0, 100, 0)),
        (usage(10, 60, 30),      tokens(0, 10, 0)),
        (usage(70, 60, 30),      tokens(0, 60, 10)),
    ];
    for (usage, tokens) in table {
        assert_eq!(Tokens::from(usage), tokens, "{usage:?}");
        assert_eq!(tokens.total(), usage.total());
    }
}
