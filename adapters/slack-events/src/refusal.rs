//! Why something is not taken, and what Slack is told.

use http::{HeaderValue, Response, StatusCode, header};
use http_kit::{Body, BodyError, json, text};
use ports::driving::SlackRefusal;
use serde::Serialize;

/// Why something is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("Not Found")]
    NotFound,
    #[error("Method Not Allowed")]
    WrongMethod,
    #[error("Unauthorized")]
    Unauthorized,
    #[error("Invalid JSON")]
    NoJson,
    #[error("too many requests at once")]
    NoRoom,
    #[error("the same event is being taken")]
    UnderWay,
    #[error(transparent)]
    Body(BodyError),
    #[error(transparent)]
    Inbox(SlackRefusal),
}

impl Refusal {
    /// What Slack is told. What comes again later is told by 503.
    pub(crate) fn into_response(self) -> Response<Body> {
        #[derive(Serialize)]
        struct Told {
            ok: bool,
            error: String,
        }

        let error = self.to_string();
        match self {
            Self::NotFound => text(StatusCode::NOT_FOUND, error),
            Self::Unauthorized => text(StatusCode::UNAUTHORIZED, error),
            Self::NoJson => text(StatusCode::BAD_REQUEST, error),
            Self::WrongMethod => {
                let mut response = text(StatusCode::METHOD_NOT_ALLOWED, error);
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
                response
            }
            Self::Body(body) => body.answer(),
            Self::NoRoom | Self::UnderWay | Self::Inbox(_) => {
                json(StatusCode::SERVICE_UNAVAILABLE, &Told { ok: false, error })
            }
        }
    }
}
