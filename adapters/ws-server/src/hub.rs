//! Everybody who is connected, and telling them things.
//!
//! Publishing appends to a list and wakes the one flusher; that is all it costs
//! whoever publishes. The flusher lets everything that is ready run first, so
//! that what is published together leaves together, and then walks the clients
//! once: for each it puts all events that concern it into one slice and hands
//! that to the kernel. An event is written as JSON when the first client gets
//! it, once per protocol; if nobody may see it, never.

mod batch;
mod counters;
mod members;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{
    access::Proof,
    client::{Client, ClientId},
};
use ports::{
    config::{LimitsConfig, Live},
    driven::{Connections, EventSink},
    event::{Event, Topic},
};
use tokio::{
    sync::Notify,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use wire::Answers;

use crate::link::Link;
use batch::Batch;
pub use counters::Counters;
use counters::Tally;
use members::Members;

/// Looks in that rhythm, the first after one of it.
fn every(look: Duration) -> Interval {
    let mut looks = interval_at(Instant::now() + look, look);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

/// How many clients are told before others get a turn.
const TURN: usize = 256;
/// A buffer longer than this is given back.
const KEEP: usize = 512 * 1024;
/// A client of which nothing has been heard for this many looks is gone: one
/// look until it is pinged, ten of silence after the ping.
const LOOKS: u8 = 11;

/// Everybody who is connected. Cloning gives the same hub.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Live<LimitsConfig>,
    // Locked after `members` where both are needed.
    published: Mutex<Published>,
    members: Mutex<Members>,
    /// How many members there are, for whoever does not need the lock.
    count: AtomicUsize,
    wake: Notify,
    tally: Tally,
}

/// What was published and not yet told. Grows while the flusher waits for its
/// turn, which is no longer than it takes everybody else to have theirs.
#[derive(Debug, Default)]
struct Published {
    events: Vec<Event>,
    /// How many events were published before the first of `events`.
    before: u64,
}

impl Published {
    /// The number the next event will have.
    fn next(&self) -> u64 {
        self.before + self.events.len() as u64
    }
}

impl Hub {
    /// A hub without clients. Nobody is told anything until
    /// [`flusher`](Self::flusher) runs.
    pub fn new(limits: Live<LimitsConfig>) -> Self {
        Self(Arc::new(Shared {
            limits,
            published: Mutex::default(),
            members: Mutex::default(),
            count: AtomicUsize::new(0),
            wake: Notify::new(),
            tally: Tally::default(),
        }))
    }

    /// What the hub has done so far.
    pub fn counters(&self) -> Counters {
        self.0.tally.read()
    }

    /// Tells clients what is published, and looks whether they are still there.
    /// Runs until [`close_all`](Self::close_all) was called and every client is
    /// gone.
    pub async fn flusher(self) {
        let mut look = self.between_looks();
        let mut looks = every(look);
        let mut answers = Answers::default();
        let mut buffer = Vec::new();
        loop {
            tokio::select! {
                () = self.0.wake.notified() => {
                    // Whoever is ready to publish does so first: this is what
                    // makes things that are due together leave together.
                    tokio::task::yield_now().await;
                    self.flush(&mut answers, &mut buffer).await;
                    if self.part().await {
                        return;
                    }
                }
                _ = looks.tick() => {
                    self.look_for_life().await;
                    let now = self.between_looks();
                    if now != look {
                        look = now;
                        looks = every(look);
                    }
                }
            }
        }
    }

    /// How long it takes from one look whether clients are there to the next. A
    /// client is pinged after being silent for one to two of them.
    fn between_looks(&self) -> Duration {
        let patience = Duration::from_millis(self.0.limits.get().pong_timeout_ms);
        (patience / 10).max(Duration::from_millis(1))
    }

    /// Closes every connection after everything published until now was told,
    /// and every one that comes later.
    pub fn close_all(&self, code: u16, reason: &str) {
        self.members().farewell.get_or_insert_with(|| (code, reason.into()));
        self.0.wake.notify_one();
    }

    /// Lets `client` in: it gets `hello`, and then every event that is published
    /// from now on and concerns it.
    pub(crate) fn join(&self, client: &Client, link: &Arc<Link>, hello: &[u8]) -> Membership {
        let mut members = self.members();
        let since = self.published().next();
        members.add(client, link, since);
        self.0.count.store(members.count(), Relaxed);
        let mut output = link.lock();
        output.send(hello);
        if let Some((code, reason)) = &members.farewell {
            output.close(*code, reason);
        }
        Membership { hub: self.clone(), client: client.id }
    }

    /// Tells everybody what was published until now. What is published meanwhile
    /// wakes the flusher again.
    async fn flush(&self, answers: &mut Answers, buffer: &mut Vec<u8>) {
        let (events, before) = {
            let mut published = self.published();
            let before = published.before;
            published.before = published.next();
            (std::mem::take(&mut published.events), before)
        };
        if events.is_empty() {
            return;
        }
        let mut batch = Batch::new(events, before);
        let reach = batch.reach(&self.members());
        let mut from = 0;
        loop {
            let next = batch.tell(&self.members(), &reach, from, answers, buffer, &self.0.tally);
            let Some(next) = next else { break };
            from = next;
            tokio::task::yield_now().await;
        }
        batch.forget_ended(answers);
        buffer.shrink_to(KEEP);
    }

    /// Closes everybody if that was asked for. Returns whether all are gone.
    async fn part(&self) -> bool {
        let mut from = 0;
        loop {
            {
                let members = self.members();
                let Some((code, reason)) = &members.farewell else { return false };
                if members.count() == 0 {
                    return true;
                }
                for member in members.turn(from, TURN) {
                    member.link.lock().close(*code, reason);
                }
                from += TURN;
                if members.slots() <= from {
                    return false;
                }
            }
            tokio::task::yield_now().await;
        }
    }

    async fn look_for_life(&self) {
        let mut from = 0;
        loop {
            {
                let members = self.members();
                for member in members.turn(from, TURN) {
                    let mut output = member.link.lock();
                    if LOOKS <= output.look_for_life() {
                        output.cut();
                    }
                }
                from += TURN;
                if members.slots() <= from {
                    return;
                }
            }
            tokio::task::yield_now().await;
        }
    }

    fn published(&self) -> MutexGuard<'_, Published> {
        self.0.published.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.0.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Hub {
    fn publish(&self, event: Event) {
        if self.0.count.load(Relaxed) == 0 {
            return;
        }
        let mut published = self.published();
        published.events.push(event);
        if published.events.len() == 1 {
            self.0.wake.notify_one();
        }
    }

    fn subscribe(&self, client: ClientId, topic: Topic) {
        let mut members = self.members();
        let since = self.published().next();
        members.subscribe(client, topic, since);
    }

    fn unsubscribe(&self, client: ClientId, topic: &Topic) {
        self.members().unsubscribe(client, topic);
    }

    fn clients(&self) -> usize {
        self.0.count.load(Relaxed)
    }
}

impl Connections for Hub {
    fn close(&self, client: ClientId, code: u16, reason: &str) {
        let link = self.members().link(client);
        if let Some(link) = link {
            link.lock().close(code, reason);
        }
    }

    fn close_proven_by(&self, proof: Proof, code: u16, reason: &str) -> usize {
        let links = self.members().proven_by(proof);
        for link in &links {
            link.lock().close(code, reason);
        }
        links.len()
    }
}

/// A client's place in the hub, for as long as it is connected.
#[derive(Debug)]
pub(crate) struct Membership {
    hub: Hub,
    client: ClientId,
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut members = self.hub.members();
        if let Some(link) = members.remove(self.client) {
            self.hub.0.tally.left(link.lock().was_slow());
        }
        self.hub.0.count.store(members.count(), Relaxed);
        // The flusher may be waiting for the last one to leave.
        if members.farewell.is_some() && members.count() == 0 {
            self.hub.0.wake.notify_one();
        }
    }
}
