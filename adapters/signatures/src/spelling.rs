//! How keys and signatures are written.

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::URL_SAFE_NO_PAD,
    },
};

/// What comes before the 32 bytes of a public key in DER (RFC 8410).
pub(crate) const PUBLIC_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The longest text that is looked at, in bytes. A key in PEM has 113.
const LONGEST: usize = 1024;

/// With padding or without; the bits that are left over have to be zero.
const EITHER: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, EITHER);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, EITHER);

/// `bytes` as base64url without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The `N` bytes that `text` spells in base64url or base64.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if LONGEST < text.len() {
        return None;
    }
    let engine = if text.contains(['-', '_']) { URL } else { PLAIN };
    engine.decode(text).ok()?.try_into().ok()
}

/// The bytes inside the PEM block `label` of `text`, which holds nothing else.
pub(crate) fn pem(text: &str, label: &str) -> Option<Vec<u8>> {
    if LONGEST < text.len() {
        return None;
    }
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let body = text.trim().strip_prefix(&begin)?.strip_suffix(&end)?;
    let body: String = body.split_ascii_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(body).ok()
}

/// `der` as the PEM block `label`.
pub(crate) fn to_pem(label: &str, der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in body.as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem + "-----END " + label + "-----\n"
}

#[test]
fn bytes_have_one_spelling_in_each_alphabet() {
    #[rustfmt::skip]
    let table = [
        ("-_8",     Some([0xfb, 0xff])),
        ("+/8",     Some([0xfb, 0xff])),
        ("+/8=",    Some([0xfb, 0xff])),
        ("-_8=",    Some([0xfb, 0xff])),
        ("-/8",     None),
        ("+_8",     None),
        ("-_9",     None), // a bit is left over
        ("-_8==",   None),
        ("-_",      None),
        ("-_8 ",    None),
        ("",        None),
    ];
    for (text, bytes) in table {
        assert_eq!(decode::<2>(text), bytes, "{text}");
    }
    assert_eq!(decode::<2>(&"A".repeat(LONGEST + 1)), None);
}

#[test]
fn a_pem_block_stands_alone() {
    let written = to_pem("PUBLIC KEY", &[7; 60]);
    assert_eq!(pem(&written, "PUBLIC KEY"), Some(vec![7; 60]));
    assert_eq!(pem(&written.replace('\n', "\r\n"), "PUBLIC KEY"), Some(vec![7; 60]));
    for other in [format!("x{written}"), format!("{written}{written}"), written.replace('B', "!")] {
        assert_eq!(pem(&other, "PUBLIC KEY"), None, "{other}");
    }
    assert_eq!(pem(&written, "PRIVATE KEY"), None);
}
