//! What time it is, as far as one can tell without asking anybody.

use super::finding::{Finding, Severity};

/// The beginning of 2026, in seconds: the program is not older.
pub const EARLIEST: i64 = 1_767_225_600;
/// How far clocks may differ, in seconds.
const TOLERANCE: i64 = 300;
/// What zones of the world differ by, in seconds.
const QUARTER: i64 = 900;
/// The farthest zone, in seconds.
const FARTHEST_ZONE: i64 = 14 * 3_600;

/// What is known of the time, in seconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// The system's clock.
    pub now: i64,
    /// When the newest file of the state was written.
    pub newest_file: Option<i64>,
    /// The clock that runs while the machine is off.
    pub hardware: Option<i64>,
}

impl Clock {
    /// What to say about it.
    pub(super) fn judge(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let advice = "Set the clock: timedatectl set-ntp true";
        if self.now < EARLIEST {
            let detail = "Certificates, tokens and schedules go by the clock; none of them works.";
            let title = "The clock says that it is before 2026";
            findings
                .push(Finding::new(Severity::Critical, "clock.past", title, detail).advise(advice));
        }
        let ahead = self.newest_file.map_or(0, |newest| newest - self.now);
        if TOLERANCE < ahead {
            let detail = format!("A file of the state was written {ahead} s from now.");
            let title = "The clock was ahead, or is behind";
            findings
                .push(Finding::new(Severity::Warn, "clock.behind", title, detail).advise(advice));
        }
        let off = self.hardware.map_or(0, |hardware| self.now - hardware);
        if TOLERANCE < off.abs() && !is_zone(off) {
            let detail = format!("They differ by {} s; after the next start it shows.", off.abs());
            let title = "The system's clock and the hardware's disagree";
            findings.push(
                Finding::new(Severity::Warn, "clock.hardware", title, detail)
                    .advise(format!("{advice}; then: hwclock --systohc")),
            );
        }
        findings
    }
}

/// Whether a difference is that of a hardware clock that keeps local time.
fn is_zone(off: i64) -> bool {
    let rest = off.abs() % QUARTER;
    off.abs() <= FARTHEST_ZONE + TOLERANCE && rest.min(QUARTER - rest) <= TOLERANCE / 5
}

#[test]
fn what_clocks_say() {
    type Case<'a> = (i64, Option<i64>, Option<i64>, &'a [&'a str]);

    let now = EARLIEST + 1_000_000;
    #[rustfmt::skip]
    let table: [Case<'_>; 9] = [
        (now, None,             None,               &[]),
        (now, Some(now + 299),  Some(now - 299),    &[]),
        (now, Some(now + 301),  None,               &["clock.behind"]),
        (now, Some(0),          None,               &[]),
        (now, None,             Some(now - 1_400),  &["clock.hardware"]),
        // Local time: Berlin, Kathmandu.
        (now, None,             Some(now + 3_600),  &[]),
        (now, None,             Some(now + 20_702), &[]),
        (now, None,             Some(now - 864_000), &["clock.hardware"]),
        (0,   Some(now),        None,               &["clock.past", "clock.behind"]),
    ];
    for (now, newest_file, hardware, expected) in table {
        let found = Clock { now, newest_file, hardware }.judge();
        let found: Vec<_> = found.iter().map(|finding| finding.check_id).collect();
        assert_eq!(found, expected, "{now} {newest_file:?} {hardware:?}");
    }
}
