//! What is put into every page: a way to the app that shows it, and one to learn
//! that it changed.

use std::{fs::File, io, os::unix::fs::FileExt};

use http_kit::files::Content;

/// The way to the app.
const BRIDGE: &str = concat!("<script>\n", include_str!("bridge.js"), "</script>\n");
/// The same, and the way to learn of changes.
const LIVE_BRIDGE: &str = concat!(
    "<script>\n",
    include_str!("bridge.js"),
    "</script>\n<script>\n",
    include_str!("live.js"),
    "</script>\n",
);

/// How much of the end of a page is searched for the end of its body.
const END: u64 = 64 * 1024;
const BODY: &[u8] = b"</body";

/// What is put into a page, which follows its files if `is_live`.
pub(crate) fn script(is_live: bool) -> &'static str {
    if is_live { LIVE_BRIDGE } else { BRIDGE }
}

/// The page in `file`, with `script` before the end of its body, or at its end.
pub(crate) fn page(file: File, length: u64, script: &'static str) -> io::Result<Content> {
    let begin = length.saturating_sub(END);
    let mut end = vec![0; usize::try_from(length - begin).unwrap_or(0)];
    file.read_exact_at(&mut end, begin)?;
    let at = place(&end).map_or(length, |at| begin + at as u64);
    Ok(Content::new(file, length).with(script, at))
}

/// Where the body ends.
fn place(text: &[u8]) -> Option<usize> {
    text.windows(BODY.len()).rposition(|window| window.eq_ignore_ascii_case(BODY))
}

/// The same for a page in memory.
pub(crate) fn insert(page: &[u8], script: &str) -> Vec<u8> {
    let (before, after) = page.split_at(place(page).unwrap_or(page.len()));
    [before, script.as_bytes(), after].concat()
}

#[test]
fn the_script_comes_before_the_end_of_the_body() {
    #[rustfmt::skip]
    let table = [
        ("<body>a</body></html>",               "<body>a-</body></html>"),
        ("<BODY>a</BODY >",                     "<BODY>a-</BODY >"),
        ("<script>'</body>'</script>b</body>",  "<script>'</body>'</script>b-</body>"),
        ("a",                                   "a-"),
        ("",                                    "-"),
    ];
    for (page, expected) in table {
        assert_eq!(insert(page.as_bytes(), "-"), expected.as_bytes(), "{page}");
    }
}

#[test]
fn a_script_ends_where_it_should() {
    for script in [script(false), script(true)] {
        let (opened, closed) =
            (script.matches("<script").count(), script.matches("</script").count());
        assert_eq!(opened, closed);
    }
}
