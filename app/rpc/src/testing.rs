//! A gateway for tests: real use cases over a store in memory and an agent that
//! repeats what it is told.

mod tools;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, LazyLock, Mutex},
};

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Role, Scope},
    client::{Client, ClientId, ClientInfo, Mode, NodeOffer, Protocol},
    event::EventKind,
    ids::{DeviceId, MessageId, RunId, SessionId},
    run::Usage,
    session::{Session, SessionKey},
    spending::Spending,
    time::Timestamp,
    update::Installation,
    wizard::Answers,
};
use ports::{
    BoxFuture, Json,
    config::{Config, Live, Manual},
    driven::{
        AgentEvent, ApprovalPolicy, Archive, BadSignature, Change, Clock, CommitError, Committed,
        ConfigEdit, ConfigIssue, ConfigManual, ConfigSnapshot, ConfigSource, ConfigStore,
        ConfigWrite, ConfigWriteError, ConfigWritten, Drawer, Entropy, Entry, EventSink,
        FinishReason, HistoryPage, HistoryQuery, Installed, Journal, MockAgentRuntime, MockClock,
        MockCodeWriter, MockConfigReload, MockConfigSource, MockConfigStore, MockConnections,
        MockDigests, MockEntropy, MockLogSource, MockModelProvider, MockProviderCheck, MockReach,
        MockRestartNotes, MockRevocations, MockSecrets, MockSignatures, MockTokenMint, MockUpdater,
        MockWizardNotes, ModelInfo, ModelProvider, PolicyError, PolicySnapshot, PublicKey,
        Reloaded, RunRecord, SessionPage, SessionQuery, SpendingPage, SpendingQuery, StoreError,
        StoreStats, StoredRecord, TimeZone, TimeZones, Urgency,
    },
    driving::{Rpc, RpcError, RpcReply},
    event::{Body, Event, Topic},
    view::ApprovalsFile,
};
use serde_json::Value;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use usecases::{
    agents::{Agents, Catalogue},
    approvals::{self, Approvals},
    auth::{self, Auth},
    book::Book,
    canvas::{self, Passes},
    chat::{self, Chat},
    config::Configuration,
    directory::Directory,
    facts::Facts,
    health::{self, Health},
    logs::Logs,
    models::Models,
    nodes::{self, Consent, Consents, NodeDevice, NodeDevices, Nodes, RunAsk},
    pairing::{self, Pairing},
    presence::Presence,
    probe::Parts,
    reload::{self, Reload},
    restart::Restarts,
    sessions::{self, Sessions},
    spending::{self, Spendings},
    status::{self, Status},
    system::{System, SystemEvents},
    update::{self, Update},
    versions::Versions,
    wizard::{self, Wizard},
};

use crate::{Addresses, Door, Registry, Services};

pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) registry: Registry,
    pub(crate) door: Door,
    events: Arc<Told>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::configured(Config::default())
    }

    pub(crate) fn configured(configuration: Config) -> Self {
        let events = Arc::new(Told::default());
        let services = Arc::new(services(configuration, Arc::clone(&events) as _));
        Self {
            registry: Registry::new(Arc::clone(&services), tools::tools(&services)),
            door: Door::new(Arc::clone(&services), Live::new(Addresses::default())),
            services,
            events,
        }
    }

    /// What was told as `kind` so far.
    pub(crate) fn told(&self, kind: EventKind) -> Vec<Value> {
        let told = self.events.0.lock().unwrap();
        let notices = told.iter().filter_map(|event| match &event.body {
            Body::Notice(of, payload) if *of == kind => Some(payload.as_str()),
            _ => None,
        });
        notices.map(|payload| serde_json::from_str(payload).unwrap()).collect()
    }

    /// Calls a method as `caller`.
    pub(crate) async fn call_as(
        &self,
        caller: &Arc<Client>,
        method: &str,
        params: Value,
    ) -> Result<Value, RpcError> {
        let params = serde_json::value::to_raw_value(&params).unwrap();
        let reply = self.registry.call(caller, method, Some(&params)).await?;
        Ok(serde_json::from_str(reply.payload.as_str()).unwrap())
    }

    /// Calls a method as somebody who holds `scopes`.
    pub(crate) async fn reply(
        &self,
        scopes: &[Scope],
        method: &str,
        params: &Value,
    ) -> Result<RpcReply, RpcError> {
        let params = serde_json::value::to_raw_value(params).unwrap();
        self.registry.call(&client(Role::Operator, scopes), method, Some(&params)).await
    }

    /// Calls a method as somebody who may do everything.
    pub(crate) async fn call(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let reply = self.reply(&[Scope::Admin], method, &params).await?;
        Ok(serde_json::from_str(reply.payload.as_str()).unwrap())
    }

    /// Calls a method that refuses, and says in which words.
    pub(crate) async fn refusal(&self, method: &str, params: Value) -> String {
        self.call(method, params).await.unwrap_err().message
    }
}

