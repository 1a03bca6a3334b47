//! A gateway that takes calls, on a disk that outlives it.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use domain::ids::RunId;
use futures_util::{StreamExt, stream};
use ports::{
    BoxError, BoxFuture, Json,
    config::Config,
    driven::{
        AgentEvent, AgentTurn, Change, CommitError, Committed, Drawer, Entry, FinishReason,
        HistoryPage, Journal, Macs, MockAgentRuntime, MockArchive, MockDigests, MockEntropy,
        MockSecrets, MockTransforms, RunRecord, StoreError, Transform, TransformError, Urgency,
    },
    driving::{HookAnswer, HookCall, HookKnock, HookRefusal, Hooks},
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    agents::{Agents, Catalogue},
    book::Book,
    chat::{self, Chat},
    hooks::{Deps, Webhooks},
    presence::Presence,
    system::{System, SystemEvents},
    testing::{Told, clock, config, facts},
    versions::Versions,
};

/// The token of hooks.
pub(super) const TOKEN: &str = "hook token";
/// The token of the gateway.
pub(super) const GATEWAY: &str = "gateway token";
/// Where callers are.
pub(super) const PLACE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// What outlives a gateway.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) entries: Mutex<BTreeMap<Box<str>, Json>>,
    runs: Mutex<HashMap<RunId, RunRecord>>,
    pub(super) is_full: AtomicBool,
    names: AtomicU64,
}

/// A gateway that takes calls.
pub(super) struct House {
    pub(super) webhooks: Webhooks,
    pub(super) disk: Arc<Disk>,
    pub(super) events: SystemEvents,
    pub(super) stop: CancellationToken,
    pub(super) chat: Chat,
    asked: Arc<Mutex<Vec<AgentTurn>>>,
    speaks: watch::Sender<bool>,
    tasks: TaskTracker,
}

impl Journal for Disk {
    fn submit(
        &self,
        changes: Vec<Change>,
        _: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        Box::pin(std::future::ready(self.apply(changes)))
    }
}

impl Disk {
    fn apply(&self, changes: Vec<Change>) -> Result<Committed, CommitError> {
        if self.is_full.load(Relaxed) {
            return Err(StoreError::Full(BoxError::from("no space")).into());
        }
        let (mut entries, mut runs) = (self.entries.lock().unwrap(), self.runs.lock().unwrap());
        let mut offsets = Vec::new();
        for change in changes {
            match change {
                Change::PutEntry { drawer: Drawer::HookDeliveries, name, value } => {
                    entries.insert(name, value);
                }
                Change::DropEntry { drawer: Drawer::HookDeliveries, name } => {
                    entries.remove(&name);
                }
                Change::BeginRun(run) => match runs.get(&run.run) {
                    Some(known) => return Err(CommitError::KnownRun(Box::new(known.clone()))),
                    None => drop(runs.insert(run.run.clone(), run)),
                },
                Change::EndRun { run, end } => {
                    runs.entry(run).and_modify(|record| record.end = Some(end));
                }
                Change::Append { .. } => offsets.push(1),
                _ => (),
            }
        }
        Ok(Committed { offsets })
    }

    /// How many runs were ever begun.
    pub(super) fn runs(&self) -> usize {
        self.runs.lock().unwrap().len()
    }

    /// The names under which calls are remembered.
    pub(super) fn kept(&self) -> usize {
        self.entries.lock().unwrap().len()
    }

    /// What came of calls was not written down: the gateway died before.
    pub(super) fn forget_ends(&self) {
        for value in self.entries.lock().unwrap().values_mut() {
            let mut entry: serde_json::Value = serde_json::from_str(value.as_str()).unwrap();
            entry["done"] = serde_json::Value::Null;
            *value = Json::of(&entry);
        }
    }
}

/// A seal anybody can compute.
pub(super) fn seal(secret: &str, before: &str, body: &str) -> [u8; 32] {
    let all = format!("{secret}|{before}{body}");
    let sum = all.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
    std::array::from_fn(|index| sum.to_le_bytes()[index % 8])
}

/// The same in hex.
pub(super) fn sealed(secret: &str, before: &str, body: &str) -> String {
    let hex = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
    };
    seal(secret, before, body).iter().flat_map(hex).collect()
}

struct Seals;

impl Macs for Seals {
    fn is_seal(&self, secret: &str, before: &str, body: &[u8], other: &[u8; 32]) -> bool {
        seal(secret, before, std::str::from_utf8(body).unwrap()) == *other
    }

    fn is_same(&self, own: &str, presented: &str) -> bool {
        own == presented
    }
}

impl House {
    /// A house that is configured so, beside the token.
    pub(super) fn open(hooks: &serde_json::Value) -> Self {
        Self::on(Arc::default(), hooks)
    }

    /// The same after it was left at once.
    pub(super) fn reopen(&self, hooks: &serde_json::Value) -> Self {
        Self::on(Arc::clone(&self.disk), hooks)
    }

