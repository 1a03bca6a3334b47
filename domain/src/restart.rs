//! Starting again: when, and what is said about it afterwards
//! (`gateway-reference.md` 3.4 and 3.5).

mod sentinel;

use std::time::Duration;

pub use sentinel::{
    Build, Cause, DeliveryContext, Log, Outcome, PAUSE, Sentinel, SentinelPayload, Stats, Step,
};

use crate::time::Timestamp;

/// How long a restart waits when nobody says so, so that whoever asked hears the
/// answer.
const DEFAULT_DELAY: Duration = Duration::from_secs(2);

/// The longest it waits.
const LONGEST_DELAY: Duration = Duration::from_mins(1);

/// How long a restart that was asked for with `restartDelayMs` waits.
pub fn delay(asked_ms: Option<u64>) -> Duration {
    asked_ms.map_or(DEFAULT_DELAY, Duration::from_millis).min(LONGEST_DELAY)
}

/// The restart that is coming, if one is. There is at most one.
#[derive(Clone, Debug, Default)]
pub struct ComingRestart(Option<Coming>);

#[derive(Clone, Debug)]
struct Coming {
    at: Timestamp,
    reason: Option<String>,
}

/// What became of a request to start again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "whoever waits for the time of the restart has to learn it"]
pub enum Requested {
    /// It starts again then.
    Scheduled(Timestamp),
    /// It was about to anyway, and does so then: at the earlier of both times.
    Coalesced(Timestamp),
}

impl Requested {
    /// When it starts again.
    pub fn at(self) -> Timestamp {
        match self {
            Self::Scheduled(at) | Self::Coalesced(at) => at,
        }
    }
}

impl ComingRestart {
    /// Asks for a restart `delay` from `now`. The first reason counts.
    pub fn request(
        &mut self,
        now: Timestamp,
        delay: Duration,
        reason: Option<String>,
    ) -> Requested {
        let at = now + delay;
        match &mut self.0 {
            None => {
                self.0 = Some(Coming { at, reason });
                Requested::Scheduled(at)
            }
            Some(coming) => {
                coming.at = coming.at.min(at);
                coming.reason = coming.reason.take().or(reason);
                Requested::Coalesced(coming.at)
            }
        }
    }

    /// When it starts again, if it will.
    pub fn at(&self) -> Option<Timestamp> {
        self.0.as_ref().map(|coming| coming.at)
    }

    /// Why it starts again, as far as somebody said so.
    pub fn reason(&self) -> Option<&str> {
        self.0.as_ref()?.reason.as_deref()
    }
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

#[test]
fn however_often_it_is_asked_for_it_starts_again_once_and_at_the_earliest_time() {
    let at = Timestamp::from_millis;
    let mut coming = ComingRestart::default();
    let mut ask = |now, millis, reason: Option<&str>| {
        let requested =
            coming.request(at(now), Duration::from_millis(millis), reason.map(str::to_owned));
        (requested, coming.reason().map(str::to_owned))
    };
    let first = Some("update".to_owned());
    assert_eq!(ask(100, 2_000, None), (Requested::Scheduled(at(2_100)), None));
    assert_eq!(ask(200, 5_000, Some("update")), (Requested::Coalesced(at(2_100)), first.clone()));
    assert_eq!(ask(300, 50, Some("config")), (Requested::Coalesced(at(350)), first));
    assert_eq!(coming.at(), Some(at(350)));
    assert_eq!(ComingRestart::default().at(), None);
}
