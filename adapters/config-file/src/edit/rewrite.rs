//! A text that says something else, with as few bytes changed as possible.
//!
//! The text is compared with what it should say, value by value. What says the
//! right thing already keeps its bytes; comments are kept unless they are inside
//! of a value that goes.

use std::ops::Range;

use serde_json::{Map, Value};

use super::style::{Style, indent, line};
use crate::outline::{Kind, Member, Node, comment, outline, past_trivia};

/// `text`, which says `old`, made to say `new`. It has no byte order mark.
pub(crate) fn rewrite(text: &str, old: &Value, new: &Value) -> String {
    if old == new {
        return text.to_owned();
    }
    let root = outline(text);
    let style = Style::of(text, root.as_ref());
    let Some(root) = root else { return begin(text, &style, new) };
    let mut rewriter = Rewriter { text, style, changes: Vec::new() };
    rewriter.value(&root, old, new, true);
    apply(text, rewriter.changes)
}

/// A text of comments, or of nothing, with a value below.
fn begin(text: &str, style: &Style, value: &Value) -> String {
    let newline = style.newline;
    let between = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
    format!("{text}{between}{}{newline}", style.value(value, Some("")))
}

/// Bytes and what stands there instead. Of those that begin at the same place
/// the ones without bytes come first.
type Change = (Range<usize>, String);

fn apply(text: &str, mut changes: Vec<Change>) -> String {
    changes.sort_by_key(|(range, _)| (range.start, !range.is_empty()));
    let (mut result, mut done) = (String::with_capacity(text.len()), 0);
    for (range, by) in changes {
        // Two values that go may share the blanks between them.
        result.push_str(&text[done..range.start.max(done)]);
        result.push_str(&by);
        done = range.end.max(done);
    }
    result.push_str(&text[done..]);
    result
}

struct Rewriter<'a> {
    text: &'a str,
    style: Style,
    changes: Vec<Change>,
}

/// The values of a list or an object, and what should become of them.
struct Container<'a> {
    /// Its bytes, brackets included.
    whole: &'a Range<usize>,
    /// The bytes of each.
    entries: Vec<Range<usize>>,
    /// Whether it stays.
    kept: Vec<bool>,
    /// Before which of them the new ones come.
    at: usize,
}

/// Where in a container new values come.
struct Gap<'a> {
    /// The value they come behind.
    anchor: Option<&'a Range<usize>>,
    /// Whether others come behind them.
    follows: bool,
    /// Whether the last value had a comma, if there was one.
    trailing: Option<bool>,
}

