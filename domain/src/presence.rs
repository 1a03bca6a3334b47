//! Who is connected, or was a moment ago (`ws-protocol.md` 10.4).

use std::time::Duration;

use crate::time::Timestamp;

/// How long somebody who left, or who only announced himself, stays on the
/// board.
pub const TTL: Duration = Duration::from_mins(5);
/// How many entries the board holds.
pub const MAX_ENTRIES: usize = 200;

/// What is known about somebody. Shown to people, trusted for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The machine, or the program when that is not known.
    pub host: Option<Box<str>>,
    /// Its address, unless it is this machine.
    pub ip: Option<Box<str>>,
    /// The version of its program.
    pub version: Option<Box<str>>,
    /// What it runs on.
    pub platform: Option<Box<str>>,
    /// As in `iPhone`.
    pub device_family: Option<Box<str>>,
    /// As in `iPhone17,1`.
    pub model_identifier: Option<Box<str>>,
    /// What kind of program it is.
    pub mode: Option<Box<str>>,
    /// Seconds since somebody touched it.
    pub last_input_seconds: Option<u64>,
    /// Why the entry was written, as in `connect`.
    pub reason: Option<Box<str>>,
    /// Marks.
    pub tags: Vec<Box<str>>,
    /// A line for people.
    pub text: Option<Box<str>>,
    /// Its device.
    pub device_id: Option<Box<str>>,
    /// What it is to the gateway.
    pub roles: Vec<Box<str>>,
    /// What it may do.
    pub scopes: Vec<Box<str>>,
    /// Tells several running copies apart.
    pub instance_id: Option<Box<str>>,
}

impl Person {
    /// The same person with everything `newer` knows: what it does not mention
    /// stays, roles and scopes add up.
    #[must_use]
    pub fn updated(&self, newer: Self) -> Self {
        let tags = if newer.tags.is_empty() { self.tags.clone() } else { newer.tags };
        Self {
            host: newer.host.or_else(|| self.host.clone()),
            ip: newer.ip.or_else(|| self.ip.clone()),
            version: newer.version.or_else(|| self.version.clone()),
            platform: newer.platform.or_else(|| self.platform.clone()),
            device_family: newer.device_family.or_else(|| self.device_family.clone()),
            model_identifier: newer.model_identifier.or_else(|| self.model_identifier.clone()),
            mode: newer.mode.or_else(|| self.mode.clone()),
            last_input_seconds: newer.last_input_seconds.or(self.last_input_seconds),
            reason: newer.reason.or_else(|| self.reason.clone()),
            tags,
            text: newer.text.or_else(|| self.text.clone()),
            device_id: newer.device_id.or_else(|| self.device_id.clone()),
            roles: union(&self.roles, newer.roles),
            scopes: union(&self.scopes, newer.scopes),
            instance_id: newer.instance_id.or_else(|| self.instance_id.clone()),
        }
    }

    /// What an agent should hear about a machine that announced itself, when
    /// before it was known as `before`: what changed, if that matters. Being
    /// announced again for routine does not.
    pub fn news_since(&self, before: Option<&Self>) -> Option<String> {
        let mut news = Vec::new();
        let mut compare = |name, now: &Option<Box<str>>, then: Option<&Box<str>>| {
            if let Some(now) = now.as_ref().filter(|now| then != Some(*now)) {
                news.push(format!("{name} {now}"));
            }
        };
        compare("ip", &self.ip, before.and_then(|then| then.ip.as_ref()));
        compare("app", &self.version, before.and_then(|then| then.version.as_ref()));
        compare("mode", &self.mode, before.and_then(|then| then.mode.as_ref()));
        let routine = self.reason.as_deref().is_none_or(|why| ROUTINE.contains(&why));
        if !routine {
            compare("reason", &self.reason, before.and_then(|then| then.reason.as_ref()));
        }
        let renamed = before.is_none_or(|then| then.host != self.host);
        if news.is_empty() && !renamed {
            return None;
        }
        let name = self.host.as_deref().or(self.instance_id.as_deref()).unwrap_or("unknown");
        news.insert(0, format!("Node: {name}"));
        Some(news.join(" · "))
    }
}

/// Reasons for being announced that are no news.
const ROUTINE: [&str; 2] = ["periodic", "heartbeat"];

fn union(held: &[Box<str>], newer: Vec<Box<str>>) -> Vec<Box<str>> {
    let mut all = held.to_vec();
    all.extend(newer.into_iter().filter(|word| !held.contains(word)));
    all
}

/// The board: who is here, by key, the newest last. What is pinned up for each
/// (`T`) is the business of the holder.
#[derive(Debug)]
pub struct PresenceBoard<T> {
    // Invariant: at most `MAX_ENTRIES`, no two with the same key, sorted by
    // `touched`.
    entries: Vec<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    key: Box<str>,
    touched: Timestamp,
    // How many open connections stand behind it. As long as there is one, the
    // entry does not expire.
    open: u32,
    value: T,
}

impl<T> Default for PresenceBoard<T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<T> PresenceBoard<T> {
    /// Somebody connected. `value` makes the entry from the earlier one.
    pub fn arrive(&mut self, key: &str, now: Timestamp, value: impl FnOnce(Option<&T>) -> T) {
        self.put(key, now, 1, value);
    }

