//! A response on its way: from the replies of an agent to events or to one
//! answer, and into the hands of whoever keeps it.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use domain::{approval::Owner, session::SessionKey};
use futures_core::Stream;
use futures_util::{StreamExt, stream::AbortHandle};
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt, Full};
use http_kit::Body;
use hyper::body::Frame;
use ports::{
    Json,
    driven::{Clock, FinishReason},
    driving::{Answer, KeptResponse, Reply, Responses},
};

use super::{
    draft::Draft,
    resource::{Ending, Failure, Incomplete, Label, Status},
};
use crate::{
    refusal::Refusal,
    sse::stream_headers,
    whole::{Ended, NOTHING_SAID, broke_off, ended},
};

/// More than this does not wait to leave together with what comes next.
const FULL: usize = 16 * 1024;
/// The largest input that is kept beside a response, in bytes.
const MAX_INPUT: usize = 256 * 1024;

/// The responses that are being made, so that they can be stopped.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<HashMap<Arc<str>, Entry>>>);

struct Entry {
    owner: Owner,
    label: Label,
    stop: AbortHandle,
}

impl Running {
    /// Lets `owner` stop the response `label` names until the ticket is dropped.
    pub(crate) fn enter(&self, owner: Owner, label: Label, stop: AbortHandle) -> Ticket {
        let id = Arc::clone(&label.id);
        self.entries().insert(Arc::clone(&id), Entry { owner, label, stop });
        Ticket { running: self.clone(), id }
    }

    /// Stops the response called `id`, if it is `owner`'s and not at its end.
    pub(crate) fn stop(&self, owner: &Owner, id: &str) -> Option<Label> {
        let entries = self.entries();
        let entry = entries.get(id).filter(|entry| entry.owner == *owner)?;
        entry.stop.abort();
        Some(entry.label.clone())
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<Arc<str>, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Dropped when a response is at its end, or when nobody waits for it any more.
pub(crate) struct Ticket {
    running: Running,
    id: Arc<str>,
}

impl Ticket {
    /// Whether somebody stopped the response.
    fn is_stopped(&self) -> bool {
        self.running.entries().get(&self.id).is_some_and(|entry| entry.stop.is_aborted())
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.running.entries().remove(&self.id);
    }
}

/// Where a response is kept.
pub(crate) struct Keeper {
    pub(crate) responses: Arc<dyn Responses>,
    pub(crate) owner: Owner,
    pub(crate) session: SessionKey,
    pub(crate) input: Json,
}

/// A response on its way. A reader that goes away drops it, and with it the
/// stream of replies, which aborts the run.
pub(crate) struct Making {
    draft: Draft,
    /// `None` once it has ended.
    answer: Option<Answer>,
    clock: Arc<dyn Clock>,
    keeper: Option<Keeper>,
    must_call: bool,
    ticket: Option<Ticket>,
    /// What stands where nothing was said.
    silence: &'static str,
}

impl Making {
    pub(crate) fn new(
        draft: Draft,
        answer: Answer,
        clock: Arc<dyn Clock>,
        keeper: Option<Keeper>,
        must_call: bool,
        ticket: Ticket,
    ) -> Self {
        let (answer, ticket) = (Some(answer), Some(ticket));
        Self { draft, answer, clock, keeper, must_call, ticket, silence: NOTHING_SAID }
    }

    /// A response nobody keeps, of a model that was asked without an agent.
    pub(crate) fn straight(draft: Draft, answer: Answer, clock: Arc<dyn Clock>) -> Self {
        let answer = Some(answer);
        let (keeper, must_call, ticket) = (None, false, None);
        Self { draft, answer, clock, keeper, must_call, ticket, silence: "" }
    }

    /// The answer as a stream of events, which begins at once.
    pub(crate) fn events(mut self) -> Response<Body> {
        self.draft.begin();
        stream_headers(Response::new(self.boxed_unsync()))
    }

    /// Waits for the whole of it.
    pub(crate) async fn whole(mut self) -> Response<Body> {
        let (refusal, resource) = loop {
            let reply = match &mut self.answer {
                Some(answer) => answer.next().await,
                None => None,
            };
            match reply {
                Some(Reply::End(outcome)) => {
                    let must_call = self.must_call;
                    break self.end(ended(outcome).and_then(|it| it.check(must_call)));
                }
                Some(reply) => self.draft.take(&reply),
                None => break self.end(Err(broke_off())),
            }
        };
        let mut response = match refusal {
            Some(refusal) => refusal.into_response(),
            None => Response::new(Body::default()),
        };
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = Full::new(Bytes::from(resource)).boxed_unsync();
        response
    }

    /// Ends it in either way, and gives it to whoever keeps it. Returns what
    /// went wrong, and the response as JSON.
    fn end(&mut self, outcome: Result<Ended, Refusal>) -> (Option<Refusal>, Vec<u8>) {
        self.answer = None;
        let now = self.clock.now();
        let stopped = self.ticket.take().is_some_and(|ticket| ticket.is_stopped());
        let at = now.as_millis() / 1000;
        let plain =
            Ending { status: Status::Completed, failure: None, incomplete: None, usage: None, at };
        let (ending, refusal) = match outcome {
            _ if stopped => (Ending { status: Status::Cancelled, ..plain }, None),
            Ok(Ended { text, calls, finish, usage }) => {
                if self.draft.is_silent() && calls.is_empty() {
                    self.draft.text(if text.is_empty() { self.silence } else { &text });
                }
                let reason = match finish {
                    FinishReason::Length => Some("max_output_tokens"),
                    FinishReason::ContentFilter => Some("content_filter"),
                    FinishReason::Stop | FinishReason::StopText(_) | FinishReason::ToolCalls => {
                        None
                    }
                };
                let incomplete = reason.map(|reason| Incomplete { reason });
                let status =
                    if incomplete.is_some() { Status::Incomplete } else { Status::Completed };
                (Ending { status, incomplete, usage: Some(usage), ..plain }, None)
            }
            Err(refusal) => {
                let failure = Failure { code: refusal.code(), message: refusal.message().into() };
                let ending = Ending { status: Status::Failed, failure: Some(failure), ..plain };
                (ending, Some(refusal))
            }
        };
        let resource = self.draft.end(&ending);
        if let Some(keeper) = self.keeper.take()
            && let Ok(text) = String::from_utf8(resource.clone())
            && let Ok(kept) = Json::parse(text)
        {
            let small = keeper.input.as_str().len() <= MAX_INPUT;
            keeper.responses.keep(KeptResponse {
                id: self.draft.label.id.to_string(),
                owner: keeper.owner.as_str().to_owned(),
                session: keeper.session,
                at: now,
                resource: kept,
                input: small.then_some(keeper.input),
            });
        }
        (refusal, resource)
    }

    fn reply(&mut self, reply: Option<Reply>) {
        match reply {
            Some(Reply::End(outcome)) => drop(self.end(ended(outcome))),
            Some(reply) => self.draft.take(&reply),
            None => drop(self.end(Err(broke_off()))),
        }
    }
}

impl hyper::body::Body for Making {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        while self.draft.events.buffer.len() < FULL {
            let Some(answer) = &mut self.answer else { break };
            match Pin::new(answer).poll_next(context) {
                Poll::Ready(reply) => self.reply(reply),
                Poll::Pending if self.draft.events.buffer.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if self.draft.events.buffer.is_empty() {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(Ok(Frame::data(self.draft.events.buffer.split().freeze()))))
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_none() && self.draft.events.buffer.is_empty()
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
