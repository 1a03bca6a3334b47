//! Why there is no answer, in the shape Anthropic's clients expect.

use std::time::Duration;

use domain::{
    access::Denied,
    agent::FailureKind,
    relay::{Exhausted, Fault},
    run::StopReason,
};
use http::{HeaderValue, Response, StatusCode, header};
use http_kit::{Body, BodyError, NoTarget, NotLetIn, json, retry_after};
use ports::{
    driven::RelayError,
    driving::{AskError, CountError, ErrorCode, Misread, RelayRefusal, RpcError},
};
use serde::Serialize;

/// An error as clients see it.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: Error,
    retry_after: Option<Duration>,
    /// Whether it stays, though its status does not look so.
    lasting: bool,
}

/// What is inside the envelope.
#[derive(Debug, Serialize)]
struct Error {
    #[serde(rename = "type")]
    kind: &'static str,
    message: String,
    /// What Anthropic has no word for: what happened between the gateway and the
    /// provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// There is no connection to a provider.
const UNREACHABLE: &str = "upstream_unreachable";
/// The connection to a provider broke.
const DISCONNECTED: &str = "upstream_disconnected";

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: &'a Error,
    request_id: Option<&'a str>,
}

const INVALID: &str = "invalid_request_error";
const UNKNOWN: &str = "authentication_error";
const UNPAID: &str = "billing_error";
const DENIED: &str = "permission_error";
const NOT_FOUND: &str = "not_found_error";
const TOO_LARGE: &str = "request_too_large";
const TOO_OFTEN: &str = "rate_limit_error";
const TOO_LATE: &str = "timeout_error";
const FAULT: &str = "api_error";
const OVERLOADED: &str = "overloaded_error";

/// When to try again if somebody else has to finish first.
const SOON: Duration = Duration::from_secs(1);

