//! WebSocket frames, written and read by hand, so that they can be wrong.

/// Marks the last frame of a message.
pub(super) const FIN: u8 = 0x80;
/// Goes on with a message.
pub(super) const CONTINUATION: u8 = 0x0;
/// Begins a text.
pub(super) const TEXT: u8 = 0x1;
/// Begins bytes.
const BINARY: u8 = 0x2;
/// Ends the connection.
pub(super) const CLOSE: u8 = 0x8;
/// Asks for a pong.
pub(super) const PING: u8 = 0x9;
/// Answers a ping.
pub(super) const PONG: u8 = 0xa;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as a client sends it. `first` is its first byte: [`FIN`] or not, and
/// the kind.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    /// Says that the frame is masked; in the same byte as its length, or as the
    /// width of its length.
    const MASKED: u8 = 0x80;
    const IN_TWO_BYTES: u8 = 0x7e;
    const IN_EIGHT_BYTES: u8 = 0x7f;
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(first);
    match payload.len() {
        n @ 0..=125 => frame.push(MASKED | u8::try_from(n).unwrap_or_default()),
        n @ 126..=0xffff => {
            frame.push(MASKED | IN_TWO_BYTES);
            frame.extend(u16::try_from(n).unwrap_or_default().to_be_bytes());
        }
        n => {
            frame.push(MASKED | IN_EIGHT_BYTES);
            frame.extend((n as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A frame that came from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) fin: bool,
    pub(super) opcode: u8,
    pub(super) payload: Vec<u8>,
}

/// Takes the first frame off `bytes`, once it is there as a whole.
///
/// Servers do not mask and use no extension: anything else is an error.
pub(super) fn take_frame(bytes: &[u8]) -> Result<Option<(Frame, usize)>, String> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    if first & 0x70 != 0 || second & 0x80 != 0 {
        return Err(format!("the server sent a frame beginning {first:02x} {second:02x}"));
    }
    let (length, header) = match second & 0x7f {
        126 => match rest.first_chunk() {
            Some(length) => (u64::from(u16::from_be_bytes(*length)), 4),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(length) => (u64::from_be_bytes(*length), 10),
            None => return Ok(None),
        },
        length => (u64::from(length), 2),
    };
    let end = header + usize::try_from(length).map_err(|error| error.to_string())?;
    let Some(payload) = bytes.get(header..end) else { return Ok(None) };
    let frame = Frame { fin: first & FIN != 0, opcode: first & 0x0f, payload: payload.to_vec() };
    Ok(Some((frame, end)))
}

/// What frames amount to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A whole message.
    Message(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Close),
}

/// Why the server closed the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    /// Absent if the frame was empty.
    pub(super) code: Option<u16>,
    pub(super) reason: String,
}

impl std::fmt::Display for Close {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            None => write!(f, "close without a code"),
            Some(code) => write!(f, "close {code} '{}'", self.reason),
        }
    }
}

/// Puts frames together.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    // The message that is not complete, if there is one.
    begun: Option<Vec<u8>>,
}

impl Assembly {
    /// What `frame` completes.
    pub(super) fn take(&mut self, frame: Frame) -> Result<Option<Event>, String> {
        match (frame.opcode, self.begun.take()) {
            (CLOSE, begun) => {
                self.begun = begun;
                Ok(Some(Event::Close(close(&frame.payload))))
            }
            (PING, begun) => {
                self.begun = begun;
                Ok(Some(Event::Ping(frame.payload)))
            }
            (PONG, begun) => {
                self.begun = begun;
                Ok(Some(Event::Pong))
            }
            (TEXT | BINARY, None) if frame.fin => Ok(Some(Event::Message(frame.payload))),
            (TEXT | BINARY, None) => {
                self.begun = Some(frame.payload);
                Ok(None)
            }
            (CONTINUATION, Some(mut begun)) => {
                begun.extend(frame.payload);
                if frame.fin {
                    return Ok(Some(Event::Message(begun)));
                }
                self.begun = Some(begun);
                Ok(None)
            }
            (opcode, _) => Err(format!("the server sent opcode {opcode:#x} out of place")),
        }
    }
}

fn close(payload: &[u8]) -> Close {
    match payload {
        [high, low, reason @ ..] => Close {
            code: Some(u16::from_be_bytes([*high, *low])),
            reason: String::from_utf8_lossy(reason).into_owned(),
        },
        _ => Close { code: None, reason: String::new() },
    }
}

#[test]
fn frames_of_every_length() {
    for length in [0, 1, 125, 126, 0xffff, 0x10000] {
        let sent = frame(FIN | TEXT, &vec![b'a'; length]);
        // Unmask it, and it reads like one from a server.
        let header = sent.len() - length;
        let mut bytes = sent[..header - 4].to_vec();
        bytes[1] &= 0x7f;
        bytes.extend(vec![b'a'; length]);

        assert_eq!(take_frame(&bytes[..bytes.len() - 1]).unwrap(), None, "{length}");
        let (frame, taken) = take_frame(&bytes).unwrap().unwrap();
        assert_eq!((frame.fin, frame.opcode, frame.payload.len()), (true, TEXT, length));
        assert_eq!(taken, bytes.len());
    }
}

#[test]
fn a_close_between_fragments() {
    let mut assembly = Assembly::default();
    let part = |fin, opcode, payload: &[u8]| Frame { fin, opcode, payload: payload.to_vec() };

    assert_eq!(assembly.take(part(false, TEXT, b"a")), Ok(None));
    assert_eq!(assembly.take(part(true, PONG, b"")), Ok(Some(Event::Pong)));
    let whole = assembly.take(part(true, CONTINUATION, b"b"));
    assert_eq!(whole, Ok(Some(Event::Message(b"ab".to_vec()))));
    let Ok(Some(Event::Close(close))) = assembly.take(part(true, CLOSE, b"\x03\xf0no")) else {
        panic!("no close");
    };
    assert_eq!(close.to_string(), "close 1008 'no'");
    assert!(assembly.take(part(true, CONTINUATION, b"c")).is_err());
}
