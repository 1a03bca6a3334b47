//! Nodes: who is there, what each may be asked for, and asking.
//!
//! A node is let in by the approval of its *device*. What it may be asked for
//! stands in a record that was frozen when somebody approved it: together with
//! the device, or later because the node asked for more. What it says when it
//! comes back narrows that, never widens it.

mod deps;
mod events;
mod invoke;
mod kept;
mod list;
mod pairing;
mod run;
mod work;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use domain::{
    access::Role,
    client::{Client, ClientId},
    event::EventKind,
    ids::{DeviceId, NodeId, RunId},
    node::{Asked, NodeFacts, NodePolicy, NodeRequest, PendingInvokes, Surface},
    run::Dedupe,
    session::SessionKey,
    time::Timestamp,
};
use ports::{
    Json,
    driven::{CommitError, StoreError},
    event::Event,
    view::NodePresence,
};
use serde::Serialize;
use tokio::sync::oneshot;
use tracing::warn;

pub use self::{
    deps::{Consent, Consents, Deps, NodeDevice, NodeDevices, RunAsk, Talk},
    events::{ExecNews, ExecStep, Heard, NodeNews, Unheard},
    invoke::{Ask, InvokeError, Invoked, NodeFailure, NodeResult, Relayed},
    list::Sight,
    pairing::{NodeClaim, PairingError},
    run::RunRefused,
    work::{EnqueueError, Enqueued},
};
use self::{
    invoke::Answer,
    kept::{Edit, Kept},
};

/// What a node says about itself is told to others at most this often.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// How much a node may have to do at the same time.
const MAX_PENDING_PER_NODE: usize = 64;
/// How long the commands a node was given are remembered, so that what it says
/// about them can be believed, and how many.
const REMEMBER_RUNS: Duration = Duration::from_hours(24);
const REMEMBERED_RUNS: usize = 4096;
/// With which words the connection of a node is ended whose device is not
/// approved any more.
const REMOVED: (u16, &str) = (4001, "device removed");

/// The nodes.
#[derive(Clone)]
pub struct Nodes(Arc<Inner>);

struct Inner {
    deps: Deps,
    state: Mutex<State>,
    /// How many events were dropped because they were about nothing the node
    /// had been asked for.
    forged: AtomicU64,
}

struct State {
    /// Who is there. A node that came twice is there once: where it came last.
    live: BTreeMap<NodeId, Live>,
    seen: HashMap<NodeId, Seen>,
    kept: Kept,
    invokes: PendingInvokes<oneshot::Sender<Answer>>,
    /// The commands nodes were given, for a while.
    runs: Dedupe<(NodeId, RunId), Given>,
}

/// A node that is there.
#[derive(Clone)]
struct Live {
    client: Arc<Client>,
    since: Timestamp,
}

/// When a node was last heard of.
#[derive(Clone, Default)]
struct Seen {
    connected_at: Option<Timestamp>,
    at: Timestamp,
    what: &'static str,
    /// When others were told last.
    told_at: Timestamp,
    host_stats: Option<Json>,
}

/// A command a node was given.
#[derive(Clone)]
struct Given {
    session: Option<SessionKey>,
    ended: bool,
}

impl Nodes {
    /// Nobody is there, and nothing is known yet about those who will come: see
    /// [`recover`](Self::recover).
    pub fn new(deps: Deps) -> Self {
        Self(Arc::new(Inner {
            deps,
            state: Mutex::new(State {
                live: BTreeMap::new(),
                seen: HashMap::new(),
                kept: Kept::default(),
                invokes: PendingInvokes::new(MAX_PENDING_PER_NODE),
                runs: Dedupe::new(REMEMBER_RUNS, REMEMBERED_RUNS),
            }),
            forged: AtomicU64::new(0),
        }))
    }

