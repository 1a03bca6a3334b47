//! An answer piece by piece, as server-sent events. Pieces that are there at the
//! same time leave together.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderValue, Response, header};
use http_body_util::BodyExt;
use http_kit::Body;
use hyper::body::Frame;
use ports::driving::{Answer, Reply};

use crate::{
    refusal::Refusal,
    script::{Label, Script},
    whole::{Ended, broke_off, ended, unsaid},
};

/// An answer on its way. A reader that goes away drops it, and with it the
/// stream of replies, which aborts the run.
struct Events {
    /// `None` once it has ended.
    answer: Option<Answer>,
    script: Script,
}

/// More than this does not wait to leave together with what comes next.
const FULL: usize = 16 * 1024;

/// The answer that begins with `first`, unless that is a failure, which is
/// answered with its own status.
pub(crate) fn response(
    label: Label,
    first: Option<Reply>,
    answer: Answer,
) -> Result<Response<Body>, Refusal> {
    let mut events = Events { answer: Some(answer), script: Script::begin(label) };
    match first.ok_or_else(broke_off)? {
        Reply::End(outcome) => events.end(ended(outcome)?),
        piece => events.reply(Some(piece)),
    }
    let mut response = Response::new(events.boxed_unsync());
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
    Ok(response)
}

impl Events {
    /// Writes what `reply` says.
    fn reply(&mut self, reply: Option<Reply>) {
        match reply {
            Some(Reply::Text(piece)) => self.script.text(&piece),
            Some(Reply::Thinking(piece)) => self.script.thinking(&piece),
            Some(Reply::CallBegun { at, id, name }) => self.script.call(at, id, name),
            Some(Reply::CallArguments { at, piece }) => self.script.arguments(at, &piece),
            Some(Reply::End(outcome)) => match ended(outcome) {
                Ok(ended) => self.end(ended),
                Err(refusal) => self.fail(&refusal),
            },
            None => self.fail(&broke_off()),
        }
    }

    fn end(&mut self, ended: Ended) {
        self.answer = None;
        let Ended { text, finish, usage } = ended;
        let unsaid = unsaid(&text, self.script.said());
        self.script.text(unsaid);
        self.script.end(finish, usage);
    }

    fn fail(&mut self, refusal: &Refusal) {
        self.answer = None;
        self.script.fail(refusal);
    }
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        while self.script.buffer.len() < FULL {
            let Some(answer) = &mut self.answer else { break };
            match Pin::new(answer).poll_next(context) {
                Poll::Ready(reply) => self.reply(reply),
                Poll::Pending if self.script.buffer.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if self.script.buffer.is_empty() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Frame::data(self.script.buffer.split().freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_none() && self.script.buffer.is_empty()
    }
}
