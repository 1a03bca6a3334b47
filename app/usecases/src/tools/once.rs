//! The same call under the same name is made once.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{
    approval::Owner,
    remembered::{MemoryLimits, Remembered},
};
use ports::{
    Json,
    driven::{Clock, Entropy},
    driving::ToolRefusal,
};
use tokio::sync::OnceCell;

use super::{Outcome, Work};

/// What is remembered about calls, for how long.
const LIMITS: MemoryLimits =
    MemoryLimits { count: 1000, bytes: 16 << 20, age: Duration::from_mins(5) };

/// What a call costs besides its answer, in bytes.
const OVERHEAD: usize = 1024;

/// The calls that have names.
pub(super) struct Calls(Mutex<Remembered<Arc<Made>>>);

/// A call that was made, or is being made.
struct Made {
    fingerprint: String,
    /// What it is known by to others, each time it is tried.
    name: String,
    outcome: OnceCell<Outcome>,
}

/// How a caller names a call.
pub(super) struct Name<'a> {
    /// The caller; others may use the same key.
    pub(super) owner: &'a Owner,
    pub(super) key: &'a str,
    /// What makes the call this one.
    pub(super) fingerprint: String,
}

impl Default for Calls {
    fn default() -> Self {
        Self(Mutex::new(Remembered::new(LIMITS)))
    }
}

impl Calls {
    /// Makes the call `name`, unless it was made: then its outcome is what came
    /// of it the first time. Whoever asks while it is being made waits; if the
    /// first one leaves, the next one makes it, under the same name.
    pub(super) async fn once(
        &self,
        name: Name<'_>,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        begin: impl FnOnce(String) -> Work,
    ) -> Outcome {
        // A key can hold any letter, the name of an owner no line break.
        let place = format!("{}\n{}", name.owner.as_str(), name.key);
        let made = self.find_or_begin(&place, name.fingerprint, clock, entropy)?;
        let outcome = made.outcome.get_or_init(|| begin(made.name.clone())).await.clone();
        let size = outcome.as_ref().map_or(0, |answer: &Json| answer.as_str().len());
        self.weigh(&place, &made, size, clock);
        outcome
    }

    fn find_or_begin(
        &self,
        place: &str,
        fingerprint: String,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<Arc<Made>, ToolRefusal> {
        let now = clock.now();
        let mut calls = self.calls();
        if let Some(made) = calls.get(place, now) {
            let is_same = made.fingerprint == fingerprint;
            return is_same.then(|| Arc::clone(made)).ok_or(ToolRefusal::Conflict);
        }
        let made = Arc::new(Made { fingerprint, name: entropy.uuid(), outcome: OnceCell::new() });
        // Others are forgotten for it; nobody else keeps them.
        drop(calls.put(place, now, OVERHEAD, Arc::clone(&made), now));
        Ok(made)
    }

    /// The answer of `made` is there, and takes its room.
    fn weigh(&self, place: &str, made: &Arc<Made>, size: usize, clock: &dyn Clock) {
        let now = clock.now();
        let mut calls = self.calls();
        if calls.get(place, now).is_some_and(|known| Arc::ptr_eq(known, made)) {
            drop(calls.put(place, now, OVERHEAD + size, Arc::clone(made), now));
        }
    }

    fn calls(&self) -> MutexGuard<'_, Remembered<Arc<Made>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
