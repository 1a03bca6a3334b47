//! When a certificate has to be replaced.

use std::{fmt, time::Duration};

use crate::time::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// How long a certificate we make is good for: the longest that browsers accept
/// is 397 days.
pub const LEAF_LIFE: Duration = Duration::from_hours(395 * 24);

/// A certificate that ends sooner than this is replaced.
pub const RENEW_BEFORE: Duration = Duration::from_hours(30 * 24);

/// When a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From when on.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}

impl Validity {
    /// Whether it has ended.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.not_after < now
    }
}

/// Why a certificate is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It ends soon, or has ended.
    Ends,
    /// It is not good yet: the clock was wrong when it was made, or is now.
    NotYet,
    /// It lacks these names.
    Lacks(Vec<String>),
}

/// Whether a certificate of this validity that lacks the names `lacking` has to
/// be replaced, and why. Names it has and nobody asks for any more are no
/// reason: a new certificate makes clients that pinned the old one strangers.
///
/// A certificate that was made for a short time is replaced in its last third.
pub fn renewal(validity: Validity, lacking: &[String], now: Timestamp) -> Option<Reason> {
    let third = validity.not_after.since(validity.not_before) / 3;
    if validity.not_after <= now + RENEW_BEFORE.min(third) {
        return Some(Reason::Ends);
    }
    if now + DAY < validity.not_before {
        return Some(Reason::NotYet);
    }
    (!lacking.is_empty()).then(|| Reason::Lacks(lacking.to_vec()))
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends => f.write_str("it ends soon"),
            Self::NotYet => f.write_str("it is from the future"),
            Self::Lacks(names) => write!(f, "it is not for {}", names.join(", ")),
        }
    }
}

#[test]
fn when_a_certificate_is_replaced() {
    let at = |day: u32| Timestamp::from_millis(0) + DAY * day;
    let lacks = || Some(Reason::Lacks(vec!["box".to_owned()]));
    #[rustfmt::skip]
    let table = [
        // from, until, today, lacks a name, replaced
        (10, 405, 10, false, None),
        (10, 405, 374, false, None),
        (10, 405, 375, false, Some(Reason::Ends)),
        (10, 405, 500, false, Some(Reason::Ends)),
        (10, 405, 10, true, lacks()),
        (10, 405, 376, true, Some(Reason::Ends)),
        // From an authority that gives them for a short time.
        (10, 16, 13, false, None),
        (10, 16, 14, false, Some(Reason::Ends)),
        (10, 100, 69, false, None),
        (10, 100, 70, false, Some(Reason::Ends)),
        // A clock that is a little behind is no reason.
        (10, 405, 9, false, None),
        (10, 405, 5, false, Some(Reason::NotYet)),
    ];
    for (from, until, today, lacking, expected) in table {
        let validity = Validity { not_before: at(from), not_after: at(until) };
        let lacking: &[String] = if lacking { &["box".to_owned()] } else { &[] };
        assert_eq!(renewal(validity, lacking, at(today)), expected, "{from} {until} {today}");
        assert_eq!(validity.is_over(at(today)), until < today);
    }
    assert!(LEAF_LIFE <= DAY * 397);
}
