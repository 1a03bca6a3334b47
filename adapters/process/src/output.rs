//! What a command writes, up to a limit.

use tokio::io::{AsyncRead, AsyncReadExt};

/// The beginning of what a stream carries.
#[derive(Debug, Default)]
pub(crate) struct Output {
    bytes: Vec<u8>,
    most: usize,
    cut: bool,
}

impl Output {
    /// Keeps at most `most` bytes.
    pub(crate) fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), most, cut: false }
    }

    /// Reads `stream` to its end, whatever is kept of it: a command that writes
    /// too much goes on, and does not wait for us. What was read stays when the
    /// future is dropped.
    pub(crate) async fn fill(&mut self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut buffer = vec![0; 16 * 1024];
        // A stream that breaks has ended.
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            let room = self.most - self.bytes.len();
            self.cut |= room < length;
            self.bytes.extend_from_slice(&buffer[..length.min(room)]);
        }
    }

    /// The text, at most `most` characters of it, and whether there was more.
    /// What is no text is replaced; a character that was cut is left out.
    pub(crate) fn text(mut self, most: usize) -> (String, bool) {
        if self.cut {
            // At most three bytes of a character can be left of it.
            for back in 1..=3.min(self.bytes.len()) {
                let at = self.bytes.len() - back;
                let length = match self.bytes[at] {
                    0xf0..=0xf7 => 4,
                    0xe0..=0xef => 3,
                    0xc0..=0xdf => 2,
                    0x80..=0xbf => continue,
                    _ => 1,
                };
                if back < length {
                    self.bytes.truncate(at);
                }
                break;
            }
        }
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        match text.char_indices().nth(most) {
            Some((at, _)) => (text[..at].to_owned(), true),
            None => (text, self.cut),
        }
    }
}

#[tokio::test]
async fn output_is_cut_between_characters() {
    #[rustfmt::skip]
    let table = [
        // bytes          kept  shown  text          more
        ("abc",              3,    9,  "abc",        false),
        ("abcd",             3,    9,  "abc",        true),
        ("abcd",             9,    3,  "abc",        true),
        ("aäb",              2,    9,  "a",          true),
        ("aäb",              3,    9,  "aä",         true),
        ("a🦞b",             4,    9,  "a",          true),
        ("a🦞b",             5,    9,  "a🦞",        true),
        ("a🦞b",             9,    2,  "a🦞",        true),
        ("",                 9,    9,  "",           false),
    ];
    for (bytes, kept, shown, text, more) in table {
        let mut output = Output::new(kept);
        output.fill(Some(bytes.as_bytes())).await;
        assert_eq!(output.text(shown), (text.to_owned(), more), "{bytes} {kept} {shown}");
    }
    let mut output = Output::new(9);
    output.fill(Some(&b"a\xffb"[..])).await;
    assert_eq!(output.text(9), ("a\u{fffd}b".to_owned(), false));
}
