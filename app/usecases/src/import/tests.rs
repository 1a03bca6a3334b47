//! What is taken over, and what is not taken over twice.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use domain::{
    access::Role,
    ids::{MessageId, RunId, SessionId},
    pairing::{Ask, Device, Portrait, Reason, Request},
    session::{Session, SessionKey},
    spending::{Spending, Tokens},
    time::Timestamp,
};
use ports::{
    BoxFuture, Json,
    driven::{
        Committed, Entry, ForeignConversation, ForeignRecord, HistoryPage, HistoryQuery, LeftOut,
        MockApprovalPolicy, MockShelf, PolicySnapshot, Record, RunRecord, SessionPage,
        SessionQuery, SpendingPage, SpendingQuery, StoreStats, StoredRecord,
    },
};

use super::*;

struct Items(VecDeque<ForeignItem>);

impl ForeignState for Items {
    fn next(&mut self) -> Option<ForeignItem> {
        self.0.pop_front()
    }
}

/// A store of which the disk can be full.
#[derive(Default)]
struct Store {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sessions: BTreeMap<SessionKey, Session>,
    records: BTreeMap<SessionId, Vec<Record>>,
    devices: BTreeMap<Box<str>, Json>,
    spendings: Vec<Spending>,
    submissions: usize,
    full_after: Option<usize>,
}

impl Journal for Store {
    fn submit(
        &self,
        changes: Vec<Change>,
        _: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        let mut state = self.state.lock().unwrap();
        state.submissions += 1;
        let full = state.full_after.is_some_and(|most| most < state.submissions);
        let label = changes.iter().find_map(|change| match change {
            Change::PutSession(session) => session.settings.label.clone().filter(|label| {
                let mut others = state.sessions.values().filter(|it| it.key != session.key);
                others.any(|it| it.settings.label.as_ref() == Some(label))
            }),
            _ => None,
        });
        if full || label.is_some() {
            let error = match label {
                Some(label) => CommitError::LabelTaken(label),
                None => StoreError::Full("no space".into()).into(),
            };
            return Box::pin(async { Err(error) });
        }
        for change in changes {
            match change {
                Change::PutSession(session) => {
                    state.sessions.insert(session.key.clone(), session);
                }
                Change::Append { session, record } => {
                    state.records.entry(session).or_default().push(record);
                }
                Change::PutEntry { drawer: Drawer::Devices, name, value } => {
                    state.devices.insert(name, value);
                }
                Change::Spend(spending) => state.spendings.push(*spending),
                other => panic!("unexpected {other:?}"),
            }
        }
        Box::pin(async { Ok(Committed::default()) })
    }
}

#[async_trait::async_trait]
impl Archive for Store {
    async fn session(&self, key: &SessionKey) -> Result<Option<Session>, StoreError> {
        Ok(self.state.lock().unwrap().sessions.get(key).cloned())
    }

