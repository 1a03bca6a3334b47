//! When the text of an answer is sent on.

use std::{sync::Arc, time::Duration};

use crate::time::Timestamp;

/// Collects the text of one answer and decides when readers hear of it: at most
/// once per interval, the first piece at once, and nothing is left lying when
/// the model falls silent, provided the holder calls [`poll`](Self::poll) when
/// [`due`](Self::due).
#[derive(Debug)]
pub struct DeltaBuffer {
    interval: Duration,
    text: String,
    // Invariant: a character boundary of `text`.
    sent: usize,
    last: Option<Timestamp>,
}

/// A piece of an answer, with everything that was said before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The answer so far.
    pub text: Arc<str>,
    /// Where the new part begins, in bytes. Always a character boundary.
    pub from: usize,
}

impl Delta {
    /// What is new.
    pub fn added(&self) -> &str {
        &self.text[self.from..]
    }
}

impl DeltaBuffer {
    /// An empty buffer that lets one delta pass per `interval`.
    pub fn new(interval: Duration) -> Self {
        Self { interval, text: String::new(), sent: 0, last: None }
    }

    /// Adds `piece`. Returns what should be sent now.
    pub fn push(&mut self, piece: &str, now: Timestamp) -> Option<Delta> {
        self.text.push_str(piece);
        self.poll(now)
    }

    /// What should be sent now, if anything.
    pub fn poll(&mut self, now: Timestamp) -> Option<Delta> {
        self.due().filter(|due| *due <= now)?;
        self.last = Some(now);
        self.flush()
    }

    /// What has not been sent yet, whatever the time.
    pub fn flush(&mut self) -> Option<Delta> {
        if self.sent == self.text.len() {
            return None;
        }
        let from = std::mem::replace(&mut self.sent, self.text.len());
        Some(Delta { text: self.text.as_str().into(), from })
    }

    /// When [`poll`](Self::poll) will have something to say.
    pub fn due(&self) -> Option<Timestamp> {
        if self.sent == self.text.len() {
            return None;
        }
        Some(self.last.map_or(Timestamp::default(), |last| last + self.interval))
    }

    /// The answer so far, sent or not.
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const INTERVAL: Duration = Duration::from_millis(150);

    proptest! {
        /// However the model chops its answer up, and whenever the pieces
        /// arrive, the reader sees the same text, in deltas that are never
        /// empty, never closer than the interval and never later than it.
        #[test]
        fn nothing_is_lost_reordered_late_or_hurried(
            pieces in vec(("\\PC{0,12}", 0u64..400), 0..60),
        ) {
            let mut buffer = DeltaBuffer::new(INTERVAL);
            let mut now = Timestamp::from_millis(1_000);
            let mut seen = String::new();
            let mut last: Option<Timestamp> = None;
            let mut deltas = Vec::new();

            for (piece, pause) in &pieces {
                let next = now + Duration::from_millis(*pause);
                // The holder's timer fires in between.
                if let Some(due) = buffer.due().filter(|due| *due <= next) {
                    let at = due.max(now);
                    deltas.push((at, buffer.poll(at).unwrap()));
                }
                now = next;
                deltas.extend(buffer.push(piece, now).map(|delta| (now, delta)));
                prop_assert!(buffer.due().is_none_or(|due| now < due));
            }
            for (at, delta) in deltas {
                prop_assert!(!delta.added().is_empty());
                prop_assert!(last.is_none_or(|last| INTERVAL <= at.since(last)));
                seen.push_str(delta.added());
                prop_assert_eq!(&*delta.text, &seen);
                last = Some(at);
            }
            if let Some(rest) = buffer.flush() {
                seen.push_str(rest.added());
            }
            let said: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
            prop_assert_eq!(seen, said);
        }
    }
}
