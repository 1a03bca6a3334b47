//! Being called from outside.

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;
use domain::{hooks::WakeMode, ids::RunId, run::RunStatus};

/// Takes calls of webhooks.
///
/// # Contract
///
/// - Whoever serves calls asks in this order: [`holds`](Self::holds),
///   [`knock`](Self::knock), and only then reads the body and
///   [`calls`](Self::call). A stranger is turned away before anything of the body
///   is read, unless the path is one whose callers sign what they send.
/// - The configuration is looked up for every call.
/// - When `call` returns an answer, what it says was accepted is on disk. A call
///   that comes again within a day, also after `kill -9`, gets the same answer
///   and changes nothing.
/// - Dropping the future gives up waiting for the answer. What the call accepted
///   goes on.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Whether `path` belongs to hooks, and they are served.
    fn holds(&self, path: &str) -> bool;

    /// Whether somebody may call, as far as that is known without the body.
    fn knock(&self, knock: &HookKnock<'_>) -> Result<HookEntry, HookRefusal>;

    /// Takes the call.
    async fn call(&self, entry: HookEntry, call: HookCall) -> Result<HookAnswer, HookRefusal>;
}

/// What is known of a call without its body.
#[derive(Clone, Copy)]
pub struct HookKnock<'a> {
    /// The path, as it was sent.
    pub path: &'a str,
    /// Whether it is a `POST`.
    pub is_post: bool,
    /// Where it comes from, for counting.
    pub place: IpAddr,
    /// The token, if one is shown.
    pub token: Option<&'a str>,
    /// Whether there is a token in the query, where it does not belong.
    pub has_query_token: bool,
}

/// Somebody who may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookEntry {
    /// The path behind that of the hooks.
    pub path: Box<str>,
    /// Where it comes from, for counting.
    pub place: IpAddr,
    /// Whether the token was right. Otherwise what is sent has to be signed.
    pub is_known: bool,
    /// The longest body, in bytes.
    pub body_limit: usize,
}

/// A call.
#[derive(Clone)]
pub struct HookCall {
    /// The path and the query, as they were sent.
    pub url: String,
    /// Its headers, names in lower case.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// What stands in the query.
    pub query: Vec<(Box<str>, Box<str>)>,
    /// Its body, to the byte.
    pub body: Vec<u8>,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAnswer {
    /// Somebody is told something.
    Woken(WakeMode),
    /// A transform decided that nothing is to be done.
    Nothing,
    /// Agents are asked.
    Asked {
        /// The runs. One, unless the call was about a list.
        runs: Vec<RunId>,
        /// Whether the call was about a list.
        is_list: bool,
        /// What the caller should know.
        note: Option<&'static str>,
    },
    /// Agents were asked, and are finished.
    Ended {
        /// How each run ended.
        ends: Vec<HookEnd>,
        /// Whether the call was about a list.
        is_list: bool,
        /// What the caller should know.
        note: Option<&'static str>,
    },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookEnd {
    /// The run.
    pub run: RunId,
    /// Well or not.
    pub status: RunStatus,
    /// What was said.
    pub text: String,
    /// Why it failed.
    pub error: Option<String>,
}

/// Why a call is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookRefusal {
    /// Nobody is there.
    #[error("Not Found")]
    NotFound,
    /// Only `POST` is answered.
    #[error("Method Not Allowed")]
    WrongMethod,
    /// The token is missing or wrong, or the signature is.
    #[error("Unauthorized")]
    Unauthorized,
    /// A token in the query ends up in logs.
    #[error(
        "a hook token belongs into the header Authorization or X-OpenClaw-Token, not into the query"
    )]
    TokenInQuery,
    /// Too many were wrong.
    #[error("Too Many Requests")]
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The call is wrong; sending it again will not help.
    #[error("{0}")]
    Invalid(String),
    /// The key was used for another call.
    #[error("the idempotency key was used for another call")]
    Conflict,
    /// The mapping does not work.
    #[error("hook mapping failed")]
    Broken,
    /// It cannot be done now.
    #[error("{why}")]
    Unavailable {
        /// Why.
        why: String,
        /// When to try again.
        retry_after: Duration,
    },
}

/// The token is not shown.
impl std::fmt::Debug for HookKnock<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookKnock").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Nothing of what was sent is shown.
impl std::fmt::Debug for HookCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookCall").field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}