/// The status of a service that has too much to do.
fn overloaded() -> StatusCode {
    StatusCode::from_u16(529).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        let error = Error { kind, message: message.into(), code: None };
        Self { status, error, retry_after: None, lasting: false }
    }

    /// The request is wrong. The message says where.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID, message)
    }

    /// There is no model `name`.
    pub(crate) fn no_model(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, NOT_FOUND, format!("model: {name}"))
    }

    /// A provider did not answer, or broke off.
    pub(crate) fn relayed(error: &RelayError) -> Self {
        let (status, kind) = match error.fault {
            Fault::Silent => (StatusCode::GATEWAY_TIMEOUT, TOO_LATE),
            Fault::Refused(429) => (StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN),
            Fault::Refused(404) => (StatusCode::NOT_FOUND, NOT_FOUND),
            Fault::Refused(503 | 529) => (overloaded(), OVERLOADED),
            Fault::Refused(400 | 413 | 422) => (StatusCode::BAD_REQUEST, INVALID),
            // Also where the gateway's key is refused, which is not the caller's.
            Fault::Unreachable | Fault::Broken | Fault::Garbled | Fault::Refused(_) => {
                (StatusCode::BAD_GATEWAY, FAULT)
            }
        };
        let mut refusal = Self::new(status, kind, error.error.message.clone());
        refusal.error.code = match error.fault {
            Fault::Unreachable => Some(UNREACHABLE),
            Fault::Broken => Some(DISCONNECTED),
            Fault::Garbled => Some("upstream_invalid_response"),
            Fault::Silent | Fault::Refused(_) => None,
        };
        refusal.retry_after = error.error.retry_after;
        refusal
    }

    /// The run failed.
    pub(crate) fn failed(message: impl Into<String>, kind: Option<FailureKind>) -> Self {
        use FailureKind as Kind;

        let fault = StatusCode::INTERNAL_SERVER_ERROR;
        let (status, class) = match kind {
            Some(Kind::ContextLength) => (StatusCode::BAD_REQUEST, INVALID),
            Some(Kind::RateLimit) => (StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN),
            Some(Kind::Billing) => (StatusCode::PAYMENT_REQUIRED, UNPAID),
            Some(Kind::Overloaded) => (overloaded(), OVERLOADED),
            Some(Kind::Timeout) => (StatusCode::GATEWAY_TIMEOUT, TOO_LATE),
            Some(Kind::Unreachable | Kind::Disconnected) => (StatusCode::BAD_GATEWAY, FAULT),
            Some(Kind::Auth | Kind::Format | Kind::UnknownModel) | None => (fault, FAULT),
        };
        let lasting = matches!(kind, Some(Kind::Auth | Kind::Format | Kind::UnknownModel));
        let mut refusal = Self { lasting, ..Self::new(status, class, message) };
        refusal.error.code = match kind {
            Some(Kind::Unreachable) => Some(UNREACHABLE),
            Some(Kind::Disconnected) => Some(DISCONNECTED),
            _ => None,
        };
        refusal
    }

    /// The run was stopped before it said all it had to say, and not by a person.
    pub(crate) fn stopped(reason: StopReason) -> Self {
        match reason {
            StopReason::Timeout => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, TOO_LATE, "the run took too long")
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

    /// What it says.
    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.error.message
    }

    /// The envelope as JSON.
    pub(crate) fn envelope(&self, request_id: Option<&str>) -> String {
        let envelope = Envelope { kind: "error", error: &self.error, request_id };
        serde_json::to_string(&envelope).unwrap_or_default()
    }

    /// The answer to the request called `request_id`.
    pub(crate) fn into_response(self, request_id: Option<&HeaderValue>) -> Response<Body> {
        let request_id = request_id.and_then(|id| id.to_str().ok());
        let envelope = Envelope { kind: "error", error: &self.error, request_id };
        let mut response = json(self.status, &envelope);
        let headers = response.headers_mut();
        if let Some(pause) = self.retry_after {
            headers.insert(header::RETRY_AFTER, retry_after(pause));
        }
        if self.lasting {
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
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

/// A request cannot be read, or not be said in other words. The message says where.
impl From<Refusal> for Misread {
    fn from(refusal: Refusal) -> Self {
        Self { param: None, message: refusal.error.message }
    }
}

/// A request was not passed on, or came to nothing.
impl From<RelayRefusal> for Refusal {
    fn from(error: RelayRefusal) -> Self {
        let message = error.to_string();
        match error {
            RelayRefusal::UnknownModel(model) => Self::no_model(&model.to_string()),
            RelayRefusal::WrongForm { .. } | RelayRefusal::Misread(_) => Self::invalid(message),
            RelayRefusal::Exhausted { why, retry_after } => {
                let kind = match why {
                    Exhausted::Requests { .. } | Exhausted::Tokens { .. } => TOO_OFTEN,
                    Exhausted::Budget { .. } => UNPAID,
                };
                let mut refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, kind, message);
                refusal.retry_after = Some(retry_after);
                refusal
            }
            RelayRefusal::Provider(error) => Self::relayed(&error),
            RelayRefusal::NoLedger => Self::new(overloaded(), OVERLOADED, message),
        }
    }
}

/// Somebody could not be identified.
impl From<RpcError> for Refusal {
    fn from(error: RpcError) -> Self {
        let mut refusal = match (error.code, error.retry_after) {
            (ErrorCode::Unavailable, _) => Self::new(overloaded(), OVERLOADED, error.message),
            (_, Some(_)) => Self::new(StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN, error.message),
            // Which of the many reasons it was is nobody's business.
            (_, None) => Self::new(StatusCode::UNAUTHORIZED, UNKNOWN, "invalid x-api-key"),
        };
        refusal.retry_after = error.retry_after;
        refusal
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self::new(StatusCode::FORBIDDEN, DENIED, denied.to_string())
    }
}

impl From<NoTarget> for Refusal {
    fn from(error: NoTarget) -> Self {
        match error {
            NoTarget::Denied(denied) => denied.into(),
            NoTarget::NoModel(model) => Self::no_model(&model),
            NoTarget::Invalid { .. } => Self::invalid(error.to_string()),
        }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let kind = match error {
            BodyError::TooLarge => TOO_LARGE,
            BodyError::Timeout => TOO_LATE,
            BodyError::Encoded | BodyError::Broken(_) | BodyError::Json(_) => INVALID,
        };
        Self::new(error.status(), kind, error.to_string())
    }
}

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Self {
        let (status, kind, retry_after) = match error {
            AskError::UnknownAgent(_) => (StatusCode::BAD_REQUEST, INVALID, None),
            AskError::QueueFull => (StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN, Some(SOON)),
            AskError::KnownRun => (StatusCode::CONFLICT, INVALID, None),
            AskError::Blocked => (StatusCode::FORBIDDEN, DENIED, None),
            AskError::Stopping => (overloaded(), OVERLOADED, Some(SOON)),
        };
        Self { retry_after, ..Self::new(status, kind, error.to_string()) }
    }
}

impl From<CountError> for Refusal {
    fn from(error: CountError) -> Self {
        match error {
            CountError::UnknownAgent(_) => Self::invalid(error.to_string()),
            CountError::Failed { message, kind, retry_after } => {
                Self { retry_after, ..Self::failed(message, Some(kind)) }
            }
        }
    }
}
