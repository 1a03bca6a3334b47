//! How often one may be wrong (`security.md` 2.3, V-05, V-25, V-73).
//!
//! Whoever shows credentials takes a place first, and gives it back when they
//! were right. So it does not matter how many try at the same time: there are no
//! more verdicts than places.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    net::IpAddr,
    time::Duration,
};

use crate::{ids::DeviceId, limits::bucket, time::Timestamp};

/// How often one may be wrong, and what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// So many failures of one address or one device…
    pub attempts: u32,
    /// …within this time…
    pub window: Duration,
    /// …lead to this much time without a verdict.
    pub lockout: Duration,
    /// So many failures of all together within the window. Beyond them only
    /// those get a verdict who have not failed yet.
    pub everybody: u32,
    /// How many addresses and devices are remembered.
    pub remembered: usize,
}

impl Default for ThrottleLimits {
    fn default() -> Self {
        Self {
            attempts: 10,
            window: Duration::from_mins(1),
            lockout: Duration::from_mins(5),
            everybody: 1_000,
            remembered: 16_384,
        }
    }
}

/// Counts failures. Time comes in as a value that does not run backwards.
#[derive(Debug)]
pub struct Throttle {
    limits: ThrottleLimits,
    places: Table<Place>,
    everybody: Count,
}

/// Whose failures are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Everybody of one household: an IPv4 address, or the /64 of an IPv6
    /// address. Those of unknown address are one household.
    Address(Option<IpAddr>),
    /// A device, wherever it is.
    Device(DeviceId),
}

impl Place {
    /// The place of somebody at `address`.
    pub fn of(address: Option<IpAddr>) -> Self {
        Self::Address(address.map(bucket))
    }
}

/// Too many failures; the next verdict comes after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many failed authentication attempts")]
pub struct TooMany {
    /// How long to wait.
    pub retry_after: Duration,
}

impl Throttle {
    /// Nobody has failed yet.
    pub fn new(limits: ThrottleLimits) -> Self {
        Self { limits, places: Table::new(limits.remembered), everybody: Count::default() }
    }

    /// From now on these limits hold. What was counted still counts.
    pub fn keep_to(&mut self, limits: ThrottleLimits) {
        self.limits = limits;
    }

    /// Takes a place for one verdict: it counts as a failure until it is
    /// [given back](Self::give_back) or [forgiven](Self::forgive).
    pub fn take(&mut self, place: &Place, now: Timestamp) -> Result<(), TooMany> {
        let limits = self.limits;
        let known = self.places.get(place);
        if let Some(retry_after) = known.and_then(|count| count.locked(&limits, now)) {
            return Err(TooMany { retry_after });
        }
        let crowded = limits.everybody <= self.everybody.within(limits.window, now);
        let failed_before = known.is_some_and(|count| 0 < count.within(limits.window, now));
        if crowded && failed_before {
            return Err(TooMany { retry_after: self.everybody.left(limits.window, now) });
        }
        self.everybody.add(limits.window, now);
        self.places.entry(place.clone(), &limits, now).add(limits.window, now);
        Ok(())
    }

    /// There was nothing to give a verdict about.
    pub fn give_back(&mut self, place: &Place) {
        self.everybody.take_back();
        if let Some(count) = self.places.entries.get_mut(place) {
            count.take_back();
        }
    }

    /// Somebody in `place` was right: nothing is held against it.
    pub fn forgive(&mut self, place: &Place) {
        self.everybody.take_back();
        if let Some(count) = self.places.entries.get_mut(place) {
            count.failures = 0;
        }
    }

    /// How many addresses and devices are remembered.
    pub fn remembered(&self) -> usize {
        self.places.entries.len()
    }
}

/// Failures within a window that begins with the first of them.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    since: Timestamp,
    failures: u32,
}

impl Count {
    fn within(&self, window: Duration, now: Timestamp) -> u32 {
        if now.since(self.since) < window { self.failures } else { 0 }
    }

    fn add(&mut self, window: Duration, now: Timestamp) {
        if self.within(window, now) == 0 {
            *self = Self { since: now, failures: 0 };
        }
        self.failures = self.failures.saturating_add(1);
    }

    fn take_back(&mut self) {
        self.failures = self.failures.saturating_sub(1);
    }

