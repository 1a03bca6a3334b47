//! How submissions come together, and what is done when none come.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{path::Path, time::Duration};

use domain::{ids::SessionId, time::Timestamp};
use futures_util::future::join_all;
use ports::{
    Json,
    driven::{
        Archive, Change, CommitError, HistoryQuery, Journal, Record, SessionQuery, StoreError,
        Urgency,
    },
};
use store_sqlite::{Options, SqliteStore};

fn open(directory: &Path, options: Options) -> SqliteStore {
    SqliteStore::open(&directory.join("gateway.db"), options).unwrap()
}

#[tokio::test]
async fn submissions_that_wait_together_share_a_sync() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), Options::default());
    let receipts = (0..500).map(|number| store.submit(vec![append(number)], Urgency::Now));
    for receipt in join_all(receipts).await {
        receipt.unwrap();
    }
    let counters = store.counters();
    assert_eq!(counters.submissions, 500);
    assert!(counters.commits < 50, "{counters:?}");
}

#[tokio::test]
async fn lazy_submissions_wait_for_company_but_not_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let patient = Options { lazy_wait: Duration::from_hours(1), ..Options::default() };
    let store = open(directory.path(), patient);
    let lazy: Vec<_> =
        (0..3).map(|number| store.submit(vec![append(number)], Urgency::Lazy)).collect();
    store.submit(vec![append(3)], Urgency::Now).await.unwrap();
    assert_eq!(store.counters().commits, 1);
    for (before, receipt) in lazy.into_iter().enumerate() {
        assert_eq!(receipt.await.unwrap().offsets, [before as u64 + 1]);
    }
    store.shutdown().await.unwrap();
    drop(store);

    let hasty = Options { lazy_wait: Duration::from_millis(1), ..Options::default() };
    let store = open(directory.path(), hasty);
    store.submit(vec![append(4)], Urgency::Lazy).await.unwrap();
}

#[tokio::test]
async fn closing_keeps_what_was_submitted_and_refuses_what_comes_later() {
    let directory = tempfile::tempdir().unwrap();
    let patient = Options { lazy_wait: Duration::from_hours(1), ..Options::default() };
    let store = open(directory.path(), patient);
    let lazy = store.submit(vec![append(0)], Urgency::Lazy);
    store.shutdown().await.unwrap();
    assert_eq!(lazy.await.unwrap().offsets, [1]);
    let refused = store.submit(vec![append(1)], Urgency::Now).await.unwrap_err();
    assert!(matches!(refused, CommitError::Store(StoreError::Unavailable(_))), "{refused:?}");
    let refused = store.stats().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    store.shutdown().await.unwrap();

    let log = std::fs::metadata(directory.path().join("gateway.db-wal"));
    assert!(log.is_err(), "the file cannot be copied alone");
    drop(store);
    let store = open(directory.path(), Options::default());
    assert_eq!(store.history(&transcript(), WHOLE).await.unwrap().records.len(), 1);
    // Dropping is as good.
    drop(store.submit(vec![append(1)], Urgency::Lazy));
    drop(store);
    let store = open(directory.path(), Options::default());
    assert_eq!(store.history(&transcript(), WHOLE).await.unwrap().records.len(), 2);
}

#[tokio::test]
async fn what_has_no_room_to_wait_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let options =
        Options { lazy_wait: Duration::from_hours(1), max_waiting: 4, ..Options::default() };
    let store = open(directory.path(), options);
    let mut receipts: Vec<_> =
        (0..5).map(|number| store.submit(vec![append(number)], Urgency::Lazy)).collect();
    let refused = receipts.pop().unwrap().await.unwrap_err();
    assert!(matches!(refused, CommitError::Store(StoreError::Unavailable(_))), "{refused:?}");
    store.shutdown().await.unwrap();
    for receipt in join_all(receipts).await {
        receipt.unwrap();
    }
}

/// Deleting takes a name away at once; the records follow, and the file can use
/// their space.
#[tokio::test]
async fn a_large_transcript_is_cleared_away_bit_by_bit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = open(directory.path(), Options::default());
    store.submit((0..5_000).map(append).collect(), Urgency::Now).await.unwrap();
    let key = "agent:main:main".parse().unwrap();
    let delete = Change::DeleteSession { key, transcript: Some(transcript()) };
    store.submit(vec![delete], Urgency::Now).await.unwrap();
    assert_eq!(store.history(&transcript(), WHOLE).await.unwrap().records, []);
    // Others are not held up, and the name can be used again meanwhile.
    let receipt = store.submit(vec![append(0)], Urgency::Now).await.unwrap();
    assert_eq!(receipt.offsets, [1]);

    let database = rusqlite::Connection::open(&path).unwrap();
    let left = || -> (i64, i64) {
        let sql = "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM transcript)";
        database.query_row(sql, (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    let until_clear = async {
        while left() != (1, 1) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), until_clear).await.unwrap();
    assert_eq!(store.history(&transcript(), WHOLE).await.unwrap().records.len(), 1);
}

/// A search through everything does not hold up those who want to know little.
#[tokio::test]
async fn questions_do_not_wait_for_long_ones() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), Options::default());
    put_many_sessions(&store).await;

    let search =
        SessionQuery { search: Some("nothing has this".into()), ..SessionQuery::default() };
    let searches = join_all((0..20).map(|_| store.sessions(search.clone())));
    let lookup = async { store.session(&"agent:main:7".parse().unwrap()).await.unwrap().unwrap() };
    // Both are asked; the small one is answered first.
    match futures_util::future::select(std::pin::pin!(searches), std::pin::pin!(lookup)).await {
        futures_util::future::Either::Left(_) => panic!("the lookup had to wait"),
        futures_util::future::Either::Right((session, searches)) => {
            assert_eq!(session.id.as_str(), "7");
            assert!(searches.await.iter().all(|it| it.as_ref().unwrap().sessions.is_empty()));
        }
    }
}

/// The end does not wait for searches.
#[tokio::test]
async fn closing_breaks_off_what_takes_long() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), Options::default());
    put_many_sessions(&store).await;
    let search =
        SessionQuery { search: Some("nothing has this".into()), ..SessionQuery::default() };
    let searches = join_all((0..20).map(|_| store.sessions(search.clone())));
    let (found, closed) = futures_util::future::join(searches, store.shutdown()).await;
    closed.unwrap();
    let last = found.last().unwrap();
    assert!(matches!(last, Err(StoreError::Unavailable(_))), "{last:?}");
}

/// Stores enough sessions for a search to take a while.
async fn put_many_sessions(store: &SqliteStore) {
    let sessions = (0..5_000).map(|number| {
        let key = format!("agent:main:{number}").parse().unwrap();
        let id = format!("{number}").parse().unwrap();
        Change::PutSession(domain::session::Session::fresh(key, id, Timestamp::from_millis(number)))
    });
    store.submit(sessions.collect(), Urgency::Now).await.unwrap();
}

const WHOLE: HistoryQuery =
    HistoryQuery { before: None, from: 0, limit: usize::MAX, max_bytes: usize::MAX };

fn append(number: usize) -> Change {
    let message = Json::of(&format!("message {number} {}", "x".repeat(300)));
    let record =
        Record { id: number.to_string().parse().unwrap(), at: Timestamp::from_millis(1), message };
    Change::Append { session: transcript(), record }
}

fn transcript() -> SessionId {
    "one".parse().unwrap()
}