    /// Reads what was decided before the last start. To be called before anybody
    /// is let in; a gateway that cannot does not know what was withdrawn, and
    /// must not start.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let now = self.0.deps.clock.now();
        let kept = Kept::read(&*self.0.deps.archive, now).await?;
        self.state().kept = kept;
        Ok(())
    }

    /// `client` was let in. If it is a node, it can be given commands from now
    /// on; if it wants more than was approved for it, that becomes a request.
    pub fn arrived(&self, client: &Arc<Client>) {
        let Some((device, node)) = identity(client) else { return };
        let approved = self.0.deps.devices.node_device(device);
        let now = self.0.deps.clock.now();
        let mut state = self.state();
        state.live.insert(node.clone(), Live { client: Arc::clone(client), since: now });
        state.saw(&node, now, "connect").connected_at = Some(now);
        let wanted = claim_of(client, &self.policy());
        let in_force = state.kept.in_force(&node, approved.as_ref());
        let satisfied = match &in_force {
            Some((surface, _)) => !surface.is_exceeded_by(&wanted),
            None => wanted.commands.is_empty() && wanted.caps.is_empty(),
        };
        if !satisfied {
            let about = facts_of(client, approved.as_ref());
            let silent = client.principal.local.then_some(true);
            self.ask_for_more(&mut state, node.clone(), wanted, about, silent, now);
        }
        drop(state);
        self.tell_presence(&node, client.info.display_name.as_deref(), true, "connect", now);
    }

    /// `client` left. What it had been asked for is not waited for any more; if
    /// it is a node that is there on another connection as well, it stays.
    pub fn left(&self, client: &Client) {
        let Some((_, node)) = identity(client) else { return };
        let now = self.0.deps.clock.now();
        let mut state = self.state();
        let here = state.live.get(&node).is_some_and(|live| live.client.id == client.id);
        if here {
            state.live.remove(&node);
            state.saw(&node, now, "disconnect");
        }
        let abandoned = state.invokes.disconnected(client.id);
        drop(state);
        for gone in abandoned {
            let _ = gone.waiter.send(Answer::Disconnected);
        }
        if here {
            self.tell_presence(
                &node,
                client.info.display_name.as_deref(),
                false,
                "disconnect",
                now,
            );
        }
    }

    /// The device `id` is not approved any more: its connection is ended, and
    /// nothing that was decided about it, waits for it or is being asked of it
    /// outlives that. All of this has happened before anything is waited for;
    /// when this returns, it is on disk.
    pub async fn forget(&self, id: &DeviceId) -> Result<(), CommitError> {
        let node = id.node();
        let (live, abandoned, receipt) = {
            let mut state = self.state();
            state.seen.remove(&node);
            let mut edit = Edit::default();
            state.kept.forget(&mut edit, &node, self.0.deps.clock.now());
            let (live, abandoned) = (state.live.remove(&node), state.invokes.forgotten(&node));
            (live, abandoned, self.hand_in(&edit))
        };
        for gone in abandoned {
            let _ = gone.waiter.send(Answer::PairingChanged);
        }
        if let Some(Live { client, .. }) = live {
            self.0.deps.connections.close(client.id, REMOVED.0, REMOVED.1);
            let now = self.0.deps.clock.now();
            self.tell_presence(&node, client.info.display_name.as_deref(), false, "removed", now);
        }
        // Not taken back when it fails: what the gateway knows least is safest.
        receipt.await.map(drop)
    }

    /// How many events of nodes were dropped because they were about nothing
    /// they had been asked for.
    pub fn forged_events(&self) -> u64 {
        self.0.forged.load(Relaxed)
    }

    /// The name of the node `client` is, if it is one.
    pub fn name_of(client: &Client) -> Option<NodeId> {
        identity(client).map(|(_, node)| node)
    }

    /// A node wants more than was approved. Nobody waits for this to be on disk:
    /// if it is lost, the node asks again when it comes back.
    fn ask_for_more(
        &self,
        state: &mut State,
        node: NodeId,
        surface: Surface,
        about: NodeFacts,
        silent: Option<bool>,
        now: Timestamp,
    ) {
        let id = self.0.deps.entropy.uuid().parse().expect("a UUID is a name");
        let is_repair = state.kept.record(&node).is_some_and(|it| it.ruling.is_some());
        let request = NodeRequest { id, node, surface, about, silent, is_repair, at: now };
        let mut edit = Edit::default();
        match state.kept.ask(&mut edit, request.clone()) {
            Ok(Asked::New) => {
                self.jot_down(&edit);
                self.tell(EventKind::NodePairRequested, &list::request_row(&request, Sight::Full));
            }
            Ok(Asked::Known(_)) => (),
            Err(full) => warn!(node = %request.node, error = %full, "a node may not ask for more"),
        }
    }

    fn tell(&self, kind: EventKind, payload: &impl Serialize) {
        self.0.deps.events.publish(Event::notice(kind, payload));
    }

    fn tell_presence(
        &self,
        node: &NodeId,
        display_name: Option<&str>,
        connected: bool,
        reason: &'static str,
        ts: Timestamp,
    ) {
        let presence = NodePresence { node_id: node.as_str(), display_name, connected, reason, ts };
        self.tell(EventKind::NodePresence, &presence);
    }

    fn policy(&self) -> NodePolicy {
        self.0.deps.config.current().gateway.nodes.policy()
    }

    fn device_of(&self, node: &NodeId) -> Option<NodeDevice> {
        let device = node.as_str().parse().ok()?;
        self.0.deps.devices.node_device(&device)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn saw(&mut self, node: &NodeId, at: Timestamp, what: &'static str) -> &mut Seen {
        let seen = self.seen.entry(node.clone()).or_default();
        (seen.at, seen.what) = (at, what);
        seen
    }

    /// Whether others should be told again by now what a node says about itself.
    fn is_worth_telling(&mut self, node: &NodeId, now: Timestamp) -> bool {
        let Some(seen) = self.seen.get_mut(node) else { return false };
        let worth = TOLD_EVERY <= now.since(seen.told_at);
        if worth {
            seen.told_at = now;
        }
        worth
    }

    /// The connection of `node`, if it is `client`'s.
    fn live_on(&self, node: &NodeId, client: ClientId) -> Option<&Live> {
        self.live.get(node).filter(|live| live.client.id == client)
    }
}

