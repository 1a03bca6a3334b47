//! The events of an answer, written one after the other.
//!
//! A reader may rely on it that blocks follow each other: one is closed before
//! the next one begins, and they are counted without a gap. Agents may ask for
//! two tools at the same time; then the second waits until what the first one is
//! given is whole.

use std::{
    collections::VecDeque,
    fmt::{self, Write},
};

use bytes::{BufMut, BytesMut};
use domain::run::Usage;
use ports::driven::FinishReason;
use serde::Serialize;

use crate::{refusal::Refusal, thinking::Shown, usage::TokensUsed, whole::Stop};

mod balance;

use balance::Balance;

/// What an answer is called, and what has to be known to tell of it.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) request_id: Option<String>,
    /// The texts that may end it.
    pub(crate) stops: Vec<String>,
    pub(crate) thoughts: Shown,
}

/// What stands where Anthropic signs the thoughts of its models. Clients send it
/// back with them; nobody looks at either.
pub(crate) const SIGNATURE: &str = "b3BlbmNsYXc=";

/// Writes the events of an answer.
pub(crate) struct Script {
    label: Label,
    pub(crate) buffer: BytesMut,
    open: Option<Open>,
    /// How many blocks were begun.
    begun: usize,
    // Invariant: only while the call that is open is not whole.
    waiting: VecDeque<Waiting>,
    /// How much text was passed on, in bytes.
    said: usize,
}

/// The block that is open.
struct Open {
    kind: Kind,
    /// How its deltas begin, up to the piece.
    head: Box<[u8]>,
}

enum Kind {
    Text,
    Thinking,
    Call { at: usize, given: Balance },
}

/// A block whose turn has not come.
enum Waiting {
    Text(String),
    Thinking(String),
    Call { at: usize, id: String, name: String, arguments: String },
}

/// The beginning of a block.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Beginning<'a> {
    Text { text: &'static str },
    Thinking { thinking: &'static str, signature: &'static str },
    ToolUse { id: &'a str, name: &'a str, input: Nothing },
}

#[derive(Serialize)]
struct Nothing {}

impl Script {
    /// The script of the answer `label`, up to its first block.
    pub(crate) fn begin(label: Label) -> Self {
        #[derive(Serialize)]
        struct MessageStart<'a> {
            id: &'a str,
            #[serde(rename = "type")]
            kind: &'static str,
            role: &'static str,
            model: &'a str,
            content: [Nothing; 0],
            stop_reason: Option<&'static str>,
            stop_sequence: Option<&'static str>,
            usage: TokensUsed,
        }

        let mut script = Self {
            label,
            buffer: BytesMut::with_capacity(1024),
            open: None,
            begun: 0,
            waiting: VecDeque::new(),
            said: 0,
        };
        let Self { label, buffer, .. } = &mut script;
        buffer.put_slice(b"event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
        let start = MessageStart {
            id: &label.id,
            kind: "message",
            role: "assistant",
            model: &label.model,
            content: [],
            stop_reason: None,
            stop_sequence: None,
            usage: Usage::default().into(),
        };
        put(buffer, &start);
        buffer.put_slice(b"}\n\n");
        script
    }

    /// How much text was passed on, in bytes.
    pub(crate) fn said(&self) -> usize {
        self.said
    }

    /// More text.
    pub(crate) fn text(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.said += piece.len();
        if self.is_held_up() {
            match self.waiting.back_mut() {
                Some(Waiting::Text(text)) => text.push_str(piece),
                _ => self.waiting.push_back(Waiting::Text(piece.to_owned())),
            }
            return;
        }
        if !matches!(self.open, Some(Open { kind: Kind::Text, .. })) {
            self.open(Kind::Text, &Beginning::Text { text: "" });
        }
        self.delta(piece);
    }

    /// More thoughts.
    pub(crate) fn thinking(&mut self, piece: &str) {
        if piece.is_empty() || self.label.thoughts == Shown::No {
            return;
        }
        if self.is_held_up() {
            match self.waiting.back_mut() {
                Some(Waiting::Thinking(thoughts)) => thoughts.push_str(piece),
                _ => self.waiting.push_back(Waiting::Thinking(piece.to_owned())),
            }
            return;
        }
        if !matches!(self.open, Some(Open { kind: Kind::Thinking, .. })) {
            self.open(Kind::Thinking, &Beginning::Thinking { thinking: "", signature: "" });
        }
        if self.label.thoughts == Shown::Yes {
            self.delta(piece);
        }
    }

    /// The call `at` begins.
    pub(crate) fn call(&mut self, at: usize, id: String, name: String) {
        if self.is_held_up() {
            self.waiting.push_back(Waiting::Call { at, id, name, arguments: String::new() });
            return;
        }
        let beginning = Beginning::ToolUse { id: &id, name: &name, input: Nothing {} };
        self.open(Kind::Call { at, given: Balance::default() }, &beginning);
    }

