//! An answer, piece by piece.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use domain::run::Usage;
use futures_core::Stream;
use ports::driven::{FinishReason, ModelError, ModelEvent};

use super::Service;
use crate::{Event, EventStream};

/// How long a service that has said its last word may take to say that it was
/// the last, or what it cost.
const AFTERWORD: Duration = Duration::from_secs(5);

/// How a service words its answers.
pub trait Dialect: Send + Unpin {
    /// Takes the meaning of one event into `pieces`.
    fn read(
        &mut self,
        event: Event<'_>,
        service: &Service,
        pieces: &mut Pieces,
    ) -> Result<(), ModelError>;
}

/// What was understood of an answer and not yet passed on.
#[derive(Debug, Default)]
pub struct Pieces {
    waiting: VecDeque<ModelEvent>,
    finish: Option<FinishReason>,
    complete: bool,
    has_calls: bool,
    // Calls that were not given anything so far.
    bare_calls: Vec<usize>,
}

impl Pieces {
    /// More text. What arrives together is passed on together.
    pub fn text(&mut self, more: &str) {
        match self.waiting.back_mut() {
            _ if more.is_empty() => (),
            Some(ModelEvent::Text(text)) => text.push_str(more),
            _ => self.waiting.push_back(ModelEvent::Text(more.to_owned())),
        }
    }

    /// More of what the model thinks.
    pub fn thinking(&mut self, more: &str) {
        match self.waiting.back_mut() {
            _ if more.is_empty() => (),
            Some(ModelEvent::Thinking(text)) => text.push_str(more),
            _ => self.waiting.push_back(ModelEvent::Thinking(more.to_owned())),
        }
    }

    /// The call `at`, counted from 0, for the tool `name`.
    pub fn call(&mut self, at: usize, id: &str, name: &str) {
        self.has_calls = true;
        self.bare_calls.push(at);
        let (id, name) = (id.to_owned(), name.to_owned());
        self.waiting.push_back(ModelEvent::CallBegun { at, id, name });
    }

    /// More of what the tool of the call `at` is given.
    pub fn arguments(&mut self, at: usize, more: &str) {
        if more.is_empty() {
            return;
        }
        self.bare_calls.retain(|bare| *bare != at);
        match self.waiting.back_mut() {
            Some(ModelEvent::CallArguments { at: last, piece }) if *last == at => {
                piece.push_str(more);
            }
            _ => self.waiting.push_back(ModelEvent::CallArguments { at, piece: more.to_owned() }),
        }
    }

    /// What was used so far.
    pub fn usage(&mut self, usage: Usage) {
        match self.waiting.back_mut() {
            Some(ModelEvent::Usage(last)) => *last = usage,
            _ => self.waiting.push_back(ModelEvent::Usage(usage)),
        }
    }

    /// The model is finished; its usage may still follow.
    pub fn finish(&mut self, reason: FinishReason) {
        self.finish = Some(reason);
    }

    /// Nothing more follows.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// Everything up to the end of an answer that came in one piece.
    pub fn into_events(mut self) -> impl Iterator<Item = ModelEvent> {
        let end = self.end(self.finish.unwrap_or(FinishReason::Stop));
        self.waiting.push_back(end);
        self.waiting.into_iter()
    }

    /// The end of an answer that ended well, for `reason`. Some services say
    /// "stop" although they asked for a tool, or the other way round; and tools
    /// that take nothing are given nothing rather than an empty object.
    fn end(&mut self, reason: FinishReason) -> ModelEvent {
        for at in std::mem::take(&mut self.bare_calls) {
            self.arguments(at, "{}");
        }
        ModelEvent::End(match (reason, self.has_calls) {
            (FinishReason::Stop, true) => FinishReason::ToolCalls,
            (FinishReason::ToolCalls, false) => FinishReason::Stop,
            (reason, _) => reason,
        })
    }
}

/// An answer that arrives as server-sent events, as the port promises it: any
/// number of pieces, then one end or one error. Dropping it hangs up.
pub struct Answer<D> {
    service: Service,
    dialect: D,
    // Until the answer has ended.
    events: Option<EventStream>,
    pieces: Pieces,
    // What is left to say once the pieces are passed on.
    end: Option<Result<ModelEvent, ModelError>>,
}

impl<D: Dialect> Answer<D> {
    /// The answer of `service` in `events`.
    pub fn new(service: Service, dialect: D, events: EventStream) -> Self {
        Self { service, dialect, events: Some(events), pieces: Pieces::default(), end: None }
    }

    /// Understands what has arrived.
    fn understand(&mut self) -> Result<(), ModelError> {
        let Some(events) = &mut self.events else { return Ok(()) };
        while !self.pieces.complete
            && let Some(event) = events.next_event()
        {
            let event = event.map_err(|error| self.service.failed(error))?;
            self.dialect.read(event, &self.service, &mut self.pieces)?;
        }
        Ok(())
    }

    /// Ends the answer after the pieces that are waiting. A failure no longer
    /// matters once the model has finished.
    fn end(&mut self, failure: Option<ModelError>) {
        let events = self.events.take();
        self.end = Some(match (self.pieces.finish, failure) {
            (Some(reason), _) => Ok(self.pieces.end(reason)),
            (None, Some(error)) => Err(error),
            (None, None) if self.pieces.complete => Ok(self.pieces.end(FinishReason::Stop)),
            (None, None) => Err(self.service.broke_off()),
        });
        if self.pieces.complete
            && let Some(events) = events
        {
            events.finish();
        }
    }

    /// Waits for the service to say more.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(events) = &mut self.events else { return Poll::Ready(()) };
        match ready!(events.poll_read(cx)) {
            Ok(true) => match self.understand() {
                Err(error) => self.end(Some(error)),
                Ok(()) if self.pieces.complete => self.end(None),
                Ok(()) => {
                    if self.pieces.finish.is_some()
                        && let Some(events) = &mut self.events
                    {
                        events.hurry(AFTERWORD);
                    }
                }
            },
            Ok(false) => self.end(None),
            Err(error) => {
                let error = self.service.failed(error);
                self.end(Some(error));
            }
        }
        Poll::Ready(())
    }
}

impl<D: Dialect> Stream for Answer<D> {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(piece) = self.pieces.waiting.pop_front() {
                return Poll::Ready(Some(Ok(piece)));
            }
            if self.events.is_none() {
                return Poll::Ready(self.end.take());
            }
            ready!(self.poll_more(cx));
        }
    }
}

impl<D> fmt::Debug for Answer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("pieces", &self.pieces).finish_non_exhaustive()
    }
}
