//! Agents.

use async_trait::async_trait;
use domain::{
    agent::{FailureKind, ModelRef},
    ids::{AgentId, RunId},
    run::Usage,
    session::{SessionKey, Thinking},
};

use crate::{
    BoxStream,
    driven::{FinishReason, ModelMessage, Sampling, ToolUse},
};

/// Runs agents.
///
/// # Contract
///
/// - A turn is a stream of events, ended by exactly one [`AgentEvent::End`] or
///   one error. Dropping the stream stops the turn.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AgentRuntime: Send + Sync {
    /// Begins one turn.
    async fn start(
        &self,
        turn: AgentTurn,
    ) -> Result<BoxStream<Result<AgentEvent, AgentError>>, AgentError>;
}

/// One question, with everything the agent has to know.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentTurn {
    /// Names the run.
    pub run: RunId,
    /// Who answers.
    pub agent: AgentId,
    /// In which conversation.
    pub session: SessionKey,
    /// A model other than the agent's own.
    pub model: Option<ModelRef>,
    /// How long to think.
    pub thinking: Option<Thinking>,
    /// Instructions in addition to the agent's own.
    pub instructions: Option<String>,
    /// What was said; the last message is the question.
    pub messages: Vec<ModelMessage>,
    /// How to choose words.
    pub sampling: Sampling,
    /// Tools whoever asks uses in the agent's place.
    pub tools: ToolUse,
}

/// Something an agent does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentEvent {
    /// This model was chosen and has begun to answer.
    Model(ModelRef),
    /// This model failed; the next one is asked.
    Fallback {
        /// The model that failed.
        from: ModelRef,
        /// How.
        kind: FailureKind,
    },
    /// It says something.
    Text(String),
    /// It thinks something.
    Thinking(String),
    /// It begins to ask for a tool of whoever asked.
    CallBegun {
        /// Which of the calls of this answer it is, from 0.
        at: usize,
        /// Names the call.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of what the tool is given.
    CallArguments {
        /// Which of the calls of this answer it belongs to.
        at: usize,
        /// The piece.
        piece: String,
    },
    /// What it used.
    Usage(Usage),
    /// It is finished.
    End(FinishReason),
}

/// Why an agent could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AgentError {
    /// What kind of failure the last model had.
    pub kind: FailureKind,
    /// What happened, attempt by attempt, for a person. Never holds a key.
    pub message: String,
}