pub(crate) fn client(role: Role, scopes: &[Scope]) -> Arc<Client> {
    Arc::new(Client {
        id: ClientId(1),
        connection: "connection".into(),
        principal: Principal {
            role,
            scopes: scopes.iter().copied().collect(),
            proof: Proof::Token,
            local: true,
            device: None,
            user: None,
        },
        protocol: Protocol::V4,
        info: info(Mode::Ui),
        remote_address: None,
        session_scoped_events: false,
        offer: None,
    })
}

/// The device the one paired node of the [`World`] is.
pub(crate) const NODE: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// That node, on connection `id`.
pub(crate) fn node(id: u64) -> Arc<Client> {
    let mut client = (*client(Role::Node, &[])).clone();
    client.id = ClientId(id);
    client.principal.device = Some(NODE.parse().unwrap());
    client.info.mode = Mode::Node;
    let commands = NODE_COMMANDS.map(Box::from).to_vec();
    client.offer = Some(Box::new(NodeOffer { commands, ..NodeOffer::default() }));
    Arc::new(client)
}

/// What that node does, and was approved for.
const NODE_COMMANDS: [&str; 4] =
    ["system.run", "system.which", "system.execApprovals.get", "system.execApprovals.set"];

/// Knows one node, and that nobody consented to anything.
struct OneNode;

impl NodeDevices for OneNode {
    fn node_device(&self, id: &DeviceId) -> Option<NodeDevice> {
        (id.as_str() == NODE).then(|| NodeDevice {
            platform: Some("linux".into()),
            commands: NODE_COMMANDS.map(Box::from).to_vec(),
            ..NodeDevice::default()
        })
    }

    fn node_devices(&self) -> Vec<(DeviceId, NodeDevice)> {
        let id = NODE.parse().unwrap();
        self.node_device(&id).map(|device| (id, device)).into_iter().collect()
    }
}

impl Consents for OneNode {
    fn redeem(&self, _: &Principal, _: &str, _: &RunAsk) -> Option<Consent> {
        None
    }
}

/// Remembers what clients were told.
#[derive(Default)]
struct Told(Mutex<Vec<Event>>);

impl EventSink for Told {
    fn publish(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }

    fn subscribe(&self, _: ClientId, _: Topic) {}

    fn unsubscribe(&self, _: ClientId, _: &Topic) {}

    fn clients(&self) -> usize {
        1
    }
}

pub(crate) fn info(mode: Mode) -> ClientInfo {
    ClientInfo {
        id: "test".into(),
        version: "1".into(),
        platform: "linux".into(),
        mode,
        display_name: None,
        device_family: None,
        model_identifier: None,
        instance_id: None,
    }
}

/// The manual as the types say it.
struct Types;

impl ConfigManual for Types {
    fn manual(&self) -> Arc<Manual> {
        static MANUAL: LazyLock<Arc<Manual>> = LazyLock::new(|| Arc::new(Manual::generated()));
        Arc::clone(&MANUAL)
    }
}

