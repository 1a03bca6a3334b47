//! A response that is being made: what it holds so far, and the events that
//! tell of it, in their exact order.

use bytes::{BufMut, BytesMut};
use ports::driving::Reply;
use serde::Serialize;

use crate::responses::resource::{Ending, Label, Output, Part, Resource, Status};

/// A response that is being made.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) label: Label,
    uuid: String,
    shows_thoughts: bool,
    items: Vec<Item>,
    /// The text or the thought that goes on; always the last one of its kind.
    open: Option<usize>,
    /// Which item each call is.
    calls: Vec<usize>,
    pub(crate) events: Events,
}

#[derive(Debug)]
struct Item {
    id: String,
    kind: Kind,
    text: String,
}

#[derive(Debug)]
enum Kind {
    Message,
    Thought,
    /// Its text is what the tool is given.
    Call {
        call_id: String,
        name: String,
    },
}

/// The events that were not sent yet.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) buffer: BytesMut,
    sequence: u64,
    wanted: bool,
}

/// What begins every event, and what most say about their place.
#[derive(Serialize)]
struct Event<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    sequence_number: u64,
    #[serde(flatten)]
    more: T,
}

#[derive(Serialize)]
struct Whole<'a> {
    response: &'a Resource<'a>,
}

#[derive(Serialize)]
struct Listed<'a> {
    output_index: usize,
    item: Output<'a>,
}

#[derive(Serialize)]
struct Place<'a, T> {
    item_id: &'a str,
    output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary_index: Option<u32>,
    #[serde(flatten)]
    more: T,
}

#[derive(Serialize)]
struct PartOf<'a> {
    part: Part<'a>,
}

#[derive(Serialize)]
struct Done<'a> {
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<[(); 0]>,
}

#[derive(Serialize)]
struct Given<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl Draft {
    /// A response nothing was said in yet. Thoughts are part of it if it
    /// `shows_thoughts`; events are made if they are `wanted`.
    pub(crate) fn new(label: Label, uuid: &str, shows_thoughts: bool, wanted: bool) -> Self {
        let events = Events { buffer: BytesMut::new(), sequence: 0, wanted };
        Self {
            label,
            uuid: uuid.to_owned(),
            shows_thoughts,
            items: Vec::new(),
            open: None,
            calls: Vec::new(),
            events,
        }
    }

    /// Tells that it begins.
    pub(crate) fn begin(&mut self) {
        let begun = self.label.begun();
        self.events.tell("response.created", Whole { response: &begun });
        self.events.tell("response.in_progress", Whole { response: &begun });
    }

    /// Takes in what is said; not the end.
    pub(crate) fn take(&mut self, reply: &Reply) {
        match reply {
            Reply::Text(text) => self.text(text),
            Reply::Thinking(text) if self.shows_thoughts => self.thought(text),
            Reply::CallBegun { id, name, .. } => self.call(id, name),
            Reply::CallArguments { at, piece } => self.arguments(*at, piece),
            Reply::Thinking(_) | Reply::End(_) => (),
        }
    }

    /// Whether nothing was said and nothing asked for.
    pub(crate) fn is_silent(&self) -> bool {
        self.items.iter().all(|item| matches!(item.kind, Kind::Thought))
    }

    pub(crate) fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let at = self.open_for(&Kind::Message);
        self.items[at].text.push_str(text);
        self.events.delta("response.output_text.delta", &self.items[at], at, text);
    }

    fn thought(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let at = self.open_for(&Kind::Thought);
        self.items[at].text.push_str(text);
        self.events.delta("response.reasoning_summary_text.delta", &self.items[at], at, text);
    }

    fn call(&mut self, call_id: &str, name: &str) {
        self.close();
        let kind = Kind::Call { call_id: call_id.to_owned(), name: name.to_owned() };
        let at = self.add("call", kind);
        self.calls.push(at);
    }

    fn arguments(&mut self, call: usize, piece: &str) {
        let Some(&at) = self.calls.get(call) else { return };
        self.items[at].text.push_str(piece);
        self.events.delta("response.function_call_arguments.delta", &self.items[at], at, piece);
    }

    /// The item that goes on, if it is of this kind; otherwise a new one.
    fn open_for(&mut self, kind: &Kind) -> usize {
        let goes_on = |at: &usize| {
            matches!(
                (&self.items[*at].kind, kind),
                (Kind::Message, Kind::Message) | (Kind::Thought, Kind::Thought)
            )
        };
        if let Some(at) = self.open.filter(goes_on) {
            return at;
        }
        self.close();
        let at = match kind {
            Kind::Thought => self.add("rs", Kind::Thought),
            Kind::Message | Kind::Call { .. } => self.add("msg", Kind::Message),
        };
        self.open = Some(at);
        let item = &self.items[at];
        self.events.part("added", item, at, "");
        at
    }

    fn add(&mut self, prefix: &str, kind: Kind) -> usize {
        let at = self.items.len();
        let number = if at == 0 { String::new() } else { format!("_{at}") };
        let id = format!("{prefix}_{}{number}", self.uuid);
        let item = Item { id, kind, text: String::new() };
        let listed = Listed { output_index: at, item: item.shown(Status::InProgress) };
        self.events.tell("response.output_item.added", listed);
        self.items.push(item);
        at
    }

    /// Ends the text or the thought that went on.
    fn close(&mut self) {
        let Some(at) = self.open.take() else { return };
        let item = &self.items[at];
        let (kind, logprobs) = match item.kind {
            Kind::Thought => ("response.reasoning_summary_text.done", None),
            Kind::Message | Kind::Call { .. } => ("response.output_text.done", Some([])),
        };
        self.events.tell(kind, item.place(at, Done { text: &item.text, logprobs }));
        self.events.part("done", item, at, &item.text);
        self.events.listed(item, at, Status::Completed);
    }

    /// Ends it, and tells so; answers the response as it is from now on, as JSON.
    pub(crate) fn end(&mut self, ending: &Ending) -> Vec<u8> {
        // What was cut off is not complete.
        let whole = match ending.status {
            Status::Completed => Status::Completed,
            Status::InProgress | Status::Incomplete | Status::Failed | Status::Cancelled => {
                Status::Incomplete
            }
        };
        self.close();
        for at in &self.calls {
            let item = &self.items[*at];
            if let Kind::Call { name, .. } = &item.kind {
                let given = Given { name, arguments: &item.text };
                self.events.tell("response.function_call_arguments.done", item.place(*at, given));
            }
            self.events.listed(item, *at, whole);
        }
        let last = self.items.len().saturating_sub(1);
        let output = self.items.iter().enumerate();
        let output = output.map(|(at, item)| match item.kind {
            Kind::Call { .. } => item.shown(whole),
            Kind::Message | Kind::Thought if at == last => item.shown(whole),
            Kind::Message | Kind::Thought => item.shown(Status::Completed),
        });
        let resource = self.label.ended(ending, output.collect());
        let kind = match ending.status {
            Status::Completed => "response.completed",
            Status::Failed => "response.failed",
            Status::Incomplete | Status::Cancelled | Status::InProgress => "response.incomplete",
        };
        self.events.tell(kind, Whole { response: &resource });
        self.events.put(b"data: [DONE]\n\n");
        // Writing texts and numbers to memory does not fail.
        serde_json::to_vec(&resource).unwrap_or_default()
    }
}

