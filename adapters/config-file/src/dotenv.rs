//! `.env` beside the configuration.

use std::{fs, path::Path};

use crate::substitute::Variables;

/// The variables of the file at `path`; none if there is no such file. A link
/// is not followed: the file is as good as the environment.
pub(crate) fn dotenv(path: &Path) -> Variables {
    let plain = fs::symlink_metadata(path).is_ok_and(|about| about.is_file());
    let text = if plain { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(fits) {
        return None;
    }
    let quoted = |quote: char| {
        let inner = value.strip_prefix(quote)?;
        inner.split_once(quote).map(|(inner, _)| inner.to_owned())
    };
    let bare = || value.split(" #").next().unwrap_or_default().trim().to_owned();
    let double = || quoted('"').map(|text| text.replace("\\n", "\n"));
    Some((name.to_owned(), double().or_else(|| quoted('\'')).unwrap_or_else(bare)))
}

#[test]
fn lines_of_a_dotenv_file() {
    let table = [
        ("A=1", Some(("A", "1"))),
        ("export A=b c", Some(("A", "b c"))),
        ("  A = b # note", Some(("A", "b"))),
        ("A=\"b # c\" # note", Some(("A", "b # c"))),
        ("A='b'", Some(("A", "b"))),
        ("A=\"b\\nc\"", Some(("A", "b\nc"))),
        ("A=", Some(("A", ""))),
        ("A=x=y", Some(("A", "x=y"))),
        ("# A=1", None),
        ("A B=1", None),
        ("nothing", None),
    ];
    for (text, expected) in table {
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(line(text), expected, "{text}");
    }
}
