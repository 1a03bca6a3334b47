//! Why there is no answer, in the shape OpenAI's clients expect.

use std::{borrow::Cow, time::Duration};

use domain::{
    access::Denied,
    agent::FailureKind,
    relay::{Exhausted, Fault},
    run::StopReason,
};
use http::{HeaderValue, Response, StatusCode, header};
use http_kit::{Body, BodyError, NoTarget, NotLetIn, json, retry_after};
use ports::{
    driven::{CommitError, RelayError},
    driving::{AskError, ErrorCode, Misread, RelayRefusal, RpcError},
};
use serde::Serialize;

/// An error as clients see it.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: Error,
    retry_after: Option<Duration>,
}

/// What is inside the envelope.
#[derive(Debug, Serialize)]
struct Error {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<Cow<'static, str>>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: &'a Error,
}

const INVALID: &str = "invalid_request_error";
const FAULT: &str = "api_error";

/// There is no connection to a provider.
const UNREACHABLE: &str = "upstream_unreachable";
/// The connection to a provider broke.
const DISCONNECTED: &str = "upstream_disconnected";

/// What a kind of failure is called here.
const fn code_of(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::ContextLength => "context_length_exceeded",
        FailureKind::Unreachable => UNREACHABLE,
        FailureKind::Disconnected => DISCONNECTED,
        kind => kind.as_str(),
    }
}

/// When to try again if somebody else has to finish first.
const SOON: Duration = Duration::from_secs(1);

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let error = Error { message: message.into(), kind, code: None, param: None };
        Self { status, error, retry_after: None }
    }

    /// The request is wrong, and it is the fault of `param`.
    pub(crate) fn invalid(param: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        let mut refusal = Self::malformed(message);
        refusal.error.param = Some(param.into());
        refusal
    }

    /// The request is wrong as a whole.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID, message)
    }

    /// There is no model `id`.
    pub(crate) fn no_model(id: &str) -> Self {
        let message = format!("The model `{id}` does not exist");
        let mut refusal = Self::new(StatusCode::NOT_FOUND, INVALID, message);
        refusal.error.code = Some("model_not_found");
        refusal.error.param = Some("model".into());
        refusal
    }

    /// There is no response `id` for whoever asks.
    pub(crate) fn no_response(id: &str, param: &'static str) -> Self {
        let message = format!("Response with id '{id}' not found.");
        let mut refusal = Self::new(StatusCode::NOT_FOUND, INVALID, message);
        refusal.error.param = Some(param.into());
        if param == "previous_response_id" {
            refusal.status = StatusCode::BAD_REQUEST;
            refusal.error.code = Some("previous_response_not_found");
        }
        refusal
    }

    /// The disk did not do its part.
    pub(crate) fn unkept(error: &CommitError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, FAULT, error.to_string())
    }

    /// What kind of failure it is, in one word.
    pub(crate) fn code(&self) -> &'static str {
        self.error.code.unwrap_or(self.error.kind)
    }

    /// What happened, for a person.
    pub(crate) fn message(&self) -> &str {
        &self.error.message
    }

    /// The run failed.
    pub(crate) fn failed(message: impl Into<String>, kind: Option<FailureKind>) -> Self {
        use FailureKind as Kind;

        let (status, class) = match kind {
            Some(Kind::ContextLength) => (StatusCode::BAD_REQUEST, INVALID),
            Some(Kind::RateLimit) => (StatusCode::TOO_MANY_REQUESTS, "rate_limit_error"),
            Some(Kind::Billing) => (StatusCode::PAYMENT_REQUIRED, "insufficient_quota"),
            Some(Kind::Overloaded) => (StatusCode::SERVICE_UNAVAILABLE, FAULT),
            Some(Kind::Timeout) => (StatusCode::GATEWAY_TIMEOUT, FAULT),
            Some(
                Kind::Unreachable
                | Kind::Disconnected
                | Kind::Auth
                | Kind::Format
                | Kind::UnknownModel,
            )
            | None => (StatusCode::BAD_GATEWAY, FAULT),
        };
        let mut refusal = Self::new(status, class, message);
        refusal.error.code = kind.map(code_of);
        refusal
    }

    /// A provider did not answer, or broke off.
    pub(crate) fn relayed(error: &RelayError) -> Self {
        let status = match error.fault {
            Fault::Silent => StatusCode::GATEWAY_TIMEOUT,
            // Those of the statuses are about the gateway's key, not the caller's.
            Fault::Unreachable
            | Fault::Broken
            | Fault::Garbled
            | Fault::Refused(401 | 403 | 407) => StatusCode::BAD_GATEWAY,
            Fault::Refused(status) => StatusCode::from_u16(status)
                .ok()
                .filter(|status| status.is_client_error() || status.is_server_error())
                .unwrap_or(StatusCode::BAD_GATEWAY),
        };
        let kind = match status {
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_client_error() => INVALID,
            _ => FAULT,
        };
        let mut refusal = Self::new(status, kind, error.error.message.clone());
        refusal.error.code = Some(match error.fault {
            Fault::Unreachable => UNREACHABLE,
            Fault::Broken => DISCONNECTED,
            Fault::Silent => FailureKind::Timeout.as_str(),
            Fault::Garbled => "upstream_invalid_response",
            Fault::Refused(_) => code_of(error.error.kind),
        });
        refusal.retry_after = error.error.retry_after;
        refusal
    }

    /// The model did not use the tool it had to.
    pub(crate) fn not_called() -> Self {
        let message = "the model did not call a tool, which was required";
        let mut refusal = Self::new(StatusCode::BAD_GATEWAY, FAULT, message);
        refusal.error.code = Some("tool_not_called");
        refusal
    }

    /// The run was stopped before it said all it had to say, and not by a person.
    pub(crate) fn stopped(reason: StopReason) -> Self {
        match reason {
            StopReason::Timeout => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, FAULT, "the run took too long")
            }
            StopReason::Shutdown => AskError::Stopping.into(),
            StopReason::Rpc
            | StopReason::Stop
            | StopReason::Disconnected
            | StopReason::Interrupted => {
                let message = format!("the run was stopped: {reason}");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, FAULT, message)
            }
        }
    }

    /// The envelope as JSON.
    pub(crate) fn envelope(&self) -> String {
        serde_json::to_string(&Envelope { error: &self.error }).unwrap_or_default()
    }

    /// The answer.
    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = json(self.status, &Envelope { error: &self.error });
        let headers = response.headers_mut();
        if let Some(pause) = self.retry_after {
            headers.insert(header::RETRY_AFTER, retry_after(pause));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A request cannot be read, or not be said in other words.
impl From<Refusal> for Misread {
    fn from(refusal: Refusal) -> Self {
        let Error { message, param, .. } = refusal.error;
        Self { param: param.map(Cow::into_owned), message }
    }
}

/// A request was not passed on, or came to nothing.
impl From<RelayRefusal> for Refusal {
    fn from(error: RelayRefusal) -> Self {
        let message = error.to_string();
        match error {
            RelayRefusal::UnknownModel(model) => Self::no_model(&model.to_string()),
            RelayRefusal::WrongForm { .. } => Self::invalid("model", message),
            RelayRefusal::Misread(Misread { param: Some(param), message }) => {
                Self::invalid(param, message)
            }
            RelayRefusal::Misread(Misread { param: None, message }) => Self::malformed(message),
            RelayRefusal::Exhausted { why, retry_after } => {
                let (kind, code) = match why {
                    Exhausted::Requests { .. } => ("requests", "rate_limit_exceeded"),
                    Exhausted::Tokens { .. } => ("tokens", "rate_limit_exceeded"),
                    Exhausted::Budget { .. } => ("insufficient_quota", "insufficient_quota"),
                };
                let mut refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, kind, message);
                refusal.error.code = Some(code);
                refusal.retry_after = Some(retry_after);
                refusal
            }
            RelayRefusal::Provider(error) => Self::relayed(&error),
            RelayRefusal::NoLedger => Self::new(StatusCode::SERVICE_UNAVAILABLE, FAULT, message),
        }
    }
}

