//! What the hub has done so far, in numbers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the hub has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// How often an event was written as JSON: once per event and protocol.
    pub encodes: u64,
    /// How often a delta was written once more, as if all of it were new, for
    /// clients that missed the ones before.
    pub merged: u64,
    /// Events handed to the kernel or to the queue of a slow client.
    pub deliveries: u64,
    /// Events a slow client did not get.
    pub dropped: u64,
    /// Events that were replaced by a newer one before a slow client got them.
    pub coalesced: u64,
    /// Clients that were closed because they could not keep up.
    pub slow_closed: u64,
}

/// The counters as they are counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    encodes: AtomicU64,
    merged: AtomicU64,
    deliveries: AtomicU64,
    dropped: AtomicU64,
    coalesced: AtomicU64,
    slow_closed: AtomicU64,
}

impl Tally {
    pub(super) fn read(&self) -> Counters {
        Counters {
            encodes: self.encodes.load(Relaxed),
            merged: self.merged.load(Relaxed),
            deliveries: self.deliveries.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            coalesced: self.coalesced.load(Relaxed),
            slow_closed: self.slow_closed.load(Relaxed),
        }
    }

    /// Adds what was counted during one turn.
    pub(super) fn add(&self, counted: &Counters) {
        for (total, more) in [
            (&self.encodes, counted.encodes),
            (&self.merged, counted.merged),
            (&self.deliveries, counted.deliveries),
            (&self.dropped, counted.dropped),
            (&self.coalesced, counted.coalesced),
        ] {
            if more != 0 {
                total.fetch_add(more, Relaxed);
            }
        }
    }

    /// A client left.
    pub(super) fn left(&self, slow: bool) {
        self.slow_closed.fetch_add(u64::from(slow), Relaxed);
    }
}
