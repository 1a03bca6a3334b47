//! The time and the randomness of this machine.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use domain::time::Timestamp;
use ports::driven::{Clock, Entropy};
use ring::rand::{SecureRandom, SystemRandom};

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

/// Randomness of the operating system, fetched for many names at a time: every
/// connection and every run needs some.
#[derive(Debug, Default)]
pub(crate) struct SystemEntropy(Mutex<Vec<[u8; 16]>>);

/// How many names are fetched at a time.
const NAMES: usize = 64;

impl Entropy for SystemEntropy {
    fn uuid(&self) -> String {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = names.pop().unwrap_or_else(|| {
            let mut fetched = [[0; 16]; NAMES];
            let filled = SystemRandom::new().fill(fetched.as_flattened_mut());
            filled.expect("the operating system has randomness");
            let [first, rest @ ..] = fetched;
            names.extend(rest);
            first
        });
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
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

#[test]
fn names_are_made_of_fresh_bytes() {
    let entropy = SystemEntropy::default();
    let names: std::collections::HashSet<String> = (0..1000).map(|_| entropy.uuid()).collect();
    assert_eq!(names.len(), 1000);
    assert!(names.iter().all(|name| name.len() == 36 && name.as_bytes()[14] == b'4'));
}
