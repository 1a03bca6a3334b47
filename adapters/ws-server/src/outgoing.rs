//! Frames as the server sends them: whole, unmasked, appended to a buffer.

/// How long the reason of a close may be, in bytes.
const MAX_REASON: usize = 120;

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// Appends the header of a text frame of `length` bytes.
pub(crate) fn push_text_header(out: &mut Vec<u8>, length: usize) {
    push_header(out, TEXT, length);
}

/// Appends a text frame whose payload `write` appends.
pub(crate) fn push_text(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    // Most answers have a header of four bytes; the others are moved.
    const GUESS: usize = 4;
    let start = out.len();
    out.extend_from_slice(&[0; GUESS]);
    write(out);
    let end = out.len();
    let length = end - start - GUESS;
    let header = Header::new(TEXT, length);
    let header = header.bytes();
    if GUESS < header.len() {
        out.resize(end + header.len() - GUESS, 0);
    }
    out.copy_within(start + GUESS..end, start + header.len());
    out.truncate(start + header.len() + length);
    out[start..start + header.len()].copy_from_slice(header);
}

/// Appends a close frame.
pub(crate) fn push_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    push_header(out, CLOSE, 2 + end);
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(&reason.as_bytes()[..end]);
}

/// Appends a close frame that says nothing.
pub(crate) fn push_bare_close(out: &mut Vec<u8>) {
    push_header(out, CLOSE, 0);
}

/// Appends a ping.
pub(crate) fn push_ping(out: &mut Vec<u8>) {
    push_header(out, PING, 0);
}

/// Appends the answer to a ping.
pub(crate) fn push_pong(out: &mut Vec<u8>, payload: &[u8]) {
    push_header(out, PONG, payload.len());
    out.extend_from_slice(payload);
}

fn push_header(out: &mut Vec<u8>, first: u8, length: usize) {
    out.extend_from_slice(Header::new(first, length).bytes());
}

struct Header {
    bytes: [u8; 10],
    length: usize,
}

impl Header {
    #[expect(clippy::cast_possible_truncation, reason = "each arm holds the lengths that fit")]
    fn new(first: u8, length: usize) -> Self {
        let mut bytes = [0; 10];
        bytes[0] = first;
        let length = match length {
            0..126 => {
                bytes[1] = length as u8;
                2
            }
            126..=0xffff => {
                bytes[1] = 126;
                bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                4
            }
            _ => {
                bytes[1] = 127;
                bytes[2..].copy_from_slice(&(length as u64).to_be_bytes());
                10
            }
        };
        Self { bytes, length }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[test]
fn a_header_is_as_long_as_its_frame_needs() {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
        let mut out = b"before".to_vec();
        push_text(&mut out, |out| out.resize(out.len() + length, b'x'));
        let mut expected = b"before".to_vec();
        push_text_header(&mut expected, length);
        expected.resize(expected.len() + length, b'x');
        assert!(out == expected, "length {length}");
    }
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let mut out = Vec::new();
    push_close(&mut out, 1008, &"\u{f6}x".repeat(100));
    assert_eq!(&out[..4], [0x88, 122, 3, 240]);
    assert_eq!(str::from_utf8(&out[4..]).unwrap(), "\u{f6}x".repeat(40));
    push_close(&mut out, 1008, &format!("x{}", "\u{f6}".repeat(100)));
    assert_eq!(out[124 + 1], 121, "no half character");
}
