//! Work that waits until a node comes to get it.

use std::time::Duration;

use domain::{
    client::Client,
    ids::NodeId,
    node::{NodeWork, Queued, WorkItem, WorkKind, WorkPriority},
};
use ports::driven::CommitError;

use super::{Nodes, identity, kept::Edit};

/// Why work was not kept.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// There is no such node.
    #[error("unknown nodeId")]
    UnknownNode,
    /// It could not be written down.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// What became of work that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enqueued {
    /// What waits now.
    pub item: WorkItem,
    /// Whether it waited before.
    pub deduped: bool,
}

impl Nodes {
    /// Keeps work for a node until it comes for it.
    pub async fn enqueue(
        &self,
        node: &str,
        kind: WorkKind,
        priority: WorkPriority,
        expires_in: Option<Duration>,
    ) -> Result<Enqueued, EnqueueError> {
        let node: NodeId = node.parse().map_err(|_| EnqueueError::UnknownNode)?;
        if self.device_of(&node).is_none() {
            return Err(EnqueueError::UnknownNode);
        }
        let created_at = self.0.deps.clock.now();
        let age = expires_in.unwrap_or(NodeWork::MAX_AGE).min(NodeWork::MAX_AGE);
        let id = self.0.deps.entropy.uuid().parse().expect("a UUID is a name");
        let expires_at = created_at + age;
        let item = WorkItem { id, node, kind, priority, created_at, expires_at };
        let mut edit = Edit::default();
        let (receipt, Queued { item, deduped }) = {
            let mut state = self.state();
            let queued = state.kept.queue(&mut edit, item);
            (self.hand_in(&edit), queued)
        };
        self.settle(edit, receipt).await?;
        Ok(Enqueued { item, deduped })
    }

    /// What waits for the node `client` is, the urgent first. It stays there
    /// until the node says that it did it.
    pub fn work(&self, client: &Client) -> Vec<WorkItem> {
        let Some(node) = self.workable(client) else { return Vec::new() };
        self.state().kept.work().of(&node, self.0.deps.clock.now())
    }

    /// The node did these. Returns which of them had waited, and how many still
    /// do.
    pub async fn worked(
        &self,
        client: &Client,
        ids: &[String],
    ) -> Result<(Vec<WorkItem>, usize), CommitError> {
        self.take_work(client, |item| ids.iter().any(|id| *id == item.id.as_str())).await
    }

    /// Hands the node the first `most` of what waits for it, for good. Returns
    /// them and how many still wait.
    pub async fn drain_work(
        &self,
        client: &Client,
        most: usize,
    ) -> Result<(Vec<WorkItem>, usize), CommitError> {
        let first = self.work(client).into_iter().take(most).map(|item| item.id);
        let first: Vec<_> = first.collect();
        let (mut taken, left) = self.take_work(client, |item| first.contains(&item.id)).await?;
        taken.sort_by_key(|item| first.iter().position(|id| *id == item.id));
        Ok((taken, left))
    }

    async fn take_work(
        &self,
        client: &Client,
        done: impl Fn(&WorkItem) -> bool,
    ) -> Result<(Vec<WorkItem>, usize), CommitError> {
        let Some(node) = self.workable(client) else { return Ok((Vec::new(), 0)) };
        let mut edit = Edit::default();
        let (receipt, taken, left) = {
            let mut state = self.state();
            let taken = state.kept.take_work(&mut edit, &node, done);
            let left = state.kept.work().of(&node, self.0.deps.clock.now()).len();
            (self.hand_in(&edit), taken, left)
        };
        self.settle(edit, receipt).await?;
        Ok((taken, left))
    }

    /// The node `client` is, if its device is still approved.
    fn workable(&self, client: &Client) -> Option<NodeId> {
        let (device, node) = identity(client)?;
        self.0.deps.devices.node_device(device).map(|_| node)
    }
}
