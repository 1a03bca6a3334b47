//! A file that was damaged is refused, or everything that was not hit can still
//! be read; and nothing is ever read that was not written.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{collections::BTreeMap, fs, path::Path};

use domain::{
    ids::{AgentId, SessionId},
    session::Session,
    spending::{Spending, Tokens},
    time::Timestamp,
};
use ports::{
    Json,
    driven::{
        Archive, Change, Drawer, HistoryQuery, Journal, Record, SessionQuery, SpendingPlace,
        SpendingQuery, StoreError, Urgency,
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed},
};
use store_sqlite::{Options, SqliteStore, quick_check};

const TRANSCRIPTS: usize = 3;
const RECORDS: usize = 300;
const SESSIONS: usize = 200;
const PAGE: usize = 4_096;

/// A page of the file, as SQLite describes it.
#[derive(Clone, Debug, Default)]
struct Page {
    table: String,
    kind: String,
    cells: usize,
}

#[test]
fn a_closed_store_is_looked_through_and_not_changed() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    assert!(matches!(quick_check(&path), Ok(None)));
    assert!(!path.exists());

    runtime.block_on(fill(&path));
    let whole = fs::read(&path).unwrap();
    assert_eq!(quick_check(&path).unwrap(), Some(Vec::new()));
    assert_eq!(fs::read(&path).unwrap(), whole);

    let open = SqliteStore::open(&path, Options::default()).unwrap();
    assert!(matches!(quick_check(&path), Err(StoreError::Unavailable(_))));
    runtime.block_on(open.shutdown()).unwrap();

    // All but the first page, so that it is still a database.
    let mut bytes = whole;
    bytes[PAGE..].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    match quick_check(&path) {
        Ok(found) => assert!(!found.unwrap().is_empty()),
        Err(error) => assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}"),
    }
}

#[test]
fn what_was_not_hit_can_be_read() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    runtime.block_on(fill(&path));
    let whole = fs::read(&path).unwrap();
    let pages = pages(&path);

    let cases = Config {
        cases: 40,
        rng_seed: RngSeed::Random,
        failure_persistence: None,
        max_shrink_iters: 0,
        ..Config::default()
    };
    let hits = (0..whole.len() - 64, prop::array::uniform32(any::<[u8; 2]>()));
    proptest!(cases, |((at, noise) in hits)| {
        let mut bytes = whole.clone();
        bytes[at..at + 64].copy_from_slice(noise.as_flattened());
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("gateway.db");
        fs::write(&path, bytes).unwrap();
        let hit: Vec<_> = [at, at + 63]
            .map(|at| at / PAGE)
            .iter()
            .map(|number| pages.get(number).cloned().unwrap_or_default())
            .collect();
        runtime.block_on(check(&path, &hit));
    });
}

/// A flipped bit in a message is the loss of this message, and is counted once.
#[tokio::test]
async fn a_flipped_bit_costs_one_record() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    fill(&path).await;
    let mut bytes = fs::read(&path).unwrap();
    let needle = text(1, 150);
    let at = bytes.windows(needle.len()).position(|it| it == needle.as_bytes()).unwrap();
    bytes[at + 20] ^= 1;
    fs::write(&path, bytes).unwrap();

    let store = SqliteStore::open(&path, Options::default()).unwrap();
    assert_eq!(store.stats().await.unwrap().damaged, 0, "nobody has looked yet");
    for _ in 0..2 {
        let page = store.history(&transcript(1), WHOLE).await.unwrap();
        let places: Vec<_> = page.records.iter().map(|it| it.offset).collect();
        let others: Vec<_> = (1..=RECORDS as u64).filter(|place| *place != 151).collect();
        assert_eq!(places, others);
        assert_eq!(store.stats().await.unwrap().damaged, 1);
    }
    let gone = store.record(&transcript(1), &id(1, 150)).await.unwrap_err();
    assert!(matches!(gone, StoreError::Corrupt { what: "record", .. }), "{gone:?}");
    store.record(&transcript(1), &id(1, 151)).await.unwrap().unwrap();
    // Writing goes on.
    let receipt = store.submit(vec![append(1, RECORDS)], Urgency::Now).await.unwrap();
    assert_eq!(receipt.offsets, [RECORDS as u64 + 1]);
}