/// The device a client is, and the node, if it is one.
fn identity(client: &Client) -> Option<(&DeviceId, NodeId)> {
    let principal = &client.principal;
    let device = principal.device.as_ref().filter(|_| principal.role == Role::Node)?;
    Some((device, device.node()))
}

/// What a client says it is and does.
fn claim_of(client: &Client, policy: &NodePolicy) -> Surface {
    let offer = client.offer.as_deref();
    let list = |words: Option<&Vec<Box<str>>>| words.into_iter().flatten().cloned().collect();
    let claim = Surface {
        platform: Some(client.info.platform.clone()),
        device_family: client.info.device_family.clone(),
        caps: list(offer.map(|offer| &offer.caps)),
        commands: list(offer.map(|offer| &offer.commands)),
        permissions: offer.map(|offer| offer.permissions.clone()).unwrap_or_default(),
    };
    claim.within(policy)
}

fn facts_of(client: &Client, approved: Option<&NodeDevice>) -> NodeFacts {
    let named = approved.and_then(|device| device.display_name.clone());
    NodeFacts {
        display_name: named.or_else(|| client.info.display_name.clone()),
        client_id: Some(client.info.id.clone()),
        client_mode: Some(client.info.mode.as_str().into()),
        version: Some(client.info.version.clone()),
        model_identifier: client.info.model_identifier.clone(),
        remote_ip: client.remote_address.clone(),
        core_version: None,
        ui_version: None,
    }
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Nodes")
            .field("live", &state.live.len())
            .field("invokes", &state.invokes.len())
            .field("forged", &self.forged_events())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
