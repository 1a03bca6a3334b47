//! What the clocks on the wall show elsewhere.

use std::sync::Arc;

use domain::time::Timestamp;

/// Knows time zones.
pub trait TimeZones: Send + Sync {
    /// The one this machine is in.
    fn here(&self) -> Arc<dyn TimeZone>;

    /// The one of this name in the database of IANA, as `Europe/Vienna`; nothing
    /// where there is none.
    fn named(&self, name: &str) -> Option<Arc<dyn TimeZone>>;
}

/// A time zone.
pub trait TimeZone: Send + Sync {
    /// How many seconds its clocks are ahead of UTC at `at`; below zero where they
    /// are behind.
    fn ahead(&self, at: Timestamp) -> i32;
}
