//! Asking an agent and reading its answer.

use async_trait::async_trait;
use domain::{
    agent::{FailureKind, ModelRef},
    ids::{AgentId, RunId},
    run::{StopReason, Usage},
    session::{SessionKey, Thinking},
};

use crate::{
    BoxStream,
    driven::{FinishReason, ModelMessage, Sampling, ToolCall, ToolUse},
};

/// Asks agents on behalf of HTTP clients.
///
/// # Contract
///
/// - The answer is a stream of pieces, ended by exactly one [`Reply::End`],
///   which repeats the text and the calls as a whole.
/// - Dropping the stream aborts the run.
/// - Question and answer end up in the transcript of the session. They are
///   written behind the answer, which does not wait for the disk.
#[async_trait]
pub trait Conversations: Send + Sync {
    /// Asks `question`. Returns as soon as the run is accepted.
    async fn ask(&self, question: Question) -> Result<Answer, AskError>;

    /// The agents one can ask, the default one first.
    fn agents(&self) -> Vec<AgentId>;
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// Names the run.
    pub run: RunId,
    /// The conversation it belongs to.
    pub session: SessionKey,
    /// Whether the name of the conversation was made up for this question, so
    /// that nobody can have heard of it.
    pub fresh: bool,
    /// Who shall answer.
    pub agent: AgentId,
    /// What was said before, where the caller keeps the history itself.
    pub history: Vec<ModelMessage>,
    /// What is said now.
    pub message: ModelMessage,
    /// Instructions in addition to the agent's own.
    pub instructions: Option<String>,
    /// A model other than the agent's own.
    pub model: Option<ModelRef>,
    /// How long to think.
    pub thinking: Option<Thinking>,
    /// How the model shall choose its words.
    pub sampling: Sampling,
    /// Tools the caller uses itself: the answer may end with calls for them.
    pub tools: ToolUse,
}

/// The answer to a question, as it comes.
pub type Answer = BoxStream<Reply>;

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// More text.
    Text(String),
    /// More of what the model thinks.
    Thinking(String),
    /// The agent begins to ask for a tool of the caller.
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
    /// The end.
    End(Outcome),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Well.
    Done {
        /// Everything that was said.
        text: String,
        /// The tools it asked the caller for.
        calls: Vec<ToolCall>,
        /// Why the model stopped.
        finish: FinishReason,
        /// What it used.
        usage: Usage,
    },
    /// It was stopped.
    Stopped {
        /// Why.
        reason: StopReason,
        /// What was said until then.
        text: String,
    },
    /// It failed.
    Failed {
        /// Why, for a person.
        message: String,
        /// What kind of failure it was.
        kind: Option<FailureKind>,
    },
}

/// Why a question was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// There is no such agent.
    #[error("unknown agent id \"{0}\"")]
    UnknownAgent(AgentId),
    /// Too many questions wait in this session.
    #[error("too many messages are waiting in this session")]
    QueueFull,
    /// A run with this id is there already.
    #[error("a run with this id exists already")]
    KnownRun,
    /// Speaking is not allowed in this session.
    #[error("send blocked by session policy")]
    Blocked,
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Stopping,
}
