//! What outlives a restart: decisions, requests, work. Held in memory, changed
//! there first and handed to the journal in the same moment.

use std::collections::BTreeMap;

use domain::{
    ids::{NodeId, RequestId},
    node::{
        Asked, NodeRecord, NodeRequest, NodeRequests, NodeWork, Queued, Surface, TooManyRequests,
        WorkItem,
    },
    time::Timestamp,
};
use ports::{
    BoxFuture, Json,
    driven::{Archive, Change, CommitError, Committed, Drawer, Entry, StoreError, Urgency},
};
use serde::de::DeserializeOwned;
use tracing::warn;

use super::{NodeDevice, Nodes};

/// What outlives a restart.
#[derive(Debug, Default)]
pub(super) struct Kept {
    records: BTreeMap<NodeId, NodeRecord>,
    requests: NodeRequests,
    work: NodeWork,
}

/// A change, made in memory: what the journal has to hear, and how to take it
/// back if the journal cannot keep it.
#[derive(Debug, Default)]
pub(super) struct Edit {
    changes: Vec<Change>,
    undo: Vec<Undo>,
}

#[derive(Debug)]
enum Undo {
    Record(NodeId, Option<NodeRecord>),
    Asked(RequestId),
    Decided(NodeRequest),
    Queued(WorkItem, Option<WorkItem>),
    Done(WorkItem),
}

impl Kept {
    /// Reads all of it. A decision that cannot be understood counts as one
    /// against the node, made now; anything else is left out.
    pub(super) async fn read(archive: &dyn Archive, now: Timestamp) -> Result<Self, StoreError> {
        let mut kept = Self::default();
        for (name, record) in read(archive, Drawer::Nodes).await? {
            let Ok(node) = name.parse::<NodeId>() else { continue };
            kept.records.insert(node, record.unwrap_or_else(|| NodeRecord::withdrawn(now)));
        }
        for request in read(archive, Drawer::NodeRequests).await?.into_iter().filter_map(|it| it.1)
        {
            kept.requests.put(request);
        }
        for item in read(archive, Drawer::NodeWork).await?.into_iter().filter_map(|it| it.1) {
            kept.work.put(item);
        }
        Ok(kept)
    }

