//! Which days are meant, and where they begin.

use std::sync::Arc;

use domain::time::Timestamp;
use ports::driven::{TimeZone, TimeZones};

use crate::calendar;

const DAY_MS: u64 = 86_400_000;

/// More days are not counted back: about a hundred years.
const MAX_DAYS: u32 = 36_600;

/// How far from UTC clocks may be, in minutes.
const OFFSETS: std::ops::RangeInclusive<i32> = -12 * 60..=14 * 60;

/// Which days somebody asks about, as they ask for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The first day, as in `2026-01-27`.
    pub start_date: Option<String>,
    /// The last day.
    pub end_date: Option<String>,
    /// So many days up to today.
    pub days: Option<u32>,
    /// Every day there is.
    pub all: bool,
    /// Where the days begin.
    pub zone: AskedZone,
}

/// Where days begin, as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AskedZone {
    /// At midnight of UTC.
    #[default]
    Utc,
    /// Where the gateway is.
    Gateway,
    /// Somewhere else: in a time zone of this name, or so far from UTC.
    Specific {
        /// As `Europe/Vienna`.
        time_zone: Option<String>,
        /// As `UTC+5:30`; counts where the name is not known.
        utc_offset: Option<String>,
    },
}

/// Why it is not clear which days are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnclearPeriod {
    /// There is no such day.
    #[error("invalid {0}: expected a valid YYYY-MM-DD calendar date")]
    Date(&'static str),
    /// One end is missing.
    #[error("startDate and endDate must be provided together")]
    OneEnd,
    /// It ends before it begins.
    #[error("startDate must not be after endDate")]
    Backwards,
    /// There is no such time zone.
    #[error("invalid timeZone: expected a valid IANA time zone")]
    TimeZone,
    /// No place is that far from UTC.
    #[error("invalid utcOffset: expected UTC-12:00 through UTC+14:00")]
    Offset,
}

/// Days somewhere.
#[derive(Clone)]
pub struct Period {
    /// The first one, counted from the first of January 1970.
    pub(super) first: u32,
    /// The last one.
    pub(super) last: u32,
    zone: Zone,
}

/// What two periods that mean the same have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PeriodId(u32, u32, String);

#[derive(Clone)]
enum Zone {
    /// So many minutes ahead of UTC.
    Fixed(i32),
    Here(Arc<dyn TimeZone>),
    Named(String, Arc<dyn TimeZone>),
}

impl Period {
    /// The days that are meant. Where nothing is said, the last 30.
    pub fn read(
        asked: &Asked,
        zones: &dyn TimeZones,
        now: Timestamp,
    ) -> Result<Self, UnclearPeriod> {
        let zone = Zone::read(&asked.zone, zones)?;
        let today = zone.day(now);
        let day = |name, written: &Option<String>| {
            let written = written.as_deref().map(str::trim).filter(|written| !written.is_empty());
            let day = |text| calendar::parse_date(text).ok_or(UnclearPeriod::Date(name));
            written.map(day).transpose()
        };
        let (first, last) =
            match (day("startDate", &asked.start_date)?, day("endDate", &asked.end_date)?) {
                (Some(first), Some(last)) if last < first => return Err(UnclearPeriod::Backwards),
                (Some(first), Some(last)) => (first, last),
                (Some(_), None) | (None, Some(_)) => return Err(UnclearPeriod::OneEnd),
                (None, None) if asked.all => (0, today),
                (None, None) => {
                    let days = asked.days.unwrap_or(30).clamp(1, MAX_DAYS);
                    (today.saturating_sub(days - 1), today)
                }
            };
        Ok(Self { first, last, zone })
    }

    /// The day `at` lies in, if that is one of these.
    pub(super) fn day(&self, at: Timestamp) -> Option<u32> {
        Some(self.zone.day(at)).filter(|day| (self.first..=self.last).contains(day))
    }

    /// Nothing before this lies in these days. Not exactly: clocks are up to a day
    /// away from UTC.
    pub(super) fn not_before(&self) -> Timestamp {
        Timestamp::from_millis(u64::from(self.first.saturating_sub(1)) * DAY_MS)
    }

    /// Nothing after this lies in these days.
    pub(super) fn not_after(&self) -> Timestamp {
        Timestamp::from_millis((u64::from(self.last) + 2) * DAY_MS)
    }

