//! An answer that is told rather than copied, because its provider speaks another
//! form than the request has.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use domain::{agent::FailureKind, run::Usage};
use futures_core::Stream;
use ports::{
    BoxStream,
    driven::{FinishReason, ModelError, ModelEvent, ToolCall, Used},
    driving::{Outcome, Reply},
};
use tracing::warn;

use super::answering::Ticket;

/// What a model says, on its way to whoever words it. What was used is written
/// down at its end, or when whoever listens has left.
pub(super) struct Telling {
    /// `None` once it has ended.
    events: Option<BoxStream<Result<ModelEvent, ModelError>>>,
    text: String,
    calls: Vec<ToolCall>,
    used: Used,
    ticket: Ticket,
}

impl Telling {
    pub(super) fn new(events: BoxStream<Result<ModelEvent, ModelError>>, ticket: Ticket) -> Self {
        let (text, calls, used) = (String::new(), Vec::new(), Used::default());
        Self { events: Some(events), text, calls, used, ticket }
    }

    /// What `event` is for whoever listens, if it is for them.
    fn reply(&mut self, event: ModelEvent) -> Option<Reply> {
        let counts = !matches!(event, ModelEvent::Usage(_) | ModelEvent::End(_));
        self.used.events += u64::from(counts);
        Some(match event {
            ModelEvent::Text(text) => {
                self.text.push_str(&text);
                Reply::Text(text)
            }
            ModelEvent::Thinking(text) => Reply::Thinking(text),
            ModelEvent::CallBegun { at, id, name } => {
                let call =
                    ToolCall { id: id.clone(), name: name.clone(), arguments: String::new() };
                self.calls.push(call);
                Reply::CallBegun { at, id, name }
            }
            ModelEvent::CallArguments { at, piece } => {
                self.calls.get_mut(at)?.arguments.push_str(&piece);
                Reply::CallArguments { at, piece }
            }
            ModelEvent::Usage(usage) => {
                self.used.usage = Some(usage);
                return None;
            }
            ModelEvent::End(finish) => self.end(finish),
        })
    }

    fn end(&mut self, finish: FinishReason) -> Reply {
        self.settle(false);
        let (text, calls) = (std::mem::take(&mut self.text), std::mem::take(&mut self.calls));
        let usage = self.used.usage.unwrap_or_else(|| Usage {
            input: self.ticket.taken(),
            output: self.used.events,
            ..Usage::default()
        });
        Reply::End(Outcome::Done { text, calls, finish, usage })
    }

    fn fail(&mut self, error: ModelError) -> Reply {
        let model = &self.ticket.model;
        warn!(%model, error = &error as &dyn std::error::Error, "an answer broke off");
        self.settle(true);
        let error = error.discreetly();
        Reply::End(Outcome::Failed { message: error.message, kind: Some(error.kind) })
    }

    fn settle(&mut self, failed: bool) {
        self.events = None;
        self.ticket.settle(self.used, self.used.events, failed);
    }
}

impl Stream for Telling {
    type Item = Reply;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Reply>> {
        loop {
            let Some(events) = &mut self.events else { return Poll::Ready(None) };
            let reply = match ready!(Pin::new(events).poll_next(cx)) {
                Some(Ok(event)) => self.reply(event),
                Some(Err(error)) => Some(self.fail(error)),
                None => {
                    let why = "the connection broke in the middle of the answer";
                    Some(self.fail(ModelError::new(FailureKind::Disconnected, why)))
                }
            };
            if reply.is_some() {
                return Poll::Ready(reply);
            }
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        // Whoever listened has left, unless it has ended.
        self.settle(false);
    }
}

impl fmt::Debug for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telling").field("used", &self.used).finish_non_exhaustive()
    }
}