fn services(configuration: Config, events: Arc<dyn EventSink>) -> Services {
    let store = Arc::new(Store::default());
    let (archive, journal): (Arc<dyn Archive>, Arc<dyn Journal>) = (store.clone(), store);
    let book = Book::new(Arc::clone(&archive), Arc::clone(&journal));
    let restarts = Restarts::default();
    let file = File(Arc::new(configuration));
    let config: Arc<dyn ConfigSource> = Arc::new(file.clone());
    let (clock, entropy) = (clock(), entropy());
    let facts = Arc::new(facts());
    let versions = Arc::new(Versions::default());
    let mut log = MockLogSource::new();
    log.expect_tail().returning(|_| Err("no log".into()));
    let log = Arc::new(log);
    let catalogue = Catalogue::new(vec![provider()], vec!["fake/echo".parse().unwrap()]);
    let agents = Agents::new(catalogue.clone(), Arc::clone(&config), Arc::clone(&clock));
    let models = Models::new(catalogue.clone(), agents.clone(), Arc::clone(&config));
    let presence =
        Presence::new(&facts, Arc::clone(&clock), Arc::clone(&events), Arc::clone(&versions));
    let system_events = SystemEvents::default();
    let system = System::new(Arc::clone(&config), presence.clone(), system_events.clone());
    let started_at = Timestamp::default();
    let reload = reload(file.clone(), Arc::clone(&events), &restarts);
    let parts = Parts::new(
        Arc::clone(&archive),
        catalogue,
        log.clone(),
        Arc::clone(&clock),
        reload.clone(),
        started_at,
    );
    let health = Health::new(health::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        events: Arc::clone(&events),
        parts,
        facts: Arc::clone(&facts),
        versions: Arc::clone(&versions),
    });
    let chat = Chat::new(chat::Deps {
        agent: Arc::new(agent()),
        agents,
        archive: Arc::clone(&archive),
        book: book.clone(),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        meter: Arc::new(ports::driven::NoMeter),
        system_events: system_events.clone(),
        tasks: TaskTracker::new(),
    });
    let nodes = Nodes::new(nodes::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        connections: Arc::new(connections()),
        consents: Arc::new(OneNode),
        devices: Arc::new(OneNode),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        journal: Arc::clone(&journal),
        revocations: Arc::new(revocations()),
        system_events,
        talk: Arc::new(chat.clone()),
        tokens: Arc::new(mint()),
    });
    let spendings = Spendings::new(spending::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        zones: Arc::new(OnlyUtc),
    });
    let sessions = Sessions::new(sessions::Deps {
        archive: Arc::clone(&archive),
        book,
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        facts: Arc::clone(&facts),
        models: models.clone(),
        runs: Arc::new(chat.clone()),
    });
    let pairing = Pairing::empty(pairing::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        connections: Arc::new(connections()),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        journal: Arc::clone(&journal),
        mint: Arc::new(mint()),
        revocations: Arc::new(revocations()),
        tasks: TaskTracker::new(),
    });
    let auth = auth::Deps {
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        macs: Arc::new(ports::driven::MockMacs::new()),
        pairing: pairing.clone(),
        secrets: Arc::new(secrets()),
        signatures: Arc::new(signatures()),
        tailscale: Live::new(None),
        tailnet: None,
    };
    let status = Status::new(status::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        facts: Arc::clone(&facts),
        models: models.clone(),
        sessions: sessions.clone(),
        system: system.clone(),
    });
    let approvals = Approvals::new(approvals::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        digests: Arc::new(digests()),
        entropy: Arc::clone(&entropy),
        events: Arc::clone(&events),
        journal,
        policy: Arc::new(Policy::default()),
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
    });
    let canvas = canvas::Deps {
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        digests: Arc::new(telling_digests()),
        entropy: Arc::clone(&entropy),
        is_skipped: false,
    };
    Services {
        approvals,
        auth: Auth::new(auth, None),
        canvas: Passes::new(canvas),
        chat,
        clock: Arc::clone(&clock),
        codes: Arc::new(codes()),
        directory: Directory::new(Arc::clone(&config), models.clone()),
        configuration: Configuration::new(Arc::new(file.clone()), Arc::new(file.clone()), reload),
        restarts,
        entropy: Arc::clone(&entropy),
        events,
        facts,
        health,
        logs: Logs::new(log),
        manual: Arc::new(Types),
        models,
        pairing,
        nodes,
        presence,
        reach: Arc::new(reach()),
        sessions,
        spendings,
        status,
        system,
        update: Update::new(update()),
        versions,
        wizard: wizard(clock, entropy),
    }
}

