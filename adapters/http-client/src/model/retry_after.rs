//! For how long a service wants to be left alone.

use std::time::Duration;

use http::{HeaderMap, header};
use jiff::{Timestamp, fmt::rfc2822};

/// More than this is not believed.
const LONGEST: Duration = Duration::from_hours(24);

/// For how long the service wants to be left alone, if it says so: in
/// milliseconds, in seconds or as a date in `Retry-After`, or as the time after
/// which a used-up allowance is new again.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let millis = || text("retry-after-ms")?.parse().ok().and_then(|ms: f64| seconds(ms / 1e3));
    let seconds_or_date = || {
        let value = text(header::RETRY_AFTER.as_str())?;
        value.parse().ok().and_then(seconds).or_else(|| until(value, &text, now))
    };
    let allowance = || {
        let used_up = |what| text(&format!("x-ratelimit-remaining-{what}")) == Some("0");
        let reset = |what| span(text(&format!("x-ratelimit-reset-{what}"))?);
        let both = ["requests", "tokens"];
        let any_used_up = both.into_iter().any(used_up);
        let of_interest = both.into_iter().filter(|what| !any_used_up || used_up(what));
        of_interest.filter_map(reset).max()
    };
    millis().or_else(seconds_or_date).or_else(allowance).map(|wait| wait.min(LONGEST))
}

fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds.clamp(0.0, 1e9)).ok()
}

/// The time until `date`, by the service's own clock if it shows it.
fn until<'a>(
    date: &str,
    text: &impl Fn(&str) -> Option<&'a str>,
    now: Timestamp,
) -> Option<Duration> {
    let read = |date: &str| Some(rfc2822::parse(date).ok()?.timestamp());
    let now = text(header::DATE.as_str()).and_then(read).unwrap_or(now);
    Some(Duration::try_from(read(date)?.duration_since(now)).unwrap_or_default())
}

/// As in `1s`, `6m0s`, `1h2m3.5s`, `20ms`, or plain seconds.
fn span(text: &str) -> Option<Duration> {
    if let Ok(plain) = text.parse() {
        return seconds(plain);
    }
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].find(|c: char| c.is_ascii_digit());
        let (unit, after) = rest[digits..].split_at(unit.unwrap_or(rest.len() - digits));
        let in_seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            _ => return None,
        };
        sum = sum.saturating_add(seconds(number * in_seconds)?);
        rest = after;
    }
    Some(sum)
}

#[test]
fn services_have_many_ways_to_ask_for_patience() {
    type Headers = &'static [(&'static str, &'static str)];

    let now: Timestamp = "2026-11-22T22:00:00Z".parse().unwrap();
    #[rustfmt::skip]
    let table: &[(Headers, Option<u64>)] = &[
        // the headers                                                         milliseconds
        (&[],                                                                  None),
        (&[("retry-after", "7")],                                              Some(7_000)),
        (&[("retry-after", "0.5")],                                            Some(500)),
        (&[("retry-after-ms", "250"), ("retry-after", "1")],                   Some(250)),
        (&[("retry-after", "Sun, 22 Nov 2026 22:00:30 GMT")],                  Some(30_000)),
        (&[("retry-after", "Sun, 22 Nov 2026 22:00:30 GMT"),
           ("date",        "Sun, 22 Nov 2026 22:00:20 GMT")],                  Some(10_000)),
        (&[("retry-after", "Sun, 22 Nov 2020 22:00:30 GMT")],                  Some(0)),
        (&[("retry-after", "-5")],                                             Some(0)),
        (&[("retry-after", "NaN")],                                            None),
        (&[("retry-after", "1e300")],                                          Some(86_400_000)),
        (&[("retry-after", "soon")],                                           None),
        (&[("x-ratelimit-reset-requests", "1s"),
           ("x-ratelimit-reset-tokens", "6m0s")],                              Some(360_000)),
        (&[("x-ratelimit-reset-requests", "20ms"),
           ("x-ratelimit-remaining-requests", "0"),
           ("x-ratelimit-reset-tokens", "6m0s")],                              Some(20)),
        (&[("x-ratelimit-reset-tokens", "1h2m3.5s")],                          Some(3_723_500)),
        (&[("x-ratelimit-reset-tokens", "7")],                                 Some(7_000)),
        (&[("x-ratelimit-reset-tokens", "7 parsecs")],                         None),
    ];
    for (pairs, millis) in table {
        let mut headers = HeaderMap::new();
        for (name, value) in *pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        let expected = millis.map(Duration::from_millis);
        assert_eq!(retry_after(&headers, now), expected, "{pairs:?}");
    }
}
