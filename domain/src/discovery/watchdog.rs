//! When a gateway is advertised anew.

use std::time::Duration;

use crate::time::Timestamp;

/// Sees to it that a gateway whose responder died is advertised anew, but not
/// again and again.
#[derive(Clone, Debug, Default)]
pub struct Watchdog {
    tried: Option<Timestamp>,
}

impl Watchdog {
    /// How often it is checked that the gateway is still advertised, and how
    /// soon it is tried again when that cannot be done at all.
    pub const LOOK: Duration = Duration::from_mins(1);
    /// What lies between two attempts at least.
    pub const PAUSE: Duration = Duration::from_secs(30);

    /// How long to wait before the next attempt.
    pub fn wait(&self, now: Timestamp) -> Duration {
        let since = |tried| Self::PAUSE.saturating_sub(now.since(tried));
        self.tried.map(since).unwrap_or_default()
    }

    /// An attempt is made now.
    pub fn attempt(&mut self, now: Timestamp) {
        self.tried = Some(now);
    }
}

#[test]
fn half_a_minute_lies_between_attempts() {
    let second = |n: u64| Timestamp::from_millis(n * 1_000);
    let mut watchdog = Watchdog::default();
    assert_eq!(watchdog.wait(second(0)), Duration::ZERO, "the first is made at once");
    watchdog.attempt(second(100));
    assert_eq!(watchdog.wait(second(100)), Duration::from_secs(30));
    assert_eq!(watchdog.wait(second(110)), Duration::from_secs(20));
    assert_eq!(watchdog.wait(second(130)), Duration::ZERO);
    assert_eq!(watchdog.wait(second(9_000)), Duration::ZERO);
}
