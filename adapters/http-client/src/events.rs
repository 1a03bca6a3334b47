//! A body as a stream of events.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use crate::{CallError, Event, EventReader, response::Reading};

/// How much is taken in before the events in it are looked at.
const READ: usize = 64 << 10;

/// A body as a stream of events. Dropping it closes the connection.
#[derive(Debug)]
pub struct EventStream {
    body: Reading,
    events: EventReader,
    /// How the body ended, when that was seen beside data.
    ended: Option<Result<bool, CallError>>,
}

impl EventStream {
    pub(crate) fn new(body: Reading, longest: usize) -> Self {
        Self { body, events: EventReader::new(longest), ended: None }
    }

    /// The next event among those that have arrived; never waits.
    pub fn next_event(&mut self) -> Option<Result<Event<'_>, CallError>> {
        let event = self.events.next_event()?;
        Some(event.map_err(|too_long| CallError::EventTooLong(too_long.0)))
    }

    /// Waits for more to arrive. `false` at the end of the body.
    pub async fn read(&mut self) -> Result<bool, CallError> {
        poll_fn(|cx| self.poll_read(cx)).await
    }

    /// Waits for more to arrive, and takes in everything that is there by then.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, CallError>> {
        if let Some(ended) = self.ended.take() {
            return Poll::Ready(ended);
        }
        let Some(data) = ready!(self.body.poll_data(cx)).transpose()? else {
            return Poll::Ready(Ok(false));
        };
        self.events.push(&data);
        let mut taken = data.len();
        while taken < READ {
            match self.body.poll_data(cx) {
                Poll::Pending => break,
                Poll::Ready(Some(Ok(data))) => {
                    self.events.push(&data);
                    taken += data.len();
                }
                Poll::Ready(end) => {
                    self.ended = Some(end.transpose().map(|_| false));
                    break;
                }
            }
        }
        Poll::Ready(Ok(true))
    }

    /// Grants no more than `idle` of further silence.
    pub(crate) fn hurry(&mut self, idle: Duration) {
        self.body.hurry(idle);
    }

    /// Says that nothing more of interest comes, so that the connection can be
    /// used again.
    pub fn finish(self) {
        self.body.finish();
    }
}
