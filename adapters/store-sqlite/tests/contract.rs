//! SQLite keeps the contract of the stores.

use ports::contract;
use store_sqlite::{Options, SqliteStore};

#[tokio::test]
async fn journal_and_archive() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gateway.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    contract::journal_and_archive(&store).await;
    store.shutdown().await.unwrap();
}