    /// More of what the call `at` is given. What comes after a whole object
    /// belongs to nothing.
    pub(crate) fn arguments(&mut self, call: usize, piece: &str) {
        let later = self.waiting.iter_mut().rev().find_map(|waiting| match waiting {
            Waiting::Call { at, arguments, .. } if *at == call => Some(arguments),
            _ => None,
        });
        if let Some(arguments) = later {
            arguments.push_str(piece);
            return;
        }
        let Some(Open { kind: Kind::Call { at, given }, .. }) = &mut self.open else { return };
        if *at != call || piece.is_empty() || given.is_whole() {
            return;
        }
        given.read(piece);
        self.delta(piece);
        self.go_on();
    }

    /// The last events of an answer that ended well.
    pub(crate) fn end(&mut self, finish: FinishReason, usage: Usage) {
        loop {
            self.close();
            match self.waiting.pop_front() {
                Some(next) => self.take_turn(next),
                None => break,
            }
        }
        let Self { label, buffer, .. } = self;
        buffer.put_slice(b"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":");
        put(buffer, &Stop::of(finish, &label.stops));
        buffer.put_slice(b",\"usage\":");
        put(buffer, &TokensUsed::from(usage));
        buffer.put_slice(b"}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    }

    /// The last event of an answer that did not. What is open stays open, as it
    /// is not whole.
    pub(crate) fn fail(&mut self, refusal: &Refusal) {
        self.buffer.put_slice(b"event: error\ndata: ");
        self.buffer.put_slice(refusal.envelope(self.label.request_id.as_deref()).as_bytes());
        self.buffer.put_slice(b"\n\n");
    }

    /// Whether a call is open that is not whole.
    fn is_held_up(&self) -> bool {
        matches!(&self.open, Some(Open { kind: Kind::Call { given, .. }, .. }) if !given.is_whole())
    }

    /// Writes what waited for a call that is whole now.
    fn go_on(&mut self) {
        while !self.is_held_up()
            && let Some(next) = self.waiting.pop_front()
        {
            self.take_turn(next);
        }
    }

    fn take_turn(&mut self, waiting: Waiting) {
        match waiting {
            Waiting::Text(text) => {
                self.open(Kind::Text, &Beginning::Text { text: "" });
                self.delta(&text);
            }
            Waiting::Thinking(thoughts) => {
                self.open(Kind::Thinking, &Beginning::Thinking { thinking: "", signature: "" });
                if self.label.thoughts == Shown::Yes {
                    self.delta(&thoughts);
                }
            }
            Waiting::Call { at, id, name, arguments } => {
                let mut given = Balance::default();
                given.read(&arguments);
                let beginning = Beginning::ToolUse { id: &id, name: &name, input: Nothing {} };
                self.open(Kind::Call { at, given }, &beginning);
                if !arguments.is_empty() {
                    self.delta(&arguments);
                }
            }
        }
    }

    /// Begins a block, after the end of the one before it.
    fn open(&mut self, kind: Kind, beginning: &Beginning<'_>) {
        self.close();
        let index = self.begun;
        self.begun += 1;
        let delta = match kind {
            Kind::Text => r#""text_delta","text""#,
            Kind::Thinking => r#""thinking_delta","thinking""#,
            Kind::Call { .. } => r#""input_json_delta","partial_json""#,
        };
        let head = format!(
            "event: content_block_delta\ndata: \
             {{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{{\"type\":{delta}:"
        );
        self.open = Some(Open { kind, head: head.into_bytes().into() });
        // Writing texts and numbers to memory does not fail.
        let _ = write!(
            self.buffer,
            "event: content_block_start\ndata: \
             {{\"type\":\"content_block_start\",\"index\":{index},\"content_block\":"
        );
        put(&mut self.buffer, beginning);
        self.buffer.put_slice(b"}\n\n");
    }

    /// Writes a piece of the block that is open.
    fn delta(&mut self, piece: &str) {
        let Some(open) = &self.open else { return };
        self.buffer.reserve(open.head.len() + piece.len() + 64);
        self.buffer.put_slice(&open.head);
        put(&mut self.buffer, &piece);
        self.buffer.put_slice(b"}}\n\n");
    }

    /// Ends the block that is open.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let index = self.begun - 1;
        if matches!(open.kind, Kind::Thinking) {
            // Writing texts and numbers to memory does not fail.
            let _ = write!(
                self.buffer,
                "event: content_block_delta\ndata: \
                 {{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":\
                 {{\"type\":\"signature_delta\",\"signature\":\"{SIGNATURE}\"}}}}\n\n"
            );
        }
        let _ = write!(
            self.buffer,
            "event: content_block_stop\ndata: \
             {{\"type\":\"content_block_stop\",\"index\":{index}}}\n\n"
        );
    }
}

fn put(buffer: &mut BytesMut, value: &impl Serialize) {
    // Writing texts and numbers to memory does not fail.
    let _ = serde_json::to_writer(buffer.writer(), value);
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("begun", &self.begun).finish_non_exhaustive()
    }
}
