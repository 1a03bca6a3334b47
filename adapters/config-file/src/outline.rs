//! Where the values of a text stand. What edits it by its bytes goes by this.

use std::ops::Range;

use jsonc_parser::{
    CollectOptions, CommentCollectionStrategy, ast::Value as Parsed, common::Ranged, parse_to_ast,
};

use crate::read::options;

/// A value of a text.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its bytes.
    pub(crate) range: Range<usize>,
    /// What is inside of it.
    pub(crate) kind: Kind,
}

/// What is inside of a value.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Nothing.
    Leaf,
    /// Values in a row.
    List(Vec<Node>),
    /// Values by name, in the order of the text; of those that share a name the
    /// last one counts.
    Object(Vec<Member>),
}

/// A value by name.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// The name, without quotes.
    pub(crate) name: String,
    /// Where the name begins.
    pub(crate) start: usize,
    /// The value.
    pub(crate) value: Node,
}

impl Node {
    /// The value at `path`: keys, and indices as `[0]`.
    pub(crate) fn at(&self, path: &[String]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| match &node.kind {
            Kind::Leaf => None,
            Kind::List(nodes) => nodes.get(index(step)?),
            Kind::Object(members) => {
                let named = members.iter().rev().find(|member| member.name == *step);
                named.map(|member| &member.value)
            }
        })
    }
}

/// The outline of `text`, which [`read`](crate::read::read) can read and which
/// has no byte order mark; none if it holds no value.
pub(crate) fn outline(text: &str) -> Option<Node> {
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let parsed = parse_to_ast(text, &collect, &options()).ok()?;
    parsed.value.as_ref().map(node)
}

fn node(parsed: &Parsed<'_>) -> Node {
    let kind = match parsed {
        Parsed::Array(array) => Kind::List(array.elements.iter().map(node).collect()),
        Parsed::Object(object) => {
            let members = object.properties.iter().map(|property| Member {
                name: property.name.as_str().to_owned(),
                start: property.start(),
                value: node(&property.value),
            });
            Kind::Object(members.collect())
        }
        Parsed::StringLit(_)
        | Parsed::NumberLit(_)
        | Parsed::BooleanLit(_)
        | Parsed::NullKeyword(_) => Kind::Leaf,
    };
    Node { range: parsed.start()..parsed.end(), kind }
}

/// The index a step of a path means in a list: `[0]`, or `0`.
pub(crate) fn index(step: &str) -> Option<usize> {
    let inside = step.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let digits = inside.unwrap_or(step);
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Where what is neither blank nor a comment goes on, from `at`.
pub(crate) fn past_trivia(text: &str, at: usize) -> usize {
    let mut at = at;
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start().len();
        let length = if blank > 0 { Some(blank) } else { comment(rest) };
        match length {
            Some(length) => at += length,
            None => return at,
        }
    }
}

/// The length of the comment `rest` begins with, if it begins with one.
pub(crate) fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find(['\n', '\r']).unwrap_or(rest.len()));
    }
    let inside = rest.strip_prefix("/*")?;
    Some(inside.find("*/").map_or(rest.len(), |end| end + 4))
}

#[test]
fn values_are_found_where_they_stand() {
    let text = "{ a: [1, { 'b c': 0x10 }], /* x: , */ d: 'y', d: \"z\" } // end";
    let root = outline(text).unwrap();
    let found = |path: &[&str]| {
        let path: Vec<_> = path.iter().map(|&step| step.to_owned()).collect();
        root.at(&path).map(|node| &text[node.range.clone()])
    };
    assert_eq!(found(&["a", "[0]"]), Some("1"));
    assert_eq!(found(&["a", "1", "b c"]), Some("0x10"));
    assert_eq!(found(&["d"]), Some("\"z\""), "the last one counts");
    assert_eq!(found(&["a", "[2]"]), None);
    assert_eq!(found(&["a", "b"]), None);
    let Kind::Object(members) = &root.kind else { panic!("it is an object") };
    let comma = past_trivia(text, members[0].value.range.end);
    assert_eq!(&text[comma..=comma], ",");
    assert_eq!(past_trivia(text, comma + 1), members[1].start);
}
