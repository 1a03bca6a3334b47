//! What waits to be written.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use ports::driven::{Change, CommitError, Committed, Urgency};
use tokio::sync::oneshot;

use crate::error::Unusable;

/// What becomes of a submission.
pub(crate) type Receipt = Result<Committed, CommitError>;

/// Changes that belong together, and who waits for them.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) changes: Vec<Change>,
    pub(crate) urgency: Urgency,
    pub(crate) receipt: oneshot::Sender<Receipt>,
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Submissions.
    pub(crate) submissions: usize,
    /// Bytes of messages.
    pub(crate) bytes: usize,
    /// How long a lazy submission waits for company.
    pub(crate) patience: Duration,
}

/// The queue between those who submit and the writer.
#[derive(Debug)]
pub(crate) struct Queue {
    bounds: Bounds,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<(Submission, usize)>,
    // Invariant: the sum of the sizes in `waiting`.
    bytes: usize,
    /// Until when the lazy ones may be kept waiting; now, if one is not lazy.
    due: Option<Due>,
    open: bool,
    /// What the writer waits for, if it waits.
    writer: Awaited,
}

#[derive(Clone, Copy, Debug)]
enum Due {
    Now,
    At(Instant),
}

#[derive(Clone, Copy, Debug)]
enum Awaited {
    Nothing,
    Anything,
    Urgency,
    Company(usize),
}

/// What the writer is to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Write these, in this order.
    Write(Vec<Submission>),
    /// Tidy up: nothing has come for a while.
    Tidy,
    /// Stop: everything is written and nothing more will come.
    Stop,
}

/// How much is written at once. More would only delay the receipts.
const BATCH: usize = 1_024;
const BATCH_BYTES: usize = 8 << 20;

