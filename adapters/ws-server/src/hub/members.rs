//! Who is connected, and what they subscribed to.

use std::{collections::HashMap, sync::Arc};

use domain::{
    access::{Access, Proof, Scope},
    client::{Client, ClientId, Protocol},
    event::EventKind,
};
use ports::event::Topic;

use crate::link::Link;

/// How much one client may subscribe to. Beyond that, its oldest subscription
/// gives way to the newest.
const MAX_TOPICS: usize = 1024;

/// Who is connected.
#[derive(Debug, Default)]
pub(super) struct Members {
    // Walked by the flusher; gaps are filled by those who come later.
    slots: Vec<Option<Member>>,
    gaps: Vec<usize>,
    // Invariant: every client in `slots`, and where.
    places: HashMap<ClientId, usize>,
    topics: HashMap<Topic, Subscribers>,
    // Invariant: the topics of each client, the oldest first.
    followed: HashMap<ClientId, Vec<Topic>>,
    /// With which words everybody is closed, once that was asked for.
    pub(super) farewell: Option<(u16, Box<str>)>,
}

/// Who subscribed to a topic, and how many events had been published then.
pub(super) type Subscribers = HashMap<ClientId, u64>;

/// One client.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) client: ClientId,
    pub(super) link: Arc<Link>,
    pub(super) protocol: Protocol,
    /// Whether it gets the events of runs only where it subscribed.
    pub(super) scoped: bool,
    /// Whether it may do everything.
    pub(super) admin: bool,
    /// How it showed who it is.
    pub(super) proof: Proof,
    /// One bit for every kind of event it may see.
    pub(super) may_see: u32,
    /// One bit for every kind of event it may see where it subscribed to the
    /// session.
    pub(super) may_follow: u32,
    /// How many events had been published when it came.
    pub(super) since: u64,
}

/// The bit of a kind of event in [`Member::may_see`].
pub(super) const fn bit(kind: EventKind) -> u32 {
    1 << kind as u32
}

impl Members {
    pub(super) fn add(&mut self, client: &Client, link: &Arc<Link>, since: u64) {
        let bits = |access: fn(EventKind) -> Option<Access>| {
            let may = |kind: &EventKind| {
                access(*kind).is_some_and(|it| it.check(&client.principal).is_ok())
            };
            EventKind::ALL.iter().filter(|kind| may(kind)).fold(0, |bits, kind| bits | bit(*kind))
        };
        let member = Member {
            client: client.id,
            link: Arc::clone(link),
            protocol: client.protocol,
            scoped: client.session_scoped_events,
            admin: client.principal.scopes.contains(Scope::Admin),
            proof: client.principal.proof,
            may_see: bits(|kind| Some(kind.rule().access)),
            may_follow: bits(EventKind::followers),
            since,
        };
        let place = self.gaps.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[place] = Some(member);
        self.places.insert(client.id, place);
    }

    pub(super) fn remove(&mut self, client: ClientId) -> Option<Arc<Link>> {
        for topic in self.followed.remove(&client).unwrap_or_default() {
            self.forget(client, &topic);
        }
        let place = self.places.remove(&client)?;
        let member = self.slots[place].take()?;
        self.gaps.push(place);
        if self.places.is_empty() {
            // Nobody is left: so should be nothing of them.
            (self.slots, self.gaps, self.places) = Default::default();
        }
        Some(member.link)
    }

    pub(super) fn subscribe(&mut self, client: ClientId, topic: Topic, since: u64) {
        if !self.places.contains_key(&client) {
            return;
        }
        let subscribers = self.topics.entry(topic.clone()).or_default();
        if subscribers.contains_key(&client) {
            return;
        }
        subscribers.insert(client, since);
        let followed = self.followed.entry(client).or_default();
        followed.push(topic);
        if MAX_TOPICS < followed.len() {
            let oldest = followed.remove(0);
            self.forget(client, &oldest);
        }
    }

    pub(super) fn unsubscribe(&mut self, client: ClientId, topic: &Topic) {
        if let Some(followed) = self.followed.get_mut(&client) {
            followed.retain(|other| other != topic);
            if followed.is_empty() {
                self.followed.remove(&client);
            }
        }
        self.forget(client, topic);
    }

    pub(super) fn subscribers(&self, topic: &Topic) -> Option<&Subscribers> {
        self.topics.get(topic)
    }

    pub(super) fn link(&self, client: ClientId) -> Option<Arc<Link>> {
        let member = self.at(self.place(client)?)?;
        Some(Arc::clone(&member.link))
    }

    /// The links of everybody who was let in for that proof.
    pub(super) fn proven_by(&self, proof: Proof) -> Vec<Arc<Link>> {
        let members = self.slots.iter().flatten();
        members.filter(|it| it.proof == proof).map(|it| Arc::clone(&it.link)).collect()
    }

    pub(super) fn place(&self, client: ClientId) -> Option<usize> {
        self.places.get(&client).copied()
    }

    pub(super) fn at(&self, place: usize) -> Option<&Member> {
        self.slots.get(place)?.as_ref()
    }

    /// Those in the `count` places from `from` on.
    pub(super) fn turn(&self, from: usize, count: usize) -> impl Iterator<Item = &Member> {
        self.slots.iter().skip(from).take(count).flatten()
    }

    /// How many places there are, gaps included.
    pub(super) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// How many clients there are.
    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    fn forget(&mut self, client: ClientId, topic: &Topic) {
        if let Some(subscribers) = self.topics.get_mut(topic) {
            subscribers.remove(&client);
            if subscribers.is_empty() {
                self.topics.remove(topic);
            }
        }
    }
}
