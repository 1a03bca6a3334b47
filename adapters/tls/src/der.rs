//! As much of the binary form of certificates (X.509 in DER) as it takes to
//! find out how long one is good.

use std::str::FromStr;

use domain::{time::Timestamp, tls::Validity};
use jiff::civil::DateTime;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
/// The version of the format, which the oldest certificates leave out.
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// How long the certificate is good, or nothing if it is none.
pub(crate) fn validity(certificate: &[u8]) -> Option<Validity> {
    let (mut certificate, _) = take(certificate, SEQUENCE)?;
    let mut signed = next(&mut certificate, SEQUENCE)?;
    if signed.first() == Some(&VERSION) {
        next(&mut signed, VERSION)?;
    }
    next(&mut signed, INTEGER)?;
    let _algorithm = next(&mut signed, SEQUENCE)?;
    let _issuer = next(&mut signed, SEQUENCE)?;
    let mut validity = next(&mut signed, SEQUENCE)?;
    Some(Validity { not_before: time(&mut validity)?, not_after: time(&mut validity)? })
}

/// The content of the element `bytes` begins with, which has to be a `tag`, and
/// takes it off.
fn next<'a>(bytes: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (content, rest) = take(bytes, tag)?;
    *bytes = rest;
    Some(content)
}

fn take(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, bytes) = bytes.split_first()?;
    let (&first, bytes) = bytes.split_first()?;
    let (length, bytes) = match first {
        0..=0x7f => (usize::from(first), bytes),
        // The number of bytes that hold the length.
        0x81..=0x84 => {
            let (length, bytes) = bytes.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), bytes)
        }
        _ => return None,
    };
    if found == tag { bytes.split_at_checked(length) } else { None }
}

fn time(bytes: &mut &[u8]) -> Option<Timestamp> {
    let text = match *bytes.first()? {
        // Two digits of the year: those from 50 on are of the last century.
        UTC_TIME => {
            let text = std::str::from_utf8(next(bytes, UTC_TIME)?).ok()?;
            let century = if text < "5" { "20" } else { "19" };
            format!("{century}{text}")
        }
        GENERALIZED_TIME => std::str::from_utf8(next(bytes, GENERALIZED_TIME)?).ok()?.to_owned(),
        _ => return None,
    };
    let digits = text.strip_suffix('Z').filter(|digits| digits.len() == 14 && digits.is_ascii())?;
    let (date, time) = digits.split_at(8);
    let time = DateTime::from_str(&format!("{date}T{time}")).ok()?;
    // The last day there is stands for "never" (RFC 5280 4.1.2.5).
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC);
    let time = zoned.map_or(jiff::Timestamp::MAX, |zoned| zoned.timestamp());
    // Before 1970 is over in any case.
    Some(Timestamp::from_millis(u64::try_from(time.as_millisecond()).unwrap_or(0)))
}

#[test]
fn the_validity_of_a_certificate_is_found() {
    let key = rcgen::KeyPair::generate().unwrap();
    #[rustfmt::skip]
    let table = [
        // The year 2049 is the last that is written with two digits.
        ((2026, 1, 2), (2027, 2, 28), 1_767_312_000_000, 1_803_772_800_000),
        ((1999, 12, 31), (2049, 12, 31), 946_598_400_000, 2_524_521_600_000),
        ((2026, 1, 2), (2050, 1, 1), 1_767_312_000_000, 2_524_608_000_000),
        ((1960, 1, 1), (9999, 12, 31), 0, 253_402_207_200_999),
    ];
    for (from, until, not_before, not_after) in table {
        let mut params = rcgen::CertificateParams::new(vec!["x".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        let certificate = params.self_signed(&key).unwrap();
        let expected = Validity {
            not_before: Timestamp::from_millis(not_before),
            not_after: Timestamp::from_millis(not_after),
        };
        let der = certificate.der();
        assert_eq!(validity(der), Some(expected), "{from:?}");
        for cut in 0..100 {
            assert_eq!(validity(&der[..cut]), None, "cut off at {cut}");
        }
    }
    assert_eq!(validity(b""), None);
    assert_eq!(validity(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    assert_eq!(validity(&[0x30; 64]), None);
}