    fn on(disk: Arc<Disk>, hooks: &serde_json::Value) -> Self {
        let mut configured = serde_json::json!({ "enabled": true, "token": TOKEN });
        configured.as_object_mut().unwrap().extend(hooks.as_object().unwrap().clone());
        let whole: Config =
            serde_json::from_value(serde_json::json!({ "hooks": configured })).unwrap();
        let config = config(whole);
        let (speaks, asked) = (watch::Sender::new(true), Arc::default());
        let (tasks, stop, events) =
            (TaskTracker::new(), CancellationToken::new(), SystemEvents::default());
        let told = Arc::new(Told::default());
        let archive = Arc::new(archive(&disk));
        let entropy = Arc::new(entropy(&disk));
        let chat = Chat::new(chat::Deps {
            agent: Arc::new(agent(&asked, &speaks)),
            agents: Agents::new(
                Catalogue::new(Vec::new(), Vec::new()),
                Arc::clone(&config),
                clock(),
            ),
            archive: archive.clone(),
            book: Book::new(archive.clone(), Arc::clone(&disk) as Arc<dyn Journal>),
            clock: clock(),
            config: Arc::clone(&config),
            entropy: entropy.clone(),
            events: told.clone(),
            meter: Arc::new(ports::driven::NoMeter),
            system_events: events.clone(),
            tasks: tasks.clone(),
        });
        let presence = Presence::new(&facts(), clock(), told, Arc::new(Versions::default()));
        let mut secrets = MockSecrets::new();
        secrets.expect_is_token().returning(|shown| shown == GATEWAY);
        let mut digests = MockDigests::new();
        digests.expect_sha256().returning(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let webhooks = Webhooks::new(Deps {
            archive,
            chat: chat.clone(),
            clock: clock(),
            config: Arc::clone(&config),
            digests: Arc::new(digests),
            entropy,
            journal: Arc::clone(&disk) as Arc<dyn Journal>,
            macs: Arc::new(Seals),
            secrets: Arc::new(secrets),
            stop: stop.clone(),
            system: System::new(config, presence, events.clone()),
            tasks: tasks.clone(),
            transforms: Arc::new(transforms()),
        });
        Self { webhooks, disk, events, stop, chat, asked, speaks, tasks }
    }

    /// From now on agents do not answer, until they shall.
    pub(super) fn agents_speak(&self, speak: bool) {
        self.speaks.send_replace(speak);
    }

    /// Calls `path` with the token.
    pub(super) async fn call(&self, path: &str, body: &str) -> Result<HookAnswer, HookRefusal> {
        self.call_as(Some(TOKEN), path, &[], body).await
    }

    /// Calls `path` with whatever `headers`.
    pub(super) async fn call_as(
        &self,
        token: Option<&str>,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<HookAnswer, HookRefusal> {
        let url = format!("/hooks/{path}");
        let knock = HookKnock { token, ..knock(&url) };
        let entry = self.webhooks.knock(&knock)?;
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let body = body.as_bytes().to_vec();
        let call = HookCall { url, headers: headers.collect(), query: Vec::new(), body };
        self.webhooks.call(entry, call).await
    }

    /// What agents were asked, in which conversation.
    pub(super) fn asked(&self) -> Vec<(String, String)> {
        let asked = self.asked.lock().unwrap();
        let told = asked
            .iter()
            .map(|turn| (turn.session.to_string(), turn.messages.last().unwrap().plain_text()));
        told.collect()
    }

    /// What the main conversation is told, when everything has ended.
    pub(super) async fn told(&self) -> Vec<String> {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
        self.events.drain(&"agent:main:main".parse().unwrap())
    }
}

/// A call to `path` with the right token.
pub(super) fn knock(path: &str) -> HookKnock<'_> {
    HookKnock { path, is_post: true, place: PLACE, token: Some(TOKEN), has_query_token: false }
}

fn archive(disk: &Arc<Disk>) -> MockArchive {
    let mut archive = MockArchive::new();
    archive.expect_session().returning(|_| Ok(None));
    archive.expect_history().returning(|_, _| Ok(HistoryPage::default()));
    let shelf = Arc::clone(disk);
    archive.expect_run().returning(move |run| Ok(shelf.runs.lock().unwrap().get(run).cloned()));
    let shelf = Arc::clone(disk);
    archive.expect_entries().returning(move |_| {
        let entries = shelf.entries.lock().unwrap();
        let told = entries.iter().map(|(name, value)| (name.clone(), value.clone()));
        Ok(told.map(|(name, value)| Entry { name, value }).collect())
    });
    archive
}

fn entropy(disk: &Arc<Disk>) -> MockEntropy {
    let (mut entropy, disk) = (MockEntropy::new(), Arc::clone(disk));
    entropy.expect_uuid().returning(move || format!("u{}", disk.names.fetch_add(1, Relaxed)));
    entropy
}

/// An agent that repeats how long the question was.
fn agent(asked: &Arc<Mutex<Vec<AgentTurn>>>, speaks: &watch::Sender<bool>) -> MockAgentRuntime {
    let (mut agent, asked, speaks) =
        (MockAgentRuntime::new(), Arc::clone(asked), speaks.subscribe());
    agent.expect_start().returning(move |turn: AgentTurn| {
        asked.lock().unwrap().push(turn);
        let mut speaks = speaks.clone();
        let wait = stream::once(async move {
            // A house that is gone says nothing any more.
            let _ = speaks.wait_for(|speaks| *speaks).await;
            Ok(AgentEvent::Text("All\nis well.".to_owned()))
        });
        Ok(Box::pin(wait.chain(stream::iter([Ok(AgentEvent::End(FinishReason::Stop))]))))
    });
    agent
}

/// A program that answers with the body's `answer`, and one that fails.
fn transforms() -> MockTransforms {
    let mut transforms = MockTransforms::new();
    transforms.expect_run().returning(|transform: Transform, input: Json| {
        if transform.program == "broken" {
            return Err(TransformError::Failed("as always".to_owned()));
        }
        let input: serde_json::Value = serde_json::from_str(input.as_str()).unwrap();
        assert_eq!(input["path"], "mapped");
        Ok(Json::of(&input["payload"]["answer"]))
    });
    transforms
}
