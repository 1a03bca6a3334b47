//! What somebody wants to have hidden besides: `logging.redactPatterns`.

use regex_lite::{Captures, Regex, RegexBuilder};

/// How many patterns there may be.
const MOST: usize = 32;
/// How long one may be, in bytes.
const LONGEST: usize = 500;
/// How much memory one may take, in bytes. The time a pattern takes is bounded
/// by this and by the length of the text; there is no backtracking.
const LARGEST: usize = 32 * 1024;

/// Patterns that are looked for in every value.
#[derive(Debug, Default)]
pub(crate) struct Patterns(Vec<Regex>);

/// A pattern that is not looked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Which one, from 0.
    pub(crate) index: usize,
    /// Why not, for a person.
    pub(crate) why: String,
}

impl Patterns {
    /// Those of `written` that are patterns.
    pub(crate) fn new(written: &[String]) -> (Self, Vec<Refused>) {
        let (mut patterns, mut refused) = (Vec::new(), Vec::new());
        for (index, text) in written.iter().enumerate() {
            match compile(text) {
                Ok(_) if patterns.len() == MOST => {
                    let why = format!("at most {MOST} patterns are looked for");
                    refused.push(Refused { index, why });
                }
                Ok(pattern) => patterns.push(pattern),
                Err(why) => refused.push(Refused { index, why }),
            }
        }
        (Self(patterns), refused)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `text` with what is found replaced by what `mask` makes of it. Where a
    /// pattern has groups, the last one that took part is the secret.
    pub(crate) fn hide(&self, text: &str, mask: fn(&str) -> String) -> String {
        let mut text = text.to_owned();
        for pattern in &self.0 {
            let hidden = pattern.replace_all(&text, |found: &Captures<'_>| hide(found, mask));
            text = hidden.into_owned();
        }
        text
    }
}

fn hide(found: &Captures<'_>, mask: fn(&str) -> String) -> String {
    let Some(whole) = found.get(0) else { return String::new() };
    let secret = found.iter().skip(1).flatten().filter(|group| !group.is_empty()).last();
    let secret = secret.unwrap_or(whole);
    let text = whole.as_str();
    let (from, to) = (secret.start() - whole.start(), secret.end() - whole.start());
    if secret.is_empty() {
        return text.to_owned();
    }
    format!("{}{}{}", &text[..from], mask(secret.as_str()), &text[to..])
}

/// A pattern as it is written: by itself, then the case of letters makes no
/// difference, or as `/…/flags`.
fn compile(written: &str) -> Result<Regex, String> {
    if LONGEST < written.len() {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let with_flags = written.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    let (body, flags) = with_flags.filter(|(body, _)| !body.is_empty()).unwrap_or((written, "i"));
    if body.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    let mut builder = RegexBuilder::new(body);
    builder.size_limit(LARGEST);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            'm' => builder.multi_line(true),
            's' => builder.dot_matches_new_line(true),
            // All are found in any case, and text is Unicode.
            'g' | 'u' => &mut builder,
            other => return Err(format!("`{other}` is no flag of a pattern (use i, m, s)")),
        };
    }
    builder.build().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn how_patterns_are_written() {
        #[rustfmt::skip]
        let table = [
            // pattern              text                   hidden
            ("acme-[0-9]+",         "ACME-12 acme-3",      Some("# #")),
            ("/acme-[0-9]+/",       "ACME-12 acme-3",      Some("ACME-12 #")),
            ("/acme-[0-9]+/gi",     "ACME-12 acme-3",      Some("# #")),
            ("pin (?:is|=) ([0-9]+)", "the pin is 1234!",  Some("the pin is #!")),
            ("(a)|(b)",             "a b",                 Some("# #")),
            ("x*",                  "ab",                  Some("ab")),
            ("^é$",                 "é",                   Some("#")),
            ("/a/x",                "",                    None),
            ("(?=a)",               "",                    None),
            ("(",                   "",                    None),
            ("  ",                  "",                    None),
            ("(?:[a-z]{200}){200}", "",                    None),
        ];
        for (written, text, expected) in table {
            let (patterns, refused) = Patterns::new(&[written.to_owned()]);
            let hidden = refused.is_empty().then(|| patterns.hide(text, |_| "#".to_owned()));
            assert_eq!(hidden.as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn there_are_not_too_many_and_none_is_too_long() {
        let many = vec!["a".to_owned(); MOST + 1];
        let (patterns, refused) = Patterns::new(&many);
        assert_eq!((patterns.0.len(), refused.len(), refused[0].index), (MOST, 1, MOST));
        let (_, refused) = Patterns::new(&["x".to_owned(), "y".repeat(LONGEST + 1)]);
        assert_eq!(refused[0].index, 1);
    }

    /// A pattern that would take an engine with backtracking until the end of
    /// the universe.
    #[test]
    fn a_pattern_cannot_stop_the_log() {
        let (patterns, refused) = Patterns::new(&["(a*)*(a|aa)+$x".to_owned()]);
        assert_eq!(refused, []);
        let begin = Instant::now();
        let text = "a".repeat(1500);
        assert_eq!(patterns.hide(&text, |_| String::new()), text);
        assert!(begin.elapsed() < Duration::from_secs(5), "it took {:?}", begin.elapsed());
    }
}