    /// Somebody announced himself.
    pub fn touch(&mut self, key: &str, now: Timestamp, value: impl FnOnce(Option<&T>) -> T) {
        self.put(key, now, 0, value);
    }

    /// A connection was closed. The entry stays for a while; somebody who had
    /// to make room for others is not put back for leaving.
    pub fn leave(&mut self, key: &str, now: Timestamp, value: impl FnOnce(&T) -> T) {
        let Some(mut entry) = self.take(key) else { return };
        entry.open = entry.open.saturating_sub(1);
        entry.touched = now;
        entry.value = value(&entry.value);
        self.entries.push(entry);
    }

    /// Takes down whatever is too old. Says whether there was something.
    pub fn sweep(&mut self, now: Timestamp) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| 0 < entry.open || now.since(entry.touched) < TTL);
        self.entries.len() < before
    }

    /// What is pinned up under `key`.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.entries.iter().find(|entry| *entry.key == *key).map(|entry| &entry.value)
    }

    /// Everything that is pinned up, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().rev().map(|entry| &entry.value)
    }

    fn put(
        &mut self,
        key: &str,
        now: Timestamp,
        arriving: u32,
        value: impl FnOnce(Option<&T>) -> T,
    ) {
        let before = self.take(key);
        if before.is_none() && self.entries.len() == MAX_ENTRIES {
            self.make_room();
        }
        let value = value(before.as_ref().map(|entry| &entry.value));
        let (key, open) = before.map_or((key.into(), 0), |entry| (entry.key, entry.open));
        self.entries.push(Entry { key, touched: now, open: open + arriving, value });
    }

    /// The oldest entry goes, of those who are not connected if there are any.
    fn make_room(&mut self) {
        let gone = self.entries.iter().position(|entry| entry.open == 0);
        self.entries.remove(gone.unwrap_or(0));
    }

    fn take(&mut self, key: &str) -> Option<Entry<T>> {
        // From the end: whoever leaves has often just arrived.
        let at = self.entries.iter().rposition(|entry| *entry.key == *key)?;
        Some(self.entries.remove(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    fn names(board: &PresenceBoard<&'static str>) -> Vec<&'static str> {
        board.iter().copied().collect()
    }

    #[test]
    fn whoever_is_connected_stays_and_whoever_left_fades() {
        let mut board = PresenceBoard::default();
        board.arrive("a", at(0), |_| "a");
        board.arrive("b", at(1), |_| "b");
        board.touch("c", at(2), |_| "c");
        assert_eq!(names(&board), ["c", "b", "a"], "the newest first");

        board.leave("b", at(3), |_| "b left");
        assert_eq!(names(&board), ["b left", "c", "a"]);
        assert!(board.sweep(at(7)));
        assert_eq!(names(&board), ["b left", "a"], "c only announced itself");
        assert!(board.sweep(at(8)));
        assert_eq!(names(&board), ["a"], "a is still connected");
        assert!(!board.sweep(at(1000)));
    }

    #[test]
    fn two_connections_of_one_person_are_one_entry() {
        let mut board = PresenceBoard::default();
        board.arrive("a", at(0), |_| 1);
        board.arrive("a", at(0), |before| before.unwrap() + 1);
        board.leave("a", at(0), |before| *before);
        board.sweep(at(60));
        assert_eq!(board.get("a"), Some(&2), "one of the two is still open");
        board.leave("a", at(60), |before| *before);
        board.sweep(at(120));
        assert_eq!(board.get("a"), None);
    }

    #[test]
    fn the_board_is_bounded_and_prefers_those_who_are_here() {
        let mut board = PresenceBoard::default();
        board.touch("visitor", at(0), |_| ());
        for n in 0..MAX_ENTRIES {
            board.arrive(&n.to_string(), at(1), |_| ());
        }
        assert_eq!(board.iter().count(), MAX_ENTRIES);
        assert!(board.get("visitor").is_none() && board.get("0").is_some());

        board.arrive("one more", at(2), |_| ());
        assert_eq!(board.iter().count(), MAX_ENTRIES);
        assert!(board.get("0").is_none(), "the oldest makes room");
        board.leave("0", at(3), |()| ());
        assert!(board.get("0").is_none(), "and is not put back for leaving");
    }

    #[test]
    fn newer_words_replace_older_ones_and_scopes_add_up() {
        let person = |host: Option<&str>, scopes: &[&str]| Person {
            host: host.map(Into::into),
            scopes: scopes.iter().map(|&scope| scope.into()).collect(),
            ..Person::default()
        };
        let both = person(Some("desk"), &["a", "b"]).updated(person(None, &["b", "c"]));
        assert_eq!(both, person(Some("desk"), &["a", "b", "c"]));
    }

    #[test]
    fn only_changes_are_news() {
        let desk = |reason: &str, version: &str| Person {
            host: Some("desk".into()),
            version: Some(version.into()),
            reason: Some(reason.into()),
            ..Person::default()
        };
        let first = desk("launch", "1");
        assert_eq!(first.news_since(None).as_deref(), Some("Node: desk · app 1 · reason launch"));
        assert_eq!(desk("periodic", "1").news_since(Some(&first)), None);
        assert_eq!(
            desk("periodic", "2").news_since(Some(&first)).as_deref(),
            Some("Node: desk · app 2")
        );
    }
}
