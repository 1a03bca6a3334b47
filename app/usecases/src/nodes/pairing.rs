//! Deciding what nodes may be asked for.

use domain::{
    access::{Access, Denied, Principal, Scope},
    event::EventKind,
    ids::{NodeId, RequestId},
    node::{Asked, NodeFacts, NodeRecord, NodeRequest, Ruling, Surface, TooManyRequests},
    time::Timestamp,
};
use ports::{
    driven::{CommitError, StoreError},
    view::{NodeAbout, NodeDecided, NodeRequestRow, PairedNode},
};

use super::{
    Nodes, State,
    kept::Edit,
    list::{self, Sight},
};

/// What somebody says about a node that is to be approved.
#[derive(Clone, Debug, Default)]
pub struct NodeClaim {
    /// Names the node.
    pub node: String,
    /// What it is and does.
    pub surface: Surface,
    /// What else is known about it.
    pub about: NodeFacts,
    /// Whether nobody needs to be bothered.
    pub silent: Option<bool>,
}

/// Why nothing was decided about a node.
#[derive(Debug, thiserror::Error)]
pub enum PairingError {
    /// No such request waits.
    #[error("unknown requestId")]
    UnknownRequest,
    /// There is no such node.
    #[error("unknown nodeId")]
    UnknownNode,
    /// A name has to be one.
    #[error("displayName required")]
    NoName,
    /// Whoever decides may not grant this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Enough nodes wait.
    #[error(transparent)]
    Full(#[from] TooManyRequests),
    /// The token could not be taken back.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be written down.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl Nodes {
    /// Asks for a node that is no device to be approved. Returns the request,
    /// and whether it is new.
    pub async fn request(&self, claim: NodeClaim) -> Result<(NodeRequestRow, bool), PairingError> {
        let node: NodeId = claim.node.parse().map_err(|_| PairingError::UnknownNode)?;
        let now = self.0.deps.clock.now();
        let id = self.0.deps.entropy.uuid().parse().expect("a UUID is a name");
        let surface = trimmed(claim.surface);
        let mut edit = Edit::default();
        let (receipt, request, new) = {
            let mut state = self.state();
            let is_repair = state.kept.record(&node).is_some_and(|it| it.ruling.is_some());
            let (about, silent) = (claim.about, claim.silent);
            let request = NodeRequest { id, node, surface, about, silent, is_repair, at: now };
            match state.kept.ask(&mut edit, request.clone())? {
                Asked::New => (self.hand_in(&edit), request, true),
                Asked::Known(known) => (self.hand_in(&edit), *known, false),
            }
        };
        self.settle(edit, receipt).await?;
        let row = list::request_row(&request, Sight::Full);
        if new {
            self.tell(EventKind::NodePairRequested, &row);
        }
        Ok((row, new))
    }

    /// The nodes that wait for a decision and those something was approved for,
    /// the newest first.
    pub fn pairing(&self) -> (Vec<NodeRequestRow>, Vec<PairedNode>) {
        let devices = self.0.deps.devices.node_devices();
        let now = self.0.deps.clock.now();
        let state = self.state();
        let waiting = state.kept.requests().waiting(now);
        let mut waiting: Vec<_> = waiting.map(|it| list::request_row(it, Sight::Full)).collect();
        let by_device = devices.iter().map(|(id, device)| (id.node(), Some(device)));
        let mut paired: Vec<_> =
            by_device.filter_map(|(node, device)| state.paired(&node, device)).collect();
        let others = state.kept.records().map(|(node, _)| node);
        let others =
            others.filter(|node| !devices.iter().any(|(id, _)| id.as_str() == node.as_str()));
        paired.extend(others.filter_map(|node| state.paired(node, None)));
        drop(state);
        waiting.sort_by_key(|it| std::cmp::Reverse(it.ts));
        paired.sort_by_key(|it| std::cmp::Reverse(it.approved_at_ms));
        (waiting, paired)
    }

    /// Approves what a request asks for, exactly that, if `approver` could do
    /// all of it himself. A node whose approval was withdrawn before only comes
    /// back with an administrator's consent.
    pub async fn approve(
        &self,
        approver: &Principal,
        id: &str,
    ) -> Result<PairedNode, PairingError> {
        let id: RequestId = id.parse().map_err(|_| PairingError::UnknownRequest)?;
        let now = self.0.deps.clock.now();
        let (request, before) = {
            let state = self.state();
            let request = state.kept.requests().get(&id, now);
            let request = request.ok_or(PairingError::UnknownRequest)?.clone();
            let before = state.kept.record(&request.node).and_then(|it| it.ruling.clone());
            (request, before)
        };
        for scope in request.required_scopes().iter() {
            Access::Operator(scope).check(approver)?;
        }
        if self.0.deps.revocations.is_revoked(&node_mark(&request.node)) {
            Access::Operator(Scope::Admin).check(approver)?;
        }
        self.revoke_token(&request.node, before.as_ref()).await?;

        let device = self.device_of(&request.node);
        let first = before.map(|before| before.created_at);
        let first = first.or(device.as_ref().map(|device| device.approved_at)).unwrap_or(now);
        let mut edit = Edit::default();
        let (receipt, mut row) = {
            let mut state = self.state();
            // Somebody else may have decided meanwhile.
            let request = state.kept.requests().get(&id, now).cloned();
            let request = request.ok_or(PairingError::UnknownRequest)?;
            state.kept.decide(&mut edit, &id);
            let ruling = Ruling {
                surface: Some(request.surface),
                about: request.about,
                request: Some(id.clone()),
                created_at: first,
                at: now,
            };
            let label = state.kept.record(&request.node).and_then(|record| record.label.clone());
            let record = NodeRecord { label, ruling: Some(ruling) };
            state.kept.put_record(&mut edit, &request.node, record);
            let row = state.paired(&request.node, device.as_ref());
            (self.hand_in(&edit), row.ok_or(PairingError::UnknownNode)?)
        };
        self.settle(edit, receipt).await?;
        if device.is_none() {
            row.token = Some(self.0.deps.tokens.token(&token_purpose(&request.node, &id)));
        }
        self.tell_resolved(&id, &request.node, "approved", now);
        Ok(row)
    }

    /// Turns a request down.
    pub async fn reject(&self, id: &str) -> Result<NodeId, PairingError> {
        let id: RequestId = id.parse().map_err(|_| PairingError::UnknownRequest)?;
        let now = self.0.deps.clock.now();
        let mut edit = Edit::default();
        let (receipt, node) = {
            let mut state = self.state();
            let node = state.kept.requests().get(&id, now).map(|request| request.node.clone());
            let node = node.ok_or(PairingError::UnknownRequest)?;
            state.kept.decide(&mut edit, &id);
            (self.hand_in(&edit), node)
        };
        self.settle(edit, receipt).await?;
        self.tell_resolved(&id, &node, "rejected", now);
        Ok(node)
    }

    /// The node that shows `token`, if it is the one that was made when `node`
    /// was approved last, and was not taken back.
    pub fn verify(&self, node: &str, token: &str) -> Option<PairedNode> {
        let node: NodeId = node.parse().ok()?;
        let device = self.device_of(&node);
        let state = self.state();
        let row = state.paired(&node, device.as_ref())?;
        let ruling = state.kept.record(&node)?.ruling.as_ref()?;
        let purpose = token_purpose(&node, ruling.request.as_ref()?);
        drop(state);
        let Self(inner) = self;
        let good = inner.deps.tokens.is_token(&purpose, token)
            && !inner.deps.revocations.is_revoked(&purpose);
        good.then_some(row)
    }

    /// Withdraws what was approved for a node. It may stay, but cannot be asked
    /// for anything; what it asks for and what waits for it is forgotten. Its
    /// token is taken back for good before anything else happens.
    pub async fn withdraw(&self, node: &str) -> Result<NodeId, PairingError> {
        let node: NodeId = node.parse().map_err(|_| PairingError::UnknownNode)?;
        let now = self.0.deps.clock.now();
        let is_device = self.device_of(&node).is_some();
        let before = {
            let state = self.state();
            let record = state.kept.record(&node);
            if record.is_none() && !is_device {
                return Err(PairingError::UnknownNode);
            }
            record.and_then(|record| record.ruling.clone())
        };
        let token = before.as_ref().and_then(|it| it.request.as_ref());
        let token = token.map(|request| token_purpose(&node, request));
        let gone: Vec<String> = token.into_iter().chain([node_mark(&node)]).collect();
        self.0.deps.revocations.revoke(&gone).await?;

        let mut edit = Edit::default();
        let (receipt, abandoned) = {
            let mut state = self.state();
            let label = state.kept.record(&node).and_then(|record| record.label.clone());
            let record = NodeRecord { label, ..NodeRecord::withdrawn(now) };
            state.kept.put_record(&mut edit, &node, record);
            state.kept.forget_wishes(&mut edit, &node, now);
            (self.hand_in(&edit), state.invokes.forgotten(&node))
        };
        for gone in abandoned {
            let _ = gone.waiter.send(super::Answer::PairingChanged);
        }
        self.settle(edit, receipt).await?;
        Ok(node)
    }

    /// Calls a node something else.
    pub async fn rename(&self, node: &str, name: &str) -> Result<(), PairingError> {
        let name = name.trim();
        if name.is_empty() {
            return Err(PairingError::NoName);
        }
        let node: NodeId = node.parse().map_err(|_| PairingError::UnknownNode)?;
        let is_device = self.device_of(&node).is_some();
        let mut edit = Edit::default();
        let receipt = {
            let mut state = self.state();
            let record = state.kept.record(&node).cloned();
            if record.is_none() && !is_device {
                return Err(PairingError::UnknownNode);
            }
            let record = NodeRecord { label: Some(name.into()), ..record.unwrap_or_default() };
            state.kept.put_record(&mut edit, &node, record);
            self.hand_in(&edit)
        };
        self.settle(edit, receipt).await?;
        Ok(())
    }

    async fn revoke_token(&self, node: &NodeId, before: Option<&Ruling>) -> Result<(), StoreError> {
        match before.and_then(|before| before.request.as_ref()) {
            Some(request) => self.0.deps.revocations.revoke(&[token_purpose(node, request)]).await,
            None => Ok(()),
        }
    }

    fn tell_resolved(
        &self,
        request_id: &RequestId,
        node_id: &NodeId,
        decision: &'static str,
        ts: Timestamp,
    ) {
        let (request_id, node_id) = (request_id.as_str(), node_id.as_str());
        self.tell(EventKind::NodePairResolved, &NodeDecided { request_id, node_id, decision, ts });
    }
}

impl State {
    /// `node` as somebody something was approved for, if something was.
    fn paired(&self, node: &NodeId, device: Option<&super::NodeDevice>) -> Option<PairedNode> {
        let (surface, at) = self.kept.in_force(node, device)?;
        let record = self.kept.record(node);
        let ruling = record.and_then(|record| record.ruling.as_ref()).filter(|it| it.at == at);
        let mut about = match (ruling, device) {
            (Some(ruling), _) => NodeAbout::from(&ruling.about),
            (None, Some(device)) => list::about_device(device),
            (None, None) => NodeAbout::default(),
        };
        about.platform = surface.platform.as_deref().map(str::to_owned);
        about.device_family = surface.device_family.as_deref().map(str::to_owned);
        if let Some(label) = record.and_then(|record| record.label.as_deref()) {
            about.display_name = Some(label.to_owned());
        }
        let created_at = ruling.map_or(at, |ruling| ruling.created_at);
        let connected_at = self.seen.get(node).and_then(|seen| seen.connected_at);
        Some(list::paired_row(node, about, &surface, created_at, at, connected_at))
    }
}

/// What the token of a node is for that was approved by this request.
fn token_purpose(node: &NodeId, request: &RequestId) -> String {
    format!("node-token {request} {node}")
}

/// Under which name it is remembered for good that a node's approval was
/// withdrawn.
fn node_mark(node: &NodeId) -> String {
    format!("node {node}")
}

/// The words as they are meant.
fn trimmed(surface: Surface) -> Surface {
    let trimmed = |words: std::collections::BTreeSet<Box<str>>| {
        let words = words.iter().map(|word| word.trim()).filter(|word| !word.is_empty());
        words.map(Box::from).collect()
    };
    Surface { caps: trimmed(surface.caps), commands: trimmed(surface.commands), ..surface }
}