    pub(super) fn id(&self) -> PeriodId {
        let zone = match &self.zone {
            Zone::Fixed(minutes) => minutes.to_string(),
            Zone::Here(_) => "here".to_owned(),
            Zone::Named(name, _) => name.clone(),
        };
        PeriodId(self.first, self.last, zone)
    }
}

impl std::fmt::Debug for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.id().fmt(f)
    }
}

impl Zone {
    fn read(asked: &AskedZone, zones: &dyn TimeZones) -> Result<Self, UnclearPeriod> {
        match asked {
            AskedZone::Utc => Ok(Self::Fixed(0)),
            AskedZone::Gateway => Ok(Self::Here(zones.here())),
            AskedZone::Specific { time_zone, utc_offset } => {
                let utc_offset = utc_offset.as_deref().map(str::trim);
                let minutes = utc_offset.and_then(minutes);
                if let Some(name) = time_zone {
                    let name = name.trim();
                    return match (zones.named(name), minutes) {
                        (Some(zone), _) => Ok(Self::Named(name.to_owned(), zone)),
                        (None, Some(minutes)) => Ok(Self::Fixed(minutes)),
                        (None, None) => Err(UnclearPeriod::TimeZone),
                    };
                }
                match (utc_offset, minutes) {
                    (_, Some(minutes)) => Ok(Self::Fixed(minutes)),
                    (None | Some(""), None) => Ok(Self::Fixed(0)),
                    (Some(_), None) => Err(UnclearPeriod::Offset),
                }
            }
        }
    }

    fn day(&self, at: Timestamp) -> u32 {
        let ahead = match self {
            Self::Fixed(minutes) => minutes * 60,
            Self::Here(zone) | Self::Named(_, zone) => zone.ahead(at),
        };
        let there = at.as_millis().saturating_add_signed(i64::from(ahead) * 1000);
        u32::try_from(there / DAY_MS).unwrap_or(u32::MAX)
    }
}

