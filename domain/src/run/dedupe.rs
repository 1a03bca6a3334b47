//! Remembering what was already answered.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    time::Duration,
};

use crate::time::Timestamp;

/// Answers by key, for a while: a repeated call gets the answer of the first.
#[derive(Debug)]
pub struct Dedupe<K, V> {
    max_age: Duration,
    max_entries: usize,
    entries: HashMap<K, (V, Timestamp)>,
    // Invariant: every key of `entries` stands here, the oldest first; a key
    // that was replaced stands here more than once.
    order: VecDeque<(K, Timestamp)>,
}

impl<K: Clone + Eq + Hash, V> Dedupe<K, V> {
    /// An empty memory that forgets after `max_age`, and the oldest entries
    /// beyond `max_entries`.
    pub fn new(max_age: Duration, max_entries: usize) -> Self {
        Self { max_age, max_entries, entries: HashMap::new(), order: VecDeque::new() }
    }

    /// The answer under `key`, unless it is too old.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<&V> {
        let (value, at) = self.entries.get(key)?;
        (now.since(*at) < self.max_age).then_some(value)
    }

    /// Remembers `value` under `key`, in place of what was there.
    pub fn put(&mut self, key: K, value: V, now: Timestamp) {
        self.entries.insert(key.clone(), (value, now));
        self.order.push_back((key, now));
        self.sweep(now);
    }

    /// Forgets what is too old or too much.
    pub fn sweep(&mut self, now: Timestamp) {
        while let Some((key, at)) = self.order.front() {
            let replaced = self.entries.get(key).is_none_or(|(_, current)| current != at);
            let too_old = self.max_age <= now.since(*at);
            let too_many = self.max_entries < self.entries.len();
            if !(replaced || too_old || too_many) {
                break;
            }
            if let Some((key, _)) = self.order.pop_front().filter(|_| !replaced) {
                self.entries.remove(&key);
            }
        }
    }

    /// How many answers are remembered.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_are_repeated_for_a_while_and_then_forgotten() {
        let at = Timestamp::from_millis;
        let mut memory = Dedupe::new(Duration::from_millis(100), 2);
        memory.put("a", 1, at(0));
        assert_eq!(memory.get(&"a", at(99)), Some(&1));
        assert_eq!(memory.get(&"a", at(100)), None);
        memory.put("a", 2, at(50));
        assert_eq!(memory.get(&"a", at(120)), Some(&2), "the newest answer counts");
        memory.put("b", 3, at(60));
        memory.put("c", 4, at(70));
        assert_eq!(memory.get(&"a", at(71)), None, "the oldest makes room");
        assert_eq!(memory.len(), 2);
    }

    proptest! {
        /// The memory never grows beyond its bound, and never answers with
        /// anything but the newest value of a key that is young enough.
        #[test]
        fn it_is_a_bounded_map_that_forgets(puts in prop::collection::vec((0u8..20, 0u64..40), 0..200)) {
            let max_age = Duration::from_millis(100);
            let mut memory = Dedupe::new(max_age, 8);
            let mut newest = HashMap::new();
            let mut now = Timestamp::from_millis(0);
            for (step, (key, pause)) in puts.into_iter().enumerate() {
                now = now + Duration::from_millis(pause);
                memory.put(key, step, now);
                newest.insert(key, (step, now));
                prop_assert!(memory.len() <= 8);
                prop_assert!(memory.order.len() <= 200);
                prop_assert_eq!(memory.get(&key, now), Some(&step));
                for (key, (value, at)) in &newest {
                    if let Some(answer) = memory.get(key, now) {
                        prop_assert_eq!(answer, value);
                        prop_assert!(now.since(*at) < max_age);
                    }
                }
            }
        }
    }
}
