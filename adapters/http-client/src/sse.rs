//! Reading server-sent events, piece by piece.

/// Reads server-sent events out of pieces of a stream, however it was cut.
///
/// Lines end in `\n`, `\r\n` or `\r`; comments and unknown fields are passed
/// over; the `data` of several lines is joined with line breaks; an event
/// without `data` is none; what is not ended by an empty line does not count.
#[derive(Debug)]
pub struct EventReader {
    limit: usize,
    buffer: Vec<u8>,
    // Invariant: `start <= scanned <= buffer.len()`. Lines before `start` are
    // done with; between `start` and `scanned` there is no end of a line.
    start: usize,
    scanned: usize,
    /// Whether a `\n` that comes next belongs to the `\r` before it.
    after_return: bool,
    /// Whether nothing was read yet, so that a byte order mark may come.
    fresh: bool,
    name: Vec<u8>,
    data: Vec<u8>,
    /// How many lines of `data` there were.
    lines: usize,
    /// Whether `name` and `data` were handed out and can be forgotten.
    handed_out: bool,
}

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its name; empty if it has none.
    pub name: &'a [u8],
    /// What it says. Usually JSON; not yet known to be UTF-8.
    pub data: &'a [u8],
}

/// One event is longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one event is larger than {0} bytes")]
pub struct EventTooLong(pub usize);

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl EventReader {
    /// A reader of events of at most `limit` bytes each.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            after_return: false,
            fresh: true,
            name: Vec::new(),
            data: Vec::new(),
            lines: 0,
            handed_out: false,
        }
    }

    /// Adds a piece of the stream. The events in it are read with
    /// [`next_event`](Self::next_event), all of them before the next piece is added.
    pub fn push(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        self.buffer.extend_from_slice(piece);
    }

    /// The next event that is complete.
    pub fn next_event(&mut self) -> Option<Result<Event<'_>, EventTooLong>> {
        if std::mem::take(&mut self.handed_out) {
            self.forget();
        }
        loop {
            let Some((from, to)) = self.line() else {
                let waiting = self.buffer.len() - self.start;
                let too_long = self.limit < self.data.len() + self.name.len() + waiting;
                return too_long.then_some(Err(EventTooLong(self.limit)));
            };
            if from < to {
                self.field(from, to);
            } else if 0 < self.lines {
                self.handed_out = true;
                return Some(Ok(Event { name: &self.name, data: &self.data }));
            } else {
                self.forget();
            }
            if self.limit < self.data.len() + self.name.len() {
                return Some(Err(EventTooLong(self.limit)));
            }
        }
    }

    /// Where the next complete line begins and ends in the buffer.
    fn line(&mut self) -> Option<(usize, usize)> {
        if self.after_return && self.start < self.buffer.len() {
            self.after_return = false;
            if self.buffer[self.start] == b'\n' {
                self.start += 1;
                self.scanned = self.start;
            }
        }
        let Some(found) = memchr::memchr2(b'\n', b'\r', &self.buffer[self.scanned..]) else {
            self.scanned = self.buffer.len();
            return None;
        };
        let end = self.scanned + found;
        let mut begin = self.start;
        self.after_return = self.buffer[end] == b'\r';
        self.start = end + 1;
        self.scanned = self.start;
        if std::mem::take(&mut self.fresh) && self.buffer[begin..end].starts_with(BYTE_ORDER_MARK) {
            begin += BYTE_ORDER_MARK.len();
        }
        Some((begin, end))
    }

    /// Takes in one line that is not empty.
    fn field(&mut self, from: usize, to: usize) {
        let line = &self.buffer[from..to];
        let (field, value) = match memchr::memchr(b':', line) {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"data" => {
                if 0 < self.lines {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
                self.lines += 1;
            }
            b"event" => {
                self.name.clear();
                self.name.extend_from_slice(value);
            }
            _ => (),
        }
    }

    fn forget(&mut self) {
        self.name.clear();
        self.data.clear();
        self.lines = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut reader = EventReader::new(1 << 20);
        let mut events = Vec::new();
        for piece in pieces {
            reader.push(piece);
            while let Some(event) = reader.next_event() {
                let Event { name, data } = event.unwrap();
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                events.push((text(name), text(data)));
            }
        }
        events
    }

    #[test]
    fn the_rules_of_the_format() {
        #[rustfmt::skip]
        let table: &[(&str, &[(&str, &str)])] = &[
            ("data: a\n\n",                        &[("", "a")]),
            ("data:a\r\n\r\ndata: b\r\rdata:  c\n\n", &[("", "a"), ("", "b"), ("", " c")]),
            ("data: a\ndata: b\ndata\n\n",         &[("", "a\nb\n")]),
            (": ping\n\ndata: a\n: x\n\n",         &[("", "a")]),
            ("event: e\n\ndata: a\n\n",            &[("", "a")]),
            ("event: e\ndata: a\nid: 7\nretry: 1\n\ndata: b\n\n", &[("e", "a"), ("", "b")]),
            ("\u{FEFF}data: a\n\n",                &[("", "a")]),
            ("data\n\n",                           &[("", "")]),
            ("data: [DONE]\n\ndata: cut off\n",    &[("", "[DONE]")]),
            ("databases: a\n\n data: b\n\n",       &[]),
        ];
        for (stream, events) in table {
            let expected: Vec<_> = events
                .iter()
                .map(|(name, data)| ((*name).to_owned(), (*data).to_owned()))
                .collect();
            assert_eq!(read(&[stream.as_bytes()]), expected, "{stream:?}");
        }
    }

    #[test]
    fn an_event_has_an_end() {
        let mut reader = EventReader::new(100);
        reader.push(b"data: ");
        for _ in 0..9 {
            reader.push(&[b'x'; 10]);
            assert_eq!(reader.next_event(), None);
        }
        reader.push(&[b'x'; 10]);
        assert_eq!(reader.next_event(), Some(Err(EventTooLong(100))));

        let mut reader = EventReader::new(100);
        reader.push("data: xxxxxxxxxxxxxxx\n".repeat(20).as_bytes());
        assert_eq!(reader.next_event(), Some(Err(EventTooLong(100))));

        let mut reader = EventReader::new(100);
        reader.push(":a comment\ndata: small\n\n".repeat(1000).as_bytes());
        assert!(std::iter::from_fn(|| reader.next_event().map(|event| event.is_ok())).all(|ok| ok));
    }

    proptest! {
        /// However the network cuts the stream into pieces, the same events
        /// come out.
        #[test]
        fn cuts_do_not_matter(
            words in vec(prop_oneof![
                Just("data: "), Just("data"), Just("event:"), Just(":"), Just(" "), Just("\n"),
                Just("\r"), Just("\r\n"), Just("\n\n"), Just("x"), Just("{\"ü\":1}"), Just("\u{FEFF}"),
            ], 0..60),
            cuts in vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let stream = words.concat().into_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
            let bytes: Vec<&[u8]> = stream.chunks(1).collect();

            let whole = read(&[&stream]);
            prop_assert_eq!(&read(&pieces), &whole);
            prop_assert_eq!(&read(&bytes), &whole);
        }
    }
}
