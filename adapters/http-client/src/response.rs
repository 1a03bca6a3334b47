//! The answer to a call.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header, response::Parts};
use http_body::Body;
use hyper::body::Incoming;

use crate::{CallError, EventStream, HttpClient, Limits, limits::Watch};

/// How much is read of an answer nobody asked for, such as an error page.
const EXCERPT: usize = 16 << 10;

/// How long such an answer is read.
const EXCERPT_TIME: Duration = Duration::from_secs(5);

/// How long the rest of a finished answer may take, so that its connection can
/// be used again.
const REST_TIME: Duration = Duration::from_secs(1);

/// The answer to a call, its body not read yet. Dropping it, or what it becomes,
/// closes the connection.
#[derive(Debug)]
pub struct Response {
    head: Parts,
    body: Reading,
    limits: Limits,
}

impl Response {
    pub(crate) fn new(
        response: http::Response<Incoming>,
        limits: Limits,
        client: HttpClient,
    ) -> Self {
        let (head, body) = response.into_parts();
        let body = Reading { body, left: limits.bytes, watch: Watch::new(&limits), limits, client };
        Self { head, body, limits }
    }

    /// How it went.
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// Whether the body says that it is of type `mime`, as in `text/html`.
    pub fn is(&self, mime: &str) -> bool {
        let value = self.head.headers.get(header::CONTENT_TYPE);
        let value = value.and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().is_some_and(|value| value.trim().eq_ignore_ascii_case(mime))
    }

    /// The whole body.
    pub async fn bytes(mut self) -> Result<Bytes, CallError> {
        // The usual answer comes in one piece, and is not copied then.
        let mut first = Bytes::new();
        let mut whole = BytesMut::new();
        while let Some(data) = poll_fn(|cx| self.body.poll_data(cx)).await {
            let data = data?;
            if first.is_empty() && whole.is_empty() {
                first = data;
                continue;
            }
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
        Ok(if whole.is_empty() { first } else { whole.freeze() })
    }

    /// The body, to be read piece by piece.
    pub(crate) fn into_reading(self) -> Reading {
        self.body
    }

    /// The beginning of the body, as much as there is of it in reasonable time.
    pub async fn excerpt(mut self) -> Bytes {
        let mut beginning = BytesMut::new();
        let reading = async {
            while let Some(Ok(data)) = poll_fn(|cx| self.body.poll_data(cx)).await {
                let room = EXCERPT.saturating_sub(beginning.len());
                beginning.extend_from_slice(&data[..data.len().min(room)]);
                if EXCERPT <= beginning.len() {
                    break;
                }
            }
        };
        // What was read until then is all there is.
        let _ = tokio::time::timeout(EXCERPT_TIME, reading).await;
        beginning.freeze()
    }

    /// The body as server-sent events.
    pub fn events(self) -> EventStream {
        EventStream::new(self.body, self.limits.event)
    }
}

/// A body that is being read, under limits.
#[derive(Debug)]
pub(crate) struct Reading {
    body: Incoming,
    left: usize,
    watch: Watch,
    limits: Limits,
    client: HttpClient,
}

impl Reading {
    /// The next piece, or nothing at the end.
    pub(crate) fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, CallError>>> {
        loop {
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
                return Poll::Ready(Some(Err(ready!(self.watch.poll(cx)))));
            };
            let data = match frame {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(CallError::in_the_middle(error)))),
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            };
            self.watch.heard()?;
            match self.left.checked_sub(data.len()) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err(CallError::TooMuch(self.limits.bytes)))),
            }
            if !data.is_empty() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }

    /// Grants no more than `idle` of further silence.
    pub(crate) fn hurry(&mut self, idle: Duration) {
        self.watch.hurry(idle);
    }

    /// Reads what is left of a body in the background and for a short time: a
    /// connection whose last answer was read to its end can serve again.
    pub(crate) fn finish(mut self) {
        if self.body.is_end_stream() {
            return;
        }
        self.left = self.left.min(EXCERPT);
        self.watch.end_after(REST_TIME);
        let client = self.client.clone();
        client.spawn(
            async move { while let Some(Ok(_)) = poll_fn(|cx| self.poll_data(cx)).await {} },
        );
    }
}