    pub(super) fn record(&self, node: &NodeId) -> Option<&NodeRecord> {
        self.records.get(node)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = (&NodeId, &NodeRecord)> {
        self.records.iter()
    }

    pub(super) fn requests(&self) -> &NodeRequests {
        &self.requests
    }

    pub(super) fn work(&self) -> &NodeWork {
        &self.work
    }

    /// What `node` may be asked for, and since when.
    pub(super) fn in_force(
        &self,
        node: &NodeId,
        device: Option<&NodeDevice>,
    ) -> Option<(Surface, Timestamp)> {
        let approved = device.map(|device| (device.surface(), device.approved_at));
        let approved = approved.as_ref().map(|(surface, at)| (surface, *at));
        let found = match self.records.get(node) {
            Some(record) => record.in_force(approved),
            None => approved,
        };
        found.map(|(surface, at)| (surface.clone(), at))
    }

    pub(super) fn put_record(&mut self, edit: &mut Edit, node: &NodeId, record: NodeRecord) {
        edit.put(Drawer::Nodes, node.as_str(), &record);
        let before = self.records.insert(node.clone(), record);
        edit.undo.push(Undo::Record(node.clone(), before));
    }

    pub(super) fn ask(
        &mut self,
        edit: &mut Edit,
        request: NodeRequest,
    ) -> Result<Asked, TooManyRequests> {
        for old in self.requests.sweep(request.at) {
            edit.remove(Drawer::NodeRequests, old.as_str());
        }
        let asked = self.requests.ask(request.clone())?;
        if asked == Asked::New {
            edit.put(Drawer::NodeRequests, request.id.as_str(), &request);
            edit.undo.push(Undo::Asked(request.id));
        }
        Ok(asked)
    }

    /// Takes a request away, because somebody decided about it.
    pub(super) fn decide(&mut self, edit: &mut Edit, id: &RequestId) {
        if let Some(request) = self.requests.take(id) {
            edit.remove(Drawer::NodeRequests, id.as_str());
            edit.undo.push(Undo::Decided(request));
        }
    }

    pub(super) fn queue(&mut self, edit: &mut Edit, item: WorkItem) -> Queued {
        let before = self.work.in_place_of(&item).cloned();
        let queued = self.work.queue(item);
        edit.put(Drawer::NodeWork, &work_name(&queued.item), &queued.item);
        edit.undo.push(Undo::Queued(queued.item.clone(), before));
        queued
    }

    pub(super) fn take_work(
        &mut self,
        edit: &mut Edit,
        node: &NodeId,
        done: impl Fn(&WorkItem) -> bool,
    ) -> Vec<WorkItem> {
        let taken = self.work.take(node, done);
        for item in &taken {
            edit.remove(Drawer::NodeWork, &work_name(item));
            edit.undo.push(Undo::Done(item.clone()));
        }
        taken
    }

    /// Forgets everything about `node`.
    pub(super) fn forget(&mut self, edit: &mut Edit, node: &NodeId, now: Timestamp) {
        if let Some(before) = self.records.remove(node) {
            edit.remove(Drawer::Nodes, node.as_str());
            edit.undo.push(Undo::Record(node.clone(), Some(before)));
        }
        self.forget_wishes(edit, node, now);
    }

    /// Forgets what `node` asks for and what waits for it.
    pub(super) fn forget_wishes(&mut self, edit: &mut Edit, node: &NodeId, now: Timestamp) {
        if let Some(id) = self.requests.of(node, now).map(|request| request.id.clone()) {
            self.decide(edit, &id);
        }
        self.take_work(edit, node, |_| true);
    }

    fn undo(&mut self, edit: Edit) {
        for step in edit.undo.into_iter().rev() {
            match step {
                Undo::Record(node, Some(before)) => drop(self.records.insert(node, before)),
                Undo::Record(node, None) => drop(self.records.remove(&node)),
                Undo::Asked(id) => drop(self.requests.take(&id)),
                Undo::Decided(request) => self.requests.put(request),
                Undo::Queued(_, Some(before)) => self.work.put(before),
                Undo::Queued(item, None) => {
                    self.work.take(&item.node, |other| other.id == item.id);
                }
                Undo::Done(item) => self.work.put(item),
            }
        }
    }
}

impl Edit {
    fn put(&mut self, drawer: Drawer, name: &str, value: &impl serde::Serialize) {
        self.changes.push(Change::PutEntry { drawer, name: name.into(), value: Json::of(value) });
    }

    fn remove(&mut self, drawer: Drawer, name: &str) {
        self.changes.push(Change::DropEntry { drawer, name: name.into() });
    }
}

impl Nodes {
    /// Hands a change to the journal. To be called while the state is locked, so
    /// that the journal hears of changes in the order in which they were made.
    pub(super) fn hand_in(&self, edit: &Edit) -> BoxFuture<Result<Committed, CommitError>> {
        self.submit(edit, Urgency::Now)
    }

    /// The same, when nobody will wait for it.
    pub(super) fn jot_down(&self, edit: &Edit) {
        drop(self.submit(edit, Urgency::Lazy));
    }

    fn submit(&self, edit: &Edit, urgency: Urgency) -> BoxFuture<Result<Committed, CommitError>> {
        if edit.changes.is_empty() {
            return Box::pin(std::future::ready(Ok(Committed::default())));
        }
        self.0.deps.journal.submit(edit.changes.clone(), urgency)
    }

    /// Waits until a change that was handed in is on disk, and takes it back if
    /// it will never be.
    pub(super) async fn settle(
        &self,
        edit: Edit,
        receipt: BoxFuture<Result<Committed, CommitError>>,
    ) -> Result<(), CommitError> {
        let kept = receipt.await;
        if kept.is_err() {
            self.state().kept.undo(edit);
        }
        kept.map(drop)
    }
}

/// One entry for each kind of work of a node.
fn work_name(item: &WorkItem) -> String {
    format!("{} {}", item.kind, item.node)
}

/// What is in a drawer, as far as it is understood.
async fn read<T: DeserializeOwned>(
    archive: &dyn Archive,
    drawer: Drawer,
) -> Result<Vec<(Box<str>, Option<T>)>, StoreError> {
    let understood = |entry: Entry| {
        let value = serde_json::from_str(entry.value.as_str());
        let value = value.inspect_err(|error: &serde_json::Error| {
            let error = error as &dyn std::error::Error;
            warn!(drawer = drawer.as_str(), name = %entry.name, error, "not understood");
        });
        (entry.name, value.ok())
    };
    Ok(archive.entries(drawer).await?.into_iter().map(understood).collect())
}
