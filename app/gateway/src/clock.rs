//! The time and the randomness of this machine.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use domain::time::Timestamp;
use ports::driven::{Clock, Entropy};

/// The clock of this machine. It follows the wall clock forwards, as after a
/// machine has slept, and passes evenly when the wall clock is set back.
#[derive(Debug)]
pub(crate) struct SystemClock {
    started_at: Timestamp,
    started: Instant,
    // How far the wall clock was ahead of the even passing, at most, in
    // milliseconds.
    ahead: AtomicU64,
}

impl SystemClock {
    pub(crate) fn start() -> Self {
        Self { started_at: wall(), started: Instant::now(), ahead: AtomicU64::new(0) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.at(self.started.elapsed(), wall())
    }
}

impl SystemClock {
    fn at(&self, elapsed: Duration, wall: Timestamp) -> Timestamp {
        let even = self.started_at + elapsed;
        let ahead = u64::try_from(wall.since(even).as_millis()).unwrap_or(0);
        let before = self.ahead.fetch_max(ahead, Ordering::Relaxed);
        even + Duration::from_millis(ahead.max(before))
    }
}

fn wall() -> Timestamp {
    Timestamp::default() + SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Randomness of the operating system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn uuid(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }
}

#[test]
fn time_leaps_forwards_and_never_backwards() {
    let clock = SystemClock::start();
    let start = clock.started_at;
    let second = Duration::from_secs(1);
    let day = Duration::from_hours(24);
    assert_eq!(clock.at(second, start + second), start + second);
    assert_eq!(clock.at(second * 2, start + day), start + day, "the machine slept");
    assert_eq!(clock.at(second * 3, start), start + day + second, "the clock was set back");
}
