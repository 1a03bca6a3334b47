//! Texts of strangers, fit to be printed.

use std::fmt::Write;

/// `text` with everything written out that a terminal or a reader would not see
/// as what it is: control characters, marks that turn the direction of writing,
/// characters without width.
pub fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() || is_invisible(letter) {
            let _ = write!(shown, "{}", letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Whether a reader does not see `letter` as what it is, control characters aside.
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[test]
fn what_cannot_be_seen_is_written_out() {
    let table = [
        ("Küche 2 (OpenClaw)", "Küche 2 (OpenClaw)"),
        ("a\u{1b}[2Jb", r"a\u{1b}[2Jb"),
        ("a\r\nb", r"a\u{d}\u{a}b"),
        ("c1\u{9b}31m", r"c1\u{9b}31m"),
        ("gnp\u{202e}exe", r"gnp\u{202e}exe"),
        ("zero\u{200b}width", r"zero\u{200b}width"),
        ("", ""),
    ];
    for (text, shown) in table {
        assert_eq!(harmless(text), shown);
    }
}
