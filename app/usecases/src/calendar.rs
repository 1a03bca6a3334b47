//! Points in time as people write them, in UTC.

use domain::time::Timestamp;

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
