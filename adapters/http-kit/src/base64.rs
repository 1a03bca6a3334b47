//! Bytes that come inside a text.

/// How many bytes `base64` stands for, if it is base64. Nothing is decoded.
pub fn decoded_size(base64: &[u8]) -> Option<usize> {
    let data = match base64 {
        [data @ .., b'=', b'='] | [data @ .., b'='] | data => data,
    };
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let whole = base64.len().is_multiple_of(4) && !data.is_empty() && data.iter().all(plain);
    whole.then_some(data.len() * 3 / 4)
}

#[test]
fn what_is_base64_has_a_size() {
    #[rustfmt::skip]
    let table = [
        ("AAAA",      Some(3)),
        ("AAA=",      Some(2)),
        ("QQ==",      Some(1)),
        ("A+/9BBBB",  Some(6)),
        ("",          None),
        ("====",      None),
        ("A===",      None),
        ("A",         None),
        ("AA A",      None),
        ("AA-_",      None),
    ];
    for (text, size) in table {
        assert_eq!(decoded_size(text.as_bytes()), size, "{text}");
    }
}
