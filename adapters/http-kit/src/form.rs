//! `a=1&b=%20`: queries, and forms people send.

/// The names and values of `text`, in their order. What is no text is replaced.
pub fn form(text: &[u8]) -> Vec<(String, String)> {
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let parted = pairs.map(|pair| {
        let middle = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = pair.split_at(middle.unwrap_or(pair.len()));
        (decoded(name), decoded(value.get(1..).unwrap_or_default()))
    });
    parted.collect()
}

fn decoded(text: &[u8]) -> String {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let escaped = match (first, behind) {
            (b'%', [high, low, ..]) => digit(high).zip(digit(low)),
            _ => None,
        };
        match (first, escaped) {
            (_, Some((high, low))) => {
                bytes.extend(u8::try_from(high << 4 | low));
                rest = &behind[2..];
            }
            (b'+', None) => bytes.push(b' '),
            (other, None) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn names_and_values() {
    let pairs = |text: &str| form(text.as_bytes());
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(pairs(""), []);
    assert_eq!(
        pairs("a=1&&b&=2&a=3"),
        [pair("a", "1"), pair("b", ""), pair("", "2"), pair("a", "3")]
    );
    assert_eq!(pairs("t%6Fken=a+b%2Bc=d"), [pair("token", "a b+c=d")]);
    assert_eq!(pairs("x=%zz%4&y=%"), [pair("x", "%zz%4"), pair("y", "%")]);
    assert_eq!(pairs("x=%ff%C3%A4"), [pair("x", "\u{fffd}ä")]);
}
