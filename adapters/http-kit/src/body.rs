//! Reading the body of a request, within limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;

use crate::{Body, text};

/// Reads bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The longest body, in bytes.
    pub limit: usize,
    /// How long it may take to arrive.
    pub timeout: Duration,
}

/// Why a body was not read. Each has a status and a sentence for whoever sent
/// it.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is longer than allowed.
    #[error("Payload too large")]
    TooLarge,
    /// It did not arrive in time.
    #[error("Request body timeout")]
    Timeout,
    /// It is compressed.
    #[error("Unsupported Content-Encoding")]
    Encoded,
    /// It broke off, or its chunks are malformed.
    #[error("Request body could not be read")]
    Broken(#[source] hyper::Error),
    /// It is not the JSON that was asked for. JSON nested deeper than 128
    /// levels is refused by the parser.
    #[error("Invalid JSON: {0}")]
    Json(#[source] serde_json::Error),
}

impl BodyError {
    /// The status it is answered with.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Encoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Broken(_) | Self::Json(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// The answer, for routes that have no shape of their own for errors.
    pub fn answer(&self) -> Response<Body> {
        text(self.status(), self.to_string())
    }
}

/// Work on more bytes than this is done away from the thread that serves
/// everybody: it takes longer than a millisecond.
const LONG_WORK: usize = 128 * 1024;

impl Reader {
    /// The body of `request` as JSON; an empty one counts as `{}`.
    pub async fn json<T>(self, request: Request<Incoming>) -> Result<T, BodyError>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let (head, body) = request.into_parts();
        let body = self.bytes(&head.headers, body).await?;
        compute(body.len(), move || parse(&body)).await.map_err(BodyError::Json)
    }

    /// The body that came with `headers`.
    ///
    /// What announces to be too long is refused before anything is read.
    pub async fn bytes(self, headers: &HeaderMap, body: Incoming) -> Result<Bytes, BodyError> {
        if headers.get(header::CONTENT_ENCODING).is_some_and(|value| value != "identity") {
            return Err(BodyError::Encoded);
        }
        let announced = body.size_hint().lower();
        if (self.limit as u64) < announced {
            return Err(BodyError::TooLarge);
        }
        if body.is_end_stream() {
            return Ok(Bytes::new());
        }
        tokio::time::timeout(self.timeout, collect(body, self.limit))
            .await
            .unwrap_or(Err(BodyError::Timeout))
    }
}

/// The parts of `body` in one piece. The usual body comes in one part, and is
/// not copied then. Memory is taken as bytes arrive, not as they are announced.
async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, BodyError> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(BodyError::Broken)?.into_data() else { continue };
        if limit < first.len() + all.len() + data.len() {
            return Err(BodyError::TooLarge);
        }
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        all.extend_from_slice(&std::mem::take(&mut first));
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(if body.is_empty() { b"{}" } else { body })
}

/// Does `work` on `size` bytes: here, or where it holds nobody up if it is long.
pub async fn compute<T, F>(size: usize, work: F) -> T
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    if size <= LONG_WORK {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // Panics go on where they belong; nobody cancels this task.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
