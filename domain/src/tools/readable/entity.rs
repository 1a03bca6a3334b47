//! Characters that are written by name or number.

use std::borrow::Cow;

/// Names people use. What is not here stays as it is.
const NAMES: [(&str, &str); 30] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("copy", "©"),
    ("reg", "®"),
    ("trade", "™"),
    ("hellip", "…"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("bull", "•"),
    ("middot", "·"),
    ("times", "×"),
    ("deg", "°"),
    ("euro", "€"),
    ("pound", "£"),
    ("sect", "§"),
    ("larr", "←"),
    ("rarr", "→"),
    ("auml", "ä"),
    ("ouml", "ö"),
    ("uuml", "ü"),
];

/// The longest name or number that is looked up.
const LONGEST: usize = 10;

/// `text` with characters instead of their names and numbers, each replaced
/// once.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let named = piece.bytes().take(LONGEST + 1).position(|byte| byte == b';');
        let character = named.and_then(|end| character(&piece[..end]));
        match (character, named) {
            (Some(character), Some(end)) => {
                plain.push_str(&character);
                plain.push_str(&piece[end + 1..]);
            }
            _ => {
                plain.push('&');
                plain.push_str(piece);
            }
        }
    }
    Cow::Owned(plain)
}

fn character(name: &str) -> Option<Cow<'static, str>> {
    let Some(number) = name.strip_prefix('#') else {
        let known = NAMES.iter().find(|(known, _)| *known == name);
        return known.map(|(_, character)| Cow::Borrowed(*character));
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let character = char::from_u32(code.ok()?)?;
    // What controls a terminal is no text.
    let shown = if character.is_control() { ' ' } else { character };
    Some(Cow::Owned(shown.to_string()))
}

#[test]
fn names_and_numbers() {
    #[rustfmt::skip]
    let table = [
        ("plain",                     "plain"),
        ("1 &lt; 2 &amp;&amp; 3",     "1 < 2 && 3"),
        ("&amp;lt;",                  "&lt;"),
        ("&#65;&#x42;&#X43;",         "ABC"),
        ("&#0;&#27;&#xd800;",         "  &#xd800;"),
        ("&nothing; & &;",            "&nothing; & &;"),
        ("&hellip&hellip;",           "&hellip…"),
        ("&averyverylongname;",       "&averyverylongname;"),
        ("a&ü;b",                     "a&ü;b"),
        ("&",                         "&"),
    ];
    for (text, plain) in table {
        assert_eq!(decoded(text), plain, "{text}");
    }
}
