//! Nodes that wait for somebody's decision.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{Surface, scopes_to_approve};
use crate::{
    access::Scopes,
    ids::{NodeId, RequestId},
    time::Timestamp,
};

/// A node that asks to be given commands. What is asked for never changes: what
/// somebody looked at is what he approves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRequest {
    /// Names the request.
    pub id: RequestId,
    /// Who asks.
    pub node: NodeId,
    /// What for.
    pub surface: Surface,
    /// What else is known about the node.
    pub about: NodeFacts,
    /// Whether whoever asks does not want anybody to be bothered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent: Option<bool>,
    /// Whether something was approved for this node before.
    pub is_repair: bool,
    /// When.
    pub at: Timestamp,
}

/// What is known about a node and decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NodeFacts {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<Box<str>>,
    /// Which program it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<Box<str>>,
    /// What kind of program it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_mode: Option<Box<str>>,
    /// The version of its program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Box<str>>,
    /// The version of the part of it that does the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_version: Option<Box<str>>,
    /// The version of the part of it that people see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_version: Option<Box<str>>,
    /// As in `iPhone17,1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_identifier: Option<Box<str>>,
    /// Where it connected from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_ip: Option<Box<str>>,
}

impl NodeRequest {
    /// What whoever approves it has to hold.
    pub fn required_scopes(&self) -> Scopes {
        scopes_to_approve(self.surface.commands.iter().map(AsRef::as_ref))
    }
}

/// The nodes that wait. A request that nobody decided about in
/// [`MAX_AGE`](Self::MAX_AGE) is as good as gone.
#[derive(Debug, Default)]
pub struct NodeRequests(BTreeMap<RequestId, NodeRequest>);

/// What became of a node's asking.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "somebody has to be told of a new request"]
pub enum Asked {
    /// It waits for a decision now.
    New,
    /// The node waits already, for this.
    Known(Box<NodeRequest>),
}

/// Enough nodes wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many pairing requests are waiting")]
pub struct TooManyRequests;

impl NodeRequests {
    /// How long a request waits.
    pub const MAX_AGE: Duration = Duration::from_mins(5);
    /// How many requests wait at most.
    pub const MOST: usize = 32;

    /// A node asks, unless it waits already. Whoever keeps the requests should
    /// [`sweep`](Self::sweep) before.
    pub fn ask(&mut self, request: NodeRequest) -> Result<Asked, TooManyRequests> {
        if let Some(known) = self.of(&request.node, request.at) {
            return Ok(Asked::Known(Box::new(known.clone())));
        }
        if Self::MOST <= self.waiting(request.at).count() {
            return Err(TooManyRequests);
        }
        self.0.insert(request.id.clone(), request);
        Ok(Asked::New)
    }

    /// The request called `id`, if it still waits.
    pub fn get(&self, id: &RequestId, now: Timestamp) -> Option<&NodeRequest> {
        self.0.get(id).filter(|request| waits(request, now))
    }

    /// The request of `node`, if it waits.
    pub fn of(&self, node: &NodeId, now: Timestamp) -> Option<&NodeRequest> {
        self.waiting(now).find(|request| request.node == *node)
    }

    /// Everything that waits.
    pub fn waiting(&self, now: Timestamp) -> impl Iterator<Item = &NodeRequest> {
        self.0.values().filter(move |request| waits(request, now))
    }

    /// Takes a request away, because somebody decided about it.
    pub fn take(&mut self, id: &RequestId) -> Option<NodeRequest> {
        self.0.remove(id)
    }

    /// Puts a request (back), as it was.
    pub fn put(&mut self, request: NodeRequest) {
        self.0.insert(request.id.clone(), request);
    }

    /// Takes away what waited too long, and returns what that was.
    pub fn sweep(&mut self, now: Timestamp) -> Vec<RequestId> {
        self.0.extract_if(.., |_, request| !waits(request, now)).map(|(id, _)| id).collect()
    }
}

fn waits(request: &NodeRequest, now: Timestamp) -> bool {
    now.since(request.at) < NodeRequests::MAX_AGE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: usize, node: usize, at: u64) -> NodeRequest {
        NodeRequest {
            id: format!("request-{id}").parse().unwrap(),
            node: format!("node-{node}").parse().unwrap(),
            surface: Surface::default(),
            about: NodeFacts::default(),
            silent: None,
            is_repair: false,
            at: Timestamp::from_millis(at),
        }
    }

    #[test]
    fn a_node_waits_once_and_what_it_waits_for_never_changes() {
        let mut requests = NodeRequests::default();
        assert_eq!(requests.ask(request(1, 1, 0)), Ok(Asked::New));
        let mut more = request(2, 1, 10);
        more.surface.commands.insert("system.run".into());
        assert_eq!(requests.ask(more), Ok(Asked::Known(Box::new(request(1, 1, 0)))));
        let now = Timestamp::from_millis(10);
        assert_eq!(requests.waiting(now).collect::<Vec<_>>(), [&request(1, 1, 0)]);
        assert_eq!(requests.take(&"request-1".parse().unwrap()), Some(request(1, 1, 0)));
        assert_eq!(requests.take(&"request-1".parse().unwrap()), None);
    }

    #[test]
    fn a_request_waits_five_minutes() {
        let mut requests = NodeRequests::default();
        assert_eq!(requests.ask(request(1, 1, 0)), Ok(Asked::New));
        let id = "request-1".parse().unwrap();
        let (just, late) = (Timestamp::from_millis(299_999), Timestamp::from_millis(300_000));
        assert!(requests.get(&id, just).is_some());
        assert!(requests.get(&id, late).is_none());
        assert_eq!(requests.ask(request(2, 1, 300_000)), Ok(Asked::New));
        assert_eq!(requests.sweep(late), [id]);
        assert_eq!(requests.waiting(late).count(), 1);
    }

    #[test]
    fn not_too_many_wait_and_those_that_waited_too_long_take_no_room() {
        let mut requests = NodeRequests::default();
        for n in 0..NodeRequests::MOST {
            assert_eq!(requests.ask(request(n, n, 0)), Ok(Asked::New));
        }
        assert_eq!(requests.ask(request(99, 99, 1)), Err(TooManyRequests));
        assert_eq!(requests.ask(request(99, 99, 300_000)), Ok(Asked::New));
    }
}
