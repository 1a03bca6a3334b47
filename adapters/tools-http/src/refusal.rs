//! Why nothing came of a call, as clients see it.

use std::time::Duration;

use http::{HeaderValue, Response, StatusCode, header};
use http_kit::{Body, BodyError, NotLetIn, json};
use ports::driving::{ErrorCode, RpcError, ToolRefusal};
use serde::Serialize;

/// An error as clients see it.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    /// Not there where it is not known who asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    r#type: &'static str,
    message: &'a str,
}

const INVALID: &str = "invalid_request";
const TOOL: &str = "tool_error";
const UNAVAILABLE: &str = "unavailable";

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, message: message.into(), retry_after: None }
    }

    /// The request is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, INVALID, message)
    }

    /// The answer.
    pub(crate) fn into_response(self) -> Response<Body> {
        let is_stranger = self.status == StatusCode::UNAUTHORIZED;
        let error = Error { r#type: self.kind, message: &self.message };
        let envelope = Envelope { ok: (!is_stranger).then_some(false), error };
        let mut response = json(self.status, &envelope);
        let headers = response.headers_mut();
        if let Some(pause) = self.retry_after {
            let seconds = pause.as_millis().div_ceil(1000).max(1);
            if let Ok(seconds) = HeaderValue::try_from(seconds.to_string()) {
                headers.insert(header::RETRY_AFTER, seconds);
            }
        }
        if is_stranger {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Somebody could not be identified.
impl From<RpcError> for Refusal {
    fn from(error: RpcError) -> Self {
        let mut refusal = match (error.code, error.retry_after) {
            (ErrorCode::Unavailable, _) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE, error.message)
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
            NotLetIn::Denied(denied) => ToolRefusal::Denied(denied).into(),
        }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        Self::new(error.status(), INVALID, error.to_string())
    }
}

impl From<ToolRefusal> for Refusal {
    fn from(refusal: ToolRefusal) -> Self {
        let (status, kind) = match refusal {
            ToolRefusal::Invalid(_) => (StatusCode::BAD_REQUEST, INVALID),
            ToolRefusal::NotAvailable(_) => (StatusCode::NOT_FOUND, "not_found"),
            ToolRefusal::Denied(_) => (StatusCode::FORBIDDEN, "forbidden"),
            ToolRefusal::Conflict => (StatusCode::CONFLICT, "conflict"),
            ToolRefusal::Tool(_) => (StatusCode::BAD_REQUEST, TOOL),
            ToolRefusal::TooLong(_) | ToolRefusal::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, TOOL)
            }
            ToolRefusal::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE),
        };
        Self::new(status, kind, refusal.to_string())
    }
}
