//! Taking a line for a shell apart, as far as it is simple. Whatever is not
//! known to be simple is not understood, and then somebody is asked.

/// One word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// What it stands for, quotes taken away.
    pub(super) text: String,
    /// Whether the shell might put something else in its place: names of files
    /// for a `*`, a home for a `~`.
    pub(super) expands: bool,
}

/// The shell would do something that is not known to be harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotUnderstood;

/// The commands `text` runs: separated by `;`, `&&`, `||`, `|` or a new line.
/// Nothing else a shell can do is understood: no substitution, no redirection,
/// no variable, no group, no background.
pub(super) fn segments(text: &str) -> Result<Vec<Vec<Word>>, NotUnderstood> {
    let mut segments = Vec::new();
    let mut words = Vec::new();
    // Whether the separator before has to be followed by a command.
    let mut owes = false;
    let mut chars = text.trim().chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            ' ' | '\t' => drop(chars.next()),
            ';' | '\n' | '|' | '&' => {
                chars.next();
                let doubled = chars.next_if_eq(&c).is_some();
                // `&` alone is background, `;;` belongs to a group, and behind
                // `|` a `&` redirects.
                let background = c == '&' && !doubled;
                if background || (c == ';' && doubled) || chars.peek() == Some(&'&') {
                    return Err(NotUnderstood);
                }
                let ends = matches!(c, '\n' | ';');
                end(&mut segments, &mut words, ends && !owes)?;
                owes = !ends;
            }
            _ => words.push(word(&mut chars)?),
        }
    }
    end(&mut segments, &mut words, !owes)?;
    if segments.is_empty() { Err(NotUnderstood) } else { Ok(segments) }
}

/// Ends a command. Only between some separators there may be none.
fn end(
    segments: &mut Vec<Vec<Word>>,
    words: &mut Vec<Word>,
    may_be_empty: bool,
) -> Result<(), NotUnderstood> {
    match words.is_empty() {
        true if may_be_empty => Ok(()),
        true => Err(NotUnderstood),
        false => {
            segments.push(std::mem::take(words));
            Ok(())
        }
    }
}

fn word(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Word, NotUnderstood> {
    let mut word = Word { text: String::new(), expands: false };
    let mut is_first = true;
    while let Some(&c) = chars.peek() {
        match c {
            ' ' | '\t' | '\n' | ';' | '|' | '&' => break,
            '\'' => {
                chars.next();
                quoted(chars, &mut word.text, '\'')?;
            }
            '"' => {
                chars.next();
                quoted(chars, &mut word.text, '"')?;
            }
            '\\' => {
                chars.next();
                match chars.next() {
                    Some(c) if !c.is_control() => word.text.push(c),
                    _ => return Err(NotUnderstood),
                }
            }
            '$' | '`' | '(' | ')' | '{' | '}' | '<' | '>' | '!' | '^' => return Err(NotUnderstood),
            '#' if is_first => return Err(NotUnderstood),
            c if c.is_control() => return Err(NotUnderstood),
            c => {
                chars.next();
                word.expands |= matches!(c, '*' | '?' | '[' | '~');
                word.text.push(c);
            }
        }
        is_first = false;
    }
    Ok(word)
}

/// What stands up to the closing `quote`. Within double quotes nothing may stand
/// that a shell looks into.
fn quoted(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    text: &mut String,
    quote: char,
) -> Result<(), NotUnderstood> {
    for c in chars {
        match c {
            c if c == quote => return Ok(()),
            '$' | '`' | '\\' | '!' if quote == '"' => return Err(NotUnderstood),
            c if c.is_control() && c != '\n' && c != '\t' => return Err(NotUnderstood),
            c => text.push(c),
        }
    }
    Err(NotUnderstood)
}

#[test]
fn what_a_line_runs() {
    let read = |text: &str| -> Vec<Vec<String>> {
        let words = |words: Vec<Word>| words.into_iter().map(|word| word.text).collect();
        segments(text).unwrap().into_iter().map(words).collect()
    };
    #[rustfmt::skip]
    let table: [(&str, &[&[&str]]); 12] = [
        ("ls",                       &[&["ls"]]),
        ("  ls   -la\t/tmp ",        &[&["ls", "-la", "/tmp"]]),
        ("a;b && c||d | e\nf",       &[&["a"], &["b"], &["c"], &["d"], &["e"], &["f"]]),
        ("a;\n\nb;",                 &[&["a"], &["b"]]),
        ("echo 'a; b' \"c | d\"",    &[&["echo", "a; b", "c | d"]]),
        ("echo 'a'\"b\"c",           &[&["echo", "abc"]]),
        ("echo '$HOME `id`'",        &[&["echo", "$HOME `id`"]]),
        (r"echo a\ b \$x",           &[&["echo", "a b", "$x"]]),
        ("echo ''",                  &[&["echo", ""]]),
        ("l's'",                     &[&["ls"]]),
        ("echo a#b",                 &[&["echo", "a#b"]]),
        ("grep 'x\ny' ",             &[&["grep", "x\ny"]]),
    ];
    for (text, expected) in table {
        assert_eq!(read(text), expected, "{text:?}");
    }
    assert!(segments("ls *.rs").unwrap()[0][1].expands);
    assert!(!segments("ls '*.rs'").unwrap()[0][1].expands);
}

#[test]
fn whatever_is_not_simple_is_not_understood() {
    #[rustfmt::skip]
    let table = [
        "", "  ", ";", "a &", "a & b", "& a", "a |& b", "a ;; b", "&& a", "a &&", "| a", "a |",
        "a || || b", "a && ; b", "$(a)", "a $(b)", "a `b`", "a \"$(b)\"", "a \"`b`\"", "a $x",
        "a \"$x\"", "a ${x}", "a <b", "a >b", "a 2>&1", "a >>b", "a <<b", "a <(b)", "(a)", "{ a; }",
        "a {b,c}", "a 'b", "a \"b", "a \\", "a \\\nb", "a\rb", "a \u{0}", "a \u{1b}", "# a", "a #b",
        "!a", "a \"!b\"", "a \"\\$b\"", "f() a", "a ^b", "a 'b\u{7}'", "a &&& b", "a ||| b",
    ];
    for text in table {
        assert_eq!(segments(text), Err(NotUnderstood), "{text:?}");
    }
}