/// Nobody is told an amount that was never written down.
#[tokio::test]
async fn what_an_answer_used_is_left_out_when_it_is_not_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let spent = |input| {
        Change::Spend(Box::new(Spending {
            at: Timestamp::from_millis(input),
            session: "agent:main:main".parse().unwrap(),
            transcript: transcript(1),
            agent: AgentId::main(),
            model: None,
            tokens: Tokens { input, ..Tokens::default() },
            cost: None,
            asked: true,
            tools: Vec::new(),
            failed: false,
        }))
    };
    store.submit((1..=3).map(spent).collect(), Urgency::Now).await.unwrap();
    store.shutdown().await.unwrap();
    let changed = rusqlite::Connection::open(&path)
        .unwrap()
        .execute(r#"UPDATE spending SET data = replace(data, '"input":2', '"input":7')"#, ())
        .unwrap();
    assert_eq!(changed, 3);

    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let until = Timestamp::from_millis(u64::MAX);
    let (mut after, mut told) = (SpendingPlace::default(), Vec::new());
    loop {
        let query = SpendingQuery { after, until, session: None, limit: 1 };
        let page = store.spendings(query).await.unwrap();
        told.extend(page.spendings.iter().map(|it| it.tokens.input));
        let Some(next) = page.next else { break };
        after = next;
    }
    assert_eq!(told, [1, 3]);
    assert_eq!(store.stats().await.unwrap().damaged, 1);
}

/// A damaged session is not taken for one that does not exist.
#[tokio::test]
async fn a_flipped_bit_in_a_session_is_an_error_for_those_who_ask_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    fill(&path).await;
    let mut bytes = fs::read(&path).unwrap();
    let needle = session(77).title.unwrap();
    let at = bytes.windows(needle.len()).position(|it| it == needle.as_bytes()).unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();

    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let error = store.session(&session(77).key).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { what: "session", .. }), "{error:?}");
    let page = store.sessions(SessionQuery::default()).await.unwrap();
    assert_eq!(page.sessions.len(), SESSIONS - 1);
    assert_eq!(store.stats().await.unwrap().damaged, 1);
}

/// An entry whose checksum does not fit is left out, and so grants nothing; it is
/// counted once, and the others stay.
#[tokio::test]
async fn a_damaged_entry_is_left_out_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let put = |name: &str| Change::PutEntry {
        drawer: Drawer::Devices,
        name: name.into(),
        value: Json::of(&format!("the entry of {name}")),
    };
    store.submit(vec![put("a"), put("b"), put("c")], Urgency::Now).await.unwrap();
    store.shutdown().await.unwrap();
    let database = rusqlite::Connection::open(&path).unwrap();
    let hit = database.execute("UPDATE entry SET crc = crc + 1 WHERE name = 'b'", ()).unwrap();
    assert_eq!(hit, 1);
    drop(database);

    let store = SqliteStore::open(&path, Options::default()).unwrap();
    for _ in 0..2 {
        let entries = store.entries(Drawer::Devices).await.unwrap();
        let names: Vec<_> = entries.iter().map(|entry| &*entry.name).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(store.stats().await.unwrap().damaged, 1);
    }
    // Writing it anew makes it whole.
    store.submit(vec![put("b")], Urgency::Now).await.unwrap();
    assert_eq!(store.entries(Drawer::Devices).await.unwrap().len(), 3);
}

const WHOLE: HistoryQuery =
    HistoryQuery { before: None, from: 0, limit: usize::MAX, max_bytes: usize::MAX };

