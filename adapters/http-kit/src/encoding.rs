//! How an answer may be packed (RFC 9110 12.5.3).

use http::{HeaderMap, header};

/// A way of packing that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Brotli (RFC 7932).
    Brotli,
    /// Gzip (RFC 1952).
    Gzip,
}

impl Encoding {
    /// What it is called in `Accept-Encoding` and `Content-Encoding`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The one of `offered` that whoever sent `headers` likes best, the first of
    /// those liked equally; nothing where none is liked better than the answer as
    /// it is.
    pub fn choose(headers: &HeaderMap, offered: &[Self]) -> Option<Self> {
        let plain = weight(headers, "identity").unwrap_or(0);
        let mut best = None;
        for encoding in offered {
            let weight = weight(headers, encoding.as_str()).or_else(|| weight(headers, "*"));
            let Some(weight) = weight.filter(|weight| 0 < *weight && plain <= *weight) else {
                continue;
            };
            if best.is_none_or(|(most, _)| most < weight) {
                best = Some((weight, *encoding));
            }
        }
        best.map(|(_, encoding)| encoding)
    }
}

/// How much `name` is liked, in thousandths, if it is mentioned. What cannot be
/// understood is not liked.
fn weight(headers: &HeaderMap, name: &str) -> Option<u32> {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut entries = values.filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(','));
    entries.find_map(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case(name) {
            return None;
        }
        let weight = parts.find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case("q").then_some(value.trim())
        });
        Some(weight.map_or(1000, thousandths))
    })
}

/// `0.5` as 500; nothing outside of 0 to 1 counts.
fn thousandths(value: &str) -> u32 {
    let (whole, rest) = value.split_once('.').unwrap_or((value, ""));
    let digits = rest.bytes().all(|byte| byte.is_ascii_digit()) && rest.len() <= 3;
    let rest: u32 = format!("{rest:0<3}").parse().unwrap_or(0);
    match (whole, digits) {
        ("0", true) => rest,
        ("1", true) if rest == 0 => 1000,
        _ => 0,
    }
}

#[test]
fn the_best_liked_is_chosen() {
    use Encoding::{Brotli, Gzip};

    const BOTH: &[Encoding] = &[Brotli, Gzip];
    #[rustfmt::skip]
    let table: &[(&str, &[Encoding], Option<Encoding>)] = &[
        ("",                           BOTH,    None),
        ("gzip, deflate, br",          BOTH,    Some(Brotli)),
        ("gzip, deflate, br",          &[Gzip], Some(Gzip)),
        ("deflate, zstd",              BOTH,    None),
        ("br;q=0.5, gzip;q=0.8",       BOTH,    Some(Gzip)),
        ("br; q=0.8 , GZIP;Q=0.8",     BOTH,    Some(Brotli)),
        ("gzip;q=0",                   BOTH,    None),
        ("gzip;q=0, *",                BOTH,    Some(Brotli)),
        ("*;q=0",                      BOTH,    None),
        ("identity, gzip;q=0.5",       BOTH,    None),
        ("identity;q=0.5, gzip;q=0.5", BOTH,    Some(Gzip)),
        ("gzip;q=1.000",               BOTH,    Some(Gzip)),
        ("gzip;q=1.5",                 BOTH,    None),
        ("gzip;q=-1",                  BOTH,    None),
        ("gzip;q=0.0005",              BOTH,    None),
        ("x-gzip",                     BOTH,    None),
    ];
    for (accepted, offered, chosen) in table {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
        assert_eq!(Encoding::choose(&headers, offered), *chosen, "{accepted:?}");
    }
    assert_eq!(Encoding::choose(&HeaderMap::new(), BOTH), None);
}
