//! Using a tool of the gateway, without an agent in between.

use std::time::Duration;

use async_trait::async_trait;
use domain::access::{Denied, Principal};

use crate::Json;

/// Uses tools.
///
/// # Contract
///
/// - What may be used is decided by the configuration in force and by who asks,
///   before anything else about the call is looked at.
/// - The same call under the same name by the same caller is made once, for
///   some minutes.
/// - Dropping the future gives up the call. What it brought about already (a
///   message that was sent) stays.
#[async_trait]
pub trait Tools: Send + Sync {
    /// Makes `call` for `caller`, and says what came of it: `content` for a
    /// model, `details` for a program.
    async fn invoke(&self, caller: &Principal, call: ToolInvocation) -> Result<Json, ToolRefusal>;
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolInvocation {
    /// Which tool, as the caller spells it.
    pub tool: String,
    /// What it shall do, where one tool does several things and `arguments` do
    /// not say.
    pub action: Option<String>,
    /// With what: an object. Absent is an empty one.
    pub arguments: Option<Json>,
    /// On behalf of which conversation; the main one of the agent when absent.
    pub session: Option<String>,
    /// On behalf of which agent; the one of the conversation when absent.
    pub agent: Option<String>,
    /// Names the call, and makes repeating it harmless.
    pub idempotency_key: Option<String>,
    /// What the caller says about where the wish comes from. Gives no rights.
    pub origin: ToolOrigin,
}

/// Where a wish for a tool comes from, as the caller says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolOrigin {
    /// The channel, as in `slack`.
    pub channel: Option<String>,
    /// Which of the accounts of the channel.
    pub account: Option<String>,
    /// To whom an answer would go.
    pub to: Option<String>,
    /// In which thread.
    pub thread: Option<String>,
}

/// Why nothing came of a call. The texts are for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToolRefusal {
    /// The call itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// There is no such tool, or not for this conversation or this way of
    /// asking. Which of these it is stays unsaid.
    #[error("Tool not available: {0}")]
    NotAvailable(String),
    /// The caller may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Another call has this name.
    #[error("idempotencyKey was used for another call")]
    Conflict,
    /// The tool does not take these arguments, or cannot do what they ask for.
    #[error("{0}")]
    Tool(String),
    /// It took too long.
    #[error("the tool took longer than {} s", .0.as_secs())]
    TooLong(Duration),
    /// Not now.
    #[error("{0}")]
    Unavailable(String),
    /// The gateway is at fault; the log says how.
    #[error("tool execution failed")]
    Internal,
}
