//! Events that leave together.

use std::collections::BTreeSet;

use bytes::Bytes;
use domain::{client::Protocol, event::Class};
use ports::event::{Audience, Event, Topic};
use wire::{Answers, Form, is_known_to};

use super::{
    TURN,
    counters::{Counters, Tally},
    members::{Member, Members, Subscribers, bit},
};
use crate::{
    link::{Output, Parked},
    waiting::{Key, Parcel, push_event},
};

/// How much is handed to the kernel at once.
const GULP: usize = 256 * 1024;

/// Events that leave together.
#[derive(Debug)]
pub(super) struct Batch {
    entries: Vec<Entry>,
    /// The number of the first one.
    before: u64,
}

#[derive(Debug)]
struct Entry {
    event: Event,
    bit: u32,
    class: Class,
    key: Option<Key>,
    /// The topic one has to subscribe to, or would have to.
    topic: Option<Topic>,
    /// Not for clients of protocol 3.
    new: bool,
    /// The event as JSON, by protocol.
    plain: [Option<Bytes>; 3],
    merged: [Option<Bytes>; 3],
}

/// Whom a batch can concern.
pub(super) enum Reach {
    /// Anybody.
    All,
    /// At most those in these places.
    Places(Vec<usize>),
}

impl Batch {
    pub(super) fn new(events: Vec<Event>, before: u64) -> Self {
        Self { entries: events.into_iter().map(Entry::new).collect(), before }
    }

    /// Whom this can concern. What is meant for one client does not need a walk
    /// along all of them.
    pub(super) fn reach(&self, members: &Members) -> Reach {
        let mut places = BTreeSet::new();
        for entry in &self.entries {
            match &entry.event.audience {
                Audience::Everyone | Audience::Administrators | Audience::Others => {
                    return Reach::All;
                }
                Audience::Client(client) => places.extend(members.place(*client)),
                Audience::Subscribers(topic) => {
                    let subscribers =
                        members.subscribers(topic).into_iter().flat_map(Subscribers::keys);
                    places.extend(subscribers.filter_map(|client| members.place(*client)));
                }
            }
        }
        Reach::Places(places.into_iter().collect())
    }

    /// Tells the next few clients. Returns where to go on.
    pub(super) fn tell(
        &mut self,
        members: &Members,
        reach: &Reach,
        from: usize,
        answers: &mut Answers,
        buffer: &mut Vec<u8>,
        tally: &Tally,
    ) -> Option<usize> {
        let mut counted = Counters::default();
        let subscribers: Vec<_> = self
            .entries
            .iter()
            .map(|entry| entry.topic.as_ref().and_then(|topic| members.subscribers(topic)))
            .collect();
        let mut tell = |member: &Member| {
            self.tell_one(member, &subscribers, answers, buffer, &mut counted);
        };
        let next = from + TURN;
        let end = match reach {
            Reach::All => {
                members.turn(from, TURN).for_each(&mut tell);
                members.slots()
            }
            Reach::Places(places) => {
                let turn = places.iter().skip(from).take(TURN);
                turn.filter_map(|place| members.at(*place)).for_each(&mut tell);
                places.len()
            }
        };
        tally.add(&counted);
        (next < end).then_some(next)
    }

    /// Forgets the texts of the answers that ended.
    pub(super) fn forget_ended(&self, answers: &mut Answers) {
        for entry in &self.entries {
            answers.forget_ended(&entry.event);
        }
    }

    fn tell_one(
        &mut self,
        member: &Member,
        subscribers: &[Option<&Subscribers>],
        answers: &mut Answers,
        buffer: &mut Vec<u8>,
        counted: &mut Counters,
    ) {
        let mut output = member.link.lock();
        if !output.is_open() {
            return;
        }
        buffer.clear();
        // What was published before the client came is not for it.
        let first = usize::try_from(member.since.saturating_sub(self.before)).unwrap_or(usize::MAX);
        let numbered = (self.before..).zip(&mut self.entries).zip(subscribers).skip(first);
        for ((number, entry), subscribers) in numbered {
            if !entry.concerns(member, number, *subscribers) {
                continue;
            }
            let directed = matches!(entry.event.audience, Audience::Client(_));
            let seq = (!directed).then(|| output.next_seq());
            counted.deliveries += 1;
            if output.is_blocked() {
                entry.park(member, seq, &mut output, answers, counted);
                continue;
            }
            let form = entry.form(&output);
            push_event(
                buffer,
                entry.json(member.protocol, form, answers, counted),
                member.protocol,
                seq,
            );
            if GULP <= buffer.len() {
                output.send(buffer);
                buffer.clear();
            }
        }
        output.send(buffer);
    }
}

impl Entry {
    fn new(event: Event) -> Self {
        let topic = match &event.audience {
            Audience::Subscribers(topic) => Some(topic.clone()),
            Audience::Everyone => event.session().cloned().map(Topic::Messages),
            Audience::Client(_) | Audience::Administrators | Audience::Others => None,
        };
        Self {
            bit: bit(event.kind()),
            class: event.class(),
            key: event.coalesce_key().map(|(kind, run)| (kind, run.clone())),
            topic,
            new: !is_known_to(Protocol::V3, &event),
            plain: Default::default(),
            merged: Default::default(),
            event,
        }
    }

    fn concerns(&self, member: &Member, number: u64, subscribers: Option<&Subscribers>) -> bool {
        if self.new && member.protocol == Protocol::V3 {
            return false;
        }
        let subscribed = || {
            subscribers
                .and_then(|all| all.get(&member.client))
                .is_some_and(|since| *since <= number)
        };
        if member.may_see & self.bit == 0 {
            // Whoever may not see it by himself may where he follows the session.
            return member.may_follow & self.bit != 0
                && matches!(self.topic, Some(Topic::Messages(_)))
                && subscribed();
        }
        match &self.event.audience {
            Audience::Everyone => !member.scoped || self.topic.is_none() || subscribed(),
            Audience::Administrators => member.admin,
            Audience::Others => !member.admin,
            Audience::Client(client) => *client == member.client,
            Audience::Subscribers(_) => subscribed(),
        }
    }

    fn form(&self, output: &Output) -> Form {
        match &self.key {
            Some(key) if output.needs_merged(key) => Form::Merged,
            _ => Form::Plain,
        }
    }

    fn park(
        &mut self,
        member: &Member,
        seq: Option<u64>,
        output: &mut Output,
        answers: &mut Answers,
        counted: &mut Counters,
    ) {
        let form = self.form(output);
        let protocol = member.protocol;
        let shared = self.json(protocol, form, answers, counted).clone();
        let parked = output.park(Parcel { shared, protocol, seq }, self.class, self.key.clone());
        match parked {
            Parked::Waits | Parked::Closed => (),
            Parked::Replaced => counted.coalesced += 1,
            Parked::Dropped => {
                counted.deliveries -= 1;
                counted.dropped += 1;
            }
        }
    }

    fn json(
        &mut self,
        protocol: Protocol,
        form: Form,
        answers: &mut Answers,
        counted: &mut Counters,
    ) -> &Bytes {
        let (texts, count) = match form {
            Form::Plain => (&mut self.plain, &mut counted.encodes),
            Form::Merged => (&mut self.merged, &mut counted.merged),
        };
        texts[protocol as usize].get_or_insert_with(|| {
            *count += 1;
            wire::event(protocol, &self.event, form, answers)
        })
    }
}
