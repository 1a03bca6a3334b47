//! What waits for a client whose socket takes nothing just now.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use domain::{client::Protocol, event::EventKind, ids::RunId};

use crate::outgoing::push_text_header;

/// Two waiting events with the same key: the later one makes the earlier one
/// superfluous.
pub(crate) type Key = (EventKind, RunId);

/// An event on its way to one client: the bytes all clients share, and what is
/// its own.
#[derive(Debug)]
pub(crate) struct Parcel {
    /// The frame without its tail.
    pub(crate) shared: Bytes,
    /// How the client speaks.
    pub(crate) protocol: Protocol,
    /// The client's number of the event, unless it is meant for it alone.
    pub(crate) seq: Option<u64>,
}

impl Parcel {
    /// Appends the frame.
    pub(crate) fn push(&self, out: &mut Vec<u8>) {
        push_event(out, &self.shared, self.protocol, self.seq);
    }

    /// How much room it takes, about.
    pub(crate) fn room(&self) -> usize {
        self.shared.len() + 40
    }
}

/// Appends the frame of an event.
pub(crate) fn push_event(out: &mut Vec<u8>, shared: &[u8], protocol: Protocol, seq: Option<u64>) {
    let digits = match (seq, protocol) {
        (None, _) | (_, Protocol::Brief) => 0,
        (Some(seq), _) => ",\"seq\":".len() + 1 + seq.checked_ilog10().unwrap_or(0) as usize,
    };
    push_text_header(out, shared.len() + digits + 1);
    out.extend_from_slice(shared);
    wire::push_tail(out, protocol, seq);
}

/// Frames in the order in which they will be sent.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    items: VecDeque<Item>,
    /// The number of the first item; later items count on from it.
    first: u64,
    // Invariant: the key of every keyed item, and its number.
    keys: HashMap<Key, u64>,
    // Invariant: the room of all items.
    room: usize,
    // Invariant: how many items are `Gone`.
    gone: usize,
}

#[derive(Debug)]
enum Item {
    /// Frames written already: answers.
    Frames(Vec<u8>),
    /// An event.
    Event(Parcel, Option<Key>),
    /// An event that was replaced.
    Gone,
}

impl Item {
    fn room(&self) -> usize {
        match self {
            Self::Frames(frames) => frames.len(),
            Self::Event(parcel, _) => parcel.room(),
            Self::Gone => 0,
        }
    }
}

impl Waiting {
    /// How many bytes wait.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// Whether an event waits under `key`.
    pub(crate) fn holds(&self, key: &Key) -> bool {
        self.keys.contains_key(key)
    }

    /// Adds frames.
    pub(crate) fn push_frames(&mut self, frames: Vec<u8>) {
        self.push(Item::Frames(frames));
    }

    /// Adds an event. One that waits under the same key is taken out; the new
    /// one waits at the end, so that numbers only go up.
    pub(crate) fn push_event(&mut self, parcel: Parcel, key: Option<Key>) {
        if let Some(key) = &key {
            self.remove(key);
            self.keys.insert(key.clone(), self.first + self.items.len() as u64);
        }
        self.push(Item::Event(parcel, key));
    }

    /// Appends the frames that come next, about `enough` bytes of them. Returns
    /// whether there were any.
    pub(crate) fn drain(&mut self, out: &mut Vec<u8>, enough: usize) -> bool {
        let start = out.len();
        while out.len() < start + enough {
            let Some(item) = self.items.pop_front() else { break };
            self.first += 1;
            self.room -= item.room();
            match item {
                Item::Frames(frames) => out.extend_from_slice(&frames),
                Item::Event(parcel, key) => {
                    if let Some(key) = key {
                        self.keys.remove(&key);
                    }
                    parcel.push(out);
                }
                Item::Gone => self.gone -= 1,
            }
        }
        start < out.len()
    }

    fn push(&mut self, item: Item) {
        self.room += item.room();
        self.items.push_back(item);
    }

