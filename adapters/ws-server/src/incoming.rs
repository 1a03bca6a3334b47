//! Frames from the bytes of a client: what RFC 6455 allows, and nothing else.
//!
//! No I/O: bytes are fed in as they come, and whole messages come out. Between
//! messages nothing is held, so a connection that is silent costs no buffer.

use std::ops::ControlFlow;

use fastwebsockets::{CloseCode, unmask};

/// Something a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming<'a> {
    /// A message.
    Text(&'a str),
    /// A binary message that is not text, and therefore nothing we understand.
    Garbage,
    /// Wants to be answered with the same bytes.
    Ping(&'a [u8]),
    /// Answers a ping.
    Pong,
    /// The client is leaving, and says why, perhaps.
    Close(Option<u16>),
}

/// What a client must not send. The connection cannot go on after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// Against the protocol.
    Protocol(&'static str),
    /// A text that is not UTF-8.
    NotText,
    /// A message that is longer than allowed.
    TooBig,
    /// A message in more pieces than allowed, all of them empty.
    EmptyPieces,
    /// A message in more pieces than allowed.
    Pieces,
}

impl Violation {
    /// The code and the reason to close the connection with.
    pub(crate) fn close(self) -> (u16, &'static str) {
        match self {
            Self::Protocol(reason) => (1002, reason),
            Self::NotText => (1007, "invalid UTF-8"),
            Self::TooBig => (1009, "message too big"),
            Self::EmptyPieces => (1008, "too many fragments"),
            Self::Pieces => (1009, "too many fragments"),
        }
    }
}

/// Turns bytes into messages.
#[derive(Debug)]
pub(crate) struct Frames {
    max_message: usize,
    max_pieces: usize,
    /// The beginning of a frame whose rest has not come yet; after a break, also
    /// whole frames nobody has looked at.
    rest: Vec<u8>,
    /// The pieces of a message whose last piece has not come yet.
    pieces: Option<Box<Pieces>>,
    /// What went wrong. After that, nothing is read any more.
    broken: Option<Violation>,
}

#[derive(Debug)]
struct Pieces {
    text: bool,
    count: usize,
    bytes: Vec<u8>,
}

/// What stands before the payload of a frame.
struct Header {
    last: bool,
    opcode: u8,
    mask: [u8; 4],
    payload: std::ops::Range<usize>,
}

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

impl Frames {
    /// Accepts messages of at most `max_message` bytes in at most `max_pieces`
    /// pieces.
    pub(crate) fn new(max_message: usize, max_pieces: usize) -> Self {
        Self { max_message, max_pieces, rest: Vec::new(), pieces: None, broken: None }
    }

    /// From now on, accepts messages of up to `max_message` bytes.
    pub(crate) fn accept_up_to(&mut self, max_message: usize) {
        self.max_message = max_message;
    }

    /// Whether nothing is held.
    #[cfg(test)]
    pub(crate) fn is_between_messages(&self) -> bool {
        self.rest.capacity() == 0 && self.pieces.is_none()
    }

    /// Hands everything that `input` completes to `each`, until that breaks;
    /// what comes after a break is kept for the next call.
    pub(crate) fn feed(
        &mut self,
        input: &mut [u8],
        each: impl FnMut(Incoming<'_>) -> ControlFlow<()>,
    ) -> Result<(), Violation> {
        if let Some(violation) = self.broken {
            return Err(violation);
        }
        let fed = self.take_in(input, each);
        if let Err(violation) = fed {
            self.broken = Some(violation);
            self.pieces = None;
        }
        fed
    }

    fn take_in(
        &mut self,
        input: &mut [u8],
        each: impl FnMut(Incoming<'_>) -> ControlFlow<()>,
    ) -> Result<(), Violation> {
        if self.rest.is_empty() {
            let used = self.walk(input, each)?;
            self.rest = input[used..].to_vec();
        } else {
            let mut rest = std::mem::take(&mut self.rest);
            rest.extend_from_slice(input);
            let used = self.walk(&mut rest, each)?;
            self.rest = if used == 0 { rest } else { rest[used..].to_vec() };
        }
        Ok(())
    }

    /// Returns how many bytes were used up.
    fn walk(
        &mut self,
        bytes: &mut [u8],
        mut each: impl FnMut(Incoming<'_>) -> ControlFlow<()>,
    ) -> Result<usize, Violation> {
        let mut used = 0;
        while let Some(header) = self.header(&bytes[used..])? {
            let end = used + header.payload.end;
            if bytes.len() < end {
                break;
            }
            let payload = &mut bytes[used + header.payload.start..end];
            unmask(payload, header.mask);
            used = end;
            if self.frame(&header, payload, &mut each)?.is_break() {
                break;
            }
        }
        Ok(used)
    }

    /// Reads a header as far as it is there, and refuses it as soon as it can
    /// be refused.
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Violation> {
        let &[first, second, ..] = bytes else { return Ok(None) };
        let (last, opcode) = (first & 0x80 != 0, first & 0x0f);
        if first & 0x70 != 0 {
            return Err(Violation::Protocol("reserved bits are set"));
        }
        if second & 0x80 == 0 {
            return Err(Violation::Protocol("frames of clients are masked"));
        }
        let short = usize::from(second & 0x7f);
        match opcode {
            CONTINUATION if self.pieces.is_none() => {
                return Err(Violation::Protocol("nothing to continue"));
            }
            TEXT | BINARY if self.pieces.is_some() => {
                return Err(Violation::Protocol("the last message has not ended"));
            }
            CLOSE | PING | PONG if !last => {
                return Err(Violation::Protocol("control frames are never in pieces"));
            }
            CLOSE | PING | PONG if 125 < short => {
                return Err(Violation::Protocol("control frames are short"));
            }
            CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG => (),
            _ => return Err(Violation::Protocol("unknown opcode")),
        }
        let (length, mask_at) = match short {
            126 => {
                let Some(long) = bytes.get(2..).and_then(<[u8]>::first_chunk) else {
                    return Ok(None);
                };
                (u64::from(u16::from_be_bytes(*long)), 4)
            }
            127 => {
                let Some(long) = bytes.get(2..).and_then(<[u8]>::first_chunk) else {
                    return Ok(None);
                };
                (u64::from_be_bytes(*long), 10)
            }
            short => (short as u64, 2),
        };
        if (short == 126 && length < 126) || (short == 127 && length <= 0xffff) {
            return Err(Violation::Protocol("the length is not written in the shortest way"));
        }
        let held = self.pieces.as_ref().map_or(0, |pieces| pieces.bytes.len());
        let length = usize::try_from(length).map_err(|_| Violation::TooBig)?;
        if opcode < CLOSE && self.max_message.saturating_sub(held) < length {
            return Err(Violation::TooBig);
        }
        let Some(mask) = bytes.get(mask_at..).and_then(<[u8]>::first_chunk) else {
            return Ok(None);
        };
        let start = mask_at + 4;
        Ok(Some(Header { last, opcode, mask: *mask, payload: start..start + length }))
    }

    fn frame(
        &mut self,
        header: &Header,
        payload: &[u8],
        each: &mut impl FnMut(Incoming<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Violation> {
        Ok(match header.opcode {
            PING => each(Incoming::Ping(payload)),
            PONG => each(Incoming::Pong),
            CLOSE => each(Incoming::Close(close_code(payload)?)),
            opcode if header.last && self.pieces.is_none() => {
                each(message(opcode == TEXT, payload)?)
            }
            opcode => {
                let pieces = self.pieces.get_or_insert_with(|| {
                    Box::new(Pieces { text: opcode == TEXT, count: 0, bytes: Vec::new() })
                });
                pieces.count += 1;
                if self.max_pieces < pieces.count {
                    let empty = pieces.bytes.is_empty();
                    return Err(if empty { Violation::EmptyPieces } else { Violation::Pieces });
                }
                pieces.bytes.extend_from_slice(payload);
                match self.pieces.take_if(|_| header.last) {
                    Some(pieces) => each(message(pieces.text, &pieces.bytes)?),
                    None => ControlFlow::Continue(()),
                }
            }
        })
    }
}

fn message(text: bool, bytes: &[u8]) -> Result<Incoming<'_>, Violation> {
    match str::from_utf8(bytes) {
        Ok(message) => Ok(Incoming::Text(message)),
        Err(_) if text => Err(Violation::NotText),
        Err(_) => Ok(Incoming::Garbage),
    }
}

fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    match payload {
        [] => Ok(None),
        [_] => Err(Violation::Protocol("half a close code")),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !CloseCode::from(code).is_allowed() {
                return Err(Violation::Protocol("no such close code"));
            }
            str::from_utf8(reason).map_err(|_| Violation::NotText)?;
            Ok(Some(code))
        }
    }
}

#[cfg(test)]
mod tests;
