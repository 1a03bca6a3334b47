//! A gateway whose disk does what the test wants.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Role, Scope, Scopes},
    client::{Client, ClientId, Mode},
    ids::DeviceId,
    pairing::{Ask, Portrait, Request},
};
use ports::{
    BoxFuture, Json,
    driven::{
        Change, CommitError, Committed, Drawer, Entry, Journal, MockArchive, MockConnections,
        MockEntropy, MockTokenMint, Revocations, StoreError, Urgency,
    },
    event::Body,
};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::{
    pairing::{Departures, Deps, DeviceList, NotAdmitted, Pairing},
    testing::{Told, clock, program},
};

/// A gateway, and what came of what it did.
pub(super) struct Gateway {
    pub(super) disk: Arc<Disk>,
    pub(super) revoked: Arc<Revoked>,
    pub(super) pairing: Pairing,
    told: Arc<Told>,
    closed: Arc<Mutex<Vec<(u64, u16)>>>,
    departed: Arc<Departed>,
}

impl Gateway {
    pub(super) fn new() -> Self {
        let (disk, revoked) = (Arc::new(Disk::default()), Arc::new(Revoked::default()));
        Self::with(disk, revoked, Pairing::empty)
    }

    /// The gateway after a restart.
    pub(super) async fn restart(&self) -> Self {
        let mut loaded = None;
        let (disk, revoked) = (Arc::clone(&self.disk), Arc::clone(&self.revoked));
        let mut gateway = Self::with(disk, revoked, |deps| {
            loaded = Some(deps);
            self.pairing.clone()
        });
        gateway.pairing = Pairing::load(loaded.unwrap()).await.unwrap();
        gateway
    }

    fn with(disk: Arc<Disk>, revoked: Arc<Revoked>, open: impl FnOnce(Deps) -> Pairing) -> Self {
        let (told, closed) = (Arc::new(Told::default()), Arc::new(Mutex::new(Vec::new())));
        let departed = Arc::new(Departed::default());
        let mut archive = MockArchive::new();
        let shelf = Arc::clone(&disk);
        archive.expect_entries().returning(move |drawer| Ok(shelf.drawer(drawer)));
        let mut connections = MockConnections::new();
        let closing = Arc::clone(&closed);
        connections
            .expect_close()
            .returning(move |client, code, _| closing.lock().unwrap().push((client.0, code)));
        let pairing = open(Deps {
            archive: Arc::new(archive),
            clock: clock(),
            connections: Arc::new(connections),
            entropy: Arc::new(entropy()),
            events: told.clone(),
            journal: disk.clone(),
            mint: Arc::new(mint()),
            revocations: revoked.clone(),
            tasks: TaskTracker::new(),
        });
        pairing.tell_of_departures(departed.clone());
        Self { disk, revoked, pairing, told, closed, departed }
    }

    /// Has a device let in by an administrator, and returns its token.
    pub(super) async fn pair(&self, ask: Ask) -> String {
        let request = self.request(ask.clone()).await;
        self.pairing.approve(&admin(99), &request.id).await.unwrap();
        self.pairing.admit(ask, false).await.unwrap().token.token
    }

    /// Has a device ask.
    pub(super) async fn request(&self, ask: Ask) -> Request {
        match self.pairing.admit(ask, false).await {
            Err(NotAdmitted::HasToAsk { request: Some(request), .. }) => *request,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn list(&self) -> DeviceList {
        self.pairing.list(&admin(99).principal)
    }

    /// The connections that were closed since the last call.
    pub(super) fn closed(&self) -> Vec<(u64, u16)> {
        let mut closed = std::mem::take(&mut *self.closed.lock().unwrap());
        closed.sort_unstable();
        closed
    }

    /// How often a device was said not to be a node any more.
    pub(super) fn departed(&self) -> usize {
        self.departed.0.load(Relaxed)
    }

    /// What was told under `kind`: the request and the decision.
    pub(super) fn told(&self, kind: &str) -> Vec<(String, &'static str)> {
        let decision = |told: &serde_json::Value| {
            let known = ["approved", "rejected", "superseded"];
            known.into_iter().find(|word| told["decision"] == *word).unwrap_or_default()
        };
        let events = self.told.all();
        let notices = events.iter().filter_map(|event| match &event.body {
            Body::Notice(of, payload) if of.as_str() == kind => {
                Some(serde_json::from_str::<serde_json::Value>(payload.as_str()).unwrap())
            }
            _ => None,
        });
        notices
            .map(|it| (it["requestId"].as_str().unwrap_or_default().to_owned(), decision(&it)))
            .collect()
    }
}

/// Keeps entries, unless it is broken; or later, while it is held.
#[derive(Default)]
pub(super) struct Disk {
    broken: AtomicBool,
    held: AtomicBool,
    entries: Mutex<BTreeMap<(Drawer, Box<str>), Json>>,
    waiting: Mutex<Vec<(Vec<Change>, oneshot::Sender<bool>)>>,
}

impl Disk {
    /// From now on it takes nothing, or everything again.
    pub(super) fn fail(&self, broken: bool) {
        self.broken.store(broken, Relaxed);
    }

    /// From now on nobody gets an answer.
    pub(super) fn hold(&self) {
        self.held.store(true, Relaxed);
    }

    /// Those who wait get theirs: the first `taken` of them a good one.
    pub(super) fn release(&self, taken: usize) {
        self.held.store(false, Relaxed);
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap());
        for (place, (changes, receipt)) in waiting.into_iter().enumerate() {
            if place < taken {
                self.apply(changes);
            }
            // Nobody waits for the lazy ones.
            let _ = receipt.send(place < taken);
        }
    }

    pub(super) fn entries(&self) -> BTreeMap<(Drawer, Box<str>), Json> {
        self.entries.lock().unwrap().clone()
    }

    /// Somebody puts an old database back.
    pub(super) fn put_back(&self, entries: BTreeMap<(Drawer, Box<str>), Json>) {
        *self.entries.lock().unwrap() = entries;
    }

    fn drawer(&self, drawer: Drawer) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap();
        let inside = entries.iter().filter(|((place, _), _)| *place == drawer);
        inside
            .map(|((_, name), value)| Entry { name: name.clone(), value: value.clone() })
            .collect()
    }

