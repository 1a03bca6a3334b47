//! What is printed.

use std::{env, io, io::Write};

use anstream::{AutoStream, ColorChoice, stderr, stdout};
use serde::Serialize;

/// Decides about colours: never with `--no-color` or `NO_COLOR`, always with
/// `FORCE_COLOR`, otherwise on a terminal.
pub(crate) fn choose_colour(none: bool) {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    if none || set("NO_COLOR") {
        ColorChoice::Never.write_global();
    } else if set("FORCE_COLOR") {
        ColorChoice::Always.write_global();
    }
}

/// Whether the error stream shows colours.
pub(crate) fn coloured() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Prints `value`, for programs.
pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    writeln!(stdout(), "{text}")
}

/// Prints `value` on one line, for programs.
pub(crate) fn json_line(value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    let mut out = stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Prints a line.
pub(crate) fn line(text: &str) -> io::Result<()> {
    writeln!(stdout(), "{text}")
}

/// Prints part of a line at once.
pub(crate) fn part(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Prints bytes as they are.
pub(crate) fn raw(bytes: &[u8]) -> io::Result<()> {
    io::stdout().write_all(bytes)
}

/// Prints a line beside the output.
pub(crate) fn note(text: &str) -> io::Result<()> {
    writeln!(stderr(), "{text}")
}

/// Prints part of a line beside the output, at once.
pub(crate) fn prompt(text: &str) -> io::Result<()> {
    let mut err = stderr().lock();
    err.write_all(text.as_bytes())?;
    err.flush()
}

/// Prints what went wrong.
pub(crate) fn complain(text: &str) -> io::Result<()> {
    writeln!(stderr(), "{text}")
}

/// `text` without what could move the cursor or rename the window. Answers of
/// models and names of strangers are printed through this.
pub(crate) fn tame(text: &str) -> String {
    let harmless = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(harmless).collect()
}

/// `text` as part of a line, in at most `most` characters: without line breaks,
/// and without marks that turn the direction of writing or are not seen, so that
/// a stranger's name cannot look like something else.
pub(crate) fn cell(text: &str, most: usize) -> String {
    let unseen = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    let words = text
        .split_whitespace()
        .map(|word| word.chars().filter(|c| !c.is_control() && !unseen(*c)).collect::<String>());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// `rows` below `head`, in columns.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        cells.chain(head.get(column).copied()).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<_> = (0..head.len()).map(|column| width(column).unwrap_or_default()).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let rows = rows.iter().map(|row| line(row.iter().map(String::as_str).collect()));
    std::iter::once(line(head.to_vec())).chain(rows).collect::<Vec<_>>().join("\n")
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let rows = [vec!["a".to_owned(), "x".to_owned()], vec!["längst".to_owned(), String::new()]];
    assert_eq!(table(&["key", "n"], &rows), "key     n\na       x\nlängst");
}

#[test]
fn answers_cannot_drive_the_terminal() {
    assert_eq!(tame("a\u{1b}]0;title\u{7}b\r\n\tc\u{9b}2J"), "a]0;titleb\n\tc2J");
}

#[test]
fn a_strangers_name_is_part_of_a_line() {
    let table = [
        ("Ana's phone", 20, "Ana's phone"),
        ("two\nlines\tand \u{1b}[2Jmore", 40, "two lines and [2Jmore"),
        ("\u{202e}drowssap\u{200b}", 40, "drowssap"),
        (" \u{200b} ", 40, ""),
        ("0123456789", 10, "0123456789"),
        ("0123456789a", 10, "012345678…"),
    ];
    for (text, most, shown) in table {
        assert_eq!(cell(text, most), shown, "{text:?}");
    }
}
