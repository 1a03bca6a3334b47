//! What is sent: parts of a file, with words of ours in between.

use std::{
    collections::VecDeque, convert::Infallible, fs::File, io, ops::Range, os::unix::fs::FileExt,
    sync::Arc,
};

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use tracing::debug;

use crate::Body;

/// How much of a file is in memory at a time, for every request.
const CHUNK: u64 = 64 * 1024;

/// What is sent of a file.
#[derive(Clone, Debug)]
pub struct Content {
    file: Arc<File>,
    pieces: VecDeque<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Bytes of the file.
    File(Range<u64>),
    /// Words of ours.
    Words(Bytes),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::File(range) => range.end - range.start,
            Self::Words(words) => words.len() as u64,
        }
    }

    /// The part of it that `range` means.
    fn cut(&self, range: Range<u64>) -> Self {
        match self {
            Self::File(bytes) => Self::File(bytes.start + range.start..bytes.start + range.end),
            Self::Words(words) => {
                // Words of ours are short.
                let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
                Self::Words(words.slice(place(range.start)..place(range.end)))
            }
        }
    }
}

impl Content {
    /// The first `length` bytes of `file`.
    pub fn new(file: File, length: u64) -> Self {
        Self { file: Arc::new(file), pieces: [Piece::File(0..length)].into() }
    }

    /// The same with `words` before the byte `at`.
    #[must_use]
    pub fn with(self, words: &'static str, at: u64) -> Self {
        let length = self.length();
        let (before, after) = (self.clone().part(0..at), self.part(at..length));
        let words = Piece::Words(Bytes::from_static(words.as_bytes()));
        let pieces = before.pieces.into_iter().chain([words]).chain(after.pieces);
        Self { file: before.file, pieces: pieces.collect() }
    }

    /// How long it is.
    pub fn length(&self) -> u64 {
        self.pieces.iter().map(Piece::length).sum()
    }

    /// A part of it.
    #[must_use]
    pub fn part(self, range: Range<u64>) -> Self {
        let mut begin = 0;
        let mut pieces = VecDeque::new();
        for piece in self.pieces {
            let end = begin + piece.length();
            let (start, stop) = (range.start.max(begin), range.end.min(end));
            if start < stop {
                pieces.push_back(piece.cut(start - begin..stop - begin));
            }
            begin = end;
        }
        Self { file: self.file, pieces }
    }

    /// It as a body. What is short is read at once, for this is called where
    /// files are read; the rest as it is sent.
    pub fn into_body(mut self) -> io::Result<Body> {
        if CHUNK < self.length() {
            return Ok(self.stream());
        }
        let mut all = Vec::new();
        while let Some(bytes) = self.next()? {
            all.extend_from_slice(&bytes);
        }
        Ok(Full::from(all).boxed_unsync())
    }

    fn stream(self) -> Body {
        let chunks = stream::unfold(Some(self), |content| async {
            let mut content = content?;
            let reading = tokio::task::spawn_blocking(move || (content.next(), content));
            match reading.await.ok()? {
                (Ok(Some(bytes)), content) => {
                    Some((Ok::<_, Infallible>(Frame::data(bytes)), Some(content)))
                }
                (Ok(None), _) => None,
                // The client sees that it got less than it was promised.
                (Err(error), _) => {
                    debug!(%error, "a file ended early");
                    None
                }
            }
        });
        StreamBody::new(chunks).boxed_unsync()
    }

    /// The next bytes, which are gone then.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        let Some(piece) = self.pieces.pop_front() else { return Ok(None) };
        let range = match piece {
            Piece::Words(words) => return Ok(Some(words)),
            Piece::File(range) => range,
        };
        let length = (range.end - range.start).min(CHUNK);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.file.read_exact_at(&mut bytes, range.start)?;
        let rest = range.start + length..range.end;
        if !rest.is_empty() {
            self.pieces.push_front(Piece::File(rest));
        }
        Ok(Some(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn file(text: &str) -> Content {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Content::new(file, text.len() as u64)
    }

    fn read(mut content: Content) -> String {
        let mut all = Vec::new();
        while let Some(bytes) = content.next().unwrap() {
            all.extend_from_slice(&bytes);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn words_stand_where_they_were_put() {
        for (at, expected) in [(0, "--abc"), (2, "ab--c"), (3, "abc--")] {
            assert_eq!(read(file("abc").with("--", at)), expected);
        }
        assert_eq!(read(file("").with("--", 0)), "--");
    }

    #[test]
    fn a_file_that_became_shorter_ends_early() {
        let mut content = file("abc");
        content.file.set_len(1).unwrap();
        assert_eq!(content.next().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_long_file_is_read_in_pieces() {
        let text = "x".repeat(150_000);
        let mut content = file(&text).with("--", 100_000);
        let mut lengths = Vec::new();
        while let Some(bytes) = content.next().unwrap() {
            lengths.push(bytes.len());
        }
        assert_eq!(lengths, [65_536, 34_464, 2, 50_000]);
    }

    proptest! {
        /// A part of something put together is that part of the whole.
        #[test]
        fn parts_are_parts_of_the_whole(
            text in "[a-z]{0,20}", at in 0..20_u64, from in 0..30_u64, more in 0..30_u64,
        ) {
            let at = at.min(text.len() as u64);
            let content = file(&text).with("<words>", at);
            let whole = read(content.clone());
            let (start, end) = (from.min(content.length()), (from + more).min(content.length()));
            let expected = &whole[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
            prop_assert_eq!(read(content.part(start..end)), expected);
        }
    }
}
