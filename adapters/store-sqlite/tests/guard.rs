//! Whom the store lets in, and which files it refuses.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    error::Error,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use domain::{session::Session, time::Timestamp};
use ports::driven::{Archive, Change, Journal, StoreError, Urgency};
use store_sqlite::{Options, SqliteStore};

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, Options::default())
}

/// Makes a store with one session in it.
async fn fill(path: &Path) {
    let store = open(path).unwrap();
    let now = Timestamp::from_millis(1);
    let key = "agent:main:main".parse().unwrap();
    let change = Change::PutSession(Session::fresh(key, "one".parse().unwrap(), now));
    store.submit(vec![change], Urgency::Now).await.unwrap();
    store.shutdown().await.unwrap();
}

/// What is said when the store at `path` is opened, cause included.
fn refusal(path: &Path) -> String {
    let error = open(path).unwrap_err();
    format!("{error}: {}", error.source().unwrap())
}

#[tokio::test]
async fn one_process_owns_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = open(&path).unwrap();

    let error = open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
    let said = error.source().unwrap().to_string();
    let pid = std::process::id();
    assert_eq!(said, format!("another gateway uses this state directory (pid {pid})"));
    // Another file in the same directory is no way around it.
    open(&directory.path().join("other.db")).unwrap_err();

    store.shutdown().await.unwrap();
    open(&path).unwrap();
}

#[tokio::test]
async fn nobody_else_can_read_what_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let path = state.join("gateway.db");
    let modes = || {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let mut modes = vec![("state".to_owned(), mode(&state))];
        for entry in fs::read_dir(&state).unwrap() {
            let entry = entry.unwrap();
            modes.push((entry.file_name().into_string().unwrap(), mode(&entry.path())));
        }
        modes.sort();
        modes
    };
    let private = [
        ("gateway.db", 0o600),
        ("gateway.db-shm", 0o600),
        ("gateway.db-wal", 0o600),
        ("gateway.lock", 0o600),
        ("state", 0o700),
    ]
    .map(|(name, mode)| (name.to_owned(), mode));

    let store = open(&path).unwrap();
    store.submit(vec![], Urgency::Now).await.unwrap();
    assert_eq!(modes(), private);
    store.shutdown().await.unwrap();
    drop(store);

    // Somebody was careless with it.
    fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let store = open(&path).unwrap();
    store.stats().await.unwrap();
    assert_eq!(modes(), private);
}

#[test]
fn a_directory_that_others_share_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let shared = directory.path().join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
    assert!(refusal(&shared.join("gateway.db")).contains("shared"));
}

#[tokio::test]
async fn files_that_cannot_be_read_are_refused_and_left_as_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    fill(&path).await;
    let whole = fs::read(&path).unwrap();
    let mut no_header = whole.clone();
    no_header[..4096].iter_mut().for_each(|byte| *byte ^= 0x5a);
    let mut no_tables = whole.clone();
    no_tables[100..4096].iter_mut().for_each(|byte| *byte ^= 0x5a);
    let newer = edited(&directory.path().join("newer.db"), &whole, "PRAGMA user_version = 99");
    let foreign = edited(&directory.path().join("foreign.db"), &whole, "PRAGMA application_id = 7");

    #[rustfmt::skip]
    let table = [
        (vec![],                         "corrupt: it is empty"),
        (b"{\"sessions\":{}}".to_vec(),  "corrupt: it does not begin like a database"),
        (no_header,                      "corrupt: it does not begin like a database"),
        (no_tables,                      "malformed"),
        (newer,                          "newer version: its format is 99, this program knows 3"),
        (foreign,                        "belongs to another program"),
    ];
    for (bytes, expected) in table {
        fs::write(&path, &bytes).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { what: "database", .. }), "{error:?}");
        let said = refusal(&path);
        assert!(said.contains(expected), "{said}");
        assert!(fs::read(&path).unwrap() == bytes, "the file was changed: {expected}");
    }

    fs::write(&path, &whole).unwrap();
    assert_eq!(open(&path).unwrap().stats().await.unwrap().sessions, 1);
}

#[tokio::test]
async fn a_log_without_its_database_is_not_taken_for_that_of_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = open(&path).unwrap();
    store.submit(vec![], Urgency::Now).await.unwrap();
    let log = fs::read(directory.path().join("gateway.db-wal")).unwrap();
    drop(store);
    fs::remove_file(&path).unwrap();
    fs::write(directory.path().join("gateway.db-wal"), log).unwrap();
    assert!(refusal(&path).contains("corrupt: it is missing"), "{}", refusal(&path));
}

#[tokio::test]
async fn a_creation_that_was_cut_short_is_begun_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    for left_over in ["gateway.db.new", "gateway.db.new-wal"] {
        fs::write(directory.path().join(left_over), b"half of something").unwrap();
    }
    fill(&path).await;
    assert_eq!(open(&path).unwrap().stats().await.unwrap().sessions, 1);
}

/// The database `bytes` after `sql`.
fn edited(path: &Path, bytes: &[u8], sql: &str) -> Vec<u8> {
    fs::write(path, bytes).unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    let edited = fs::read(path).unwrap();
    fs::remove_file(path).unwrap();
    edited
}
