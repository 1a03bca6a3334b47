//! Copies made while others write.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use domain::{ids::SessionId, time::Timestamp};
use ports::{
    Json,
    driven::{Archive, Change, HistoryQuery, Journal, Record, Urgency},
};
use store_sqlite::{Options, SqliteStore, check_snapshot, snapshot};

const WRITERS: usize = 16;
const SNAPSHOTS: usize = 5;

fn append(transcript: usize, number: u64) -> Change {
    Change::Append { session: id(transcript), record: record(number) }
}

fn id(transcript: usize) -> SessionId {
    format!("t{transcript}").parse().unwrap()
}

fn record(number: u64) -> Record {
    let message = Json::of(&"x".repeat(500));
    Record {
        id: format!("r{number}").parse().unwrap(),
        at: Timestamp::from_millis(number),
        message,
    }
}

async fn records(store: &SqliteStore, transcript: usize) -> u64 {
    let all = HistoryQuery { before: None, from: 0, limit: 1, max_bytes: 1 };
    let page = store.history(&id(transcript), all).await.unwrap();
    page.records.last().map_or(0, |stored| stored.offset)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_acknowledged_before_is_in_it_while_sixteen_write() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
    let enough = Arc::new(AtomicBool::new(false));
    let acknowledged: Arc<[AtomicU64; WRITERS]> = Arc::default();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (store, enough) = (Arc::clone(&store), Arc::clone(&enough));
        let acknowledged = Arc::clone(&acknowledged);
        writers.spawn(async move {
            for number in 1.. {
                if enough.load(Ordering::Relaxed) {
                    break;
                }
                store.submit(vec![append(writer, number)], Urgency::Now).await.unwrap();
                acknowledged[writer].store(number, Ordering::Release);
            }
        });
    }
    for round in 0..SNAPSHOTS {
        // Everybody has written something since the last one.
        let begun: Vec<_> = acknowledged.iter().map(|it| it.load(Ordering::Acquire)).collect();
        while acknowledged
            .iter()
            .zip(&begun)
            .any(|(now, then)| now.load(Ordering::Acquire) <= *then)
        {
            tokio::task::yield_now().await;
        }
        let before: Vec<_> = acknowledged.iter().map(|it| it.load(Ordering::Acquire)).collect();
        let (from, name) = (path.clone(), format!("{round}/copy.db"));
        let copy = directory.path().join(name);
        fs::create_dir(copy.parent().unwrap()).unwrap();
        let to = copy.clone();
        tokio::task::spawn_blocking(move || snapshot(&from, &to)).await.unwrap().unwrap();

        check_snapshot(&copy).unwrap();
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(copy.parent().unwrap()).unwrap().count(), 1, "it is alone");
        let copied = SqliteStore::open(&copy, Options::default()).unwrap();
        for (writer, before) in before.iter().enumerate() {
            let there = records(&copied, writer).await;
            assert!(*before <= there, "{there} of {before} by {writer}");
        }
    }
    enough.store(true, Ordering::Relaxed);
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    store.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_store_that_nobody_has_open_is_copied_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    store.submit(vec![append(0, 1)], Urgency::Now).await.unwrap();
    store.shutdown().await.unwrap();
    drop(store);
    let before = fs::read(&path).unwrap();
    let copy = directory.path().join("copy.db");
    snapshot(&path, &copy).unwrap();
    check_snapshot(&copy).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn what_is_no_whole_database_of_ours_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    for number in 1..200 {
        store.submit(vec![append(0, number)], Urgency::Now).await.unwrap();
    }
    store.shutdown().await.unwrap();
    let copy = directory.path().join("copy.db");
    snapshot(&path, &copy).unwrap();

    let size = fs::metadata(&copy).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(&copy).unwrap();
    file.seek(SeekFrom::Start(size / 2)).unwrap();
    file.write_all(&[0xff; 4096]).unwrap();
    let damaged = check_snapshot(&copy).unwrap_err();
    assert!(damaged.to_string().contains("database"), "{damaged}");

    for text in ["", "not a database at all"] {
        fs::write(&copy, text).unwrap();
        assert!(check_snapshot(&copy).is_err(), "{text:?}");
        assert!(snapshot(&copy, &directory.path().join("other.db")).is_err(), "{text:?}");
    }
}
