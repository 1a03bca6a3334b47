//! Paths as people write them: `agents.list[0].name`, `channels["a.b"].x`.

/// Why a text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// There is nothing in it.
    #[error("a path names a key, as in gateway.port")]
    Empty,
    /// Two dots in a row, or one at an end.
    #[error("a path has no empty keys; write [\"\"] if that is the key")]
    EmptyKey,
    /// A bracket without its twin, or with nothing sensible in it.
    #[error("brackets hold an index, as in [0], or a key in quotes, as in [\"a.b\"]")]
    Bracket,
}

/// The steps of `text`: keys, and indices of lists as `[0]`.
pub fn parse_path(text: &str) -> Result<Vec<String>, PathError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(PathError::Empty);
    }
    let (mut steps, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let (step, after) = if rest.starts_with('[') { bracketed(rest)? } else { plain(rest)? };
        steps.push(step);
        rest = match after.strip_prefix('.') {
            Some("" | "[") => return Err(PathError::EmptyKey),
            Some(more) => more,
            None if after.is_empty() || after.starts_with('[') => after,
            None => return Err(PathError::Bracket),
        };
    }
    Ok(steps)
}

/// `path` so that [`parse_path`] reads it.
pub(crate) fn spell_path(path: &[String]) -> String {
    path.iter().fold(String::new(), |mut spelled, step| {
        let plain = !step.is_empty() && !step.contains(['.', '[', ']', '"', '\\']);
        match (is_index(step), plain) {
            (true, _) => spelled.push_str(step),
            (false, true) => {
                if !spelled.is_empty() {
                    spelled.push('.');
                }
                spelled.push_str(step);
            }
            (false, false) => {
                let quoted = serde_json::Value::from(step.as_str());
                spelled.extend(["[", &quoted.to_string(), "]"]);
            }
        }
        spelled
    })
}

fn is_index(step: &str) -> bool {
    step.starts_with('[') && crate::outline::index(step).is_some()
}

fn plain(text: &str) -> Result<(String, &str), PathError> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (key, rest) = text.split_at(end);
    match key.trim() {
        "" => Err(PathError::EmptyKey),
        key if key.contains(']') => Err(PathError::Bracket),
        key => Ok((key.to_owned(), rest)),
    }
}

fn bracketed(text: &str) -> Result<(String, &str), PathError> {
    let inside = text[1..].trim_start();
    let quote = inside.chars().next().filter(|c| matches!(c, '"' | '\''));
    let Some(quote) = quote else {
        let (index, rest) = inside.split_once(']').ok_or(PathError::Bracket)?;
        let step = format!("[{}]", index.trim());
        return if is_index(&step) { Ok((step, rest)) } else { Err(PathError::Bracket) };
    };
    let (mut key, mut characters) = (String::new(), inside[1..].char_indices());
    while let Some((at, c)) = characters.next() {
        match c {
            '\\' => key.push(characters.next().ok_or(PathError::Bracket)?.1),
            c if c == quote => {
                let rest = inside[1 + at + 1..].trim_start().strip_prefix(']');
                return Ok((key, rest.ok_or(PathError::Bracket)?));
            }
            c => key.push(c),
        }
    }
    Err(PathError::Bracket)
}

#[test]
fn paths_dotted_and_bracketed() {
    #[rustfmt::skip]
    let table: [(&str, Result<&[&str], PathError>); 18] = [
        ("gateway.port", Ok(&["gateway", "port"])),
        (" gateway ", Ok(&["gateway"])),
        ("agents.list[0].name", Ok(&["agents", "list", "[0]", "name"])),
        ("agents.list.0", Ok(&["agents", "list", "0"])),
        ("a[0][1]", Ok(&["a", "[0]", "[1]"])),
        ("channels[\"a.b\"].x", Ok(&["channels", "a.b", "x"])),
        ("channels['a.b']['c']", Ok(&["channels", "a.b", "c"])),
        ("a[\"it's \\\"x\\\"\"]", Ok(&["a", "it's \"x\""])),
        ("[\"\"]", Ok(&[""])),
        ("", Err(PathError::Empty)),
        ("a..b", Err(PathError::EmptyKey)),
        (".a", Err(PathError::EmptyKey)),
        ("a.", Err(PathError::EmptyKey)),
        ("a[", Err(PathError::Bracket)),
        ("a[x]", Err(PathError::Bracket)),
        ("a['x]", Err(PathError::Bracket)),
        ("a[0]b", Err(PathError::Bracket)),
        ("a]b", Err(PathError::Bracket)),
    ];
    for (text, expected) in table {
        let found = parse_path(text);
        let found = found.as_ref().map(|steps| steps.iter().map(String::as_str).collect());
        assert_eq!(found, expected.as_ref().map(|it| it.to_vec()), "{text}");
    }
}

#[test]
fn a_path_that_was_spelled_is_read_again() {
    let paths: [&[&str]; 5] = [
        &["gateway", "port"],
        &["a.b", "[0]", "c"],
        &["", "a\"b\\c", "x]"],
        &["ä b", "[12]"],
        &["a", "0"],
    ];
    for path in paths {
        let path: Vec<_> = path.iter().map(|&step| step.to_owned()).collect();
        assert_eq!(parse_path(&spell_path(&path)), Ok(path));
    }
}
