//! How one recognises a certificate.

use std::{fmt, str::FromStr};

/// The SHA-256 of a certificate in its binary form. Written in lower-case
/// hexadecimal digits; read with or without `sha256:`, colons and blanks, in
/// upper or lower case, as people paste it.
#[derive(Clone, Copy)]
pub struct Fingerprint([u8; 32]);

/// The text is not a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a TLS fingerprint is a SHA-256: 64 hexadecimal digits")]
pub struct ParseFingerprintError;

impl Fingerprint {
    /// The fingerprint that is this digest.
    pub const fn of_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

/// Takes the same time wherever two fingerprints differ.
impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(other.0);
        pairs.fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }
}

impl Eq for Fingerprint {}

impl FromStr for Fingerprint {
    type Err = ParseFingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = match text.split_once([':', '=']) {
            Some((name, rest)) if is_sha256(name) => rest,
            _ => text,
        };
        let mut digest = [0; 32];
        let mut count = 0;
        for c in digits.chars().filter(|c| !matches!(c, ':' | '-') && !c.is_whitespace()) {
            let digit = c.to_digit(16).ok_or(ParseFingerprintError)?;
            let byte = digest.get_mut(count / 2).ok_or(ParseFingerprintError)?;
            *byte = *byte << 4 | u8::try_from(digit).map_err(|_| ParseFingerprintError)?;
            count += 1;
        }
        if count == 64 { Ok(Self(digest)) } else { Err(ParseFingerprintError) }
    }
}

/// Whether a word in front of the digits names the right kind of digest, as in
/// `sha256:` or, from `openssl`, `sha256 Fingerprint=`.
fn is_sha256(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix("fingerprint").unwrap_or(&name).trim();
    matches!(name, "sha256" | "sha-256")
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[test]
fn a_fingerprint_is_read_however_it_was_pasted() {
    let plain = "00ff".repeat(16);
    let colons = plain.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let colons = colons.collect::<Vec<_>>().join(":");
    #[rustfmt::skip]
    let table = [
        (plain.clone(), true),
        (plain.to_uppercase(), true),
        (colons.clone(), true),
        (format!("sha256:{plain}"), true),
        (format!(" SHA256:{} ", colons.to_uppercase()), true),
        (format!("SHA-256={colons}"), true),
        (format!("sha256 Fingerprint={}", colons.to_uppercase()), true),
        (colons.replace(':', " "), true),
        (format!("sha1:{plain}"), false),
        (plain[1..].to_owned(), false),
        (format!("{plain}0"), false),
        (format!("{plain}{plain}"), false),
        (plain.replace("ff", "fg"), false),
        (String::new(), false),
        ("sha256:".to_owned(), false),
    ];
    for (text, good) in table {
        let read = text.parse::<Fingerprint>();
        assert_eq!(read.is_ok(), good, "{text}");
        assert!(read.is_err() || read.unwrap().to_string() == plain, "{text}");
    }
}

#[test]
fn fingerprints_differ_wherever_one_bit_does() {
    let one = Fingerprint::of_digest([7; 32]);
    assert_eq!(one, Fingerprint::of_digest([7; 32]));
    for place in 0..32 {
        let mut digest = [7; 32];
        digest[place] ^= 0x80;
        assert_ne!(one, Fingerprint::of_digest(digest), "{place}");
    }
}
