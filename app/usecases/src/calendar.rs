//! Points in time as people write them, in UTC.

use domain::{
    relay::{Day, Period},
    time::Timestamp,
};

const DAY_MS: u64 = 86_400_000;

/// As in `2026-01-27`.
pub(crate) fn date(at: Timestamp) -> String {
    let (year, month, day) = civil(at.as_millis() / DAY_MS);
    format!("{year:04}-{month:02}-{day:02}")
}

/// As in `2026-01-27T18:30:05.123Z`.
pub fn iso(at: Timestamp) -> String {
    let ms = at.as_millis() % DAY_MS;
    let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
    let (seconds, ms) = (ms / 1000 % 60, ms % 1000);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z", date(at))
}

/// The day `at` lies in.
pub(crate) fn day(at: Timestamp) -> Day {
    day_of(u32::try_from(at.as_millis() / DAY_MS).unwrap_or(u32::MAX))
}

/// The day of this number.
pub(crate) fn day_of(number: u32) -> Day {
    let (year, month, _) = civil(number.into());
    Day { number, month: u32::try_from((year - 1970) * 12 + month - 1).unwrap_or(u32::MAX) }
}

/// How the day of this number is written.
pub(crate) fn date_of(number: u32) -> String {
    date(Timestamp::from_millis(u64::from(number) * DAY_MS))
}

/// The number of the day that is written as `text`, as in `2026-01-27`; nothing
/// where there is no such day. Days before 1970 are as early as it gets.
pub(crate) fn parse_date(text: &str) -> Option<u32> {
    const MARCH_OF_YEAR_0: i64 = 719_468;

    let number = |from, until| -> Option<i64> {
        let digits = text.get(from..until)?;
        digits.bytes().all(|c| c.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let is_written = text.len() == 10 && [4, 7].iter().all(|at| text.as_bytes()[*at] == b'-');
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if !is_written || !(1..=last).contains(&day) {
        return None;
    }
    // Counted from March, as in `civil`.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - MARCH_OF_YEAR_0;
    u32::try_from(days.max(0)).ok()
}

/// When the day or the month that `at` lies in is over.
pub(crate) fn end_of(period: Period, at: Timestamp) -> Timestamp {
    let mut next = at.as_millis() / DAY_MS + 1;
    if period == Period::Month {
        while civil(next).2 != 1 {
            next += 1;
        }
    }
    Timestamp::from_millis(next * DAY_MS)
}

/// Year, month and day of the day `days` after 1970-01-01. The years are counted
/// from March, so that the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    const MARCH_OF_YEAR_0: u64 = 719_468;

    let days = days + MARCH_OF_YEAR_0;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day)
}

#[test]
fn dates_are_those_of_the_calendar() {
    #[rustfmt::skip]
    let table = [
        (0,                 "1970-01-01T00:00:00.000Z"),
        (951_782_400_000,   "2000-02-29T00:00:00.000Z"),
        (951_868_800_000,   "2000-03-01T00:00:00.000Z"),
        (1_795_374_512_865, "2026-11-22T19:08:32.865Z"),
        (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ];
    for (ms, text) in table {
        assert_eq!(iso(Timestamp::from_millis(ms)), text);
    }
}

#[test]
fn dates_are_read_as_they_are_written() {
    for number in (0..60_000).chain([2_932_896]) {
        assert_eq!(parse_date(&date_of(number)), Some(number), "{}", date_of(number));
    }
    assert_eq!((parse_date("1969-12-31"), parse_date("0000-01-01")), (Some(0), Some(0)));
    for bad in [
        "",
        "2026-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "2026-04-31",
        "2026-1-1",
        "2026/01/01",
        "2026-01-01T",
        "+026-01-01",
        "20\u{e9}6-01-01",
        "1900-02-29",
        " 2026-01-01",
    ] {
        assert_eq!(parse_date(bad), None, "{bad}");
    }
}

#[test]
fn days_and_months_end() {
    #[rustfmt::skip]
    let table = [
        // at                end of the day              end of the month            month
        (0,                  "1970-01-02T00:00:00.000Z", "1970-02-01T00:00:00.000Z", 0),
        (951_782_400_001,    "2000-03-01T00:00:00.000Z", "2000-03-01T00:00:00.000Z", 361),
        (1_795_374_512_865,  "2026-11-23T00:00:00.000Z", "2026-12-01T00:00:00.000Z", 682),
        (1_798_761_599_999,  "2027-01-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z", 683),
    ];
    for (ms, day_ends, month_ends, month) in table {
        let at = Timestamp::from_millis(ms);
        assert_eq!(iso(end_of(Period::Day, at)), day_ends);
        assert_eq!(iso(end_of(Period::Month, at)), month_ends);
        assert_eq!(day(at), Day { number: u32::try_from(ms / DAY_MS).unwrap(), month });
        assert_eq!(date_of(day(at).number), date(at));
    }
}
