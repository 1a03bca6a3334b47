//! What a page of the web says, without what only browsers need.
//!
//! This is no browser: tags are taken for what they usually mean, whatever is
//! not closed ends with the page, and every page is read once from front to
//! back.

mod entity;
mod paper;

use entity::decoded;
use paper::Paper;

/// How a page is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// With headings, lists and links as Markdown has them.
    #[default]
    Markdown,
    /// Without.
    Text,
}

/// What a page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What it is called.
    pub title: Option<String>,
    /// What it says.
    pub text: String,
}

/// Elements nobody reads the inside of.
const DROPPED: [&str; 10] = [
    "script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "select",
    "textarea",
];

/// Elements that do not begin a line of their own.
const INLINE: [&str; 26] = [
    "a", "abbr", "b", "bdi", "cite", "code", "data", "del", "em", "font", "i", "img", "ins", "kbd",
    "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u",
];

/// Reads the page that is written in `html`.
pub fn read_page(html: &str, form: Form) -> Page {
    let mut paper = Paper::new(form);
    let mut title = None;
    let mut rest = html;
    while let Some(begin) = rest.find('<') {
        paper.write(&decoded(&rest[..begin]));
        let (tag, behind) = Tag::read(&rest[begin..]);
        rest = behind;
        match tag {
            Tag::None => paper.write("<"),
            Tag::Nothing => (),
            Tag::Open { name, .. } if DROPPED.contains(&name.as_str()) => {
                rest = behind_closing(rest, &name).1;
            }
            Tag::Open { name, .. } if name == "title" => {
                let (inside, behind) = behind_closing(rest, &name);
                let words = decoded(inside).split_whitespace().collect::<Vec<_>>().join(" ");
                title = title.or(Some(words).filter(|words| !words.is_empty()));
                rest = behind;
            }
            Tag::Open { name, attributes } => open(&mut paper, &name, attributes),
            Tag::Close { name } => close(&mut paper, &name),
        }
    }
    paper.write(&decoded(rest));
    Page { title, text: paper.into_text() }
}

fn open(paper: &mut Paper, name: &str, attributes: &str) {
    match name {
        "a" => paper.begin_link(attribute(attributes, "href").map(decoded).as_deref()),
        "li" => paper.begin_item(),
        "pre" => paper.begin_preformatted(),
        "td" | "th" => paper.space(),
        "br" | "tr" | "dt" | "dd" | "option" => paper.break_line(),
        _ => match heading(name) {
            Some(depth) => paper.begin_heading(depth),
            None if INLINE.contains(&name) => (),
            None => paper.break_block(),
        },
    }
}

fn close(paper: &mut Paper, name: &str) {
    match name {
        "a" => paper.end_link(),
        "pre" => paper.end_preformatted(),
        "li" => paper.end_item(),
        "tr" | "dt" | "dd" => paper.break_line(),
        "td" | "th" => paper.space(),
        _ if INLINE.contains(&name) || name == "br" => (),
        _ if heading(name).is_some() => paper.end_heading(),
        _ => paper.break_block(),
    }
}

/// How deep a heading `name` is.
fn heading(name: &str) -> Option<usize> {
    let depth = name.strip_prefix('h')?.parse().ok()?;
    (1..=6).contains(&depth).then_some(depth)
}

/// What begins with `<`.
enum Tag<'a> {
    /// The character itself.
    None,
    /// A comment, or something else that says nothing.
    Nothing,
    Open {
        name: String,
        attributes: &'a str,
    },
    Close {
        name: String,
    },
}

impl<'a> Tag<'a> {
    /// The tag at the beginning of `text`, and what follows it.
    fn read(text: &'a str) -> (Self, &'a str) {
        let inside = &text[1..];
        if let Some(comment) = inside.strip_prefix("!--") {
            return (Self::Nothing, after(comment, "-->"));
        }
        let first = inside.trim_start_matches('/').chars().next();
        match (inside.as_bytes().first(), first) {
            (Some(b'!' | b'?'), _) => (Self::Nothing, after(inside, ">")),
            (Some(b'/'), Some(letter)) if letter.is_ascii_alphabetic() => {
                let name = name_of(&inside[1..]);
                (Self::Close { name }, after(inside, ">"))
            }
            (Some(letter), _) if letter.is_ascii_alphabetic() => {
                let name = name_of(inside);
                let (attributes, behind) = until_end(&inside[name.len()..]);
                (Self::Open { name, attributes }, behind)
            }
            _ => (Self::None, inside),
        }
    }
}

fn name_of(text: &str) -> String {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    text[..end.unwrap_or(text.len())].to_ascii_lowercase()
}

/// What stands before the `>` that ends a tag, and what follows it. One between
/// quotation marks ends nothing.
fn until_end(text: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return (&text[..at], &text[at + 1..]),
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(mark)) if byte == mark => quote = None,
            _ => (),
        }
    }
    (text, "")
}

/// What is inside the element `name` that was just opened, and what follows it.
fn behind_closing<'a>(text: &'a str, name: &str) -> (&'a str, &'a str) {
    let closes = |at: usize| {
        let found = text.as_bytes().get(at + 2..at + 2 + name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    let closing = text.match_indices("</").map(|(at, _)| at).find(|at| closes(*at));
    closing.map_or((text, ""), |at| (&text[..at], after(&text[at..], ">")))
}

/// What follows `end` in `text`; nothing if it is not there.
fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, behind)| behind)
}

/// The value of the attribute `name`.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(|c: char| c == '=' || c.is_whitespace() || c == '/');
        // One character at least, so that this ends.
        let end = end.unwrap_or(rest.len()).max(rest.chars().next().map_or(1, char::len_utf8));
        let (found, behind) = rest.split_at(end);
        let behind = behind.trim_start();
        let Some(value) = behind.strip_prefix('=') else {
            rest = behind;
            continue;
        };
        let value = value.trim_start();
        let (value, behind) = match value.chars().next() {
            Some(mark @ ('"' | '\'')) => value[1..].split_once(mark).unwrap_or((&value[1..], "")),
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests;
