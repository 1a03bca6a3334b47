//! A file of an older version is brought up to date and loses nothing.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::path::Path;

use domain::{
    ids::{MessageId, SessionId},
    session::Session,
    time::Timestamp,
};
use ports::{
    Json,
    driven::{
        Archive, Change, Drawer, HistoryQuery, Journal, Record, RunRecord, SpendingPlace,
        SpendingQuery, StoreStats, Urgency,
    },
};
use store_sqlite::{Options, SqliteStore};

/// The tables as the first version made them.
const V1: &str = include_str!("../src/schema/v1.sql");
/// What says that a file is ours: `OClw`.
const APPLICATION: i64 = 0x4f43_6c77;

#[tokio::test]
async fn a_file_of_version_1_keeps_everything_and_counts_what_was_used() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    fill(&directory.path().join("newer.db")).await;
    make_v1(&path, &directory.path().join("newer.db"));
    assert_eq!(version(&path), 1);

    for round in 0..2 {
        let store = SqliteStore::open(&path, Options::default()).unwrap();
        assert_eq!(store.session(&session().key).await.unwrap(), Some(session()));
        let whole = HistoryQuery { before: None, from: 0, limit: 10, max_bytes: usize::MAX };
        let history = store.history(&transcript(), whole).await.unwrap();
        let said: Vec<_> = history.records.into_iter().map(|it| (it.offset, it.record)).collect();
        assert_eq!(said, [(1, record()), (2, answer())]);
        assert_eq!(store.open_runs().await.unwrap(), [run()]);
        assert_eq!(store.stats().await.unwrap(), StoreStats { sessions: 1, damaged: 0 });

        let entries = store.entries(Drawer::Devices).await.unwrap();
        assert_eq!(entries.len(), round, "what was kept in the drawer is there the next time");
        let put =
            Change::PutEntry { drawer: Drawer::Devices, name: "a".into(), value: Json::of(&1) };
        store.submit(vec![put], Urgency::Now).await.unwrap();
        let spent = store.spendings(spendings()).await.unwrap().spendings;
        assert_eq!(spent.len(), 1, "counted once, round {round}");
        assert_eq!((spent[0].at, spent[0].tokens.total()), (Timestamp::from_millis(9), 7));
        assert_eq!((&spent[0].session, &spent[0].transcript), (&session().key, &transcript()));
        store.shutdown().await.unwrap();
        assert_eq!(version(&path), 3);
    }
}

/// Made by the store of today, so that the checksums are those of real rows.
async fn fill(path: &Path) {
    let store = SqliteStore::open(path, Options::default()).unwrap();
    let changes = vec![
        Change::PutSession(session()),
        Change::Append { session: transcript(), record: record() },
        Change::Append { session: transcript(), record: answer() },
        Change::BeginRun(run()),
    ];
    store.submit(changes, Urgency::Now).await.unwrap();
    store.shutdown().await.unwrap();
}

/// A file with the tables of the first version and the rows of `newer`.
fn make_v1(path: &Path, newer: &Path) {
    let database = rusqlite::Connection::open(path).unwrap();
    database.pragma_update(None, "application_id", APPLICATION).unwrap();
    database.execute_batch(V1).unwrap();
    database.pragma_update(None, "user_version", 1).unwrap();
    database.execute("ATTACH ?1 AS newer", [newer.to_str().unwrap()]).unwrap();
    for table in ["session", "transcript", "record", "run"] {
        let rows = if table == "record" { 2 } else { 1 };
        let copied = database
            .execute(&format!("INSERT INTO {table} SELECT * FROM newer.{table}"), ())
            .unwrap();
        assert_eq!(copied, rows, "{table}");
    }
}

fn version(path: &Path) -> i64 {
    let database = rusqlite::Connection::open(path).unwrap();
    database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn session() -> Session {
    let key = "agent:main:main".parse().unwrap();
    let mut session = Session::fresh(key, transcript(), Timestamp::from_millis(7));
    session.title = Some("a title".into());
    session
}

fn transcript() -> SessionId {
    "transcript".parse().unwrap()
}

fn record() -> Record {
    let id: MessageId = "m1".parse().unwrap();
    Record { id, at: Timestamp::from_millis(8), message: Json::of(&"hello") }
}

fn answer() -> Record {
    let message = serde_json::json!({
        "role": "assistant", "content": "hi", "timestamp": 9, "provider": "p", "model": "m",
        "usage": { "input": 5, "output": 2, "totalTokens": 7 },
    });
    let id: MessageId = "m2".parse().unwrap();
    Record { id, at: Timestamp::from_millis(9), message: Json::of(&message) }
}

fn spendings() -> SpendingQuery {
    let until = Timestamp::from_millis(u64::MAX);
    SpendingQuery { after: SpendingPlace::default(), until, session: None, limit: 10 }
}

fn run() -> RunRecord {
    RunRecord {
        run: "r1".parse().unwrap(),
        session: session().key,
        session_id: transcript(),
        accepted_at: Timestamp::from_millis(9),
        end: None,
    }
}
