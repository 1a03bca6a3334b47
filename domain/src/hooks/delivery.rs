//! Knowing what came before: a call that comes twice is carried out once.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use crate::time::Timestamp;

/// What a call is known by: by any of these names, within the path it came to.
///
/// The order of a query, and headers nobody signed or chose, are no part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryKeys(Vec<Box<str>>);

impl DeliveryKeys {
    /// The longest key a caller may choose, in bytes.
    pub const MAX_KEY: usize = 256;

    /// A key the caller chose.
    pub fn chosen(&mut self, path: &str, key: &str) {
        self.0.push(format!("key {path} {key}").into());
    }

    /// The name its sender gave a delivery.
    pub fn named(&mut self, path: &str, name: &str) {
        self.0.push(format!("name {path} {name}").into());
    }

    /// What was signed, by its fingerprint: names can be changed by whoever
    /// recorded a call, this cannot.
    pub fn signed(&mut self, path: &str, fingerprint: &str) {
        self.0.push(format!("signed {path} {fingerprint}").into());
    }

    /// The same names, as they were written down.
    pub fn of(names: Vec<Box<str>>) -> Self {
        Self(names)
    }

    /// The names.
    pub fn names(&self) -> &[Box<str>] {
        &self.0
    }

    /// Whether the call cannot be known again.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The calls of the last day.
#[derive(Debug)]
pub struct Deliveries<T> {
    kept: BTreeMap<u64, Kept<T>>,
    // Invariant: leads from every name of `kept` to the newest that has it.
    by_name: HashMap<Box<str>, u64>,
    next: u64,
}

#[derive(Debug)]
struct Kept<T> {
    keys: DeliveryKeys,
    at: Timestamp,
    what: T,
}

impl<T> Default for Deliveries<T> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), by_name: HashMap::new(), next: 0 }
    }
}

impl<T> Deliveries<T> {
    /// For how long a call is remembered.
    pub const MAX_AGE: Duration = Duration::from_hours(24);
    /// How many calls are remembered; the oldest make room.
    pub const MOST: usize = 4_096;

    /// What is remembered of a call with any of these names.
    pub fn find(&self, keys: &DeliveryKeys, now: Timestamp) -> Option<&T> {
        let mut places = keys.0.iter().filter_map(|name| self.by_name.get(name));
        let kept = places.find_map(|place| self.kept.get(place))?;
        (now.since(kept.at) < Self::MAX_AGE).then_some(&kept.what)
    }

    /// Remembers a call. Returns its number, and what is remembered no longer.
    pub fn put(&mut self, keys: DeliveryKeys, what: T, at: Timestamp) -> (u64, Vec<T>) {
        let place = self.next;
        self.next += 1;
        for name in &keys.0 {
            self.by_name.insert(name.clone(), place);
        }
        self.kept.insert(place, Kept { keys, at, what });
        let mut gone = Vec::new();
        while let Some((oldest, kept)) = self.kept.first_key_value() {
            if self.kept.len() <= Self::MOST && at.since(kept.at) < Self::MAX_AGE {
                break;
            }
            let oldest = *oldest;
            gone.extend(self.forget(oldest));
        }
        (place, gone)
    }

    /// Forgets the call of this number, so that it may come again.
    pub fn forget(&mut self, place: u64) -> Option<T> {
        let kept = self.kept.remove(&place)?;
        for name in &kept.keys.0 {
            if self.by_name.get(name) == Some(&place) {
                self.by_name.remove(name);
            }
        }
        Some(kept.what)
    }

    /// How many calls are remembered.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(names: &[&str]) -> DeliveryKeys {
        DeliveryKeys::of(names.iter().map(|name| (*name).into()).collect())
    }

    fn at(hours: u64) -> Timestamp {
        Timestamp::default() + Duration::from_hours(hours)
    }

    #[test]
    fn a_call_is_known_by_any_of_its_names_for_a_day() {
        let mut calls = Deliveries::default();
        let (first, gone) = calls.put(named(&["a", "b"]), 1, at(1));
        assert!(gone.is_empty());
        assert_eq!(calls.find(&named(&["x", "b"]), at(2)), Some(&1));
        assert_eq!(calls.find(&named(&["x"]), at(2)), None);
        assert_eq!(calls.find(&named(&["a"]), at(25)), None, "a day later");

        let (_, gone) = calls.put(named(&["c"]), 2, at(25));
        assert_eq!(gone, [1]);
        assert_eq!(calls.forget(first), None);
    }

    #[test]
    fn what_was_forgotten_may_come_again() {
        let mut calls = Deliveries::default();
        let (first, _) = calls.put(named(&["a"]), 1, at(1));
        let (second, _) = calls.put(named(&["a"]), 2, at(1));
        assert_eq!(calls.forget(first), Some(1));
        assert_eq!(calls.find(&named(&["a"]), at(1)), Some(&2), "the newer one has the name");
        assert_eq!(calls.forget(second), Some(2));
        assert_eq!(calls.find(&named(&["a"]), at(1)), None);
        assert!(calls.is_empty());
    }

    #[test]
    fn the_path_is_part_of_the_name_and_kinds_of_names_do_not_meet() {
        let all = [DeliveryKeys::chosen, DeliveryKeys::named, DeliveryKeys::signed];
        let mut seen = std::collections::BTreeSet::new();
        for name in all {
            for path in ["agent", "wake"] {
                let mut keys = DeliveryKeys::default();
                name(&mut keys, path, "1");
                assert!(seen.insert(keys.names()[0].clone()), "{keys:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        /// However many come, memory is bounded and nothing is left behind.
        #[test]
        fn memory_is_bounded(names in prop::collection::vec(0u32..6_000, 1..50)) {
            let mut calls = Deliveries::default();
            for round in 0..200_u32 {
                for name in &names {
                    let name = (name + round * 31).to_string();
                    calls.put(named(&[&name, "same"]), (), at(1));
                }
            }
            prop_assert!(calls.len() <= Deliveries::<()>::MOST);
            let places: Vec<u64> = calls.kept.keys().copied().collect();
            for place in places {
                calls.forget(place);
            }
            prop_assert!(calls.is_empty() && calls.by_name.is_empty());
        }
    }
}