impl Item {
    fn shown(&self, status: Status) -> Output<'_> {
        // An item that was only begun has no parts.
        let begun = status == Status::InProgress;
        match &self.kind {
            Kind::Message => Output::Message {
                id: &self.id,
                status,
                role: "assistant",
                content: if begun { Vec::new() } else { vec![self.part(&self.text)] },
            },
            Kind::Thought => Output::Reasoning {
                id: &self.id,
                summary: if begun { Vec::new() } else { vec![self.part(&self.text)] },
            },
            Kind::Call { call_id, name } => {
                Output::FunctionCall { id: &self.id, status, call_id, name, arguments: &self.text }
            }
        }
    }

    fn part<'a>(&self, text: &'a str) -> Part<'a> {
        match self.kind {
            Kind::Thought => Part::SummaryText { text },
            Kind::Message | Kind::Call { .. } => Part::text(text),
        }
    }

    fn place<T>(&self, output_index: usize, more: T) -> Place<'_, T> {
        let (content_index, summary_index) = match self.kind {
            Kind::Message => (Some(0), None),
            Kind::Thought => (None, Some(0)),
            Kind::Call { .. } => (None, None),
        };
        Place { item_id: &self.id, output_index, content_index, summary_index, more }
    }
}

impl Events {
    /// A part begins or ends.
    fn part(&mut self, what: &str, item: &Item, at: usize, text: &str) {
        let kind = match (&item.kind, what) {
            (Kind::Thought, "added") => "response.reasoning_summary_part.added",
            (Kind::Thought, _) => "response.reasoning_summary_part.done",
            (_, "added") => "response.content_part.added",
            (_, _) => "response.content_part.done",
        };
        self.tell(kind, item.place(at, PartOf { part: item.part(text) }));
    }

    fn listed(&mut self, item: &Item, at: usize, status: Status) {
        let listed = Listed { output_index: at, item: item.shown(status) };
        self.tell("response.output_item.done", listed);
    }

    /// More of an item. These are most of all events, and written by hand.
    fn delta(&mut self, kind: &str, item: &Item, at: usize, text: &str) {
        if !self.wanted {
            return;
        }
        self.buffer.reserve(2 * kind.len() + item.id.len() + text.len() + 160);
        self.name(kind);
        self.put(br#"{"type":""#);
        self.put(kind.as_bytes());
        self.put(br#"","sequence_number":"#);
        self.json(&self.sequence.clone());
        self.sequence += 1;
        self.put(br#","item_id":"#);
        self.json(&item.id);
        self.put(br#","output_index":"#);
        self.json(&at);
        self.put(match item.kind {
            Kind::Message => br#","content_index":0,"logprobs":[],"delta":"#,
            Kind::Thought => br#","summary_index":0,"delta":"#,
            Kind::Call { .. } => br#","delta":"#,
        });
        self.json(&text);
        self.put(b"}\n\n");
    }

    fn tell(&mut self, kind: &str, more: impl Serialize) {
        if !self.wanted {
            return;
        }
        self.name(kind);
        let event = Event { kind, sequence_number: self.sequence, more };
        self.sequence += 1;
        self.json(&event);
        self.put(b"\n\n");
    }

    fn name(&mut self, kind: &str) {
        self.put(b"event: ");
        self.put(kind.as_bytes());
        self.put(b"\ndata: ");
    }

    fn json(&mut self, value: &impl Serialize) {
        // Writing texts and numbers to memory does not fail.
        let _ = serde_json::to_writer((&mut self.buffer).writer(), value);
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.wanted {
            self.buffer.put_slice(bytes);
        }
    }
}