    fn apply(&self, changes: Vec<Change>) {
        let mut entries = self.entries.lock().unwrap();
        for change in changes {
            match change {
                Change::PutEntry { drawer, name, value } => {
                    entries.insert((drawer, name), value);
                }
                Change::DropEntry { drawer, name } => {
                    entries.remove(&(drawer, name));
                }
                other => panic!("not an entry: {other:?}"),
            }
        }
    }
}

fn answer(taken: bool) -> Result<Committed, CommitError> {
    let broken = || CommitError::Store(StoreError::Unavailable("broken".into()));
    taken.then(Committed::default).ok_or_else(broken)
}

impl Journal for Disk {
    fn submit(
        &self,
        changes: Vec<Change>,
        _: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        if self.held.load(Relaxed) {
            let (receipt, answered) = oneshot::channel();
            self.waiting.lock().unwrap().push((changes, receipt));
            return Box::pin(async { answer(answered.await.unwrap()) });
        }
        let taken = !self.broken.load(Relaxed);
        if taken {
            self.apply(changes);
        }
        Box::pin(async move { answer(taken) })
    }
}

/// A list of revoked tokens. As the real one does, it remembers what the disk did
/// not take, but only while the process lives.
#[derive(Default)]
pub(super) struct Revoked {
    pub(super) broken: AtomicBool,
    listed: Mutex<HashSet<String>>,
}

#[async_trait]
impl Revocations for Revoked {
    fn is_revoked(&self, purpose: &str) -> bool {
        self.listed.lock().unwrap().contains(purpose)
    }

    async fn revoke(&self, purposes: &[String]) -> Result<(), StoreError> {
        if self.broken.load(Relaxed) {
            return Err(StoreError::Full("full".into()));
        }
        self.listed.lock().unwrap().extend(purposes.iter().cloned());
        Ok(())
    }
}

#[derive(Default)]
struct Departed(AtomicUsize);

#[async_trait]
impl Departures for Departed {
    async fn forget(&self, _: &DeviceId) -> Result<(), StoreError> {
        self.0.fetch_add(1, Relaxed);
        Ok(())
    }
}

fn entropy() -> MockEntropy {
    let mut entropy = MockEntropy::new();
    let made = AtomicUsize::new(0);
    entropy.expect_uuid().returning(move || format!("uuid-{}", 1 + made.fetch_add(1, Relaxed)));
    entropy
}

fn mint() -> MockTokenMint {
    let mut mint = MockTokenMint::new();
    mint.expect_token().returning(|purpose| format!("token for {purpose}"));
    mint.expect_is_token()
        .returning(|purpose, presented| presented == format!("token for {purpose}"));
    mint
}

/// The name of a device.
pub(super) fn id(device: u8) -> DeviceId {
    format!("{device:064x}").parse().unwrap()
}

pub(super) fn scopes(scopes: &[Scope]) -> Scopes {
    scopes.iter().copied().collect()
}

/// What `device` asks for, from elsewhere.
pub(super) fn ask(device: u8, role: Role, wanted: &[Scope]) -> Ask {
    Ask {
        device: id(device),
        key: format!("key-{device}").into(),
        role,
        scopes: scopes(wanted),
        portrait: Portrait::default(),
        remote_address: Some("192.0.2.7".into()),
        commands: Vec::new(),
        caps: Vec::new(),
    }
}

/// Who knows the secret, or is the device that is named.
pub(super) fn operator(connection: u64, device: Option<u8>, held: &[Scope]) -> Client {
    let client = program("somebody", Mode::Ui);
    let proof = if device.is_some() { Proof::DeviceToken } else { Proof::Token };
    let (scopes, device) = (scopes(held), device.map(id));
    let principal = Principal { proof, scopes, device, ..client.principal.clone() };
    Client { id: ClientId(connection), principal, ..client }
}

pub(super) fn admin(connection: u64) -> Client {
    operator(connection, None, &[Scope::Admin])
}

pub(super) fn node(connection: u64, device: u8) -> Client {
    let client = operator(connection, Some(device), &[]);
    Client { principal: Principal { role: Role::Node, ..client.principal.clone() }, ..client }
}
