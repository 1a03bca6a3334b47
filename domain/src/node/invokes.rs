//! Commands that were sent to nodes and are waited for.

use std::collections::HashMap;

use crate::{
    client::ClientId,
    ids::{InvokeId, NodeId},
};

/// Everything that is being asked of nodes. `W` is whatever lets the one who
/// asked go on.
///
/// An answer counts if it comes from the node that was asked, over the
/// connection the command went out on, while somebody waits for it: whoever
/// stops waiting takes the entry away, so anything later finds nothing.
#[derive(Debug)]
pub struct PendingInvokes<W> {
    most_per_node: usize,
    pending: HashMap<InvokeId, Pending<W>>,
}

/// One command on its way to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoke {
    /// Who was asked.
    pub node: NodeId,
    /// Over which connection.
    pub connection: ClientId,
    /// For what.
    pub command: Box<str>,
}

#[derive(Debug)]
struct Pending<W> {
    invoke: Invoke,
    waiter: W,
    /// The number of the last sign of progress.
    progress: Option<u64>,
}

/// A node has as many commands to carry out as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many commands are waiting for this node")]
pub struct TooManyInvokes;

/// A command nobody will answer any more.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "whoever waits has to be told"]
pub struct Abandoned<W> {
    /// What it was.
    pub invoke: Invoke,
    /// Who waits.
    pub waiter: W,
}

impl<W> PendingInvokes<W> {
    /// Nothing is being asked; of each node, at most `most_per_node` things at
    /// the same time will be.
    pub fn new(most_per_node: usize) -> Self {
        Self { most_per_node, pending: HashMap::new() }
    }

    /// A command is about to be sent, and `waiter` waits for the answer.
    pub fn begin(&mut self, id: InvokeId, invoke: Invoke, waiter: W) -> Result<(), TooManyInvokes> {
        let of_node = self.pending.values().filter(|it| it.invoke.node == invoke.node).count();
        if self.most_per_node <= of_node {
            return Err(TooManyInvokes);
        }
        self.pending.insert(id, Pending { invoke, waiter, progress: None });
        Ok(())
    }

    /// `node` answered over `connection`. Returns who waits for that, if
    /// anybody does.
    #[must_use = "whoever waits has to be told"]
    pub fn finish(&mut self, id: &InvokeId, node: &NodeId, connection: ClientId) -> Option<W> {
        self.of(id, node, connection)?;
        self.pending.remove(id).map(|pending| pending.waiter)
    }

    /// `node` says that it is still at it. Whether that is news about something
    /// somebody waits for.
    pub fn progress(
        &mut self,
        id: &InvokeId,
        node: &NodeId,
        connection: ClientId,
        seq: u64,
    ) -> bool {
        let Some(pending) = self.of(id, node, connection) else { return false };
        let news = pending.progress.is_none_or(|last| last < seq);
        if news {
            pending.progress = Some(seq);
        }
        news
    }

    /// Nobody waits for `id` any more. Returns what it was, if it was still
    /// waited for: the node should hear of it.
    #[must_use = "the node has to be told"]
    pub fn cancel(&mut self, id: &InvokeId) -> Option<Invoke> {
        self.pending.remove(id).map(|pending| pending.invoke)
    }

    /// `connection` is gone, and with it every answer that would have come over
    /// it.
    pub fn disconnected(&mut self, connection: ClientId) -> Vec<Abandoned<W>> {
        self.abandon(|invoke| invoke.connection == connection)
    }

    /// `node` may not be asked for anything any more.
    pub fn forgotten(&mut self, node: &NodeId) -> Vec<Abandoned<W>> {
        self.abandon(|invoke| invoke.node == *node)
    }

