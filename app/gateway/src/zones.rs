//! The time zones this machine knows.

use std::sync::Arc;

use domain::time::Timestamp;
use ports::driven::{TimeZone, TimeZones};

/// The time zones this machine knows.
#[derive(Debug)]
pub(crate) struct SystemZones;

struct Zone(jiff::tz::TimeZone);

impl TimeZones for SystemZones {
    fn here(&self) -> Arc<dyn TimeZone> {
        Arc::new(Zone(jiff::tz::TimeZone::system()))
    }

    fn named(&self, name: &str) -> Option<Arc<dyn TimeZone>> {
        // Names of zones are also names of files.
        let plain = |c: char| c.is_ascii_alphanumeric() || "+-_/".contains(c);
        let is_name = name.len() <= 64 && name.chars().all(plain) && !name.starts_with('/');
        let zone = is_name.then(|| jiff::tz::TimeZone::get(name).ok()).flatten()?;
        Some(Arc::new(Zone(zone)))
    }
}

impl TimeZone for Zone {
    fn ahead(&self, at: Timestamp) -> i32 {
        let at = i64::try_from(at.as_millis()).ok().map(jiff::Timestamp::from_millisecond);
        // After the year 9999 nobody has decided anything.
        let Some(Ok(at)) = at else { return 0 };
        self.0.to_offset(at).seconds()
    }
}

#[test]
fn clocks_are_put_forward_in_summer() {
    let at = |text: &str| {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_millis(at.as_millisecond().unsigned_abs())
    };
    let utc = SystemZones.named("UTC").unwrap();
    assert_eq!(utc.ahead(at("2026-07-01T00:00:00Z")), 0);
    assert_eq!(utc.ahead(Timestamp::from_millis(u64::MAX)), 0);
    // A machine may come without the database.
    if let Some(vienna) = SystemZones.named("Europe/Vienna") {
        assert_eq!(vienna.ahead(at("2026-01-15T00:00:00Z")), 3600);
        assert_eq!(vienna.ahead(at("2026-07-15T00:00:00Z")), 7200);
    }
    let _ = SystemZones.here().ahead(at("2026-07-01T00:00:00Z"));
}

#[test]
fn what_is_no_name_of_a_zone_is_not_looked_for() {
    let long = "A".repeat(10_000);
    for bad in ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe/Vienna\0", &long]
    {
        assert!(SystemZones.named(bad).is_none(), "{bad:?}");
    }
}
