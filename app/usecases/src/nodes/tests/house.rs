//! A house with nodes: everything around them is made up.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Role, Scope, Scopes},
    client::{Client, ClientId, Mode, NodeOffer},
    event::EventKind,
    ids::{DeviceId, NodeId},
};
use ports::{
    BoxError, BoxFuture, Json,
    config::Config,
    driven::{
        Change, CommitError, Committed, Connections, Drawer, Entry, Journal, MockArchive,
        MockEntropy, MockTokenMint, Revocations, StoreError, Urgency,
    },
    event::{Audience, Body},
};
use serde_json::Value;

use super::super::*;
use crate::{
    chat::{Send, SendError, Sent},
    system::SystemEvents,
    testing::{Told, clock, config, program},
};

/// The device of the node most tests are about.
pub(super) const LAPTOP: &str = "1111111111111111111111111111111111111111111111111111111111111111";
/// The device of another one.
pub(super) const PHONE: &str = "2222222222222222222222222222222222222222222222222222222222222222";

pub(super) struct House {
    pub(super) nodes: Nodes,
    pub(super) world: Arc<World>,
    pub(super) told: Arc<Told>,
    pub(super) system_events: SystemEvents,
}

/// What is around the nodes.
#[derive(Default)]
pub(super) struct World {
    pub(super) devices: Mutex<BTreeMap<DeviceId, NodeDevice>>,
    pub(super) closed: Mutex<Vec<(ClientId, u16, String)>>,
    pub(super) revoked: Mutex<HashSet<String>>,
    pub(super) kept: Mutex<BTreeMap<(Drawer, Box<str>), Json>>,
    pub(super) full: AtomicBool,
    pub(super) consents: Mutex<Vec<(String, RunAsk, Consent)>>,
    pub(super) said: Mutex<Vec<Send>>,
}

pub(super) fn house() -> House {
    let world = Arc::new(World::default());
    world.approve(LAPTOP, "linux", &["system"], &["system.run", "system.which"]);
    world.approve(PHONE, "ios", &["canvas"], &["canvas.present"]);
    enter(world, Config::default())
}

/// The same after a restart, perhaps with another configuration.
pub(super) fn enter(world: Arc<World>, configuration: Config) -> House {
    let (told, system_events) = (Arc::new(Told::default()), SystemEvents::default());
    let mut archive = MockArchive::new();
    let kept = Arc::clone(&world);
    archive.expect_entries().returning(move |drawer| Ok(kept.inside(drawer)));
    let mut entropy = MockEntropy::new();
    let names = AtomicU64::new(1);
    entropy.expect_uuid().returning(move || format!("uuid-{}", names.fetch_add(1, Relaxed)));
    let mut tokens = MockTokenMint::new();
    tokens.expect_token().returning(|purpose| format!("token for {purpose}"));
    tokens.expect_is_token().returning(|purpose, shown| shown == format!("token for {purpose}"));
    let nodes = Nodes::new(Deps {
        archive: Arc::new(archive),
        clock: clock(),
        config: config(configuration),
        connections: world.clone(),
        consents: world.clone(),
        devices: world.clone(),
        entropy: Arc::new(entropy),
        events: told.clone(),
        journal: world.clone(),
        revocations: world.clone(),
        system_events: system_events.clone(),
        talk: world.clone(),
        tokens: Arc::new(tokens),
    });
    House { nodes, world, told, system_events }
}

impl World {
    pub(super) fn approve(&self, id: &str, platform: &str, caps: &[&str], commands: &[&str]) {
        let list = |words: &[&str]| words.iter().copied().map(Box::from).collect();
        let device = NodeDevice {
            display_name: Some("a node".into()),
            platform: Some(platform.into()),
            caps: list(caps),
            commands: list(commands),
            approved_at: Timestamp::from_millis(1),
            ..NodeDevice::default()
        };
        self.devices.lock().unwrap().insert(id.parse().unwrap(), device);
    }

    pub(super) fn names(&self, drawer: Drawer) -> BTreeSet<String> {
        self.inside(drawer).into_iter().map(|entry| entry.name.into()).collect()
    }

    fn inside(&self, drawer: Drawer) -> Vec<Entry> {
        let kept = self.kept.lock().unwrap();
        let inside = kept.iter().filter(|((place, _), _)| *place == drawer);
        inside
            .map(|((_, name), value)| Entry { name: name.clone(), value: value.clone() })
            .collect()
    }
}