/// How many minutes `UTC+5:30` and the like are ahead.
fn minutes(text: &str) -> Option<i32> {
    let text = text.strip_prefix("UTC")?;
    let (sign, text) = match text.split_at_checked(1)? {
        ("+", text) => (1, text),
        ("-", text) => (-1, text),
        _ => return None,
    };
    let (hours, minutes) = text.split_once(':').unwrap_or((text, "00"));
    let number = |text: &str| -> Option<i32> {
        text.bytes().all(|c| c.is_ascii_digit()).then(|| text.parse().ok())?
    };
    let is_written = matches!(hours.len(), 1 | 2) && minutes.len() == 2;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let ahead = sign * (hours * 60 + minutes);
    (is_written && minutes < 60 && OFFSETS.contains(&ahead)).then_some(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The zone `East` is two hours ahead, and the gateway one hour behind.
    struct Map;
    struct Ahead(i32);

    impl TimeZones for Map {
        fn here(&self) -> Arc<dyn TimeZone> {
            Arc::new(Ahead(-3600))
        }

        fn named(&self, name: &str) -> Option<Arc<dyn TimeZone>> {
            (name == "East").then(|| Arc::new(Ahead(7200)) as _)
        }
    }

    impl TimeZone for Ahead {
        fn ahead(&self, _: Timestamp) -> i32 {
            self.0
        }
    }

    /// 2026-01-27, at this hour of UTC.
    fn hour(hour: u64) -> Timestamp {
        let day = calendar::parse_date("2026-01-27").unwrap();
        Timestamp::from_millis(u64::from(day) * DAY_MS + hour * 3_600_000)
    }

    fn read(asked: &Asked, now: Timestamp) -> Result<String, UnclearPeriod> {
        let period = Period::read(asked, &Map, now)?;
        Ok(format!("{} {}", calendar::date_of(period.first), calendar::date_of(period.last)))
    }

    #[test]
    fn the_last_days_are_counted_with_today() {
        let days = |days| read(&Asked { days, ..Asked::default() }, hour(12)).unwrap();
        assert_eq!(days(None), "2025-12-29 2026-01-27");
        assert_eq!(days(Some(1)), "2026-01-27 2026-01-27");
        assert_eq!(days(Some(0)), days(Some(1)));
        assert_eq!(days(Some(u32::MAX)), "1970-01-01 2026-01-27");
        let all = Asked { all: true, days: Some(1), ..Asked::default() };
        assert_eq!(read(&all, hour(12)).unwrap(), "1970-01-01 2026-01-27");
    }

    #[test]
    fn both_ends_are_days_in_order() {
        let between = |start: Option<&str>, end: Option<&str>| {
            let [start_date, end_date] = [start, end].map(|it| it.map(str::to_owned));
            read(&Asked { start_date, end_date, ..Asked::default() }, hour(12))
        };
        let (ok, late) = (Some("2026-01-01"), Some("2026-02-01"));
        assert_eq!(between(ok, late).unwrap(), "2026-01-01 2026-02-01");
        assert_eq!(between(ok, ok).unwrap(), "2026-01-01 2026-01-01");
        assert_eq!(between(Some(" "), None).unwrap(), "2025-12-29 2026-01-27");
        assert_eq!(between(late, ok), Err(UnclearPeriod::Backwards));
        assert_eq!(between(ok, None), Err(UnclearPeriod::OneEnd));
        assert_eq!(between(None, ok), Err(UnclearPeriod::OneEnd));
        assert_eq!(between(Some("2026-02-30"), ok), Err(UnclearPeriod::Date("startDate")));
        assert_eq!(between(ok, Some("tomorrow")), Err(UnclearPeriod::Date("endDate")));
    }

    #[test]
    fn days_begin_where_whoever_asks_says() {
        let specific = |time_zone: Option<&str>, utc_offset: Option<&str>| {
            let [time_zone, utc_offset] = [time_zone, utc_offset].map(|it| it.map(str::to_owned));
            AskedZone::Specific { time_zone, utc_offset }
        };
        let today = |zone: AskedZone, now| {
            read(&Asked { days: Some(1), zone, ..Asked::default() }, now)
                .map(|it| it[..10].to_owned())
        };
        #[rustfmt::skip]
        let table = [
            // where                                      at        day
            (AskedZone::Utc,                              hour(23), "2026-01-27"),
            (AskedZone::Gateway,                          hour(0),  "2026-01-26"),
            (AskedZone::Gateway,                          hour(1),  "2026-01-27"),
            (specific(Some("East"), None),                hour(22), "2026-01-28"),
            (specific(Some(" East "), Some("UTC-1")),     hour(22), "2026-01-28"),
            (specific(Some("West"), Some("UTC+14:00")),   hour(10), "2026-01-28"),
            (specific(None, Some("UTC-12")),              hour(11), "2026-01-26"),
            (specific(None, Some("UTC+5:30")),            hour(19), "2026-01-28"),
            (specific(None, Some(" ")),                   hour(23), "2026-01-27"),
            (specific(None, None),                        hour(23), "2026-01-27"),
        ];
        for (zone, now, day) in table {
            assert_eq!(today(zone.clone(), now).as_deref(), Ok(day), "{zone:?}");
        }
        for bad in
            ["UTC+15", "UTC-12:01", "UTC+1:60", "UTC+1:5", "UTC+123", "GMT+1", "UTC", "+1", "UTC+"]
        {
            assert_eq!(
                today(specific(None, Some(bad)), hour(0)),
                Err(UnclearPeriod::Offset),
                "{bad}"
            );
        }
        assert_eq!(today(specific(Some("West"), None), hour(0)), Err(UnclearPeriod::TimeZone));
    }

    #[test]
    fn what_lies_in_the_days_lies_between_the_bounds() {
        for zone in ["UTC-12", "UTC+0", "UTC+14"] {
            let zone = AskedZone::Specific { time_zone: None, utc_offset: Some(zone.to_owned()) };
            let asked = Asked { days: Some(3), zone, ..Asked::default() };
            let period = Period::read(&asked, &Map, hour(12)).unwrap();
            for hours in 0..24 * 10 {
                let at =
                    Timestamp::from_millis(hour(0).as_millis() - 6 * DAY_MS + hours * 3_600_000);
                if period.day(at).is_some() {
                    assert!((period.not_before()..=period.not_after()).contains(&at));
                }
            }
        }
    }
}
