//! Text that was cut in the wrong place.

/// `json` without what is no text: bytes that are not UTF-8, and halves of
/// characters, as services produce them that cut an emoji in two. Nothing if
/// there is nothing to mend.
pub fn mend(json: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(json);
    let text = text.as_bytes();
    let mut mended = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(escape) = memchr::memchr(b'\\', rest) {
        mended.extend_from_slice(&rest[..escape]);
        rest = &rest[escape..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                mended.extend_from_slice(b"\\ufffd");
                rest = &rest[6..];
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => rest.len().min(2),
        };
        mended.extend_from_slice(&rest[..length]);
        rest = &rest[length..];
    }
    mended.extend_from_slice(rest);
    (mended != json).then_some(mended)
}

/// The number in an escape such as `\u00fc` at the beginning of `text`.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    u16::from_str_radix(digits, 16).ok()
}

#[test]
fn only_what_is_no_text_is_replaced() {
    #[rustfmt::skip]
    let table: &[(&[u8], Option<&str>)] = &[
        (br#""plain \n \\ \u00fc \ud83d\ude00""#,  None),
        (br#""cut \ud83d""#,                       Some(r#""cut \ufffd""#)),
        (br#""\ude00 off""#,                       Some(r#""\ufffd off""#)),
        (br#""\ud83d\ud83d\ude00""#,               Some(r#""\ufffd\ud83d\ude00""#)),
        (br#""\\ud83d""#,                          None),
        (br#""\ud83d\n""#,                         Some(r#""\ufffd\n""#)),
        (b"\"\xF0\x9F\"",                          Some("\"\u{FFFD}\"")),
        (br#""\u12""#,                             None),
        (br"\",                                    None),
    ];
    for (json, mended) in table {
        let found = mend(json).map(|mended| String::from_utf8(mended).unwrap());
        assert_eq!(found.as_deref(), *mended, "{}", json.escape_ascii());
    }
}
