//! When there is no space, nothing is half kept, reading goes on, and writing
//! does again when there is space.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{os::unix::process::CommandExt, process::Command, time::Duration};

use domain::{ids::SessionId, session::SessionKey, time::Timestamp};
use ports::{
    Json,
    driven::{Archive, Change, CommitError, HistoryQuery, Journal, Record, StoreError, Urgency},
};
use rustix::process::{Resource, Rlimit, setrlimit};
use store_sqlite::{Options, SqliteStore};

const WHOLE: HistoryQuery =
    HistoryQuery { before: None, from: 0, limit: usize::MAX, max_bytes: usize::MAX };

#[tokio::test]
async fn a_full_file_is_written_to_again_when_something_was_deleted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let options = Options { max_pages: Some(200), ..Options::default() };
    let store = SqliteStore::open(&path, options).unwrap();

    let kept = fill(&store).await;
    assert!(30 < kept, "only {kept} fit");
    still_readable(&store, kept).await;

    let key: SessionKey = "agent:main:main".parse().unwrap();
    let delete = Change::DeleteSession { key, transcript: Some(transcript()) };
    store.submit(vec![delete], Urgency::Now).await.unwrap();
    assert_eq!(store.history(&transcript(), WHOLE).await.unwrap().records, []);
    // The records go when nothing waits.
    let until_it_fits = async {
        while let Err(error) = store.submit(vec![append("again", 100_000)], Urgency::Now).await {
            assert!(matches!(error, CommitError::Store(StoreError::Full(_))), "{error:?}");
        }
    };
    tokio::time::timeout(Duration::from_secs(30), until_it_fits).await.unwrap();
    let page = store.history(&transcript(), WHOLE).await.unwrap();
    assert_eq!(page.records.len(), 1);
    store.shutdown().await.unwrap();
}

/// Runs itself as a process that may not write files larger than 256 KiB.
#[tokio::test]
async fn a_limit_of_the_system_is_survived_like_a_full_disk() {
    const CHILD: &str = "STORE_FULL_CHILD";
    if std::env::var(CHILD).is_ok() {
        write_up_to_a_limit().await;
        return;
    }
    // The signal that comes with the limit would end the process; the shell
    // passes on that it is ignored.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "a_limit_of_the_system_is_survived_like_a_full_disk"])
        .env(CHILD, "1")
        .process_group(0)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

async fn write_up_to_a_limit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let before = rustix::process::getrlimit(Resource::Fsize);
    setrlimit(Resource::Fsize, Rlimit { current: Some(256 << 10), ..before }).unwrap();
    let kept = fill(&store).await;
    assert!(10 < kept, "only {kept} fit");
    still_readable(&store, kept).await;

    setrlimit(Resource::Fsize, before).unwrap();
    let receipt = store.submit(vec![append("after", 5_000)], Urgency::Now).await.unwrap();
    assert_eq!(receipt.offsets, [kept as u64 + 1]);
    store.shutdown().await.unwrap();
    drop(store);
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    still_readable(&store, kept + 1).await;
}

/// Appends records until there is no space, and returns how many were kept. Two
/// submissions of the batch that fails share its fate.
async fn fill(store: &SqliteStore) -> usize {
    for kept in 0.. {
        let full = match store.submit(vec![append(&kept.to_string(), 5_000)], Urgency::Now).await {
            Ok(receipt) => {
                assert_eq!(receipt.offsets, [kept as u64 + 1]);
                continue;
            }
            Err(full) => full,
        };
        assert!(matches!(full, CommitError::Store(StoreError::Full(_))), "{full:?}");
        // One that is too large takes nothing with it into the file.
        let large = vec![append("small", 1), append("large", 2_000_000)];
        let full = store.submit(large, Urgency::Now).await.unwrap_err();
        assert!(matches!(full, CommitError::Store(StoreError::Full(_))), "{full:?}");
        return kept;
    }
    unreachable!()
}

async fn still_readable(store: &SqliteStore, kept: usize) {
    let page = store.history(&transcript(), WHOLE).await.unwrap();
    assert_eq!(page.records.len(), kept);
    let stats = store.stats().await.unwrap();
    assert_eq!(stats.damaged, 0);
}

fn append(name: &str, length: usize) -> Change {
    let message = Json::of(&"x".repeat(length));
    let record = Record { id: name.parse().unwrap(), at: Timestamp::from_millis(1), message };
    Change::Append { session: transcript(), record }
}

fn transcript() -> SessionId {
    "one".parse().unwrap()
}
