//! Things that are remembered for a while, and only so many of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::time::Timestamp;

/// How much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimits {
    /// How many things.
    pub count: usize,
    /// How large they are together, in bytes.
    pub bytes: usize,
    /// How long.
    pub age: Duration,
}

/// Things that are remembered by name, the newest ones.
#[derive(Clone, Debug)]
pub struct Remembered<T> {
    limits: MemoryLimits,
    things: BTreeMap<Box<str>, Thing<T>>,
    // Invariant: exactly the names in `things`, each with its time.
    order: BTreeSet<(Timestamp, Box<str>)>,
    // Invariant: how large all of them are together.
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Thing<T> {
    at: Timestamp,
    bytes: usize,
    what: T,
}

impl<T> Remembered<T> {
    /// A memory with nothing in it.
    pub const fn new(limits: MemoryLimits) -> Self {
        Self { limits, things: BTreeMap::new(), order: BTreeSet::new(), bytes: 0 }
    }

    /// Remembers `what`, which is of the time `at`, and forgets what there is no
    /// room for any more, or what is too old `now`; answers the names of these.
    /// `what` itself may be among them.
    #[must_use = "what is forgotten may be written down elsewhere"]
    pub fn put(
        &mut self,
        name: &str,
        at: Timestamp,
        bytes: usize,
        what: T,
        now: Timestamp,
    ) -> Vec<Box<str>> {
        self.take(name);
        self.things.insert(name.into(), Thing { at, bytes, what });
        self.order.insert((at, name.into()));
        self.bytes += bytes;
        let mut forgotten = Vec::new();
        while let Some((oldest, name)) = self.order.first().cloned() {
            let too_old = self.limits.age <= now.since(oldest);
            let too_many = self.limits.count < self.things.len();
            if !too_old && !too_many && self.bytes <= self.limits.bytes {
                break;
            }
            self.take(&name);
            forgotten.push(name);
        }
        forgotten
    }

    /// What is remembered under `name`, unless it is too old `now`.
    pub fn get(&self, name: &str, now: Timestamp) -> Option<&T> {
        let thing = self.things.get(name)?;
        (now.since(thing.at) < self.limits.age).then_some(&thing.what)
    }

    /// Forgets what is remembered under `name`.
    pub fn take(&mut self, name: &str) -> Option<T> {
        let (name, thing) = self.things.remove_entry(name)?;
        self.bytes -= thing.bytes;
        self.order.remove(&(thing.at, name));
        Some(thing.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: MemoryLimits = MemoryLimits { count: 3, bytes: 100, age: Duration::from_secs(1) };

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn put(memory: &mut Remembered<char>, name: &str, bytes: usize, now: u64) -> String {
        let what = name.chars().next().unwrap_or_default();
        memory.put(name, at(now), bytes, what, at(now)).join(" ")
    }

    #[test]
    fn the_oldest_go_first() {
        let mut memory = Remembered::new(LIMITS);
        #[rustfmt::skip]
        let table = [
            // name  bytes  now    forgotten
            ("a",    10,    1,     ""),
            ("b",    10,    2,     ""),
            ("c",    10,    3,     ""),
            ("d",    10,    4,     "a"),
            ("b",    10,    5,     ""),
            ("e",    80,    6,     "c"),
            ("f",    90,    7,     "d b e"),
            ("g",    101,   8,     "f g"),
            ("h",    1,     9,     ""),
            ("i",    1,     1008,  ""),
            ("j",    1,     1009,  "h"),
        ];
        for (name, bytes, now, forgotten) in table {
            assert_eq!(put(&mut memory, name, bytes, now), forgotten, "{name}");
        }
    }

    #[test]
    fn what_is_forgotten_is_gone() {
        let mut memory = Remembered::new(LIMITS);
        assert_eq!(put(&mut memory, "a", 100, 1), "");
        assert_eq!((memory.get("a", at(1000)), memory.get("a", at(1001))), (Some(&'a'), None));
        assert_eq!(memory.take("a"), Some('a'));
        assert_eq!((memory.take("a"), memory.get("a", at(1))), (None, None));
        assert_eq!(put(&mut memory, "b", 100, 2), "", "its room is free again");
    }
}
