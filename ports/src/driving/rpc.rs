//! Calling a method by name.

use std::{sync::Arc, time::Duration};

use domain::{access::Denied, client::Client};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{BoxFuture, Json};

/// Calls methods by name with undecoded parameters.
///
/// # Contract
///
/// - `call` decodes the parameters and checks the caller before it returns, so
///   what it borrows need not outlive the call. Calls of one client begin in
///   the order in which `call` is called.
/// - Dropping the future gives up waiting. What the call accepted (a run, a
///   write) goes on.
pub trait Rpc: Send + Sync {
    /// Calls `method` for `caller`.
    fn call(
        &self,
        caller: &Arc<Client>,
        method: &str,
        params: Option<&RawValue>,
    ) -> BoxFuture<Result<Reply, RpcError>>;
}

/// What a call returns.
pub struct Reply {
    /// The answer.
    pub payload: Json,
    /// A second answer to the same call, which comes when the work is done
    /// (`ws-protocol.md` 2.4).
    pub later: Option<BoxFuture<Result<Json, RpcError>>>,
}

impl Reply {
    /// An answer, and no second one.
    pub fn of(value: &impl Serialize) -> Self {
        Json::of(value).into()
    }
}

impl From<Json> for Reply {
    fn from(payload: Json) -> Self {
        Self { payload, later: None }
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("payload", &self.payload)
            .field("later", &self.later.is_some())
            .finish()
    }
}

/// A refusal, in the words the caller gets to see.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code:?}: {message}")]
pub struct RpcError {
    /// What kind of problem it is. Clients act on this.
    pub code: ErrorCode,
    /// What is wrong, for a person. Never holds a secret.
    pub message: String,
    /// More, for programs.
    pub details: Option<Json>,
    /// Whether sending it again later may help, and when.
    pub retry_after: Option<Duration>,
    /// A payload beside the error, as failed runs have it.
    pub payload: Option<Json>,
}

/// The kinds of problem a caller can tell apart (`ws-protocol.md` 2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The request is wrong; sending it again will not help.
    InvalidRequest,
    /// The caller may not do this. Spelled `INVALID_REQUEST` for protocol 3.
    Forbidden,
    /// The caller's device is not known.
    NotPaired,
    /// It cannot be done, now or at all; the message says which.
    Unavailable,
}

impl ErrorCode {
    /// How protocol 4 spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::Forbidden => "FORBIDDEN",
            Self::NotPaired => "NOT_PAIRED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

impl RpcError {
    /// An error of kind `code`.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None, retry_after: None, payload: None }
    }

    /// The request is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    /// It cannot be done.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unavailable, message)
    }

    /// The same, and sending it again after `pause` may help.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// The same, with more for programs.
    #[must_use]
    pub fn with_details(mut self, details: &impl Serialize) -> Self {
        self.details = Some(Json::of(details));
        self
    }
}

impl From<Denied> for RpcError {
    fn from(denied: Denied) -> Self {
        #[derive(Serialize)]
        struct Details {
            code: &'static str,
            #[serde(rename = "missingScope")]
            missing: &'static str,
            #[serde(rename = "requiredScopes")]
            required: [&'static str; 1],
        }

        let message = denied.to_string();
        match denied {
            Denied::Role(_) => Self::invalid(message),
            Denied::Scope(scope) => {
                let scope = scope.as_str();
                let details = Details { code: "MISSING_SCOPE", missing: scope, required: [scope] };
                Self::new(ErrorCode::Forbidden, message).with_details(&details)
            }
        }
    }
}
