//! What requests have in common that go straight to a provider.

use std::{
    convert::Infallible,
    ops::Range,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use domain::{
    agent::ModelRef,
    relay::{Fault, Standing, Window},
};
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Frame;
use ports::{
    BoxStream,
    driven::RelayError,
    driving::{Copied, PassingBody},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Body;

/// Which model a body names, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub model: String,
    /// Where it stands in the body, quotes included.
    pub at: Range<usize>,
}

#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
}

impl Named {
    /// The model that `body` names; nothing if it is no JSON object with a text
    /// called `model`, which somebody else can explain better.
    pub fn find(body: &[u8]) -> Option<Self> {
        let name = serde_json::from_slice::<Outline<'_>>(body).ok()?.model?.get();
        let model = serde_json::from_str::<String>(name).ok()?;
        // A body without escapes of its own could hold the same text elsewhere, so
        // it is asked where it lies rather than looked for.
        let start = name.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
        Some(Self { model, at: start..start + name.len() })
    }
}

/// Says who answered in the end.
const ANSWERED_BY: &str = "x-openclaw-relay-model";

/// The answer of a provider, as it is. A stream that breaks off ends with
/// `last_words`, after the line that was begun.
pub fn passed_on(copied: Copied, last_words: fn(&RelayError) -> String) -> Response<Body> {
    let Copied { status, content_type, model, body } = copied;
    let mut response = match body {
        PassingBody::Whole(bytes) => Response::new(Full::new(bytes).boxed_unsync()),
        PassingBody::Stream(pieces) => {
            let mut response = Response::new(pieces_of(pieces, last_words));
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            // Some proxies wait for more otherwise.
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            response
        }
    };
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(&*content_type) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    show_answerer(headers, &model);
    response
}

/// Writes into `headers` which model answered in the end.
pub fn show_answerer(headers: &mut HeaderMap, model: &ModelRef) {
    if let Ok(value) = HeaderValue::try_from(model.to_string()) {
        headers.insert(ANSWERED_BY, value);
    }
}

/// What a provider said in place of an answer, if that can be passed on: what it
/// thinks of the request. What it thinks of the gateway's own key is not the
/// caller's business.
pub fn passed_refusal(error: &RelayError) -> Option<Response<Body>> {
    let (Fault::Refused(status), Some(said)) = (error.fault, &error.said) else { return None };
    if matches!(status, 401 | 403 | 407) {
        return None;
    }
    let mut response = Response::new(Full::new(said.body.clone()).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::try_from(&*said.content_type).ok()?);
    if let Some(pause) = error.error.retry_after {
        headers.insert(header::RETRY_AFTER, retry_after(pause));
    }
    Some(response)
}

/// `pause` as `Retry-After` has it: in whole seconds, and never none.
pub fn retry_after(pause: Duration) -> HeaderValue {
    let seconds = pause.as_millis().div_ceil(1000).max(1);
    HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX))
}

fn pieces_of(
    pieces: BoxStream<Result<Bytes, RelayError>>,
    last_words: fn(&RelayError) -> String,
) -> Body {
    Pieces { left: Some(pieces), last_words, in_line: false }.boxed_unsync()
}

/// Dropping it drops the answer, and with it the request at the provider.
struct Pieces {
    /// `None` once it has ended.
    left: Option<BoxStream<Result<Bytes, RelayError>>>,
    last_words: fn(&RelayError) -> String,
    /// Whether the last piece ended in the middle of a line.
    in_line: bool,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = &mut self.left else { return Poll::Ready(None) };
        let piece = match ready!(Pin::new(left).poll_next(context)) {
            Some(Ok(piece)) => {
                self.in_line = !piece.ends_with(b"\n");
                piece
            }
            Some(Err(error)) => {
                self.left = None;
                let line = if self.in_line { "\n\n" } else { "" };
                format!("{line}{}", (self.last_words)(&error)).into()
            }
            None => {
                self.left = None;
                return Poll::Ready(None);
            }
        };
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none()
    }
}

