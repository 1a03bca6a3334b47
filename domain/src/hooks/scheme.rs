//! How senders sign what they send, and what exactly they sign.

use std::time::Duration;

use crate::{time::Timestamp, words::words};

words! {
    /// A way of signing with HMAC-SHA-256.
    pub enum Scheme {
        /// GitHub: `sha256=<hex>` over the body.
        Github = "github",
        /// Stripe: `t=<seconds>,v1=<hex>` over the time and the body.
        Stripe = "stripe",
        /// Anybody else: hex or base64 over the body.
        Generic = "generic",
    }
}

/// What a sender says it has signed, and how: to be compared with what the
/// secret gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What was signed before the body.
    pub before: String,
    /// The signatures. One of them has to be right: a sender that is changing
    /// its secret sends two.
    pub tags: Vec<[u8; 32]>,
}

/// Why a signature cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("the signature is missing")]
    Missing,
    /// It is not of this scheme.
    #[error("the signature is malformed")]
    Malformed,
    /// It is from another time: a recording, or a clock that is wrong.
    #[error("the signature is too old, or from the future")]
    Untimely,
}

/// How many signatures of one call are looked at.
const MAX_TAGS: usize = 4;

impl Scheme {
    /// How far the time in a signature may be from ours, in both directions.
    pub const TOLERANCE: Duration = Duration::from_mins(5);

    /// The header the signature is in, unless another one is configured.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Github => "x-hub-signature-256",
            Self::Stripe => "stripe-signature",
            Self::Generic => "x-signature",
        }
    }

    /// The header that names a delivery, so that one that comes twice is known.
    pub const fn delivery_header(self) -> Option<&'static str> {
        match self {
            Self::Github => Some("x-github-delivery"),
            Self::Stripe | Self::Generic => None,
        }
    }

    /// Where in the body the name of a delivery is.
    pub const fn delivery_field(self) -> Option<&'static str> {
        match self {
            Self::Stripe => Some("id"),
            Self::Github | Self::Generic => None,
        }
    }

    /// Reads the `header` a signature is in.
    pub fn read(
        self,
        header: Option<&str>,
        now: Timestamp,
        tolerance: Duration,
    ) -> Result<Signed, SignatureError> {
        let header = header.map(str::trim).filter(|text| !text.is_empty());
        let header = header.ok_or(SignatureError::Missing)?;
        match self {
            Self::Github => {
                let tag = header.strip_prefix("sha256=").and_then(lower_hex);
                Ok(Signed::over_body(tag.ok_or(SignatureError::Malformed)?))
            }
            Self::Stripe => stripe(header, now, tolerance),
            Self::Generic => {
                let tag = header.strip_prefix("sha256=").unwrap_or(header);
                let tag = lower_hex(&tag.to_ascii_lowercase()).or_else(|| base64(tag));
                Ok(Signed::over_body(tag.ok_or(SignatureError::Malformed)?))
            }
        }
    }
}

impl Signed {
    fn over_body(tag: [u8; 32]) -> Self {
        Self { before: String::new(), tags: vec![tag] }
    }
}

fn stripe(header: &str, now: Timestamp, tolerance: Duration) -> Result<Signed, SignatureError> {
    let values = |name: &'static str| {
        header.split(',').filter_map(move |pair| {
            let (own, value) = pair.trim().split_once('=')?;
            (own == name).then_some(value)
        })
    };
    let mut times = values("t");
    let (Some(time), None) = (times.next(), times.next()) else {
        return Err(SignatureError::Malformed);
    };
    timely(time, now, tolerance)?;
    let tags: Vec<_> = values("v1").take(MAX_TAGS).filter_map(lower_hex).collect();
    if tags.is_empty() {
        return Err(SignatureError::Malformed);
    }
    Ok(Signed { before: format!("{time}."), tags })
}

/// Checks a time in seconds, as it stands in what was signed.
pub(crate) fn timely(
    seconds: &str,
    now: Timestamp,
    tolerance: Duration,
) -> Result<(), SignatureError> {
    let is_number = !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit());
    let number: Option<u64> = seconds.parse().ok().filter(|_| is_number);
    let number = number.ok_or(SignatureError::Malformed)?;
    let apart = (now.as_millis() / 1000).abs_diff(number);
    if tolerance.as_secs() < apart { Err(SignatureError::Untimely) } else { Ok(()) }
}