impl Queue {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            bytes: 0,
            due: None,
            open: true,
            writer: Awaited::Nothing,
        };
        Self { bounds, state: Mutex::new(state), wake: Condvar::new() }
    }

    /// Adds `submission` at the end. When there is no room, or the store is
    /// closed, its receipt says so at once.
    pub(crate) fn push(&self, submission: Submission) {
        let bytes = size(&submission.changes);
        let mut state = self.state();
        if let Err(why) = self.admit(&state, bytes) {
            drop(state);
            // Whoever does not wait for the receipt has no use for it.
            let _ = submission.receipt.send(Err(CommitError::Store(why.into())));
            return;
        }
        state.due = match (submission.urgency, state.due) {
            (Urgency::Now, _) | (_, Some(Due::Now)) => Some(Due::Now),
            (Urgency::Lazy, Some(due)) => Some(due),
            (Urgency::Lazy, None) => Some(Due::At(Instant::now() + self.bounds.patience)),
        };
        state.bytes += bytes;
        state.waiting.push_back((submission, bytes));
        let wanted = match state.writer {
            Awaited::Nothing => false,
            Awaited::Anything => true,
            Awaited::Urgency => matches!(state.due, Some(Due::Now)),
            Awaited::Company(others) => others <= state.waiting.len(),
        };
        if wanted {
            state.writer = Awaited::Nothing;
            drop(state);
            self.wake.notify_one();
        }
    }

    fn admit(&self, state: &State, bytes: usize) -> Result<(), Unusable> {
        // What is larger than all the room there is may come when nothing else
        // waits.
        let no_room = self.bounds.submissions <= state.waiting.len()
            || !state.waiting.is_empty() && self.bounds.bytes < state.bytes + bytes;
        match (state.open, no_room) {
            (false, _) => Err(Unusable::Closed),
            (true, true) => Err(Unusable::Overloaded("written")),
            (true, false) => Ok(()),
        }
    }

    /// Waits for something to do. When something has come, waits up to `grace`
    /// for as many submissions as `company`: those who got their receipts
    /// together tend to come again together. When nothing comes for `quiet`,
    /// there is time to tidy up.
    pub(crate) fn next(&self, company: usize, grace: Duration, quiet: Option<Duration>) -> Next {
        let mut state = self.state();
        let quiet = quiet.map(|quiet| Instant::now() + quiet);
        loop {
            let now = Instant::now();
            match state.due {
                Some(Due::Now) => break,
                Some(Due::At(due)) if due <= now || !state.open => break,
                Some(Due::At(due)) => {
                    state = self.wait(state, Awaited::Urgency, Some(due - now));
                }
                None if !state.open => return Next::Stop,
                None => match quiet {
                    Some(quiet) if quiet <= now => return Next::Tidy,
                    quiet => {
                        let left = quiet.map(|quiet| quiet - now);
                        state = self.wait(state, Awaited::Anything, left);
                    }
                },
            }
        }
        if state.open && state.waiting.len() < company && !grace.is_zero() {
            state = self.wait(state, Awaited::Company(company), Some(grace));
        }
        Next::Write(state.take_batch())
    }

    /// Lets nothing more in. What waits is still written.
    pub(crate) fn close(&self) {
        self.state().open = false;
        self.wake.notify_one();
    }

    /// Lets nothing more in and drops what waits, so that nobody waits for a
    /// writer that is gone.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.open = false;
        state.bytes = 0;
        let abandoned = std::mem::take(&mut state.waiting);
        drop(state);
        drop(abandoned);
    }

    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        writer: Awaited,
        at_most: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        state.writer = writer;
        let mut state = match at_most {
            None => self.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(time) => {
                self.wake.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.writer = Awaited::Nothing;
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take_batch(&mut self) -> Vec<Submission> {
        let mut batch = Vec::with_capacity(self.waiting.len().min(BATCH));
        let mut taken = 0;
        while let Some((_, bytes)) = self.waiting.front() {
            if BATCH <= batch.len() || !batch.is_empty() && BATCH_BYTES < taken + bytes {
                break;
            }
            taken += bytes;
            batch.extend(self.waiting.pop_front().map(|(submission, _)| submission));
        }
        self.bytes -= taken;
        // Whatever is left has waited long enough.
        self.due = (!self.waiting.is_empty()).then_some(Due::Now);
        batch
    }
}

/// About how many bytes `changes` take in memory.
fn size(changes: &[Change]) -> usize {
    /// What a change takes that carries no message.
    const CHANGE: usize = 512;

    let message = |change: &Change| match change {
        Change::Append { record, .. } => record.message.as_str().len(),
        Change::PutEntry { value, .. } => value.as_str().len(),
        Change::PutSession(_)
        | Change::DeleteSession { .. }
        | Change::BeginRun(_)
        | Change::EndRun { .. }
        | Change::Spend(_)
        | Change::DropEntry { .. } => 0,
    };
    changes.iter().map(|change| CHANGE + message(change)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { submissions: 3, bytes: 10_000, patience: Duration::from_hours(1) };

    fn submit(queue: &Queue, changes: usize, urgency: Urgency) -> oneshot::Receiver<Receipt> {
        let change =
            Change::DeleteSession { key: "agent:main:main".parse().unwrap(), transcript: None };
        let (receipt, received) = oneshot::channel();
        queue.push(Submission { changes: vec![change; changes], urgency, receipt });
        received
    }

    fn take(queue: &Queue) -> usize {
        match queue.next(1, Duration::ZERO, Some(Duration::ZERO)) {
            Next::Write(batch) => batch.len(),
            Next::Tidy => 0,
            Next::Stop => panic!("closed"),
        }
    }

    #[test]
    fn what_has_no_room_is_refused_at_once() {
        let queue = Queue::new(BOUNDS);
        let mut waiting: Vec<_> = (0..4).map(|_| submit(&queue, 1, Urgency::Now)).collect();
        let refused = waiting.pop().unwrap().try_recv().unwrap();
        assert!(matches!(refused, Err(CommitError::Store(_))), "{refused:?}");
        assert_eq!(take(&queue), 3);

        // Twenty changes are more than the room for bytes, but fit alone.
        let mut large = submit(&queue, 20, Urgency::Now);
        large.try_recv().unwrap_err();
        submit(&queue, 1, Urgency::Now).try_recv().unwrap().unwrap_err();
        assert_eq!(take(&queue), 1);
        assert_eq!(take(&queue), 0);
    }

    #[test]
    fn an_urgent_submission_takes_the_lazy_ones_along() {
        let queue = Queue::new(BOUNDS);
        let _lazy = submit(&queue, 1, Urgency::Lazy);
        let _now = submit(&queue, 1, Urgency::Now);
        assert_eq!(take(&queue), 2);
    }

    #[test]
    fn closing_writes_what_waits_and_refuses_the_rest() {
        let queue = Queue::new(BOUNDS);
        let _lazy = submit(&queue, 1, Urgency::Lazy);
        queue.close();
        submit(&queue, 1, Urgency::Now).try_recv().unwrap().unwrap_err();
        assert_eq!(take(&queue), 1);
        assert!(matches!(queue.next(1, Duration::ZERO, None), Next::Stop));
    }
}