    fn remove(&mut self, key: &Key) {
        let Some(number) = self.keys.remove(key) else { return };
        let at = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        if let Some(item) = self.items.get_mut(at) {
            self.room -= item.room();
            *item = Item::Gone;
            self.gone += 1;
        }
        if 32 < self.gone && self.items.len() < 2 * self.gone {
            self.close_gaps();
        }
    }

    fn close_gaps(&mut self) {
        self.items.retain(|item| !matches!(item, Item::Gone));
        self.gone = 0;
        for (at, item) in self.items.iter().enumerate() {
            if let Item::Event(_, Some(key)) = item
                && let Some(number) = self.keys.get_mut(key)
            {
                *number = self.first + at as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parcel(text: &str, seq: u64) -> Parcel {
        Parcel {
            shared: Bytes::copy_from_slice(text.as_bytes()),
            protocol: Protocol::V4,
            seq: Some(seq),
        }
    }

    #[test]
    fn the_newest_replaces_the_one_that_waits() {
        let key = |run: &str| Some((EventKind::Chat, run.parse().unwrap()));
        let mut waiting = Waiting::default();
        waiting.push_event(parcel("{a1", 1), key("a"));
        waiting.push_event(parcel("{end", 2), None);
        waiting.push_event(parcel("{b1", 3), key("b"));
        waiting.push_event(parcel("{a2", 4), key("a"));
        waiting.push_frames(b"answer".to_vec());
        let mut out = Vec::new();
        assert!(waiting.drain(&mut out, 1_000));
        let mut expected = Vec::new();
        for (text, seq) in [("{end", 2), ("{b1", 3), ("{a2", 4)] {
            parcel(text, seq).push(&mut expected);
        }
        expected.extend(b"answer");
        assert_eq!(out, expected);
        assert_eq!(waiting.room(), 0);
        assert!(!waiting.drain(&mut out, 1_000));
    }

    #[test]
    fn a_frame_announces_its_length() {
        for (protocol, seq) in [
            (Protocol::V4, Some(0)),
            (Protocol::V3, Some(9)),
            (Protocol::V4, Some(10)),
            (Protocol::V4, Some(u64::MAX)),
            (Protocol::V4, None),
            (Protocol::Brief, Some(12)),
        ] {
            let mut out = Vec::new();
            push_event(&mut out, b"{", protocol, seq);
            assert_eq!(usize::from(out[1]), out.len() - 2, "{protocol} {seq:?}");
        }
    }

    proptest! {
        /// Whatever is added, replaced and taken: every event without a key and
        /// the newest of each key arrive, in order, and the room adds up.
        #[test]
        fn nothing_but_the_superfluous_is_lost(
            steps in prop::collection::vec(prop::option::weighted(0.9, prop::option::weighted(0.8, 0u8..4)), 0..300),
        ) {
            let mut waiting = Waiting::default();
            let mut model: Vec<(u64, Option<u8>)> = Vec::new();
            let mut out = Vec::new();
            let mut expected = Vec::new();
            for (step, action) in steps.into_iter().enumerate() {
                let seq = step as u64;
                match action {
                    Some(key) => {
                        model.retain(|(_, other)| key.is_none() || *other != key);
                        model.push((seq, key));
                        let key = key.map(|key| (EventKind::Chat, key.to_string().parse().unwrap()));
                        waiting.push_event(parcel("{", seq), key);
                    }
                    None => {
                        waiting.drain(&mut out, 1);
                        if !model.is_empty() {
                            parcel("{", model.remove(0).0).push(&mut expected);
                        }
                    }
                }
                let room: usize = model.iter().map(|(seq, _)| parcel("{", *seq).room()).sum();
                prop_assert_eq!(waiting.room(), room);
                prop_assert!(waiting.items.len() <= 2 * model.len() + 34);
            }
            waiting.drain(&mut out, usize::MAX / 2);
            for (seq, _) in model {
                parcel("{", seq).push(&mut expected);
            }
            prop_assert_eq!(out, expected);
        }
    }
}