    fn left(&self, window: Duration, now: Timestamp) -> Duration {
        window.saturating_sub(now.since(self.since)).max(Duration::from_millis(1))
    }

    /// How much longer there is no verdict. The lockout begins with the window:
    /// whoever is locked out cannot make it longer by trying.
    fn locked(&self, limits: &ThrottleLimits, now: Timestamp) -> Option<Duration> {
        let over = limits.attempts <= self.failures;
        let until = limits.window.max(limits.lockout);
        let passed = now.since(self.since);
        (over && passed < until).then(|| until.saturating_sub(passed).max(Duration::from_millis(1)))
    }

    /// Whether it can be forgotten without anybody gaining by it.
    fn is_stale(&self, limits: &ThrottleLimits, now: Timestamp) -> bool {
        self.locked(limits, now).is_none() && self.within(limits.window, now) == 0
    }
}

/// Counts by key, of which the oldest gives way when there is no room: so that a
/// crowd of strangers neither fills the memory nor locks others out.
#[derive(Debug)]
struct Table<K> {
    room: usize,
    entries: HashMap<K, Count>,
    // Invariant: every key of `entries` once, the oldest first.
    order: VecDeque<K>,
}

impl<K: Clone + Eq + Hash> Table<K> {
    fn new(room: usize) -> Self {
        Self { room: room.max(1), entries: HashMap::new(), order: VecDeque::new() }
    }

    fn get(&self, key: &K) -> Option<&Count> {
        self.entries.get(key)
    }

    fn entry(&mut self, key: K, limits: &ThrottleLimits, now: Timestamp) -> &mut Count {
        if !self.entries.contains_key(&key) {
            self.make_room(limits, now);
            self.order.push_back(key.clone());
        }
        self.entries.entry(key).or_default()
    }

    fn make_room(&mut self, limits: &ThrottleLimits, now: Timestamp) {
        let stale = |entries: &HashMap<K, Count>, key: &K| {
            entries.get(key).is_none_or(|count| count.is_stale(limits, now))
        };
        while let Some(oldest) = self.order.front()
            && (self.room <= self.entries.len() || stale(&self.entries, oldest))
        {
            self.entries.remove(oldest);
            self.order.pop_front();
        }
    }
}

/// So many of something within a time, for each of a few callers: how often a
/// client may write what governs the gateway.
#[derive(Debug)]
pub struct Budget<K> {
    most: u32,
    window: Duration,
    spent: Table<K>,
}

/// Nothing is left of a budget for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// How long.
    pub retry_after: Duration,
    /// Whether the caller is told so for the first time: worth a line in the
    /// log, of which there shall not be one for each call.
    pub first: bool,
}

impl<K: Clone + Eq + Hash> Budget<K> {
    /// `most` within `window` for each of up to `callers` callers.
    pub fn new(most: u32, window: Duration, callers: usize) -> Self {
        Self { most, window, spent: Table::new(callers) }
    }

