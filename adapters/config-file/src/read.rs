//! JSON5 to values. This and `outline` are the places that know the parser.

use std::{collections::BTreeMap, ops::Range};

use jsonc_parser::{
    CollectOptions, CommentCollectionStrategy, ParseOptions,
    ast::{ObjectPropName, Value as Node},
    common::Ranged,
    parse_to_ast,
};
use serde_json::{Map, Number, Value};

/// How deep values may be nested.
const DEPTH: usize = 128;

/// Names that mean something to the language OpenClaw is written in, and that
/// no honest file contains.
const FORBIDDEN: [&str; 3] = ["__proto__", "constructor", "prototype"];

/// What a text says, and where.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The text.
    pub(crate) text: String,
    /// What it says.
    pub(crate) value: Value,
    /// The line every key stands on, by its path.
    pub(crate) lines: BTreeMap<String, usize>,
    /// Every text and number: its path and its bytes.
    pub(crate) literals: Vec<(Vec<String>, Range<usize>)>,
    /// The bytes of every comment.
    pub(crate) comments: Vec<Range<usize>>,
    /// Keys that are said twice. The last one counts.
    pub(crate) repeated: Vec<String>,
}

/// Why a text says nothing. Does not quote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) message: String,
    pub(crate) line: usize,
}

/// What the parser lets pass: JSON5.
pub(crate) fn options() -> ParseOptions {
    ParseOptions { allow_missing_commas: false, ..ParseOptions::default() }
}

/// Reads `text`. An empty one is an empty object.
pub(crate) fn read(text: &str) -> Result<Document, Unreadable> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let collect = CollectOptions { comments: CommentCollectionStrategy::Separate, tokens: false };
    let parsed = parse_to_ast(body, &collect, &options()).map_err(|error| Unreadable {
        message: error.kind().to_string().to_lowercase(),
        line: error.line_display(),
    })?;
    let mut reader = Reader {
        breaks: body.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at).collect(),
        lines: BTreeMap::new(),
        literals: Vec::new(),
        repeated: Vec::new(),
        path: Vec::new(),
    };
    let value = match &parsed.value {
        Some(node) => reader.value(node)?,
        None => Value::Object(Map::new()),
    };
    let comments = parsed.comments.iter().flat_map(|map| map.values());
    let mut comments: Vec<_> = comments
        .flat_map(|comments| comments.iter())
        .map(|comment| comment.start()..comment.end())
        .collect();
    comments.sort_by_key(|range| range.start);
    comments.dedup();
    let Reader { lines, literals, repeated, .. } = reader;
    Ok(Document { text: body.to_owned(), value, lines, literals, comments, repeated })
}

/// `path` as people write it: `agents.list[0].name`.
pub(crate) fn spell(path: &[String]) -> String {
    path.iter().fold(String::new(), |mut spelled, step| {
        if !spelled.is_empty() && !step.starts_with('[') {
            spelled.push('.');
        }
        spelled.push_str(step);
        spelled
    })
}

struct Reader {
    /// Where lines end.
    breaks: Vec<usize>,
    lines: BTreeMap<String, usize>,
    literals: Vec<(Vec<String>, Range<usize>)>,
    repeated: Vec<String>,
    path: Vec<String>,
}

impl Reader {
    fn value(&mut self, node: &Node<'_>) -> Result<Value, Unreadable> {
        if DEPTH < self.path.len() {
            return Err(self.refuse(node, format!("nested deeper than {DEPTH}")));
        }
        let range = node.start()..node.end();
        Ok(match node {
            Node::NullKeyword(_) => Value::Null,
            Node::BooleanLit(literal) => Value::Bool(literal.value),
            Node::StringLit(literal) => {
                self.literals.push((self.path.clone(), range));
                Value::String(literal.value.to_string())
            }
            Node::NumberLit(literal) => {
                self.literals.push((self.path.clone(), range));
                let number = number(literal.value);
                Value::Number(number.ok_or_else(|| self.refuse(node, "not a finite number"))?)
            }
            Node::Array(array) => {
                let mut values = Vec::with_capacity(array.elements.len());
                for (index, element) in array.elements.iter().enumerate() {
                    values.push(self.below(format!("[{index}]"), element)?);
                }
                Value::Array(values)
            }
            Node::Object(object) => {
                let mut values = Map::new();
                for property in &object.properties {
                    let name = match &property.name {
                        ObjectPropName::String(name) => name.value.to_string(),
                        ObjectPropName::Word(name) => name.value.to_owned(),
                    };
                    if FORBIDDEN.contains(&name.as_str()) {
                        return Err(self.refuse(property, format!("unknown key: {name}")));
                    }
                    let value = self.below(name.clone(), &property.value)?;
                    if values.insert(name.clone(), value).is_some() {
                        self.path.push(name);
                        self.repeated.push(spell(&self.path));
                        self.path.pop();
                    }
                }
                Value::Object(values)
            }
        })
    }