impl Rewriter<'_> {
    fn value(&mut self, node: &Node, old: &Value, new: &Value, multiline: bool) {
        if old == new {
            return;
        }
        match (&node.kind, old, new) {
            (Kind::Object(members), Value::Object(old), Value::Object(new)) => {
                self.object(node, members, old, new);
            }
            (Kind::List(nodes), Value::Array(old), Value::Array(new)) => {
                self.list(node, nodes, old, new);
            }
            _ => {
                let indent = multiline.then(|| indent(self.text, node.range.start));
                self.changes.push((node.range.clone(), self.style.value(new, indent)));
            }
        }
    }

    fn object(
        &mut self,
        node: &Node,
        members: &[Member],
        old: &Map<String, Value>,
        new: &Map<String, Value>,
    ) {
        let container = Container {
            whole: &node.range,
            entries: members.iter().map(|it| it.start..it.value.range.end).collect(),
            kept: members.iter().map(|member| new.contains_key(&member.name)).collect(),
            at: members.len(),
        };
        let multiline = self.is_multiline(&container);
        for (index, member) in members.iter().enumerate() {
            let repeated = members[index + 1..].iter().any(|later| later.name == member.name);
            if let (false, Some(old), Some(new)) =
                (repeated, old.get(&member.name), new.get(&member.name))
            {
                self.value(&member.value, old, new, multiline);
            }
        }
        let added = new.iter().filter(|(name, _)| !old.contains_key(*name));
        let added: Vec<_> = added.collect();
        self.container(&container, added.len(), |style, index, indent| {
            let (name, value) = added[index];
            style.member(name, value, indent)
        });
    }

    fn list(&mut self, node: &Node, nodes: &[Node], old: &[Value], new: &[Value]) {
        let same = |(old, new): &(&Value, &Value)| old == new;
        let before = old.iter().zip(new).take_while(same).count();
        let (old_rest, new_rest) = (&old[before..], &new[before..]);
        let after = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(same).count();
        let changed = old_rest.len().min(new_rest.len()) - after;
        let at = before + changed;
        let (removed, added) = (&nodes[at..nodes.len() - after], &new[at..new.len() - after]);

        let gone = at..at + removed.len();
        let container = Container {
            whole: &node.range,
            entries: nodes.iter().map(|node| node.range.clone()).collect(),
            kept: (0..nodes.len()).map(|index| !gone.contains(&index)).collect(),
            at,
        };
        let multiline = self.is_multiline(&container);
        for index in before..at {
            self.value(&nodes[index], &old[index], &new[index], multiline);
        }
        self.container(&container, added.len(), |style, index, indent| {
            style.value(&added[index], indent)
        });
    }

    /// Takes out what does not stay, and puts `added` new entries in.
    fn container(
        &mut self,
        container: &Container<'_>,
        added: usize,
        print: impl Fn(&Style, usize, Option<&str>) -> String,
    ) {
        let Container { entries, kept, at, .. } = container;
        let removed = || kept.iter().zip(entries).filter(|(kept, _)| !**kept);
        let trailing = entries.last().map(|last| self.comma(last).is_some());
        for (_, entry) in removed() {
            self.remove(entry);
        }
        let last = kept.iter().rposition(|kept| *kept);
        let follows = last.is_some_and(|last| *at <= last);
        // What was followed by others may be the last one now.
        if let (Some(last), Some(false)) = (last, trailing)
            && (added == 0 || follows)
            && last + 1 < entries.len()
            && let Some(comma) = self.comma(&entries[last])
        {
            self.changes.push((comma..comma + 1, String::new()));
        }
        if added > 0 {
            let anchor = kept[..*at].iter().rposition(|kept| *kept);
            let gap = Gap { anchor: anchor.map(|it| &entries[it]), follows, trailing };
            self.insert(container, &gap, added, print);
        }
    }

    fn insert(
        &mut self,
        container: &Container<'_>,
        gap: &Gap<'_>,
        added: usize,
        print: impl Fn(&Style, usize, Option<&str>) -> String,
    ) {
        let (text, whole) = (self.text, container.whole);
        let multiline = self.is_multiline(container);
        let base = match gap.anchor.map(|anchor| (anchor.end, self.comma(anchor))) {
            Some((_, Some(comma))) => comma + 1,
            Some((end, None)) => {
                self.changes.push((end..end, ",".into()));
                end
            }
            None => whole.start + 1,
        };
        let trailing = gap.trailing.unwrap_or(self.style.trailing && multiline);
        let comma = |index| if index + 1 < added || gap.follows || trailing { "," } else { "" };
        let print = |index: usize, indent: Option<&str>| {
            format!("{}{}", print(&self.style, index, indent), comma(index))
        };

        let empty = container.entries.is_empty() && text[base..whole.end - 1].trim().is_empty();
        let (end, ends_line) = self.rest_of_line(base);
        if multiline && (ends_line || empty) {
            let newline = self.style.newline;
            let indent = self.entry_indent(container);
            let printed =
                (0..added).map(|it| format!("{newline}{indent}{}", print(it, Some(&indent))));
            let printed: String = printed.collect();
            self.changes.push(if empty {
                let closing = self::indent(text, whole.start);
                (base..whole.end - 1, format!("{printed}{newline}{closing}"))
            } else {
                (end..end, printed)
            });
            return;
        }
        let blank = self.style.blank();
        let printed: Vec<_> = (0..added).map(|index| print(index, None)).collect();
        let printed = printed.join(blank);
        let after_blank = gap.anchor.is_some() || text[base..].starts_with(' ');
        self.changes.push(match (after_blank, gap.follows) {
            _ if empty && text[base - 1..].starts_with('{') => {
                (base..whole.end - 1, format!("{blank}{printed}{blank}"))
            }
            (true, _) => (base..base, format!("{blank}{printed}")),
            (false, true) => (base..base, format!("{printed}{blank}")),
            (false, false) => (base..base, printed),
        });
    }

    /// Takes `entry` out, with its comma and, if nothing else is on it, its line.
    fn remove(&mut self, entry: &Range<usize>) {
        let text = self.text;
        let blank = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
        let comma = self.comma(entry);
        let end = match comma {
            Some(comma) if text[entry.end..comma].trim().is_empty() => comma + 1,
            Some(comma) => {
                self.changes.push((comma..comma + 1, String::new()));
                entry.end
            }
            None => entry.end,
        };
        let before = &text[..entry.start];
        let left = before.trim_end_matches([' ', '\t']).len();
        let right = end + blank(&text[end..]);
        let (starts_line, rest) = (left == line(text, left), &text[right..]);
        let newline = if rest.starts_with("\r\n") { 2 } else { 1 };
        let ends_line = rest.starts_with(['\n', '\r']);
        let gone = match (starts_line, ends_line) {
            (true, true) => left..right + newline,
            (_, false) if comma.is_some() => entry.start..right,
            _ => left..end,
        };
        self.changes.push((gone, String::new()));
    }

    /// Where the comma after `entry` is.
    fn comma(&self, entry: &Range<usize>) -> Option<usize> {
        let at = past_trivia(self.text, entry.end);
        self.text[at..].starts_with(',').then_some(at)
    }

    /// Where blanks and comments behind `at` end on the same line, and whether
    /// the line ends there.
    fn rest_of_line(&self, at: usize) -> (usize, bool) {
        let mut end = at;
        loop {
            let rest = &self.text[end..];
            let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            if blank > 0 {
                end += blank;
            } else if let Some(length) = comment(rest).filter(|it| !rest[..*it].contains('\n')) {
                end += length;
            } else {
                return (end, rest.starts_with(['\n', '\r']));
            }
        }
    }

    fn is_multiline(&self, container: &Container<'_>) -> bool {
        match container.entries.first() {
            Some(first) => self.text[container.whole.start..first.start].contains('\n'),
            None => self.style.multiline || self.text[container.whole.clone()].contains('\n'),
        }
    }

    /// What a new entry on a line of its own is indented by.
    fn entry_indent(&self, container: &Container<'_>) -> String {
        let own_line = container.entries.iter().find_map(|entry| {
            let indent = indent(self.text, entry.start);
            (line(self.text, entry.start) + indent.len() == entry.start).then_some(indent)
        });
        let deeper = || format!("{}{}", indent(self.text, container.whole.start), self.style.unit);
        own_line.map_or_else(deeper, str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    fn value(text: &str) -> Value {
        read(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).value
    }

    /// What it says, what it should say, and how that is written.
    #[rustfmt::skip]
    const TABLE: &[(&str, &str, &str)] = &[
        // Nothing to do.
        ("{ a: 0x10, 'b': [1,], } // c", "{ a: 16, b: [1] }", "{ a: 0x10, 'b': [1,], } // c"),
        ("", "{}", ""),
        // Values in place.
        ("{ a: 0x10, 'b': 2, } // c", "{ a: 17, b: 2 }", "{ a: 17, 'b': 2, } // c"),
        ("{ a: 'x', b: { c: 'y' } }", "{ a: 'z', b: { c: 'w' } }", "{ a: 'z', b: { c: 'w' } }"),
        ("{\n  a: /* old */ 1, // one\n}", "{ a: 2 }", "{\n  a: /* old */ 2, // one\n}"),
        ("{ a: { b: 1 } }", "{ a: 5 }", "{ a: 5 }"),
        // Of two with one name the last one counts.
        ("{ a: 1, b: 2, a: 3 }", "{ a: 4, b: 2 }", "{ a: 1, b: 2, a: 4 }"),
        ("{ a: 1, b: 2, a: 3 }", "{ b: 2 }", "{ b: 2 }"),
        // New ones.
        ("", "{ a: { b: 1 } }", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n"),
        ("// note", "{ a: 1 }", "// note\n{\n  \"a\": 1\n}\n"),
        ("{}", "{ a: 1 }", "{\n  \"a\": 1\n}"),
        ("{\n}\n", "{ a: 1 }", "{\n  \"a\": 1\n}\n"),
        ("{ a: 1 }", "{ a: 1, b: 2, c: 3 }", "{ a: 1, b: 2, c: 3 }"),
        ("{ a: 1, }", "{ a: 1, b: 'x' }", "{ a: 1, b: \"x\", }"),
        ("{\"a\":1}", "{ a: 1, b: { c: [1, 2] } }", "{\"a\":1,\"b\":{\"c\":[1,2]}}"),
        ("{\n    'a': 'x' // one\n}", "{ a: 'x', b: { c: 2 } }", "{\n    'a': 'x', // one\n    'b': {\n        'c': 2\n    }\n}"),
        ("{\n\ta: 1, // one\n\t// two\n}", "{ a: 1, b: 2 }", "{\n\ta: 1, // one\n\tb: 2,\n\t// two\n}"),
        ("{\r\n  a: 1\r\n}\r\n", "{ a: 1, b: 2 }", "{\r\n  a: 1,\r\n  b: 2\r\n}\r\n"),
        ("{\n  a: { x: 1 },\n}", "{ a: { x: 1, y: 2 } }", "{\n  a: { x: 1, y: 2 },\n}"),
        ("{\n  a: {},\n}", "{ a: { y: 2 } }", "{\n  a: {\n    y: 2,\n  },\n}"),
        ("{ a: {} }", "{ a: { y: 2 } }", "{ a: { y: 2 } }"),
        ("{ a: 1 /* x */ }", "{ a: 1, b: 2 }", "{ a: 1, b: 2 /* x */ }"),
        ("{ /* x */ }", "{ b: 2 }", "{ \"b\": 2 /* x */ }"),
        ("{\n  a: 1 }", "{ a: 1, b: { c: 2 } }", "{\n  a: 1, b: { c: 2 } }"),
        // Gone.
        ("{ a: 1, b: 2 }", "{ a: 1 }", "{ a: 1 }"),
        ("{ a: 1, b: 2 }", "{ b: 2 }", "{ b: 2 }"),
        ("{ a: 1, b: 2, }", "{ a: 1 }", "{ a: 1, }"),
        ("{ a: 1, b: 2 }", "{}", "{  }"),
        ("{\"a\":1,\"b\":2,\"c\":3}", "{ b: 2 }", "{\"b\":2}"),
        ("{\n  // one\n  a: 1, // two\n  b: 2,\n  c: 3\n}", "{ a: 1, c: 3 }", "{\n  // one\n  a: 1, // two\n  c: 3\n}"),
        ("{\n  // one\n  a: 1, // two\n  b: 2,\n  c: 3\n}", "{ b: 2, c: 3 }", "{\n  // one\n  // two\n  b: 2,\n  c: 3\n}"),
        ("{\n  a: 1, // two\n  c: 3\n}", "{ a: 1 }", "{\n  a: 1 // two\n}"),
        ("{\r\n  a: {\r\n    x: 1\r\n  },\r\n  c: 3\r\n}", "{ c: 3 }", "{\r\n  c: 3\r\n}"),
        ("{ a: 1 /* x */, b: 2 }", "{ b: 2 }", "{ /* x */ b: 2 }"),
        // Both.
        ("{ a: 1, b: 2 }", "{ a: 1, c: 3 }", "{ a: 1, c: 3 }"),
        ("{ a: 1 }", "{ b: 2 }", "{ b: 2 }"),
        ("{\n  a: 1,\n  b: 2\n}", "{ c: 3 }", "{\n  c: 3\n}"),
        ("{\n  a: 1,\n  b: 2,\n}", "{ c: 3 }", "{\n  c: 3,\n}"),
        // Lists.
        ("{ a: [1, 2, 3] }", "{ a: [1, 3] }", "{ a: [1, 3] }"),
        ("{ a: [1, 3] }", "{ a: [1, 2, 3] }", "{ a: [1, 2, 3] }"),
        ("{ a: [1, 3] }", "{ a: [0, 1, 3] }", "{ a: [0, 1, 3] }"),
        ("{ a: [ 1 ] }", "{ a: [ 0, 1 ] }", "{ a: [ 0, 1 ] }"),
        ("{ a: [] }", "{ a: [1, { b: 2 }] }", "{ a: [1, { b: 2 }] }"),
        ("{\n  a: [],\n}", "{ a: [{ b: 2 }] }", "{\n  a: [\n    {\n      b: 2,\n    },\n  ],\n}"),
        ("{ a: [\n  { id: 1 }, // one\n  { id: 2 }, // two\n] }", "{ a: [{ id: 2 }] }", "{ a: [\n  // one\n  { id: 2 }, // two\n] }"),
        ("{ a: ['x', 'y'] }", "{ a: ['z'] }", "{ a: ['z'] }"),
        ("{ a: [[1], [2]] }", "{ a: [[1], [2, 3]] }", "{ a: [[1], [2, 3]] }"),
    ];

    #[test]
    fn what_is_not_concerned_keeps_its_bytes() {
        for (text, says, expected) in TABLE {
            let (old, new) = (value(text), value(says));
            let written = rewrite(text, &old, &new);
            assert_eq!(written, *expected, "{text:?} to {says:?}");
            assert_eq!(value(&written), new, "{written:?}");
        }
    }
}
