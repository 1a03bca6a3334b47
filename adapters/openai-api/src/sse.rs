//! An answer piece by piece, as server-sent events.
//!
//! What the pieces have in common is written once; a piece costs a copy of it
//! and the escaping of its own text. Pieces that are there at the same time
//! leave together.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{BufMut, Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderValue, Response, header};
use http_body_util::BodyExt;
use http_kit::Body;
use hyper::body::Frame;
use ports::driving::{Answer, Reply};
use serde::Serialize;

use crate::{
    completions::{Label, Shown},
    refusal::Refusal,
    whole::{Ended, TokensUsed, broke_off, ended},
};

/// An answer on its way. A reader that goes away drops it, and with it the
/// stream of replies, which aborts the run.
struct Events {
    /// `None` once it has ended.
    answer: Option<Answer>,
    /// How every piece begins, up to its choices.
    head: Box<[u8]>,
    buffer: BytesMut,
    shown: Shown,
    /// Whether any text was sent.
    said: bool,
}

/// More than this does not wait to leave together with what comes next.
const FULL: usize = 16 * 1024;

/// The answer that begins with `first`, unless that is a failure, which is
/// answered with its own status.
pub(crate) fn response(
    label: &Label,
    first: Option<Reply>,
    answer: Answer,
    shown: Shown,
) -> Result<Response<Body>, Refusal> {
    let mut events = Events {
        answer: Some(answer),
        head: head(label),
        buffer: BytesMut::with_capacity(FULL / 16),
        shown,
        said: false,
    };
    events.choice(r#"{"role":"assistant"}"#, None);
    match first.ok_or_else(broke_off)? {
        Reply::End(outcome) => {
            let outcome = ended(outcome)?;
            events.end(Ok(outcome));
        }
        piece => events.reply(Some(piece)),
    }
    Ok(stream_headers(Response::new(events.boxed_unsync())))
}

/// `response` with the headers of a stream of events.
pub(crate) fn stream_headers(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/event-stream; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONNECTION, "keep-alive"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Some proxies wait for more otherwise.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// `data: {"id":…,"object":…,"created":…,"model":…,"choices":[`
fn head(label: &Label) -> Box<[u8]> {
    #[derive(Serialize)]
    struct Common<'a> {
        id: &'a str,
        object: &'static str,
        created: u64,
        model: &'a str,
    }

    let Label { id, created, model } = label;
    let common = Common { id, object: "chat.completion.chunk", created: *created, model };
    let mut head = b"data: ".to_vec();
    // Writing texts and numbers to memory does not fail.
    let _ = serde_json::to_writer(&mut head, &common);
    head.pop();
    head.extend_from_slice(br#","choices":["#);
    head.into()
}

impl Events {
    /// A piece that says `text`.
    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.said = true;
            self.delta(br#"{"content":"#, text, b"}");
        }
    }

    /// A piece of what the model thinks.
    fn thought(&mut self, text: &str) {
        if !text.is_empty() {
            self.delta(br#"{"reasoning_content":"#, text, b"}");
        }
    }

    /// The beginning of the call `at`.
    fn call(&mut self, at: usize, id: &str, name: &str) {
        self.said = true;
        self.buffer.put_slice(&self.head);
        self.buffer.put_slice(br#"{"index":0,"delta":{"tool_calls":[{"index":"#);
        self.json(&at);
        self.buffer.put_slice(br#","id":"#);
        self.json(&id);
        self.buffer.put_slice(br#","type":"function","function":{"name":"#);
        self.json(&name);
        self.buffer.put_slice(br#","arguments":""}}]}"#);
        self.buffer.put_slice(b",\"finish_reason\":null}]}\n\n");
    }

    /// More of what the tool of the call `at` is given.
    fn arguments(&mut self, at: usize, piece: &str) {
        let begin = format!(r#"{{"tool_calls":[{{"index":{at},"function":{{"arguments":"#);
        self.delta(begin.as_bytes(), piece, b"}}]}");
    }

    /// A piece whose delta is `text`, between its `begin` and its `end`.
    fn delta(&mut self, begin: &[u8], text: &str, end: &[u8]) {
        self.buffer.reserve(self.head.len() + begin.len() + text.len() + 64);
        self.buffer.put_slice(&self.head);
        self.buffer.put_slice(br#"{"index":0,"delta":"#);
        self.buffer.put_slice(begin);
        self.json(&text);
        self.buffer.put_slice(end);
        self.buffer.put_slice(b",\"finish_reason\":null}]}\n\n");
    }

    /// A piece with `delta`, which is JSON.
    fn choice(&mut self, delta: &str, finish: Option<&'static str>) {
        self.buffer.put_slice(&self.head);
        self.buffer.put_slice(br#"{"index":0,"delta":"#);
        self.buffer.put_slice(delta.as_bytes());
        self.buffer.put_slice(br#","finish_reason":"#);
        self.json(&finish);
        self.buffer.put_slice(b"}]}\n\n");
    }

    /// The last pieces.
    fn end(&mut self, outcome: Result<Ended, Refusal>) {
        self.answer = None;
        match outcome {
            Ok(Ended { text, calls: _, finish, usage }) => {
                if !self.said {
                    self.text(if text.is_empty() { self.shown.silence } else { &text });
                }
                self.choice("{}", Some(finish.as_str()));
                if self.shown.usage {
                    self.buffer.put_slice(&self.head);
                    self.buffer.put_slice(br#"],"usage":"#);
                    self.json(&TokensUsed::from(usage));
                    self.buffer.put_slice(b"}\n\n");
                }
            }
            Err(refusal) => {
                self.buffer.put_slice(b"data: ");
                self.buffer.put_slice(refusal.envelope().as_bytes());
                self.buffer.put_slice(b"\n\n");
            }
        }
        self.buffer.put_slice(b"data: [DONE]\n\n");
    }

    fn json(&mut self, value: &impl Serialize) {
        // Writing texts and numbers to memory does not fail.
        let _ = serde_json::to_writer((&mut self.buffer).writer(), value);
    }

    /// Writes what `reply` says.
    fn reply(&mut self, reply: Option<Reply>) {
        match reply {
            Some(Reply::Text(text)) => self.text(&text),
            Some(Reply::Thinking(text)) if self.shown.thinking => self.thought(&text),
            Some(Reply::Thinking(_)) => (),
            Some(Reply::CallBegun { at, id, name }) => self.call(at, &id, &name),
            Some(Reply::CallArguments { at, piece }) => self.arguments(at, &piece),
            Some(Reply::End(outcome)) => self.end(ended(outcome)),
            None => self.end(Err(broke_off())),
        }
    }
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        while self.buffer.len() < FULL {
            let Some(answer) = &mut self.answer else { break };
            match Pin::new(answer).poll_next(context) {
                Poll::Ready(reply) => self.reply(reply),
                Poll::Pending if self.buffer.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if self.buffer.is_empty() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Frame::data(self.buffer.split().freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_none() && self.buffer.is_empty()
    }
}
