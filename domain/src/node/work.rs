//! Work that waits until a node comes to get it.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    ids::{NodeId, RequestId},
    time::Timestamp,
    words::words,
};

words! {
    /// What a node can be asked to do when it comes back. Closed on purpose:
    /// commands are not kept for later, because whoever withdraws a node's
    /// approval means those he does not see as well.
    pub enum WorkKind {
        /// It shall say how it is.
        Status = "status.request",
        /// It shall say where it is.
        Location = "location.request",
    }
}

words! {
    /// How soon.
    pub enum WorkPriority {
        /// In its turn.
        Normal = "normal",
        /// Before the rest.
        High = "high",
    }
}

/// Something a node shall do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkItem {
    /// Names it.
    pub id: RequestId,
    /// Who shall do it.
    pub node: NodeId,
    /// What.
    pub kind: WorkKind,
    /// How soon.
    pub priority: WorkPriority,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Everything that waits. Asking a node twice for the same thing is asking once,
/// so a node never has more waiting than there are kinds of work.
#[derive(Debug, Default)]
pub struct NodeWork(HashMap<NodeId, BTreeMap<WorkKind, WorkItem>>);

/// What became of work that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// What waits now.
    pub item: WorkItem,
    /// Whether it waited before: then it keeps its name and its place, and is
    /// as urgent and lasts as long as the more demanding of the two.
    pub deduped: bool,
}

impl NodeWork {
    /// How long something waits when nobody says.
    pub const MAX_AGE: Duration = Duration::from_hours(24);

    /// Hands `item` in. What waits in its place afterwards has to be kept.
    pub fn queue(&mut self, item: WorkItem) -> Queued {
        let of_node = self.0.entry(item.node.clone()).or_default();
        let waiting = of_node.get(&item.kind).filter(|it| item.created_at < it.expires_at);
        let (item, deduped) = match waiting {
            None => (item, false),
            Some(waiting) => {
                let item = WorkItem {
                    priority: waiting.priority.max(item.priority),
                    expires_at: waiting.expires_at.max(item.expires_at),
                    ..waiting.clone()
                };
                (item, true)
            }
        };
        of_node.insert(item.kind, item.clone());
        Queued { item, deduped }
    }

    /// What waits in the place of `item`, be it too old or not.
    pub fn in_place_of(&self, item: &WorkItem) -> Option<&WorkItem> {
        self.0.get(&item.node)?.get(&item.kind)
    }

    /// Puts an item (back), as it was.
    pub fn put(&mut self, item: WorkItem) {
        self.0.entry(item.node.clone()).or_default().insert(item.kind, item);
    }

    /// What waits for `node`: the urgent first, then the oldest.
    pub fn of(&self, node: &NodeId, now: Timestamp) -> Vec<WorkItem> {
        let items = self.0.get(node).into_iter().flat_map(BTreeMap::values);
        let mut items: Vec<_> = items.filter(|it| now < it.expires_at).cloned().collect();
        items.sort_by_key(|it| (std::cmp::Reverse(it.priority), it.created_at));
        items
    }

    /// Takes away what `node` says it did.
    pub fn take(&mut self, node: &NodeId, done: impl Fn(&WorkItem) -> bool) -> Vec<WorkItem> {
        let Some(items) = self.0.get_mut(node) else { return Vec::new() };
        let taken = items.extract_if(.., |_, item| done(item)).map(|(_, item)| item).collect();
        if items.is_empty() {
            self.0.remove(node);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, kind: WorkKind, priority: WorkPriority, from: u64, until: u64) -> WorkItem {
        WorkItem {
            id: id.parse().unwrap(),
            node: "phone".parse().unwrap(),
            kind,
            priority,
            created_at: Timestamp::from_millis(from),
            expires_at: Timestamp::from_millis(until),
        }
    }

    fn names(items: &[WorkItem]) -> Vec<&str> {
        items.iter().map(|it| it.id.as_str()).collect()
    }

    #[test]
    fn the_urgent_comes_first_and_what_is_too_old_not_at_all() {
        use {WorkKind::*, WorkPriority::*};
        let (mut work, phone) = (NodeWork::default(), "phone".parse().unwrap());
        let _ = work.queue(item("a", Status, Normal, 1, 100));
        let _ = work.queue(item("b", Location, High, 2, 50));
        assert_eq!(names(&work.of(&phone, Timestamp::from_millis(10))), ["b", "a"]);
        assert_eq!(names(&work.of(&phone, Timestamp::from_millis(50))), ["a"]);
        assert_eq!(names(&work.of(&"pad".parse().unwrap(), Timestamp::default())), [""; 0]);
    }

    #[test]
    fn asking_twice_is_asking_once_and_the_more_demanding_counts() {
        use {WorkKind::*, WorkPriority::*};
        let (mut work, phone) = (NodeWork::default(), "phone".parse().unwrap());
        assert!(!work.queue(item("a", Status, Normal, 1, 100)).deduped);
        let again = work.queue(item("b", Status, High, 2, 50));
        assert_eq!(again, Queued { item: item("a", Status, High, 1, 100), deduped: true });
        let expired = work.queue(item("c", Status, Normal, 100, 200));
        assert_eq!(expired, Queued { item: item("c", Status, Normal, 100, 200), deduped: false });
        assert_eq!(names(&work.of(&phone, Timestamp::from_millis(100))), ["c"]);
    }

    #[test]
    fn what_is_done_is_taken_away() {
        use {WorkKind::*, WorkPriority::*};
        let (mut work, phone) = (NodeWork::default(), "phone".parse().unwrap());
        let _ = work.queue(item("a", Status, Normal, 1, 100));
        let _ = work.queue(item("b", Location, Normal, 2, 100));
        assert_eq!(names(&work.take(&phone, |it| it.id.as_str() == "b")), ["b"]);
        assert_eq!(names(&work.take(&phone, |it| it.id.as_str() == "b")), [""; 0]);
        assert_eq!(names(&work.take(&phone, |_| true)), ["a"]);
        assert!(work.of(&phone, Timestamp::from_millis(3)).is_empty());
    }
}
