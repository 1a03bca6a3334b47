//! An answer on its way, and what it cost.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use domain::{
    agent::{ModelRef, estimate_tokens},
    relay::{Form, Tally},
};
use futures_core::Stream;
use ports::{
    Bytes,
    driven::{RelayError, RelayStream, Used},
    driving::{Copied, Passed, Passing, PassingBody},
};

use super::{
    asking::{Beginning, Begun},
    books::Books,
    telling::Telling,
};

/// A request that was let through. However it ends, it is written down once; one
/// that is dropped before there was an answer came to nothing.
pub(super) struct Ticket {
    /// Who is asked.
    pub(super) model: ModelRef,
    books: Arc<Books>,
    key: Option<Box<str>>,
    form: Form,
    /// What it was taken to cost.
    taken: u64,
    is_settled: bool,
}

impl Ticket {
    pub(super) fn new(books: Arc<Books>, key: Option<&str>, request: &Passed, taken: u64) -> Self {
        let (model, form) = (request.model.clone(), request.form);
        Self { model, books, key: key.map(Into::into), form, taken, is_settled: false }
    }

    /// Passes an answer on.
    pub(super) fn pass(mut self, begun: Begun) -> Passing {
        let model = self.model.clone();
        let (status, content_type, said) = match begun {
            Begun::Copied { status, content_type, said } => (status, content_type, said),
            Begun::Told(events) => {
                return Passing::Told { model, answer: Box::pin(Telling::new(events, self)) };
            }
        };
        let body = match said {
            Beginning::Whole(bytes, used) => {
                // What nobody counted is estimated, but for numbers nobody said.
                let said = match self.form {
                    Form::Embeddings => 0,
                    Form::Chat | Form::Messages | Form::Responses => {
                        estimate_tokens(bytes.len() as u64, 0)
                    }
                };
                self.settle(used, said, false);
                PassingBody::Whole(bytes)
            }
            Beginning::Stream(first, rest) => {
                let counted = Counted { first: Some(first), rest: Some(rest), ticket: self };
                PassingBody::Stream(Box::pin(counted))
            }
        };
        Passing::Copied(Copied { status, content_type, model, body })
    }

    /// How many tokens it was taken to have to read.
    pub(super) const fn taken(&self) -> u64 {
        self.taken
    }

    /// Writes down what was used: as it was counted, or else what was taken to be
    /// read and about what was `said`.
    pub(super) fn settle(&mut self, used: Used, said: u64, failed: bool) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let (input, output) = match used.usage {
            Some(usage) => (usage.input, usage.output),
            None => (self.taken, said),
        };
        let tally = Tally { requests: 1, failures: failed.into(), input, output };
        self.books.settle(self.key.as_deref(), &self.model, self.taken, tally);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !std::mem::replace(&mut self.is_settled, true) {
            let nothing = Tally { requests: 1, failures: 1, ..Tally::default() };
            self.books.settle(self.key.as_deref(), &self.model, self.taken, nothing);
        }
    }
}

/// The pieces of an answer. What was used is written down at its end, or when
/// whoever listens has left.
struct Counted {
    first: Option<Bytes>,
    /// `None` once it has ended.
    rest: Option<Pin<Box<dyn RelayStream>>>,
    ticket: Ticket,
}

impl Counted {
    fn end(&mut self, failed: bool) {
        if let Some(rest) = self.rest.take() {
            let used = rest.used();
            self.ticket.settle(used, used.events, failed);
        }
    }
}

impl Stream for Counted {
    type Item = Result<Bytes, RelayError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        let polled = rest.as_mut().poll_next(cx);
        match &polled {
            Poll::Ready(None) => self.end(false),
            Poll::Ready(Some(Err(_))) => self.end(true),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => (),
        }
        polled
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.end(false);
    }
}
