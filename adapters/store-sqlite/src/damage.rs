//! What was found damaged.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use tracing::warn;

/// Something that can be damaged alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spot {
    /// A record, by its place.
    Record(i64),
    /// A session, by its number.
    Session(i64),
    /// A run, by its number.
    Run(i64),
    /// What an answer used, by its number.
    Spending(i64),
    /// An entry, by the checksum of its drawer and name.
    Entry(u32),
}

/// Everything that was found damaged since the store was opened, counted once
/// however often it is read.
#[derive(Debug, Default)]
pub(crate) struct Damage(Mutex<BTreeSet<Spot>>);

/// How many spots are remembered. More are not counted: by then the number says
/// nothing that a smaller one would not.
const MAX_SPOTS: usize = 65_536;

impl Damage {
    /// Takes note of a damaged spot.
    pub(crate) fn found(&self, spot: Spot) {
        let mut spots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spots.len() < MAX_SPOTS && spots.insert(spot) {
            drop(spots);
            warn!(?spot, "a stored record is damaged and was set aside");
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }
}