    async fn history(
        &self,
        id: &SessionId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, StoreError> {
        let state = self.state.lock().unwrap();
        let records = state.records.get(id).into_iter().flatten().take(query.limit);
        let records = records.map(|record| StoredRecord { offset: 1, record: record.clone() });
        Ok(HistoryPage { records: records.collect(), more: false })
    }

    async fn record(
        &self,
        id: &SessionId,
        name: &MessageId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        let state = self.state.lock().unwrap();
        let found = state.records.get(id).into_iter().flatten().find(|it| it.id == *name);
        Ok(found.map(|record| StoredRecord { offset: 1, record: record.clone() }))
    }

    async fn entries(&self, drawer: Drawer) -> Result<Vec<Entry>, StoreError> {
        assert_eq!(drawer, Drawer::Devices);
        let devices = self.state.lock().unwrap().devices.clone();
        Ok(devices.into_iter().map(|(name, value)| Entry { name, value }).collect())
    }

    async fn spendings(&self, _: SpendingQuery) -> Result<SpendingPage, StoreError> {
        unreachable!("an import does not ask for it")
    }

    async fn session_by_id(&self, _: &SessionId) -> Result<Option<Session>, StoreError> {
        unreachable!("an import does not ask for it")
    }

    async fn sessions(&self, _: SessionQuery) -> Result<SessionPage, StoreError> {
        unreachable!("an import does not ask for it")
    }

    async fn run(&self, _: &RunId) -> Result<Option<RunRecord>, StoreError> {
        unreachable!("an import does not ask for it")
    }

    async fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError> {
        unreachable!("an import does not ask for it")
    }

    async fn stats(&self) -> Result<StoreStats, StoreError> {
        unreachable!("an import does not ask for it")
    }
}

fn deps(store: &Arc<Store>) -> Deps {
    let mut policy = MockApprovalPolicy::new();
    policy.expect_load().returning(|| PolicySnapshot {
        path: String::new(),
        exists: true,
        hash: String::new(),
        file: ApprovalsFile::default(),
        problem: None,
    });
    let mut shelf = MockShelf::new();
    shelf.expect_keep().returning(|name, _| {
        Ok(if name.contains("other") { Shelved::Taken } else { Shelved::New })
    });
    shelf.expect_adopt_config().returning(|_| Ok(Shelved::Taken));
    Deps {
        archive: Arc::clone(store) as _,
        journal: Arc::clone(store) as _,
        policy: Arc::new(policy),
        shelf: Arc::new(shelf),
        dry_run: false,
    }
}

async fn import(store: &Arc<Store>, items: &[ForeignItem]) -> Result<ImportReport, ImportError> {
    Import::run(deps(store), &mut Items(items.iter().cloned().collect())).await
}

fn session(key: &str, id: &str) -> Session {
    Session::fresh(key.parse().unwrap(), id.parse().unwrap(), Timestamp::from_millis(1))
}

fn conversation(session: Session, current: bool) -> ForeignItem {
    ForeignItem::Conversation(Box::new(ForeignConversation { session, current }))
}

fn said(id: &str, at: u64, text: &str) -> ForeignItem {
    let message = Json::of(&text);
    let record = Record { id: id.parse().unwrap(), at: Timestamp::from_millis(at), message };
    let (at, by_person) = (format!("x.jsonl:{at}"), at % 2 == 1);
    ForeignItem::Record(ForeignRecord { record, at, by_person, text: Some(text.to_owned()) })
}

fn device(nonce: &str) -> Device {
    let ask = Ask {
        device: "d".repeat(64).parse().unwrap(),
        key: "k".into(),
        role: Role::Operator,
        scopes: domain::access::Scopes::NONE,
        portrait: Portrait::default(),
        remote_address: None,
        commands: Vec::new(),
        caps: Vec::new(),
    };
    let (id, at) = ("r".parse().unwrap(), Timestamp::default());
    let request = Request { id, ask, reason: Reason::NotPaired, repair: false, silent: false, at };
    Device::approved(None, &request, nonce.into(), at)
}

fn everything() -> Vec<ForeignItem> {
    vec![
        ForeignItem::Device(Box::new(device("imported"))),
        conversation(session("agent:main:main", "s1"), true),
        said("a", 1, "Hello"),
        said("b", 2, "Good morning"),
        conversation(session("agent:work:main", "s2"), true),
        said("a", 3, "Work"),
        ForeignItem::Keepsake { name: "cron/jobs.json".into(), content: b"{}".to_vec() },
    ]
}

#[tokio::test]
async fn conversations_keep_their_names_and_lists_show_what_they_are_about() {
    let store = Arc::<Store>::default();
    let report = import(&store, &everything()).await.unwrap();
    assert_eq!((report.conversations.imported, report.messages.imported), (2, 3));
    assert_eq!((report.devices.imported, &*report.kept), (1, &["cron/jobs.json".to_owned()][..]));

    let state = store.state.lock().unwrap();
    let main = &state.sessions[&"agent:main:main".parse().unwrap()];
    assert_eq!(main.id.as_str(), "s1");
    assert_eq!(main.title.as_deref(), Some("Hello"));
    assert_eq!(main.preview.as_deref(), Some("Good morning"));
    assert_eq!(main.updated_at, Timestamp::from_millis(2));
    assert_eq!(state.records[&main.id].len(), 2);
}

#[tokio::test]
async fn importing_twice_doubles_nothing() {
    let store = Arc::<Store>::default();
    import(&store, &everything()).await.unwrap();
    let written = store.state.lock().unwrap().submissions;
    let again = import(&store, &everything()).await.unwrap();
    assert_eq!((again.conversations.existing, again.messages.existing), (2, 3));
    assert_eq!((again.conversations.imported, again.messages.imported), (0, 0));
    assert_eq!(store.state.lock().unwrap().submissions, written, "nothing is written");

    let mut more = everything();
    more.insert(4, said("c", 5, "And more"));
    let third = import(&store, &more).await.unwrap();
    assert_eq!((third.messages.imported, third.messages.existing), (1, 3));
    let state = store.state.lock().unwrap();
    let names: Vec<_> =
        state.records[&"s1".parse().unwrap()].iter().map(|it| it.id.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

/// Wherever it stops, nobody sees half a conversation, and the next import
/// completes it.
#[tokio::test]
async fn an_import_that_was_cut_off_is_completed_by_the_next() {
    let mut long = vec![conversation(session("agent:main:main", "s"), true)];
    long.extend((1..=1_000).map(|n| said(&format!("m{n}"), n, "x")));
    long.extend(everything().into_iter().take(1));
    let whole = Arc::<Store>::default();
    import(&whole, &long).await.unwrap();
    let steps = whole.state.lock().unwrap().submissions;
    assert!(5 < steps, "{steps}");
    for step in 0..steps {
        let store = Arc::<Store>::default();
        store.state.lock().unwrap().full_after = Some(step);
        let stopped = import(&store, &long).await.unwrap_err();
        assert!(matches!(stopped, ImportError::Commit(CommitError::Store(StoreError::Full(_)))));
        {
            let mut state = store.state.lock().unwrap();
            let complete = state.records.values().all(|it| it.len() == 1_000);
            assert!(state.sessions.is_empty() || complete, "half of it at step {step}");
            state.full_after = None;
        }
        import(&store, &long).await.unwrap();
        let state = store.state.lock().unwrap();
        let names: Vec<_> = state.records[&"s".parse().unwrap()].iter().map(|it| &it.id).collect();
        assert_eq!(names.len(), 1_000, "step {step}");
        assert!(names.iter().enumerate().all(|(n, id)| id.as_str() == format!("m{}", n + 1)));
        assert_eq!((state.sessions.len(), state.devices.len()), (1, 1));
    }
}

#[tokio::test]
async fn what_answers_used_is_counted_once() {
    let store = Arc::<Store>::default();
    let record = |id: &str, at: u64, message: serde_json::Value| {
        let record = Record {
            id: id.parse().unwrap(),
            at: Timestamp::from_millis(at),
            message: Json::of(&message),
        };
        let at = format!("x.jsonl:{at}");
        ForeignItem::Record(ForeignRecord { record, at, by_person: false, text: None })
    };
    let answer = |at: u64| {
        serde_json::json!({ "role": "assistant", "content": "x", "timestamp": at, "provider": "p",
            "model": "m", "usage": { "input": 2, "output": 1, "totalTokens": 3 } })
    };
    let items = [
        conversation(session("agent:main:main", "s"), true),
        record("a", 1, serde_json::json!({ "role": "user", "content": "x", "timestamp": 1 })),
        record("b", 2, answer(2)),
        record("c", 3, answer(3)),
    ];
    import(&store, &items).await.unwrap();
    import(&store, &items).await.unwrap();
    let state = store.state.lock().unwrap();
    let [first, second] = &*state.spendings else { panic!("{:?}", state.spendings) };
    assert_eq!(first.tokens, Tokens { input: 2, output: 1, ..Tokens::default() });
    assert_eq!((first.at, first.asked), (Timestamp::from_millis(2), true));
    assert_eq!((second.at, second.asked), (Timestamp::from_millis(3), false));
    assert_eq!(second.model, Some("p/m".parse().unwrap()));
}

#[tokio::test]
async fn two_records_of_one_name_are_told_with_their_place() {
    let store = Arc::<Store>::default();
    let items = [
        conversation(session("agent:main:main", "s"), true),
        said("a", 1, "one"),
        said("a", 2, "another"),
    ];
    let report = import(&store, &items).await.unwrap();
    assert_eq!((report.messages.imported, report.messages.left_out), (1, 1));
    assert_eq!(report.findings[0].at, "x.jsonl:2");
}

#[tokio::test]
async fn what_is_here_keeps_its_key_and_its_label() {
    let store = Arc::<Store>::default();
    let mut own = session("agent:main:main", "own");
    own.settings.label = Some("home".into());
    store.state.lock().unwrap().sessions.insert(own.key.clone(), own.clone());

    let mut other = session("agent:main:main", "s1");
    other.settings.label = Some("home".into());
    let items = [
        conversation(other, true),
        said("a", 1, "Hello"),
        conversation(session("agent:main:earlier:s0", "s0"), false),
        said("a", 1, "Long ago"),
    ];
    let report = import(&store, &items).await.unwrap();
    assert_eq!((report.conversations.imported, report.findings.len()), (2, 2), "{report:?}");
    let again = import(&store, &items).await.unwrap();
    assert_eq!((again.conversations.imported, again.conversations.existing), (0, 2));

    let state = store.state.lock().unwrap();
    assert_eq!(state.sessions[&own.key], own);
    let moved = &state.sessions[&"agent:main:imported:s1".parse().unwrap()];
    assert_eq!((moved.id.as_str(), moved.settings.label.as_deref()), ("s1", None));
    assert!(state.sessions.contains_key(&"agent:main:imported:s0".parse().unwrap()));
}

/// Somebody may have taken its token back here.
#[tokio::test]
async fn a_device_that_is_known_stays_as_it_is() {
    let store = Arc::<Store>::default();
    let known = Json::of(&"as it is");
    store.state.lock().unwrap().devices.insert("d".repeat(64).into(), known.clone());
    let report = import(&store, &everything()).await.unwrap();
    assert_eq!((report.devices.imported, report.devices.existing), (0, 1));
    assert_eq!(store.state.lock().unwrap().devices.values().next(), Some(&known));
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_says_the_same() {
    let store = Arc::<Store>::default();
    let mut items = Items(everything().into());
    let dry = Deps { dry_run: true, ..deps(&store) };
    let foreseen = Import::run(dry, &mut items).await.unwrap();
    assert_eq!(store.state.lock().unwrap().submissions, 0);
    assert_eq!(foreseen, import(&store, &everything()).await.unwrap());
}

#[tokio::test]
async fn what_is_left_out_is_counted_and_told() {
    let store = Arc::<Store>::default();
    let left_out =
        |what| ForeignItem::LeftOut(LeftOut { what, at: "x:1".into(), why: "damaged".into() });
    let policy = ApprovalsFile {
        agents: [("main".to_owned(), ports::view::AgentApprovals::default())].into(),
        ..ApprovalsFile::default()
    };
    let items = [
        left_out(ForeignKind::Message),
        left_out(ForeignKind::Conversation),
        left_out(ForeignKind::Other),
        ForeignItem::Config { name: "openclaw.json".into(), text: b"{}".to_vec() },
        ForeignItem::Approvals(Box::new(policy)),
        ForeignItem::Keepsake { name: "other".into(), content: Vec::new() },
    ];
    let report = import(&store, &items).await.unwrap();
    let left_out = [report.messages, report.conversations, report.config, report.approvals];
    assert!(left_out.iter().all(|tally| tally.left_out == 1), "{report:?}");
    assert_eq!((report.findings.len(), report.kept_for_later.imported), (6, 0));
}