    /// Spends one, if there is one left.
    pub fn spend(&mut self, caller: K, now: Timestamp) -> Result<(), Spent> {
        let limits = ThrottleLimits {
            attempts: u32::MAX,
            window: self.window,
            lockout: self.window,
            ..ThrottleLimits::default()
        };
        let count = self.spent.entry(caller, &limits, now);
        let before = count.within(self.window, now);
        // One more than there may be says that the caller was told.
        if before <= self.most {
            count.add(self.window, now);
        }
        if before < self.most {
            return Ok(());
        }
        Err(Spent { retry_after: count.left(self.window, now), first: before == self.most })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: ThrottleLimits = ThrottleLimits {
        attempts: 3,
        window: Duration::from_mins(1),
        lockout: Duration::from_mins(5),
        everybody: 1_000,
        remembered: 8,
    };

    fn from(address: &str) -> Place {
        Place::of(address.parse().ok())
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn whoever_fails_too_often_waits() {
        let mut throttle = Throttle::new(LIMITS);
        let stranger = from("192.0.2.1");
        for _ in 0..3 {
            throttle.take(&stranger, at(10)).unwrap();
        }
        let refused = throttle.take(&stranger, at(20)).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(290));
        throttle.take(&from("192.0.2.2"), at(20)).unwrap();
        assert!(throttle.take(&stranger, at(309)).is_err(), "trying does not make it longer");
        throttle.take(&stranger, at(310)).unwrap();
    }

    /// V-25: the place is taken before the verdict.
    #[test]
    fn trying_at_the_same_time_gains_nothing() {
        let mut throttle = Throttle::new(LIMITS);
        let verdicts = (0..50).filter(|_| throttle.take(&from("192.0.2.1"), at(1)).is_ok());
        assert_eq!(verdicts.count(), 3);
    }

    #[test]
    fn being_right_wipes_the_slate_clean() {
        let mut throttle = Throttle::new(LIMITS);
        let user = from("192.0.2.1");
        for _ in 0..10 {
            throttle.take(&user, at(1)).unwrap();
            throttle.take(&user, at(1)).unwrap();
            throttle.forgive(&user);
        }
    }

    #[test]
    fn a_household_counts_as_one() {
        let mut throttle = Throttle::new(LIMITS);
        for address in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff"] {
            throttle.take(&from(address), at(1)).unwrap();
        }
        assert!(throttle.take(&from("2001:db8::9"), at(1)).is_err());
        throttle.take(&from("2001:db8:0:1::9"), at(1)).unwrap();
        throttle.take(&from("198.51.100.1"), at(1)).unwrap();
        throttle.take(&from("::ffff:198.51.100.1"), at(1)).unwrap();
        throttle.take(&from("198.51.100.1"), at(1)).unwrap();
        assert!(throttle.take(&from("::ffff:198.51.100.1"), at(1)).is_err());
    }

    #[test]
    fn what_was_no_attempt_is_not_counted() {
        let mut throttle = Throttle::new(LIMITS);
        let device = Place::Device("ab".repeat(32).parse().unwrap());
        for _ in 0..10 {
            throttle.take(&device, at(1)).unwrap();
            throttle.give_back(&device);
        }
        for _ in 0..3 {
            throttle.take(&device, at(1)).unwrap();
        }
        assert!(throttle.take(&device, at(1)).is_err());
    }

    /// V-73, and the flaw of the best limiter there was: a full table.
    #[test]
    fn a_crowd_neither_fills_the_memory_nor_locks_others_out() {
        let limits = ThrottleLimits { everybody: 50, ..LIMITS };
        let mut throttle = Throttle::new(limits);
        for number in 0..10_000u32 {
            let stranger = Place::of(Some(IpAddr::from(number.to_be_bytes())));
            throttle.take(&stranger, at(1)).unwrap();
        }
        assert_eq!(throttle.remembered(), 8);
        throttle.take(&from("198.51.100.1"), at(2)).unwrap();
        let again = throttle.take(&from("198.51.100.1"), at(2));
        assert!(again.is_err(), "when everybody fails, each gets one verdict");
    }

    #[test]
    fn a_budget_is_so_many_in_a_time() {
        let mut budget = Budget::new(2, Duration::from_mins(1), 4);
        assert_eq!(budget.spend("a", at(0)), Ok(()));
        assert_eq!(budget.spend("a", at(30)), Ok(()));
        let spent =
            |seconds, first| Err(Spent { retry_after: Duration::from_secs(seconds), first });
        assert_eq!(budget.spend("a", at(45)), spent(15, true));
        assert_eq!(budget.spend("a", at(50)), spent(10, false));
        assert_eq!(budget.spend("b", at(45)), Ok(()));
        assert_eq!(budget.spend("a", at(60)), Ok(()));
    }

    proptest! {
        /// However attempts are spread over time, no address gets more than the
        /// allowed number of wrong verdicts in any window.
        #[test]
        fn never_more_verdicts_than_allowed(pauses in prop::collection::vec(0u64..40, 1..80)) {
            let mut throttle = Throttle::new(LIMITS);
            let mut now = 0;
            let mut verdicts = Vec::new();
            for pause in pauses {
                now += pause;
                if throttle.take(&from("192.0.2.1"), at(now)).is_ok() {
                    verdicts.push(now);
                }
                let windows = [now.saturating_sub(59)..=now];
                for window in windows {
                    // Two windows may touch, so up to twice as many fit into a
                    // minute that lies across both.
                    let within = verdicts.iter().filter(|at| window.contains(at)).count();
                    prop_assert!(within <= 2 * 3, "{within} by {now}");
                }
            }
        }
    }
}
