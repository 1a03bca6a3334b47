//! How a file is written, and values written the same way.

use std::{fmt::Write, ops::Range};

use serde_json::Value;

use crate::outline::{Kind, Node, past_trivia};

/// The longest list of plain values that is put on one line.
const LINE: usize = 60;

/// How a file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// What ends a line.
    pub(crate) newline: &'static str,
    /// What a level is indented by.
    pub(crate) unit: String,
    /// How names are quoted, if they have to be or all are.
    names: Names,
    /// What is around texts.
    quote: char,
    /// Whether the last of several lines ends with a comma.
    pub(crate) trailing: bool,
    /// Whether there is a blank after colons and commas.
    pub(crate) spaced: bool,
    /// Whether there is more than one line.
    pub(crate) multiline: bool,
}

/// How names are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    Bare,
    Quoted(char),
}

/// What was counted in a file.
#[derive(Debug, Default)]
struct Counts {
    bare: usize,
    double_names: usize,
    single_names: usize,
    double: usize,
    single: usize,
    trailing: usize,
    plain_ends: usize,
    spaced: usize,
    tight: usize,
}

impl Style {
    /// The style of `text`, which says `root`.
    pub(crate) fn of(text: &str, root: Option<&Node>) -> Self {
        let mut counts = Counts::default();
        if let Some(root) = root {
            counts.visit(text, root);
        }
        let crlf = text.find('\n').is_some_and(|at| text[..at].ends_with('\r'));
        let Counts { bare, double_names, single_names, double, single, .. } = counts;
        let names = if double_names.max(single_names) < bare {
            Names::Bare
        } else {
            Names::Quoted(if double_names < single_names { '\'' } else { '"' })
        };
        let empty = root.is_none_or(|root| matches!(&root.kind, Kind::Object(it) if it.is_empty()));
        Self {
            newline: if crlf { "\r\n" } else { "\n" },
            unit: root.and_then(|root| unit(text, root)).unwrap_or_else(|| "  ".into()),
            names,
            quote: if double < single { '\'' } else { '"' },
            trailing: counts.plain_ends < counts.trailing,
            spaced: counts.tight <= counts.spaced,
            multiline: empty || root.is_some_and(|root| text[root.range.clone()].contains('\n')),
        }
    }

    /// `name` as it is written before a colon.
    pub(crate) fn name(&self, name: &str) -> String {
        match self.names {
            Names::Bare if may_be_bare(name) => name.to_owned(),
            Names::Bare => quoted(name, self.quote),
            Names::Quoted(quote) => quoted(name, quote),
        }
    }

    /// `name` and `value`, as a member of an object.
    pub(crate) fn member(&self, name: &str, value: &Value, indent: Option<&str>) -> String {
        format!("{}:{}{}", self.name(name), self.blank(), self.value(value, indent))
    }

    /// `value`, on several lines below one indented by `indent`, or on one.
    pub(crate) fn value(&self, value: &Value, indent: Option<&str>) -> String {
        let inner = indent.map(|indent| format!("{indent}{}", self.unit));
        let inner = inner.as_deref();
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::String(text) => quoted(text, self.quote),
            Value::Array(values) => {
                let flat = self.list(values);
                let short = flat.len() <= LINE && !values.iter().any(is_nested);
                if short || indent.is_none() {
                    return flat;
                }
                let values = values.iter().map(|value| self.value(value, inner));
                self.wrapped(['[', ']'], &values.collect::<Vec<_>>(), indent)
            }
            Value::Object(map) => {
                let members = map.iter().map(|(name, value)| self.member(name, value, inner));
                self.wrapped(['{', '}'], &members.collect::<Vec<_>>(), indent)
            }
        }
    }

    /// What stands after a colon or a comma on the same line.
    pub(crate) fn blank(&self) -> &'static str {
        if self.spaced { " " } else { "" }
    }

    fn list(&self, values: &[Value]) -> String {
        let values: Vec<_> = values.iter().map(|value| self.value(value, None)).collect();
        format!("[{}]", values.join(&format!(",{}", self.blank())))
    }

    fn wrapped(&self, [open, close]: [char; 2], parts: &[String], indent: Option<&str>) -> String {
        if parts.is_empty() {
            return format!("{open}{close}");
        }
        let Some(indent) = indent else {
            let (blank, inside) = (self.blank(), parts.join(&format!(",{}", self.blank())));
            return format!("{open}{blank}{inside}{blank}{close}");
        };
        let Self { newline, unit, .. } = self;
        let last = if self.trailing { "," } else { "" };
        let inside = parts.join(&format!(",{newline}{indent}{unit}"));
        format!("{open}{newline}{indent}{unit}{inside}{last}{newline}{indent}{close}")
    }
}

