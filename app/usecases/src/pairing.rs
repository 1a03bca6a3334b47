//! Which devices are let in, and who decides about it (`ws-protocol.md` 4.7 and
//! 4.8).
//!
//! What is decided is decided under a short lock, and handed to the journal in
//! the same moment; whoever asked is told when it is on disk. What is taken back
//! is taken back at once, whatever the disk says.

mod admit;
mod decide;
mod devices;
mod record;
mod setup;
mod upgrade;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use async_trait::async_trait;
use domain::{
    access::{Principal, Role},
    client::{Client, ClientId},
    event::EventKind,
    ids::{DeviceId, RequestId},
    pairing::{Device, Request, Requests, SetupCode, manages},
    time::Timestamp,
};
use ports::{
    driven::{
        Archive, Change, Clock, CommitError, Connections, Drawer, Entropy, EventSink, Journal,
        Revocations, StoreError, TokenMint, Urgency,
    },
    event::Event,
    view::{DeviceChanged, DeviceDecided, PairedDevice, PendingDevice},
};
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

pub use self::{
    admit::{IssuedToken, NotAdmitted, Standing, TokenRefused},
    decide::PairingError,
    setup::{NewCode, Redeemed},
    upgrade::Upgrade,
};

/// How many decisions are remembered for those who wait for one.
const REMEMBERED: usize = 64;
/// With what a connection is closed whose token was taken back.
const REVOKED: (u16, &str) = (4001, "device token revoked");
/// With what a connection is closed that came in on what could not be written
/// down. It may come back and see.
const UNDONE: (u16, &str) = (1012, "not written down");

/// What pairing needs.
pub struct Deps {
    /// What was written down.
    pub archive: Arc<dyn Archive>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ending connections of devices that lost their token.
    pub connections: Arc<dyn Connections>,
    /// Names for requests, and what tells tokens apart.
    pub entropy: Arc<dyn Entropy>,
    /// Telling those who may decide.
    pub events: Arc<dyn EventSink>,
    /// Where it is written down.
    pub journal: Arc<dyn Journal>,
    /// Makes tokens.
    pub mint: Arc<dyn TokenMint>,
    /// What was taken back for good.
    pub revocations: Arc<dyn Revocations>,
    /// Where what comes after an answer is done.
    pub tasks: TaskTracker,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

/// Remembers `device`, which was let in elsewhere. For a gateway that does not
/// run: one that does would not hear of it.
pub(crate) fn remember(device: &Device) -> Change {
    record::put(device)
}

/// Knows the devices that were let in, and those that wait.
#[derive(Clone)]
pub struct Pairing(Arc<Inner>);

struct Inner {
    deps: Deps,
    state: Mutex<State>,
    /// Woken when something was decided.
    decided: Notify,
    departures: OnceLock<Arc<dyn Departures>>,
}

#[derive(Default)]
struct State {
    devices: BTreeMap<DeviceId, Device>,
    requests: Requests,
    codes: BTreeMap<RequestId, SetupCode>,
    online: HashMap<ClientId, (DeviceId, Role)>,
    // The last decisions, the oldest first.
    decisions: VecDeque<(RequestId, DeviceId, Decision)>,
}

/// What was decided about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Approved,
    Rejected,
    Superseded,
}

impl Decision {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
        }
    }
}

/// Somebody who has to know that a device may not be a node any more.
#[async_trait]
pub trait Departures: Send + Sync {
    /// `device` is no node any more.
    async fn forget(&self, device: &DeviceId) -> Result<(), StoreError>;
}

/// What there is to see of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceList {
    /// Those that wait, the newest first.
    pub pending: Vec<PendingDevice>,
    /// Those that were let in, the newest first.
    pub paired: Vec<PairedDevice>,
}

impl Pairing {
    /// Everything that was written down. A grant whose token was revoked is
    /// revoked, whatever stands in the store: somebody may have put an old one
    /// in its place (V-19).
    pub async fn load(deps: Deps) -> Result<Self, StoreError> {
        let pairing = Self::empty(deps);
        let deps = &pairing.0.deps;
        let now = deps.clock.now();
        let mut state = State::default();
        for entry in deps.archive.entries(Drawer::Devices).await? {
            let Some(mut device) = record::read::<Device>(&entry.value) else { continue };
            let purposes: Vec<_> =
                device.grants.iter().map(|(role, it)| (*role, device.purpose(*role, it))).collect();
            for (role, purpose) in purposes {
                if deps.revocations.is_revoked(&purpose)
                    && let Some(grant) = device.grants.get_mut(&role)
                {
                    grant.revoked_at.get_or_insert(now);
                }
            }
            state.devices.insert(device.id.clone(), device);
        }
        let requests = deps.archive.entries(Drawer::DeviceRequests).await?;
        let requests = requests.iter().filter_map(|entry| record::read::<Request>(&entry.value));
        state.requests = Requests::restore(requests.collect(), now);
        for entry in deps.archive.entries(Drawer::SetupCodes).await? {
            let Some(code) = record::read::<SetupCode>(&entry.value) else { continue };
            state.codes.insert(code.id.clone(), code);
        }
        *pairing.state() = state;
        Ok(pairing)
    }