async fn check(path: &Path, hit: &[Page]) {
    let store = match SqliteStore::open(path, Options::default()) {
        Ok(store) => store,
        Err(error) => {
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
            // What is at the beginning of the file cannot be missed by all.
            assert!(hit.iter().any(|page| page.table == "sqlite_schema"), "{hit:?}");
            return;
        }
    };
    let within = |table: &str| hit.iter().any(|page| page.table == table);
    let cells = |table: &str| -> usize {
        let leaf = |page: &&Page| page.table == table && page.kind == "leaf";
        hit.iter().filter(leaf).map(|page| page.cells).sum()
    };
    let interior =
        |table: &str| hit.iter().any(|page| page.table == table && page.kind == "internal");
    let schema = within("sqlite_schema");

    let mut missing = 0;
    let mut inside = 0;
    for number in 0..TRANSCRIPTS {
        let page = match store.history(&transcript(number), WHOLE).await {
            Ok(page) => page,
            Err(error) => {
                assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
                let names = within("transcript") || within("sqlite_autoindex_transcript_1");
                assert!(names || schema, "{error:?} {hit:?}");
                return;
            }
        };
        let last = page.records.last().map_or(0, |it| it.offset);
        inside += last - page.records.len() as u64;
        missing += RECORDS - page.records.len();
        for stored in page.records {
            let before = usize::try_from(stored.offset).unwrap() - 1;
            let Change::Append { record, .. } = append(number, before) else { unreachable!() };
            assert_eq!(stored.record, record);
        }
    }
    if !interior("record") && !schema {
        assert!(missing <= cells("record"), "{missing} records missing, {hit:?}");
    }
    let damaged = store.stats().await.map_or(0, |stats| stats.damaged);
    assert!(inside <= damaged || within("kept"), "{inside} missing, {damaged} counted, {hit:?}");

    let Ok(page) = store.sessions(SessionQuery::default()).await else {
        let listing = within("session_updated") || interior("session") || schema;
        assert!(listing, "sessions cannot be listed, {hit:?}");
        return;
    };
    let listed: BTreeMap<_, _> =
        page.sessions.into_iter().map(|session| (session.key.clone(), session)).collect();
    for (key, listed) in &listed {
        let number = key.place().parse().unwrap();
        assert_eq!(*listed, session(number));
    }
    if !interior("session") && !within("session_updated") && !schema {
        let missing = SESSIONS - listed.len();
        assert!(missing <= cells("session"), "{missing} sessions missing, {hit:?}");
    }
}

async fn fill(path: &Path) {
    let store = SqliteStore::open(path, Options::default()).unwrap();
    let sessions = (0..SESSIONS).map(|number| Change::PutSession(session(number)));
    store.submit(sessions.collect(), Urgency::Now).await.unwrap();
    let records = (0..RECORDS)
        .flat_map(|number| (0..TRANSCRIPTS).map(move |transcript| append(transcript, number)));
    store.submit(records.collect(), Urgency::Now).await.unwrap();
    store.shutdown().await.unwrap();
}

/// Which page belongs to what; by its index in the file.
fn pages(path: &Path) -> BTreeMap<usize, Page> {
    let database = rusqlite::Connection::open(path).unwrap();
    let mut statement =
        database.prepare("SELECT pageno, name, pagetype, ncell FROM dbstat").unwrap();
    let pages = statement.query_map((), |row| {
        let (number, cells): (i64, i64) = (row.get(0)?, row.get(3)?);
        let cells = usize::try_from(cells).unwrap();
        let page = Page { table: row.get(1)?, kind: row.get(2)?, cells };
        Ok((usize::try_from(number).unwrap() - 1, page))
    });
    pages.unwrap().map(Result::unwrap).collect()
}

fn session(number: usize) -> Session {
    let key = format!("agent:main:{number}").parse().unwrap();
    let mut session = Session::fresh(key, transcript(number), Timestamp::from_millis(1));
    session.updated_at = Timestamp::from_millis(number as u64);
    session.title = Some(format!("the title of session {number} is unique").into());
    session.preview = Some("preview ".repeat(15).into());
    session
}

fn append(session: usize, number: usize) -> Change {
    let message = Json::of(&text(session, number));
    let record =
        Record { id: id(session, number), at: Timestamp::from_millis(number as u64), message };
    Change::Append { session: transcript(session), record }
}

fn text(session: usize, number: usize) -> String {
    format!("message {number} of {session}: {}", "word ".repeat(60 + number % 60))
}

fn id(session: usize, number: usize) -> domain::ids::MessageId {
    format!("{session}-{number}").parse().unwrap()
}

fn transcript(number: usize) -> SessionId {
    format!("transcript {number}").parse().unwrap()
}