/// Somebody could not be identified.
impl From<RpcError> for Refusal {
    fn from(error: RpcError) -> Self {
        let mut refusal = match (error.code, error.retry_after) {
            (ErrorCode::Unavailable, _) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, FAULT, error.message)
            }
            (_, Some(_)) => Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", error.message),
            // Which of the many reasons it was is nobody's business.
            (_, None) => Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized"),
        };
        refusal.retry_after = error.retry_after;
        refusal
    }
}

impl From<NotLetIn> for Refusal {
    fn from(error: NotLetIn) -> Self {
        match error {
            NotLetIn::Unknown(error) => error.into(),
            NotLetIn::Denied(denied) => denied.into(),
        }
    }
}

impl From<NoTarget> for Refusal {
    fn from(error: NoTarget) -> Self {
        match error {
            NoTarget::Denied(denied) => denied.into(),
            NoTarget::NoModel(model) => Self::no_model(&model),
            NoTarget::Invalid { param, why } => Self::invalid(param, why),
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", denied.to_string())
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::new(error.status(), INVALID, error.to_string())
    }
}

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Self {
        let (status, kind, retry_after) = match error {
            AskError::UnknownAgent(_) => (StatusCode::BAD_REQUEST, INVALID, None),
            AskError::QueueFull => (StatusCode::TOO_MANY_REQUESTS, "rate_limited", Some(SOON)),
            AskError::KnownRun => (StatusCode::CONFLICT, INVALID, None),
            AskError::Blocked => (StatusCode::FORBIDDEN, "forbidden", None),
            AskError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, FAULT, Some(SOON)),
        };
        Self { retry_after, ..Self::new(status, kind, error.to_string()) }
    }
}