impl House {
    /// What was told as `kind`, and to whom if it was to one.
    pub(super) fn told(&self, kind: EventKind) -> Vec<(Option<u64>, Value)> {
        let told = self.told.all().into_iter().filter(|event| event.kind() == kind);
        let read = |event: ports::event::Event| {
            let Body::Notice(_, payload) = event.body else { panic!("{event:?} is no notice") };
            let client = match event.audience {
                Audience::Client(client) => Some(client.0),
                Audience::Everyone
                | Audience::Administrators
                | Audience::Others
                | Audience::Subscribers(_) => None,
            };
            (client, serde_json::from_str(payload.as_str()).unwrap())
        };
        told.map(read).collect()
    }

    pub(super) fn row(&self, id: &str) -> ports::view::NodeRow {
        self.nodes.describe(id, Sight::Full).unwrap()
    }
}

/// A node on connection `id`, that says it runs on `platform`.
pub(super) fn node(id: u64, device: &str, platform: &str, commands: &[&str]) -> Arc<Client> {
    let mut client = program("a node", Mode::Node);
    client.id = ClientId(id);
    client.principal.role = Role::Node;
    client.principal.scopes = Scopes::NONE;
    client.principal.device = Some(device.parse().unwrap());
    client.info.platform = platform.into();
    let commands = commands.iter().copied().map(Box::from).collect();
    client.offer = Some(Box::new(NodeOffer { commands, ..NodeOffer::default() }));
    Arc::new(client)
}

pub(super) fn laptop(id: u64) -> Arc<Client> {
    node(id, LAPTOP, "linux", &["system.run", "system.which"])
}

pub(super) fn operator(scopes: &[Scope]) -> Principal {
    let scopes = scopes.iter().copied().collect();
    Principal { scopes, ..program("operator", Mode::Cli).principal }
}

pub(super) fn ask(command: &str, params: &str) -> Ask {
    Ask {
        node: LAPTOP.to_owned(),
        command: command.to_owned(),
        params: Some(Json::parse(params.to_owned()).unwrap()),
        timeout: Duration::from_secs(30),
        idempotency_key: Some("key".to_owned()),
    }
}

/// Asks the laptop, as somebody who may write, where programs are.
pub(super) async fn which(house: &House) -> Result<Invoked, InvokeError> {
    let ask = ask("system.which", r#"{"bins":["ls"]}"#);
    house.nodes.invoke(&operator(&[Scope::Write]), ask).await
}

pub(super) fn node_id(device: &str) -> NodeId {
    device.parse().unwrap()
}

pub(super) fn done(payload: &str) -> NodeResult {
    let payload = Json::parse(payload.to_owned()).unwrap();
    NodeResult::Done(Invoked { payload, payload_json: None })
}

impl NodeDevices for World {
    fn node_device(&self, id: &DeviceId) -> Option<NodeDevice> {
        self.devices.lock().unwrap().get(id).cloned()
    }

    fn node_devices(&self) -> Vec<(DeviceId, NodeDevice)> {
        let devices = self.devices.lock().unwrap();
        devices.iter().map(|(id, device)| (id.clone(), device.clone())).collect()
    }
}

impl Connections for World {
    fn close_proven_by(&self, _: Proof, _: u16, _: &str) -> usize {
        unreachable!("no secret changes here")
    }

    fn close(&self, client: ClientId, code: u16, reason: &str) {
        self.closed.lock().unwrap().push((client, code, reason.to_owned()));
    }
}

impl Consents for World {
    fn redeem(&self, _: &Principal, id: &str, run: &RunAsk) -> Option<Consent> {
        let mut consents = self.consents.lock().unwrap();
        let place = consents.iter().position(|(name, ask, _)| name == id && ask == run)?;
        Some(consents.remove(place).2)
    }
}

impl Journal for World {
    fn submit(
        &self,
        changes: Vec<Change>,
        _: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        if self.full.load(Relaxed) {
            let full = StoreError::Full(BoxError::from("no space"));
            return Box::pin(std::future::ready(Err(full.into())));
        }
        let mut kept = self.kept.lock().unwrap();
        for change in changes {
            match change {
                Change::PutEntry { drawer, name, value } => {
                    kept.insert((drawer, name), value);
                }
                Change::DropEntry { drawer, name } => {
                    kept.remove(&(drawer, name));
                }
                other => panic!("{other:?} is not the business of nodes"),
            }
        }
        Box::pin(std::future::ready(Ok(Committed::default())))
    }
}

#[async_trait]
impl Revocations for World {
    fn is_revoked(&self, purpose: &str) -> bool {
        self.revoked.lock().unwrap().contains(purpose)
    }

    async fn revoke(&self, purposes: &[String]) -> Result<(), StoreError> {
        self.revoked.lock().unwrap().extend(purposes.iter().cloned());
        Ok(())
    }
}

#[async_trait]
impl Talk for World {
    async fn say(&self, message: Send) -> Result<Sent, SendError> {
        self.said.lock().unwrap().push(message);
        Ok(Sent::Started { queued_ahead: 0 })
    }
}
