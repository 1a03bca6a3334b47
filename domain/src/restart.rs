//! Starting again: when, and what is said about it afterwards
//! (`gateway-reference.md` 3.4 and 3.5).

use std::time::Duration;

/// How long after the start it is told what the gateway that ran before left to be
/// told.
pub const PAUSE: Duration = Duration::from_millis(750);

/// How long a restart waits when nobody says so, so that whoever asked hears the
/// answer.
const DEFAULT_DELAY: Duration = Duration::from_secs(2);

/// The longest it waits.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// How long a restart that was asked for with `restartDelayMs` waits.
pub fn delay(asked_ms: Option<u64>) -> Duration {
    asked_ms.map_or(DEFAULT_DELAY, Duration::from_millis).min(LONGEST_DELAY)
}

#[test]
fn a_restart_waits_a_little_and_not_for_ever() {
    #[rustfmt::skip]
    let table = [
        // asked           waits
        (None,             2_000),
        (Some(0),          0),
        (Some(1),          1),
        (Some(60_000),     60_000),
        (Some(60_001),     60_000),
        (Some(u64::MAX),   60_000),
    ];
    for (asked, waits) in table {
        assert_eq!(delay(asked), Duration::from_millis(waits), "{asked:?}");
    }
}
