//! Requests that are passed on as they are, and what comes back.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use domain::relay::Fault;
use futures_core::Stream;
use http::{HeaderName, HeaderValue, Uri, header};
use ports::driven::{RelayAnswer, RelayBody, RelayError, RelayRequest, RelayStream, Used};

use super::{Service, meter::Meter};
use crate::{CallError, response::Reading};

/// How long a service that has said its last word may take to say that it was
/// the last.
const AFTERWORD: Duration = Duration::from_secs(5);

/// The last word of a stream.
const DONE: &[u8] = b"[DONE]";

/// How server-sent events are announced.
const EVENTS: &str = "text/event-stream";

impl Service {
    /// Passes `request` on to `url`, and those of its headers that are among
    /// `headers`.
    pub async fn relay(
        &self,
        url: Uri,
        request: &RelayRequest,
        headers: &[&str],
    ) -> Result<RelayAnswer, RelayError> {
        let more = request.headers.iter().filter(|(name, _)| headers.contains(&&**name));
        let more = more.filter_map(|(name, value)| {
            let name = HeaderName::try_from(&**name).ok()?;
            Some((name, HeaderValue::try_from(&**value).ok()?))
        });
        let answered = self.post_with(url, renamed(request), more.collect()).await;
        let response = answered.map_err(|refused| refused.into_relay_error(self))?;
        let status = response.status().as_u16();
        let content_type = response.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or("application/json").into();
        let body = if response.is(EVENTS) {
            RelayBody::Stream(Box::pin(Passing::new(response.into_reading(), self.clone())))
        } else {
            let bytes = response.bytes().await.map_err(|error| failed(error, self))?;
            let used = Used { usage: Meter::of(&bytes).usage(), events: 0 };
            RelayBody::Whole { bytes, used }
        };
        Ok(RelayAnswer { status, content_type, body })
    }
}

/// The body of `request`, in which the model is called what its provider calls
/// it.
fn renamed(request: &RelayRequest) -> Bytes {
    let RelayRequest { model, body, name_at, .. } = request;
    let (Some(before), Some(after)) = (body.get(..name_at.start), body.get(name_at.end..)) else {
        return body.clone();
    };
    // A text can always be written as JSON.
    let name = serde_json::to_string(model).unwrap_or_default();
    let mut renamed = BytesMut::with_capacity(before.len() + name.len() + after.len());
    renamed.extend_from_slice(before);
    renamed.extend_from_slice(name.as_bytes());
    renamed.extend_from_slice(after);
    renamed.freeze()
}

fn failed(error: CallError, service: &Service) -> RelayError {
    RelayError { fault: error.fault(), error: service.failed(error).discreetly(), said: None }
}

/// An answer on its way. Its pieces are not looked into, only their beginning
/// and their end are kept, for what was used stands there.
struct Passing {
    /// `None` once it has ended.
    body: Option<Reading>,
    meter: Meter,
    service: Service,
    /// Whether the last word was said.
    is_done: bool,
}

impl Passing {
    fn new(body: Reading, service: Service) -> Self {
        Self { body: Some(body), meter: Meter::default(), service, is_done: false }
    }
}

impl Stream for Passing {
    type Item = Result<Bytes, RelayError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        match ready!(body.poll_data(cx)) {
            Some(Ok(data)) => {
                this.meter.pass(&data);
                if !this.is_done && data.trim_ascii_end().ends_with(DONE) {
                    this.is_done = true;
                    body.hurry(AFTERWORD);
                }
                Poll::Ready(Some(Ok(data)))
            }
            Some(Err(error)) if !this.is_done => {
                this.body = None;
                Poll::Ready(Some(Err(failed(error, &this.service))))
            }
            Some(Err(_)) | None => {
                this.body = None;
                Poll::Ready(None)
            }
        }
    }
}

impl RelayStream for Passing {
    fn used(&self) -> Used {
        Used { usage: self.meter.usage(), events: self.meter.events() }
    }
}

impl fmt::Debug for Passing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passing").field("done", &self.is_done).finish_non_exhaustive()
    }
}

impl CallError {
    /// What it means for a request that is passed on.
    pub(super) const fn fault(&self) -> Fault {
        match self {
            Self::Connect(..) => Fault::Unreachable,
            Self::Broken(_) => Fault::Broken,
            Self::ConnectTimeout | Self::Silent(_) | Self::TooLong(_) => Fault::Silent,
            Self::Nonsense(_) | Self::TooMuch(_) | Self::EventTooLong(_) | Self::Request(_) => {
                Fault::Garbled
            }
        }
    }
}

#[test]
fn only_the_name_of_the_model_is_changed() {
    #[rustfmt::skip]
    let table = [
        (r#"{"model":"a/b","x":1}"#,              r#""a/b""#,   "b",     r#"{"model":"b","x":1}"#),
        (r#"{ "é":"ü", "model" : "a\/b" , "x":1.50}"#, r#""a\/b""#, "b/c", r#"{ "é":"ü", "model" : "b/c" , "x":1.50}"#),
        (r#"{"model":"a/b"}"#,                    r#""a/b""#,   "q\"x",  r#"{"model":"q\"x"}"#),
    ];
    for (body, name, model, expected) in table {
        let at = body.find(name).unwrap();
        let request = RelayRequest {
            form: domain::relay::Form::Chat,
            model: model.to_owned(),
            body: Bytes::from_static(body.as_bytes()),
            name_at: at..at + name.len(),
            headers: Vec::new(),
        };
        assert_eq!(renamed(&request), expected.as_bytes());
        let beyond = RelayRequest { name_at: 0..body.len() + 1, ..request };
        assert_eq!(renamed(&beyond), body.as_bytes(), "it does not panic");
    }
}
