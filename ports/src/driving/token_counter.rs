//! Telling how much a question gives a model to read.

use std::time::Duration;

use async_trait::async_trait;
use domain::{agent::FailureKind, ids::AgentId};

use super::Question;

/// Tells how much questions give a model to read, on behalf of HTTP clients.
///
/// # Contract
///
/// - What is counted is all the model would be shown if the question were asked
///   now: the agent's own instructions and what was said before included.
/// - Nothing is asked, and nothing written down.
#[async_trait]
pub trait TokenCounter: Send + Sync {
    /// Counts the tokens of `question`.
    async fn count(&self, question: Question) -> Result<TokenCount, CountError>;
}

/// How many tokens there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenCount {
    /// The model's provider says so.
    Counted(u64),
    /// The provider cannot tell; see [`domain::agent::estimate_tokens`].
    Estimated(u64),
}

impl TokenCount {
    /// How many, whoever says so.
    pub const fn tokens(self) -> u64 {
        match self {
            Self::Counted(tokens) | Self::Estimated(tokens) => tokens,
        }
    }
}

/// Why nothing was counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CountError {
    /// There is no such agent.
    #[error("unknown agent id \"{0}\"")]
    UnknownAgent(AgentId),
    /// The model's provider can count, and did not.
    #[error("{message}")]
    Failed {
        /// Why, for a person.
        message: String,
        /// What kind of failure it was.
        kind: FailureKind,
        /// How long the provider wants to be left alone.
        retry_after: Option<Duration>,
    },
}
