//! Showing a command to somebody who has to decide about it: what he sees is
//! what there is.

use std::fmt::Write;

/// How many characters of a command are shown.
const MAX_SHOWN: usize = 4_000;
/// How many spaces in a row are shown as they are.
const MAX_SPACES: usize = 8;

/// `text` with everything written out that would not be seen or that would move
/// what is seen: control characters, marks of direction, characters without
/// width, spaces that are not a plain one. Long runs of spaces are counted, and
/// what is left out is marked.
pub fn show(text: &str) -> String {
    show_within(text, MAX_SHOWN)
}

/// The same with at most about `most` characters, taken from both ends.
pub fn show_within(text: &str, most: usize) -> String {
    let shown = escaped(text);
    let count = shown.chars().count();
    if count <= most {
        return shown;
    }
    let half = most / 2;
    let at = |nth: usize| shown.char_indices().nth(nth).map_or(shown.len(), |(at, _)| at);
    let (head, tail) = (&shown[..at(half)], &shown[at(count - half)..]);
    format!("{head}[... {} characters not shown ...]{tail}", count - 2 * half)
}

fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => {
                let mut spaces = 1;
                while chars.next_if_eq(&' ').is_some() {
                    spaces += 1;
                }
                if spaces <= MAX_SPACES {
                    shown.extend(std::iter::repeat_n(' ', spaces));
                } else {
                    // Writing to a text cannot fail.
                    let _ = write!(shown, " [{spaces} spaces] ");
                }
            }
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_hidden(c) => {
                let _ = write!(shown, "\\u{{{:04X}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Whether `c` is not seen, or moves or joins what is.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}'
            | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[test]
fn nothing_hides() {
    #[rustfmt::skip]
    let table = [
        ("ls -la",                  "ls -la"),
        ("ls \u{202e}fdp.exe",      "ls \\u{202E}fdp.exe"),
        ("a\u{200b}b",              "a\\u{200B}b"),
        ("a\nrm -rf ~",             "a\\nrm -rf ~"),
        ("a\rb\tc",                 "a\\rb\\tc"),
        ("\u{1b}[2K",               "\\u{001B}[2K"),
        ("a\u{a0}b",                "a\\u{00A0}b"),
        ("\u{e0041}",               "\\u{E0041}"),
        ("grüße 🦞",                "grüße 🦞"),
    ];
    for (text, shown) in table {
        assert_eq!(show(text), shown);
    }
}

#[test]
fn what_stands_behind_many_spaces_is_seen() {
    let text = format!("ls {}\u{202e}; rm -rf ~", " ".repeat(10_000));
    assert_eq!(show(&text), "ls [10001 spaces] \\u{202E}; rm -rf ~");
}

#[test]
fn what_is_left_out_is_marked_and_both_ends_are_seen() {
    let shown = show(&format!("ls {}; rm -rf ~", "x".repeat(10_000)));
    assert!(shown.starts_with("ls xxx") && shown.ends_with("x; rm -rf ~"));
    assert!(shown.contains("[... 6013 characters not shown ...]"));
}
