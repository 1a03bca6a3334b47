//! What the store has done so far.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Figures that only go up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Transactions that were synced to disk.
    pub commits: u64,
    /// Submissions that were in them.
    pub submissions: u64,
}

/// Where the writer counts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) commits: AtomicU64,
    pub(crate) submissions: AtomicU64,
    /// Whether a sync failed. Nothing is written any more then.
    pub(crate) sync_failed: AtomicBool,
}

impl Tally {
    pub(crate) fn read(&self) -> Counters {
        Counters {
            commits: self.commits.load(Ordering::Relaxed),
            submissions: self.submissions.load(Ordering::Relaxed),
        }
    }
}