/// Writes into `headers` how the key of a caller stands, in OpenAI's words.
pub fn show_standing(headers: &mut HeaderMap, standing: &Standing) {
    let mut show = |what: &str, of: &str, value: String| {
        let name = HeaderName::try_from(format!("x-ratelimit-{what}-{of}"));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    };
    for (of, window) in [("requests", standing.requests), ("tokens", standing.tokens)] {
        let Some(Window { limit, remaining, reset }) = window else { continue };
        show("limit", of, limit.to_string());
        show("remaining", of, remaining.to_string());
        show("reset", of, written(reset));
    }
}

/// As OpenAI writes it: `1h2m3.5s`, `20ms`.
fn written(time: Duration) -> String {
    let (hours, minutes) = (time.as_secs() / 3600, time.as_secs() / 60 % 60);
    let (seconds, millis) = (time.as_secs() % 60, time.subsec_millis());
    match (hours, minutes, seconds) {
        (0, 0, 0) => format!("{millis}ms"),
        (0, 0, _) if millis == 0 => format!("{seconds}s"),
        (0, 0, _) => format!("{seconds}.{millis:03}s"),
        (0, ..) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use domain::agent::FailureKind;
    use futures_util::stream;
    use ports::driven::ModelError;

    use super::*;

    #[test]
    fn the_name_is_found_where_it_stands() {
        #[rustfmt::skip]
        let table = [
            (r#"{"model":"a/b","messages":[]}"#,                 Some(("a/b", r#""a/b""#))),
            (r#" { "x":"model", "model" : "a\/\u0062" } "#,      Some(("a/b", r#""a\/\u0062""#))),
            (r#"{"x":{"model":"no"},"y":"\"model\":1","model":"a/b"}"#, Some(("a/b", r#""a/b""#))),
            (r#"{"model":""}"#,                                  Some(("", r#""""#))),
            (r#"{"model":null}"#,                                None),
            (r#"{"model":["a/b"]}"#,                             None),
            (r#"{"model":"a/b","model":"c/d"}"#,                 None),
            (r#"{"model":"a/b""#,                                None),
            (r#""a/b""#,                                         None),
            ("{}",                                               None),
            ("",                                                 None),
        ];
        for (body, expected) in table {
            let named = Named::find(body.as_bytes());
            let found = named.as_ref().map(|named| (&*named.model, &body[named.at.clone()]));
            assert_eq!(found, expected, "{body}");
        }
        assert_eq!(Named::find(b"{\"model\":\"\xff\"}"), None);
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_ends_with_a_line_of_its_own() {
        let failure = || {
            let error = ModelError::new(FailureKind::Timeout, "it broke");
            RelayError { fault: Fault::Broken, error, said: None }
        };
        for (piece, expected) in [("a\n\n", "a\n\nit broke!"), ("a", "a\n\nit broke!")] {
            let pieces = [Ok(Bytes::from(piece)), Err(failure()), Ok(Bytes::from("more"))];
            let body = pieces_of(Box::pin(stream::iter(pieces)), |error| format!("{error}!"));
            assert_eq!(body.collect().await.unwrap().to_bytes(), expected);
        }
    }

    #[test]
    fn a_standing_is_told_in_headers() {
        let window = |remaining, millis| {
            Some(Window { limit: 9, remaining, reset: Duration::from_millis(millis) })
        };
        let mut headers = HeaderMap::new();
        let standing = Standing { requests: window(3, 1_500), tokens: None };
        show_standing(&mut headers, &standing);
        let told: Vec<_> =
            headers.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
        let expected = [
            "x-ratelimit-limit-requests: 9",
            "x-ratelimit-remaining-requests: 3",
            "x-ratelimit-reset-requests: 1.500s",
        ];
        assert_eq!(told, expected);
        #[rustfmt::skip]
        let table = [(0, "0ms"), (20, "20ms"), (2_000, "2s"), (360_000, "6m0s"), (3_723_500, "1h2m3s")];
        for (millis, text) in table {
            assert_eq!(written(Duration::from_millis(millis)), text);
        }
    }
}