/// 64 hex digits in lower case.
pub(crate) fn lower_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut tag = [0; 32];
    for (byte, pair) in tag.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(tag)
}

/// 32 bytes in base64, of either alphabet, padded or not.
fn base64(text: &str) -> Option<[u8; 32]> {
    let sextet = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let digits: &[u8; 43] = text.strip_suffix('=').unwrap_or(text).as_bytes().try_into().ok()?;
    let (mut tag, mut bits, mut waiting, mut next) = ([0; 32], 0_u32, 0, 0);
    for byte in digits {
        bits = bits << 6 | u32::from(sextet(*byte)?);
        waiting += 6;
        if 8 <= waiting {
            waiting -= 8;
            tag[next] = u8::try_from(bits >> waiting & 0xff).ok()?;
            next += 1;
        }
    }
    // Two bits are left over, and have to be nothing.
    (2 <= bits.trailing_zeros()).then_some(tag)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_500);
    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const B64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn tag() -> [u8; 32] {
        std::array::from_fn(|index| u8::try_from(index).unwrap())
    }

    #[test]
    fn what_was_signed_is_read_off_the_header() {
        use SignatureError::{Malformed, Missing, Untimely};

        let read = |scheme: Scheme, header: &str| {
            let header = header.replace("HEX", HEX).replace("UPPER", &HEX.to_uppercase());
            let signed = scheme.read(Some(&header.replace("B64", B64)), NOW, Scheme::TOLERANCE)?;
            assert!(signed.tags.iter().all(|it| *it == tag()), "{header}");
            Ok((signed.before, signed.tags.len()))
        };
        let body = |count| Ok((String::new(), count));
        let timed = |time: &str, count| Ok((format!("{time}."), count));
        let (github, stripe, generic) = (Scheme::Github, Scheme::Stripe, Scheme::Generic);
        #[rustfmt::skip]
        let table = [
            (github,  "sha256=HEX",                        body(1)),
            (github,  "HEX",                               Err(Malformed)),
            (github,  "sha1=HEX",                          Err(Malformed)),
            (github,  "sha256=UPPER",                      Err(Malformed)),
            (github,  "sha256=HEX0",                       Err(Malformed)),
            (github,  "sha256=",                           Err(Malformed)),
            (github,  " ",                                 Err(Missing)),
            (stripe,  "t=1700000000,v1=HEX",               timed("1700000000", 1)),
            (stripe,  "t=1700000300,v1=HEX,v1=HEX,v0=x",   timed("1700000300", 2)),
            (stripe,  "t=1699999700, v1=HEX",              timed("1699999700", 1)),
            (stripe,  "t=1699999699,v1=HEX",               Err(Untimely)),
            (stripe,  "t=1700000301,v1=HEX",               Err(Untimely)),
            (stripe,  "t=+1700000000,v1=HEX",              Err(Malformed)),
            (stripe,  "t=1700000000,t=1700000000,v1=HEX",  Err(Malformed)),
            (stripe,  "t=1700000000,v1=zz",                Err(Malformed)),
            (stripe,  "t=1700000000,v0=HEX",               Err(Malformed)),
            (stripe,  "v1=HEX",                            Err(Malformed)),
            (generic, "HEX",                               body(1)),
            (generic, "UPPER",                             body(1)),
            (generic, "sha256=B64",                        body(1)),
            (generic, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", body(1)),
            (generic, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", Err(Malformed)),
            (generic, "AAEC",                              Err(Malformed)),
        ];
        for (scheme, header, expected) in table {
            assert_eq!(read(scheme, header), expected, "{scheme} {header}");
        }
        assert_eq!(github.read(None, NOW, Scheme::TOLERANCE), Err(Missing));
    }

    proptest! {
        /// No header makes anything fall over, and only what is exactly a tag is one.
        #[test]
        fn any_header_is_read_or_refused(header in ".{0,80}") {
            for scheme in Scheme::ALL {
                let _ = scheme.read(Some(&header), NOW, Scheme::TOLERANCE);
            }
        }
    }
}
