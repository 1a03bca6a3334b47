//! How much of a service's time and words is enough.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use crate::CallError;

/// How much of a service's time and words is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long it may be silent, also before the first word.
    pub idle: Duration,
    /// How long an answer may take.
    pub total: Duration,
    /// How many bytes an answer may have.
    pub bytes: usize,
    /// How many bytes one event of a stream may have.
    pub event: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_mins(2),
            total: Duration::from_mins(30),
            bytes: 64 << 20,
            event: 1 << 20,
        }
    }
}

/// Watches the clock while a body is read.
///
/// The timer is set once and looked after when it rings, rather than set again
/// for every piece: pieces come by the thousand, silence hardly ever.
#[derive(Debug)]
pub(crate) struct Watch {
    idle: Duration,
    total: Duration,
    heard: Instant,
    deadline: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn new(limits: &Limits) -> Self {
        let now = Instant::now();
        Self {
            idle: limits.idle,
            total: limits.total,
            heard: now,
            deadline: now + limits.total,
            alarm: Box::pin(tokio::time::sleep(limits.idle.min(limits.total))),
        }
    }

    /// Takes note that something was heard.
    pub(crate) fn heard(&mut self) -> Result<(), CallError> {
        self.heard = Instant::now();
        if self.deadline <= self.heard { Err(CallError::TooLong(self.total)) } else { Ok(()) }
    }

    /// Grants no more than `idle` of further silence.
    pub(crate) fn hurry(&mut self, idle: Duration) {
        if idle < self.idle {
            self.idle = idle;
            self.alarm.as_mut().reset(Instant::now() + idle);
        }
    }

    /// Ends the watch after `rest` at the latest.
    pub(crate) fn end_after(&mut self, rest: Duration) {
        self.deadline = self.deadline.min(Instant::now() + rest);
        self.hurry(rest);
    }

    /// Resolves when it was silent or took too long.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<CallError> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if self.deadline <= now {
                return Poll::Ready(CallError::TooLong(self.total));
            }
            let silent_until = self.heard + self.idle;
            if silent_until <= now {
                return Poll::Ready(CallError::Silent(self.idle));
            }
            self.alarm.as_mut().reset(silent_until.min(self.deadline));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Hears something every second for `words` seconds, then nothing.
    async fn watch(limits: Limits, words: u32) -> (CallError, Duration) {
        let began = Instant::now();
        let mut watch = Watch::new(&limits);
        for _ in 0..words {
            tokio::select! {
                error = poll_fn(|cx| watch.poll(cx)) => return (error, began.elapsed()),
                () = tokio::time::sleep(SECOND) => (),
            }
            if let Err(error) = watch.heard() {
                return (error, began.elapsed());
            }
        }
        (poll_fn(|cx| watch.poll(cx)).await, began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn words_buy_time_but_not_for_ever() {
        let limits = Limits { idle: 3 * SECOND, total: 60 * SECOND, ..Limits::default() };
        let rounded = |(error, after): (CallError, Duration)| (error.to_string(), after.as_secs());
        let silent = "nothing was heard for 3 s".to_owned();
        assert_eq!(rounded(watch(limits, 0).await), (silent.clone(), 3));
        assert_eq!(rounded(watch(limits, 20).await), (silent, 23));
        let long = "the answer was not finished after 60 s".to_owned();
        assert_eq!(rounded(watch(limits, 100).await), (long, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn one_can_be_hurried() {
        let began = Instant::now();
        let mut watch = Watch::new(&Limits::default());
        watch.hurry(5 * SECOND);
        watch.hurry(9 * SECOND);
        poll_fn(|cx| watch.poll(cx)).await;
        assert_eq!(began.elapsed().as_secs(), 5);
    }
}