/// The deps of an update of a program that nobody can update.
fn update() -> update::Deps {
    let mut updater = MockUpdater::new();
    updater.expect_installed().returning(|| Installed { by: Installation::Nix, superuser: false });
    update::Deps {
        clock: clock(),
        notes: Arc::new(MockRestartNotes::new()),
        restart: None,
        tasks: TaskTracker::new(),
        updater: Arc::new(updater),
        version: "1.0.0".to_owned(),
    }
}

/// A wizard over an empty configuration; every change of it works out.
fn wizard(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Wizard {
    let mut source = MockConfigSource::new();
    source.expect_current().returning(|| Arc::new(Config::default()));
    source.expect_snapshot().returning(|| ConfigSnapshot {
        path: "/home/a/openclaw.json".into(),
        exists: false,
        raw: None,
        parsed: Json::null(),
        valid: true,
        config: Json::null(),
        hash: "empty".into(),
        issues: Vec::new(),
        warnings: Vec::new(),
    });
    let mut check = MockProviderCheck::new();
    check.expect_keys().returning(Vec::new);
    check.expect_models().returning(|_| Ok(vec!["echo".to_owned()]));
    let mut notes = MockWizardNotes::new();
    notes.expect_keep().returning(|_| Ok(()));
    notes.expect_forget().returning(|| Ok(()));
    notes.expect_load().returning(Answers::default);
    notes.expect_workspace().returning(|| "/w".to_owned());
    notes.expect_make_workspace().returning(|_| Ok(true));
    let mut store = MockConfigStore::new();
    store.expect_write().returning(|_| {
        let (changed, hash, warnings) = (Vec::new(), "new".into(), Vec::new());
        Ok(ConfigWritten { changed, hash, warnings, config: Arc::default() })
    });
    let deps = wizard::Deps {
        attic: None,
        check: Arc::new(check),
        config: Arc::new(source),
        notes: Arc::new(notes),
        store: Arc::new(store),
    };
    Wizard::new(deps, clock, entropy)
}

fn clock() -> Arc<dyn Clock> {
    let mut clock = MockClock::new();
    clock.expect_now().returning(|| Timestamp::from_millis(1_000_000));
    Arc::new(clock)
}

/// A configuration file with the hash `now`.
#[derive(Clone)]
struct File(Arc<Config>);

impl ConfigSource for File {
    fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0)
    }

    fn snapshot(&self) -> ConfigSnapshot {
        ConfigSnapshot {
            path: "/etc/openclaw.json".into(),
            exists: true,
            raw: Some("{}".into()),
            parsed: Json::of(&()),
            valid: true,
            config: Json::of(&*self.0),
            hash: "now".into(),
            issues: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

#[async_trait]
impl ConfigStore for File {
    async fn write(&self, write: ConfigWrite) -> Result<ConfigWritten, ConfigWriteError> {
        match write.base_hash.as_deref() {
            None => return Err(ConfigWriteError::BaseHashRequired),
            Some("now") => (),
            Some(_) => return Err(ConfigWriteError::Changed),
        }
        let changed = match write.edit {
            ConfigEdit::Merge(text) if text.contains("bad") => {
                let (path, message) = ("gateway.port".into(), "has to be a number".into());
                let issue = ConfigIssue { path, message, file: None, line: Some(1) };
                return Err(ConfigWriteError::Invalid(vec![issue]));
            }
            ConfigEdit::Merge(text) => text,
            _ => "session.mainKey".into(),
        };
        let (hash, warnings, config) = ("next".into(), Vec::new(), Arc::clone(&self.0));
        Ok(ConfigWritten { changed: vec![changed], hash, warnings, config })
    }
}

fn reload(file: File, events: Arc<dyn EventSink>, restarts: &Restarts) -> Reload {
    let mut config = MockConfigReload::new();
    config.expect_read_again().returning(move || Reloaded {
        before: file.current(),
        after: file.current(),
        changed: Vec::new(),
        issues: Vec::new(),
        files: Vec::new(),
        hash: "now".into(),
    });
    let config = Arc::new(config);
    let restarts = restarts.clone();
    let deps = reload::Deps { config, events, restarts, skip_channels: false };
    Reload::new(deps, "now".into(), Vec::new())
}

fn entropy() -> Arc<dyn Entropy> {
    let mut entropy = MockEntropy::new();
    let made = Mutex::new(0);
    entropy.expect_uuid().returning(move || {
        let mut made = made.lock().unwrap();
        *made += 1;
        format!("uuid-{made}")
    });
    Arc::new(entropy)
}

fn connections() -> MockConnections {
    let mut connections = MockConnections::new();
    connections.expect_close().return_const(());
    connections
}

fn revocations() -> MockRevocations {
    let mut revocations = MockRevocations::new();
    revocations.expect_is_revoked().return_const(false);
    revocations.expect_revoke().returning(|_| Ok(()));
    revocations
}

fn digests() -> MockDigests {
    let mut digests = MockDigests::new();
    digests.expect_sha256().returning(|bytes| format!("hash of {} bytes", bytes.len()));
    digests
}

/// Fingerprints that tell short texts apart.
fn telling_digests() -> MockDigests {
    let mut digests = MockDigests::new();
    let fold = |sum: u64, byte: &u8| sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
    digests.expect_sha256().returning(move |bytes| {
        let sum = bytes.iter().fold(7, fold);
        format!("{sum:016x}").repeat(4)
    });
    digests
}

/// A policy in memory.
#[derive(Default)]
struct Policy(Mutex<(u32, ApprovalsFile)>);

impl ApprovalPolicy for Policy {
    fn load(&self) -> PolicySnapshot {
        let (version, file) = self.0.lock().unwrap().clone();
        PolicySnapshot {
            path: "/home/a/exec-approvals.json".into(),
            exists: 0 < version,
            hash: version.to_string(),
            file,
            problem: None,
        }
    }

    fn store(
        &self,
        file: &ApprovalsFile,
        base: Option<String>,
    ) -> Result<PolicySnapshot, PolicyError> {
        let found = self.load();
        match base {
            None if found.exists => return Err(PolicyError::BaseRequired),
            Some(base) if base != found.hash => return Err(PolicyError::Changed),
            None | Some(_) => (),
        }
        let mut kept = self.0.lock().unwrap();
        *kept = (kept.0 + 1, file.clone());
        drop(kept);
        Ok(self.load())
    }
}

fn secrets() -> MockSecrets {
    let mut secrets = MockSecrets::new();
    secrets.expect_has_token().return_const(true);
    secrets.expect_has_password().return_const(false);
    secrets.expect_is_token().returning(|text| text == "good");
    secrets.expect_is_password().returning(|_| false);
    secrets
}

/// Signatures are good that repeat what is signed.
fn signatures() -> MockSignatures {
    let mut signatures = MockSignatures::new();
    signatures.expect_key().returning(|text| {
        let byte = text.strip_prefix("key-")?.parse().ok()?;
        Some(PublicKey([byte; 32]))
    });
    signatures.expect_spell().returning(|key| format!("key-{}", key.0[0]));
    signatures.expect_device().returning(|key| device_id(key.0[0]));
    signatures.expect_verify().returning(|_, message, signature| {
        if message == signature { Ok(()) } else { Err(BadSignature) }
    });
    signatures
}

/// The device whose key is `key-<number>`.
pub(crate) fn device_id(number: u8) -> DeviceId {
    format!("{number:064x}").parse().unwrap()
}

fn mint() -> MockTokenMint {
    let mut mint = MockTokenMint::new();
    mint.expect_token().returning(|purpose| format!("token for {purpose}"));
    mint.expect_is_token()
        .returning(|purpose, presented| presented == format!("token for {purpose}"));
    mint
}

fn codes() -> MockCodeWriter {
    let mut codes = MockCodeWriter::new();
    codes.expect_encode().returning(|contents| contents.as_str().to_owned());
    codes.expect_picture().returning(|_| Some("data:image/png;base64,".to_owned()));
    codes
}

fn reach() -> MockReach {
    let mut reach = MockReach::new();
    reach.expect_urls().returning(|| vec!["ws://192.0.2.1:18789".to_owned()]);
    reach.expect_fingerprint().returning(|| None);
    reach
}

fn provider() -> Arc<dyn ModelProvider> {
    let mut provider = MockModelProvider::new();
    provider.expect_name().return_const("fake".to_owned());
    provider.expect_known_models().returning(|| {
        let id = "echo".to_owned();
        vec![ModelInfo { name: id.clone(), id, context_window: Some(1000), ..Default::default() }]
    });
    Arc::new(provider)
}

/// Says "echo: " and the last message.
fn agent() -> MockAgentRuntime {
    let mut agent = MockAgentRuntime::new();
    agent.expect_start().returning(|turn| {
        let text = turn.messages.last().map(ports::driven::ModelMessage::plain_text);
        let text = text.unwrap_or_default();
        let used = text.starts_with("spend").then_some(AgentEvent::Usage(Usage {
            input: 1_000_000,
            output: 100_000,
            cache_read: 400_000,
            cache_write: 0,
        }));
        let said = AgentEvent::Text(format!("echo: {text}"));
        let model = AgentEvent::Model("fake/echo".parse().unwrap());
        let events = [model, said].into_iter().chain(used);
        let events = events.chain([AgentEvent::End(FinishReason::Stop)]).map(Ok);
        Ok(Box::pin(futures_util::stream::iter(events.collect::<Vec<_>>())))
    });
    agent
}

pub(crate) fn facts() -> Facts {
    Facts {
        version: "1.2.3".into(),
        host: "here".into(),
        ip: Some("192.0.2.1".into()),
        platform: "linux".into(),
        release: "6.8".into(),
        arch: "x86_64".into(),
        cpus: 2,
        memory: usecases::facts::Memory::default,
        pid: 7,
        port: Live::new(18789),
        instance: "boot".into(),
        device_id: "gateway-device".into(),
        public_key: "key".into(),
        config_path: "/home/a/openclaw.json".into(),
        state_dir: "/home/a".into(),
        store: "memory".into(),
        started_at: Timestamp::default(),
    }
}

/// A store in memory that keeps what the handlers need.
#[derive(Default)]
struct Store(Mutex<Kept>);

/// Knows one time zone, and is in it.
struct OnlyUtc;

impl TimeZone for OnlyUtc {
    fn ahead(&self, _: Timestamp) -> i32 {
        0
    }
}

impl TimeZones for OnlyUtc {
    fn here(&self) -> Arc<dyn TimeZone> {
        Arc::new(Self)
    }

    fn named(&self, name: &str) -> Option<Arc<dyn TimeZone>> {
        (name == "UTC").then(|| self.here())
    }
}

#[derive(Default)]
struct Kept {
    sessions: HashMap<SessionKey, Session>,
    records: HashMap<SessionId, Vec<StoredRecord>>,
    runs: HashMap<RunId, RunRecord>,
    entries: BTreeMap<(Drawer, Box<str>), Json>,
    spendings: Vec<Spending>,
}

impl Journal for Store {
    fn submit(
        &self,
        changes: Vec<Change>,
        _: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        let mut kept = self.0.lock().unwrap();
        let mut committed = Committed::default();
        for change in changes {
            match change {
                Change::PutSession(session) => {
                    let label = session.settings.label.clone();
                    let taken = kept.sessions.values().any(|other| {
                        other.key != session.key && label.is_some() && other.settings.label == label
                    });
                    if let Some(label) = label.filter(|_| taken) {
                        return Box::pin(async { Err(CommitError::LabelTaken(label)) });
                    }
                    kept.sessions.insert(session.key.clone(), session);
                }
                Change::DeleteSession { key, transcript } => {
                    kept.sessions.remove(&key);
                    transcript.and_then(|id| kept.records.remove(&id));
                }
                Change::Append { session, record } => {
                    let records = kept.records.entry(session).or_default();
                    let offset = records.len() as u64 + 1;
                    records.push(StoredRecord { offset, record });
                    committed.offsets.push(offset);
                }
                Change::BeginRun(record) => {
                    kept.runs.insert(record.run.clone(), record);
                }
                Change::EndRun { run, end } => {
                    kept.runs.get_mut(&run).unwrap().end = Some(end);
                }
                Change::Spend(spending) => kept.spendings.push(*spending),
                Change::PutEntry { drawer, name, value } => {
                    kept.entries.insert((drawer, name), value);
                }
                Change::DropEntry { drawer, name } => {
                    kept.entries.remove(&(drawer, name));
                }
            }
        }
        Box::pin(async { Ok(committed) })
    }
}

#[async_trait]
impl Archive for Store {
    async fn session(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        Ok(self.0.lock().unwrap().sessions.get(key).cloned())
    }

    async fn session_by_id(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let kept = self.0.lock().unwrap();
        Ok(kept.sessions.values().find(|session| session.id == *id).cloned())
    }

    async fn sessions(&self, query: SessionQuery) -> Result<SessionPage, StoreError> {
        let kept = self.0.lock().unwrap();
        let fits = |session: &&Session| {
            query.agent.as_ref().is_none_or(|agent| session.key.agent().as_ref() == Some(agent))
                && query
                    .label
                    .as_deref()
                    .is_none_or(|it| session.settings.label.as_deref() == Some(it))
        };
        let mut sessions: Vec<_> = kept.sessions.values().filter(fits).cloned().collect();
        sessions.sort_by(|a, b| a.key.cmp(&b.key));
        let limit = query.limit.unwrap_or(usize::MAX);
        let more = limit < sessions.len();
        sessions.truncate(limit);
        Ok(SessionPage { sessions, more })
    }

    async fn history(
        &self,
        session: &SessionId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, StoreError> {
        let kept = self.0.lock().unwrap();
        let records = kept.records.get(session).cloned().unwrap_or_default();
        let fits = |stored: &StoredRecord| {
            query.from <= stored.offset && query.before.is_none_or(|before| stored.offset < before)
        };
        let mut records: Vec<_> = records.into_iter().filter(fits).collect();
        let more = query.limit < records.len();
        records.drain(..records.len().saturating_sub(query.limit));
        Ok(HistoryPage { records, more })
    }

    async fn record(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let kept = self.0.lock().unwrap();
        let records = kept.records.get(session).into_iter().flatten();
        Ok(records.into_iter().find(|stored| stored.record.id == *id).cloned())
    }

    async fn run(&self, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
        Ok(self.0.lock().unwrap().runs.get(run).cloned())
    }

    async fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        let kept = self.0.lock().unwrap();
        Ok(kept.runs.values().filter(|run| run.end.is_none()).cloned().collect())
    }

    async fn spendings(&self, query: SpendingQuery) -> Result<SpendingPage, StoreError> {
        let kept = self.0.lock().unwrap();
        let fits = |it: &&Spending| {
            (query.after.at..=query.until).contains(&it.at)
                && query.session.as_ref().is_none_or(|session| *session == it.session)
        };
        let spendings = kept.spendings.iter().filter(fits).cloned().collect();
        Ok(SpendingPage { spendings, next: None })
    }

    async fn entries(&self, drawer: Drawer) -> Result<Vec<Entry>, StoreError> {
        let kept = self.0.lock().unwrap();
        let inside = kept.entries.iter().filter(|((place, _), _)| *place == drawer);
        Ok(inside
            .map(|((_, name), value)| Entry { name: name.clone(), value: value.clone() })
            .collect())
    }

    async fn stats(&self) -> Result<StoreStats, StoreError> {
        let sessions = self.0.lock().unwrap().sessions.len() as u64;
        Ok(StoreStats { sessions, damaged: 0 })
    }
}
