//! How deep JSON is nested.

/// Whether `json` is nested deeper than `limit`. Parsers skip what they are not
/// asked about without counting; nearly always the number of brackets alone
/// gives the answer.
pub fn nests_deeper_than(json: &[u8], limit: usize) -> bool {
    let opening = |byte: &&u8| matches!(byte, b'{' | b'[');
    if json.iter().filter(opening).count() <= limit {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_text => drop(bytes.next()),
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => (),
        }
        if limit < depth {
            return true;
        }
    }
    false
}

#[test]
fn brackets_in_texts_do_not_count() {
    #[rustfmt::skip]
    let table = [
        ("[[[]]]",                     false),
        ("[[[[]]]]",                   true),
        (r#"{"a":[{"b":1}]}"#,         false),
        (r#"{"a":[{"b":[]}]}"#,        true),
        (r#"["[[[[[","\"[[[[[[[["]"#,  false),
        ("[[],[],[],[],[]]",           false),
    ];
    for (json, deeper) in table {
        assert_eq!(nests_deeper_than(json.as_bytes(), 3), deeper, "{json}");
    }
}