    fn below(&mut self, step: String, node: &Node<'_>) -> Result<Value, Unreadable> {
        self.path.push(step);
        let line = self.line(node.start());
        self.lines.insert(spell(&self.path), line);
        let value = self.value(node);
        self.path.pop();
        value
    }

    fn refuse(&self, what: &impl Ranged, message: impl Into<String>) -> Unreadable {
        Unreadable { message: message.into(), line: self.line(what.start()) }
    }

    fn line(&self, position: usize) -> usize {
        1 + self.breaks.partition_point(|at| *at < position)
    }
}

/// A number in any spelling JSON5 has, unless it is not finite.
fn number(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let hex = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let whole = match hex {
        Some(hex) => Some(u64::from_str_radix(hex, 16).ok()?),
        None => digits.parse::<u64>().ok(),
    };
    match (whole, negative) {
        (Some(whole), false) => Some(whole.into()),
        (Some(whole), true) => 0i64.checked_sub_unsigned(whole).map(Number::from),
        (None, _) => {
            let magnitude: f64 = digits.parse().ok()?;
            Number::from_f64(if negative { -magnitude } else { magnitude })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        read(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).value
    }

    #[test]
    fn every_spelling_of_json5_is_read() {
        let table = [
            ("", json!({})),
            ("// only a comment", json!({})),
            ("\u{feff}{ a: 1 }", json!({ "a": 1 })),
            ("{ gateway: { port: 0x4965, }, }", json!({ "gateway": { "port": 18789 } })),
            (
                "{ 'single': 'it\\'s', \"double\": 'say \"hi\"' }",
                json!({ "single": "it's", "double": "say \"hi\"" }),
            ),
            ("{ $include: './a.json5', $_x1: 1 }", json!({ "$include": "./a.json5", "$_x1": 1 })),
            ("/* block */ { a: [1, 2, /* in */ 3,], } // end", json!({ "a": [1, 2, 3] })),
            (
                "{ a: .5, b: 5., c: +1, d: -0x10, e: 1e3 }",
                json!({ "a": 0.5, "b": 5.0, "c": 1, "d": -16, "e": 1000.0 }),
            ),
            (
                "{ a: 'one \\\ntwo', b: '\\x41\\u00e9\\v' }",
                json!({ "a": "one two", "b": "Aé\u{b}" }),
            ),
            ("{ a: null, b: true, c: false }", json!({ "a": null, "b": true, "c": false })),
            (
                "{ url: 'http://x/#a' /* c */, b: '// no comment' }",
                json!({ "url": "http://x/#a", "b": "// no comment" }),
            ),
        ];
        for (text, expected) in table {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_json5_is_refused_with_its_line_and_without_a_quote() {
        let table = [
            ("{ a: 1", 1),
            ("{\n  a: sk-canary-value\n}", 2),
            ("root:x:0:0", 1),
            ("{ a: 1 } { b: 2 }", 1),
            ("{\n a: 1\n b: 2\n}", 2),
            ("{ a: Infinity }", 1),
            ("{ a: 'open\n }", 1),
            ("{\n\n '__proto__': {} }", 3),
            ("{ a: { constructor: 1 } }", 1),
            ("{ a: [{ prototype: 1 }] }", 1),
        ];
        for (text, line) in table {
            let error = read(text).expect_err(text);
            assert_eq!(error.line, line, "{text}: {}", error.message);
            assert!(!error.message.contains("canary") && !error.message.contains("root"));
        }
    }

    #[test]
    fn nesting_without_end_is_refused() {
        let nested = |depth: usize| format!("{}1{}", "{a:".repeat(depth), "}".repeat(depth));
        assert!(read(&nested(DEPTH)).is_ok());
        assert!(read(&nested(DEPTH + 1)).is_err());
        assert!(read(&nested(100_000)).is_err());
    }

    #[test]
    fn lines_literals_and_comments_are_found() {
        let text = "{\n  a: 'x', // note\n  list: [\n    { b: 2 },\n  ],\n  a: 'y',\n}";
        let document = read(text).unwrap();
        assert_eq!(document.lines["list[0].b"], 4);
        assert_eq!(document.lines["a"], 6);
        let literals: Vec<_> =
            document.literals.iter().map(|(_, range)| &text[range.clone()]).collect();
        assert_eq!(literals, ["'x'", "2", "'y'"]);
        assert_eq!(&text[document.comments[0].clone()], "// note");
        assert_eq!(document.repeated, ["a"]);
    }
}