impl Counts {
    fn visit(&mut self, text: &str, node: &Node) {
        let range = node.range.clone();
        let first = text[range.clone()].chars().next();
        match &node.kind {
            Kind::Leaf => match first {
                Some('"') => self.double += 1,
                Some('\'') => self.single += 1,
                _ => (),
            },
            Kind::List(nodes) => {
                self.end(text, &node.range, nodes.last().map(|node| node.range.end));
                for node in nodes {
                    self.visit(text, node);
                }
            }
            Kind::Object(members) => {
                let end = members.last().map(|member| member.value.range.end);
                self.end(text, &node.range, end);
                for member in members {
                    match text[member.start..].chars().next() {
                        Some('"') => self.double_names += 1,
                        Some('\'') => self.single_names += 1,
                        _ => self.bare += 1,
                    }
                    let before = &text[..member.value.range.start];
                    *(if before.ends_with(':') { &mut self.tight } else { &mut self.spaced }) += 1;
                    self.visit(text, &member.value);
                }
            }
        }
    }

    /// How the last value before the end of a container on several lines ends.
    fn end(&mut self, text: &str, whole: &Range<usize>, last: Option<usize>) {
        let Some(last) = last else { return };
        if text[last..whole.end].contains('\n') {
            let comma = text.as_bytes()[past_trivia(text, last)] == b',';
            *(if comma { &mut self.trailing } else { &mut self.plain_ends }) += 1;
        }
    }
}

/// What the first member on a line of its own is indented by.
fn unit(text: &str, root: &Node) -> Option<String> {
    let Kind::Object(members) = &root.kind else { return None };
    members.iter().find_map(|member| {
        let indent = indent(text, member.start);
        let alone = text[..member.start].ends_with(indent) && !indent.is_empty();
        (alone && line(text, member.start) + indent.len() == member.start).then(|| indent.into())
    })
}

/// Where the line begins that `at` is on.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text[..at].rfind(['\n', '\r']).map_or(0, |end| end + 1)
}

/// The blanks the line begins with that `at` is on.
pub(crate) fn indent(text: &str, at: usize) -> &str {
    let line = &text[line(text, at)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn is_nested(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// Whether every reader of JSON5 takes `name` for a name without quotes.
fn may_be_bare(name: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    let literals = ["true", "false", "null", "Infinity", "NaN"];
    name.starts_with(starts)
        && name.chars().all(|c| starts(c) || c.is_ascii_digit())
        && !literals.iter().any(|literal| name.starts_with(literal))
}

fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\\' => quoted.push_str("\\\\"),
            c if c == quote => quoted.extend(['\\', c]),
            // Some readers take the last two for ends of lines.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                // Writing into a text cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push(quote);
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::outline::outline;

    fn style(text: &str) -> Style {
        Style::of(text, outline(text).as_ref())
    }

    #[test]
    fn values_are_written_like_their_neighbours() {
        let value = json!({ "a b": ["it's"], "c": { "d": 1.5 }, "trueish": null });
        #[rustfmt::skip]
        let table = [
            ("", "{\n  \"a b\": [\"it's\"],\n  \"c\": {\n    \"d\": 1.5\n  },\n  \"trueish\": null\n}"),
            ("{\n\tx: 'y',\n}", "{\n\t'a b': ['it\\'s'],\n\tc: {\n\t\td: 1.5,\n\t},\n\t'trueish': null,\n}"),
            ("{\r\n    \"x\": 1\r\n}", "{\r\n    \"a b\": [\"it's\"],\r\n    \"c\": {\r\n        \"d\": 1.5\r\n    },\r\n    \"trueish\": null\r\n}"),
        ];
        for (text, expected) in table {
            assert_eq!(style(text).value(&value, Some("")), expected, "{text:?}");
        }
        let minified = style("{\"x\":[1,2]}");
        assert!(!minified.multiline);
        let flat = "{\"a b\":[\"it's\"],\"c\":{\"d\":1.5},\"trueish\":null}";
        assert_eq!(minified.value(&value, None), flat);
    }

    #[test]
    fn every_text_survives_its_quotes() {
        for text in ["", "'", "\"", "\\", "\u{0}\u{1b}\u{7f}\u{85}\u{2028}", "é\r\n\t😀", "${A}"]
        {
            for quote in ['"', '\''] {
                let file = format!("{{ a: {} }}", quoted(text, quote));
                let read = crate::read::read(&file).unwrap_or_else(|it| panic!("{file}: {it:?}"));
                assert_eq!(read.value["a"], *text, "{file}");
            }
        }
    }
}
