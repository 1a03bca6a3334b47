//! The store in memory keeps the contract of the stores.

use ports::contract;
use store_memory::MemoryStore;

#[tokio::test]
async fn journal_and_archive() {
    contract::journal_and_archive(&MemoryStore::new()).await;
}
