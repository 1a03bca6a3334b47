//! To which trace a piece of work belongs, as processes tell each other
//! (W3C Trace Context).
//!
//! A trace is what one request from outside makes many processes do. Each of them
//! tells the next one which trace it is, and which of its own steps asks. What is
//! not understood is not refused: a request is answered whatever its trace.

use std::{
    fmt,
    num::{NonZeroU64, NonZeroU128},
    str::FromStr,
};

/// Names one trace, in every process it comes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(NonZeroU128);

/// Names one step of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpanId(NonZeroU64);

/// What the header `traceparent` says: which trace it is, and which step asks.
///
/// ```text
/// 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace.
    pub trace: TraceId,
    /// The step that asks.
    pub span: SpanId,
    // Invariant: no bits but those of `KNOWN_FLAGS`.
    flags: u8,
}

/// What the header `tracestate` says: notes of other systems, not read here and
/// passed along as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceState(Box<str>);

/// What a request says about the trace it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    /// Which trace it is, and who asks.
    pub parent: TraceParent,
    /// The notes that go with it.
    pub state: Option<TraceState>,
}

/// Why a text is not a [`TraceParent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseTraceParentError {
    /// It does not consist of version, trace, step and flags.
    #[error("a traceparent is `version-trace-span-flags`")]
    Shape,
    /// There is no such version.
    #[error("a traceparent is not of version ff")]
    Version,
    /// A field has other characters, or another number of them.
    #[error("a traceparent is written in lower-case hexadecimal digits")]
    Digits,
    /// A name consists of zeros, which means that there is none.
    #[error("a traceparent names a trace and a span")]
    Zero,
}

/// Why a text is not a [`TraceState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseTraceStateError {
    /// It says nothing.
    #[error("a tracestate has a member")]
    Empty,
    /// It has more characters or members than are passed along.
    #[error("a tracestate has at most {} characters and 32 members", TraceState::MAX_LEN)]
    TooLong,
    /// A member is not a key and a value.
    #[error("a member of a tracestate is `key=value`")]
    Member,
    /// A key comes twice.
    #[error("a key of a tracestate comes once")]
    Twice,
}

/// Whether whoever asks records the trace.
const SAMPLED: u8 = 0b01;
/// Whether the trace has a random name, which may be used for choosing some.
const RANDOM: u8 = 0b10;
/// The flags that mean something; others are not passed along.
const KNOWN_FLAGS: u8 = SAMPLED | RANDOM;

impl TraceId {
    /// The trace with that number, unless it is zero.
    pub fn new(number: u128) -> Option<Self> {
        NonZeroU128::new(number).map(Self)
    }

    /// The number, its greatest byte first.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.get().to_be_bytes()
    }
}

impl SpanId {
    /// The step with that number, unless it is zero.
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number, its greatest byte first.
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.get().to_be_bytes()
    }

    /// A step named after a random UUID. Its first half is not all random, but
    /// differs as reliably.
    pub fn of_uuid(uuid: &str) -> Option<Self> {
        let digits: String = uuid.chars().filter(|it| *it != '-').take(16).collect();
        (digits.len() == 16)
            .then(|| u64::from_str_radix(&digits, 16).ok())
            .flatten()
            .and_then(Self::new)
    }
}

impl TraceParent {
    /// The longest text that is looked at.
    pub const MAX_LEN: usize = 128;

    /// The step `span` of `trace`. `sampled` says whether it is recorded.
    pub fn new(trace: TraceId, span: SpanId, sampled: bool) -> Self {
        Self { trace, span, flags: if sampled { SAMPLED } else { 0 } }
    }

    /// Whether whoever asks records the trace.
    pub fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The step `span` of the same trace, for whoever is asked next.
    #[must_use]
    pub fn child(self, span: SpanId) -> Self {
        Self { span, ..self }
    }
}

impl TraceContext {
    /// What the headers `traceparent` and `tracestate` say. Without a trace that
    /// is understood there is none; notes that are not are left out.
    pub fn read(parent: &str, state: Option<&str>) -> Option<Self> {
        let parent = parent.parse().ok()?;
        Some(Self { parent, state: state.and_then(|state| state.parse().ok()) })
    }

    /// The step `span` of the same trace, for whoever is asked next.
    #[must_use]
    pub fn child(self, span: SpanId) -> Self {
        Self { parent: self.parent.child(span), ..self }
    }
}

impl FromStr for TraceParent {
    type Err = ParseTraceParentError;

    /// Reads version 00 exactly, and of later versions the four fields they begin
    /// with, as the standard says.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        use ParseTraceParentError::{Digits, Shape, Version, Zero};

        if Self::MAX_LEN < text.len() {
            return Err(Shape);
        }
        let mut fields = text.split('-');
        let mut field = || fields.next().ok_or(Shape);
        let (version, trace, span, flags) = (field()?, field()?, field()?, field()?);
        let version = digits(version, 2).ok_or(Digits)?;
        let (trace, span) = (digits(trace, 32).ok_or(Digits)?, digits(span, 16).ok_or(Digits)?);
        let flags = digits(flags, 2).ok_or(Digits)?;
        match version {
            0xff => return Err(Version),
            0 if fields.next().is_some() => return Err(Shape),
            _ => (),
        }
        let span = u64::try_from(span).ok().and_then(SpanId::new).ok_or(Zero)?;
        let flags = u8::try_from(flags).map_err(|_| Digits)? & KNOWN_FLAGS;
        Ok(Self { trace: TraceId::new(trace).ok_or(Zero)?, span, flags })
    }
}

/// The number that `text` writes in `count` lower-case hexadecimal digits.
fn digits(text: &str, count: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != count || !text.bytes().all(is_digit) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

impl TraceState {
    /// The longest text that is passed along.
    pub const MAX_LEN: usize = 512;
    /// How many members are passed along.
    const MAX_MEMBERS: usize = 32;

    /// The text, as it came.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TraceState {
    type Err = ParseTraceStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if Self::MAX_LEN < text.len() {
            return Err(ParseTraceStateError::TooLong);
        }
        let mut keys = Vec::new();
        // Empty members are allowed and say nothing.
        let members = text.split(',').map(|it| it.trim_matches([' ', '\t']));
        for member in members.filter(|member| !member.is_empty()) {
            let (key, value) = member.split_once('=').ok_or(ParseTraceStateError::Member)?;
            if !is_key(key) || !is_value(value) {
                return Err(ParseTraceStateError::Member);
            }
            if keys.contains(&key) {
                return Err(ParseTraceStateError::Twice);
            }
            keys.push(key);
        }
        match keys.len() {
            0 => Err(ParseTraceStateError::Empty),
            1..=Self::MAX_MEMBERS => Ok(Self(text.into())),
            _ => Err(ParseTraceStateError::TooLong),
        }
    }
}

fn is_key(key: &str) -> bool {
    let part = |text: &str, longest: usize, may_begin_with_digit: bool| {
        let begins_well = |byte: &u8| {
            byte.is_ascii_lowercase() || (may_begin_with_digit && byte.is_ascii_digit())
        };
        let fits = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(&byte)
        };
        text.len() <= longest
            && text.as_bytes().first().is_some_and(begins_well)
            && text.bytes().all(fits)
    };
    match key.split_once('@') {
        None => part(key, 256, false),
        Some((tenant, system)) => part(tenant, 241, true) && part(system, 14, false),
    }
}

fn is_value(value: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b' '..=b'~') && byte != b',' && byte != b'=';
    !value.is_empty() && value.len() <= 256 && value.bytes().all(fits)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace, self.span, self.flags)
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