    /// Nothing of what was written down.
    pub fn empty(deps: Deps) -> Self {
        Self(Arc::new(Inner {
            deps,
            state: Mutex::default(),
            decided: Notify::new(),
            departures: OnceLock::new(),
        }))
    }

    /// From now on, `departures` hears of devices that are no nodes any more.
    pub fn tell_of_departures(&self, departures: Arc<dyn Departures>) {
        // Called once, by the wiring; a second one would be a mistake there.
        let _ = self.0.departures.set(departures);
    }

    /// The devices `caller` may see: all of them, or its own (V-13).
    pub fn list(&self, caller: &Principal) -> DeviceList {
        let now = self.now();
        let state = self.state();
        let online = |id: &DeviceId| state.online.values().any(|(device, _)| device == id);
        let mut pending: Vec<_> = state
            .requests
            .waiting(now)
            .filter(|request| manages(caller, &request.ask.device))
            .map(PendingDevice::from)
            .collect();
        pending.reverse();
        let mut paired: Vec<_> = state
            .devices
            .values()
            .filter(|device| manages(caller, &device.id))
            .map(|device| PairedDevice::of(device, online(&device.id)))
            .collect();
        paired.sort_by_key(|device| std::cmp::Reverse(device.approved_at_ms));
        DeviceList { pending, paired }
    }

    /// `client` was let in.
    pub fn arrived(&self, client: &Client) {
        if let Some(device) = client.principal.device.clone() {
            self.state().online.insert(client.id, (device, client.principal.role));
        }
    }

    /// `client` left.
    pub fn left(&self, client: &Client) {
        self.state().online.remove(&client.id);
    }

    fn now(&self) -> Timestamp {
        self.0.deps.clock.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands `changes` in. Called with the state locked, so that what is decided
    /// first is written first.
    fn submit(&self, changes: Vec<Change>) -> impl Future<Output = Result<(), StoreError>> + use<> {
        let receipt = self.0.deps.journal.submit(changes, Urgency::Now);
        async move {
            match receipt.await {
                Ok(_) => Ok(()),
                Err(CommitError::Store(error)) => Err(error),
                Err(other) => Err(StoreError::Unavailable(other.into())),
            }
        }
    }

    /// Takes back what was decided about `device` in `role` and could not be
    /// written down: `undo` makes it what it has to be now. That is handed in
    /// once more, because what was decided about the device meanwhile was handed
    /// in together with what is undone. Whoever came in on it has to come again.
    fn undo(&self, id: &DeviceId, role: Role, undo: impl FnOnce(Device) -> Option<Device>) {
        {
            let mut state = self.state();
            let Some(device) = state.devices.remove(id) else { return };
            let change = match undo(device) {
                Some(device) => {
                    let change = record::put(&device);
                    state.devices.insert(id.clone(), device);
                    change
                }
                None => record::forget::<Device>(id.as_str()),
            };
            // Nobody waits for that.
            drop(self.0.deps.journal.submit(vec![change], Urgency::Lazy));
        }
        let (code, reason) = UNDONE;
        for client in self.connections_of(id, Some(role)) {
            self.0.deps.connections.close(client, code, reason);
        }
    }

    /// Tells those who may decide, and those who wait, what became of `request`.
    fn announce(&self, request: &Request, decision: Decision) {
        self.decided(&request.id, &request.ask.device, decision);
    }

    fn decided(&self, request: &RequestId, device: &DeviceId, decision: Decision) {
        {
            let mut state = self.state();
            state.decisions.push_back((request.clone(), device.clone(), decision));
            if REMEMBERED < state.decisions.len() {
                state.decisions.pop_front();
            }
        }
        self.0.decided.notify_waiters();
        let told = DeviceDecided {
            request_id: request.to_string(),
            device_id: device.to_string(),
            decision: decision.as_str(),
            ts: self.now().as_millis(),
        };
        self.0.deps.events.publish(Event::notice(EventKind::DevicePairResolved, &told));
    }

    /// Tells those who may decide that something about `device` changed.
    fn changed(&self, device: &DeviceId, change: &'static str) {
        let ts = self.now().as_millis();
        let told = DeviceChanged { device_id: device.as_str(), change, ts };
        self.0.deps.events.publish(Event::notice(EventKind::DevicePairChanged, &told));
    }

    fn name(&self) -> RequestId {
        self.0.deps.entropy.uuid().parse().expect("a UUID is a name")
    }
}

impl fmt::Debug for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pairing")
            .field("devices", &self.state().devices.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