    /// How many commands are waited for.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether nothing is waited for.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    fn of(
        &mut self,
        id: &InvokeId,
        node: &NodeId,
        connection: ClientId,
    ) -> Option<&mut Pending<W>> {
        let pending = self.pending.get_mut(id)?;
        let fits = pending.invoke.node == *node && pending.invoke.connection == connection;
        fits.then_some(pending)
    }

    fn abandon(&mut self, concerned: impl Fn(&Invoke) -> bool) -> Vec<Abandoned<W>> {
        let gone = self.pending.extract_if(|_, it| concerned(&it.invoke));
        gone.map(|(_, it)| Abandoned { invoke: it.invoke, waiter: it.waiter }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn id(n: u8) -> InvokeId {
        n.to_string().parse().unwrap()
    }

    fn node(n: u8) -> NodeId {
        format!("node-{n}").parse().unwrap()
    }

    fn invoke(of: u8, connection: u64) -> Invoke {
        Invoke { node: node(of), connection: ClientId(connection), command: "system.run".into() }
    }

    #[test]
    fn an_answer_counts_once_and_only_from_whom_it_was_asked() {
        let mut pending = PendingInvokes::new(8);
        pending.begin(id(1), invoke(1, 10), "waiter").unwrap();
        assert_eq!(pending.finish(&id(1), &node(2), ClientId(10)), None, "another node");
        assert_eq!(pending.finish(&id(1), &node(1), ClientId(11)), None, "another connection");
        assert_eq!(pending.finish(&id(2), &node(1), ClientId(10)), None, "another command");
        assert_eq!(pending.finish(&id(1), &node(1), ClientId(10)), Some("waiter"));
        assert_eq!(pending.finish(&id(1), &node(1), ClientId(10)), None, "twice");
        assert!(pending.is_empty());
    }

    #[test]
    fn an_answer_that_comes_too_late_finds_nobody() {
        let mut pending = PendingInvokes::new(8);
        pending.begin(id(1), invoke(1, 10), ()).unwrap();
        assert_eq!(pending.cancel(&id(1)), Some(invoke(1, 10)));
        assert_eq!(pending.cancel(&id(1)), None);
        assert_eq!(pending.finish(&id(1), &node(1), ClientId(10)), None);
    }

    #[test]
    fn progress_counts_upwards() {
        let mut pending = PendingInvokes::new(8);
        pending.begin(id(1), invoke(1, 10), ()).unwrap();
        let mut told =
            |seq, connection| pending.progress(&id(1), &node(1), ClientId(connection), seq);
        assert_eq!(
            [told(0, 10), told(0, 10), told(2, 11), told(2, 10), told(1, 10)],
            [true, false, false, true, false]
        );
    }

    #[test]
    fn a_node_has_only_so_much_to_do() {
        let mut pending = PendingInvokes::new(2);
        pending.begin(id(1), invoke(1, 10), ()).unwrap();
        pending.begin(id(2), invoke(1, 11), ()).unwrap();
        assert_eq!(pending.begin(id(3), invoke(1, 11), ()), Err(TooManyInvokes));
        pending.begin(id(3), invoke(2, 12), ()).unwrap();
        assert_eq!(pending.disconnected(ClientId(10)).len(), 1);
        pending.begin(id(4), invoke(1, 11), ()).unwrap();
        assert_eq!(pending.forgotten(&node(1)).len(), 2);
        assert_eq!(pending.len(), 1);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Begin(u8, u8, u64),
        Finish(u8, u8, u64),
        Cancel(u8),
        Disconnect(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let (ids, nodes, connections) = (0u8..6, 0u8..3, 0u64..4);
        prop_oneof![
            (ids.clone(), nodes.clone(), connections.clone())
                .prop_map(|(id, node, at)| Step::Begin(id, node, at)),
            (ids.clone(), nodes, connections.clone())
                .prop_map(|(id, node, at)| Step::Finish(id, node, at)),
            ids.prop_map(Step::Cancel),
            connections.prop_map(Step::Disconnect),
        ]
    }

    proptest! {
        /// Whatever nodes answer and however they come and go: everybody who
        /// waits is let go exactly once, by the node and connection he waits
        /// for, and no node ever has more to do than it may.
        #[test]
        fn everybody_who_waits_is_let_go_once(steps in vec(step(), 0..80)) {
            let mut pending = PendingInvokes::new(2);
            let mut waiting: HashMap<u8, (u8, u64)> = HashMap::new();
            let mut served = HashSet::new();
            for (n, step) in steps.into_iter().enumerate() {
                match step {
                    // An id is used once; the use case makes them up.
                    Step::Begin(name, of, at) if !waiting.contains_key(&name) => {
                        let busy = waiting.values().filter(|(node, _)| *node == of).count();
                        let begun = pending.begin(id(name), invoke(of, at), n);
                        prop_assert_eq!(begun.is_ok(), busy < 2);
                        if begun.is_ok() {
                            waiting.insert(name, (of, at));
                        }
                    }
                    Step::Begin(..) => (),
                    Step::Finish(name, of, at) => {
                        let waiter = pending.finish(&id(name), &node(of), ClientId(at));
                        prop_assert_eq!(waiter.is_some(), waiting.get(&name) == Some(&(of, at)));
                        if let Some(waiter) = waiter {
                            waiting.remove(&name);
                            prop_assert!(served.insert(waiter));
                        }
                    }
                    Step::Cancel(name) => {
                        let was = pending.cancel(&id(name)).is_some();
                        prop_assert_eq!(was, waiting.remove(&name).is_some());
                    }
                    Step::Disconnect(at) => {
                        let gone = pending.disconnected(ClientId(at));
                        prop_assert!(gone.iter().all(|it| it.invoke.connection == ClientId(at)));
                        let before = waiting.len();
                        waiting.retain(|_, (_, connection)| *connection != at);
                        prop_assert_eq!(gone.len(), before - waiting.len());
                        for abandoned in gone {
                            prop_assert!(served.insert(abandoned.waiter));
                        }
                    }
                }
                prop_assert_eq!(pending.len(), waiting.len());
            }
        }
    }
}
