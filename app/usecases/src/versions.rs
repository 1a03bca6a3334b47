//! The versions of the state all clients share.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ports::event::StateVersion;

/// Counts how often presence and health have changed.
#[derive(Debug)]
pub struct Versions {
    presence: AtomicU64,
    health: AtomicU64,
}

impl Default for Versions {
    fn default() -> Self {
        Self { presence: AtomicU64::new(1), health: AtomicU64::new(1) }
    }
}

impl Versions {
    /// Both, as they are now.
    pub fn current(&self) -> StateVersion {
        StateVersion { presence: self.presence.load(Relaxed), health: self.health.load(Relaxed) }
    }

    pub(crate) fn presence_changed(&self) {
        self.presence.fetch_add(1, Relaxed);
    }

    pub(crate) fn health_changed(&self) {
        self.health.fetch_add(1, Relaxed);
    }
}
