//! What a gateway has written down, while it does not run.

use std::{fs, io, path::Path};

use ports::{
    Json,
    driven::{Archive, Change, Drawer, HistoryQuery, Journal, SessionQuery, StoreError, Urgency},
};
use serde_json::Value;
use store_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

/// A copy of a database.
#[derive(Debug)]
pub(super) struct Copy(TempDir);

impl Copy {
    /// Copies the database at `path`, with what belongs to it.
    pub(super) fn of(path: &Path) -> Result<Self, String> {
        let copy = || -> io::Result<Self> {
            let copy = tempfile::tempdir()?;
            for file in parts(path)? {
                fs::copy(&file, copy.path().join(file.file_name().unwrap_or_default()))?;
            }
            Ok(Self(copy))
        };
        copy().map_err(|error| format!("cannot copy the database: {error}"))
    }

    /// Puts it in the place of the database at `path`.
    pub(super) fn restore(&self, path: &Path) -> Result<(), String> {
        let restore = || -> io::Result<()> {
            for file in parts(path)? {
                fs::remove_file(file)?;
            }
            let directory = path.parent().unwrap_or(Path::new("."));
            for file in fs::read_dir(self.0.path())? {
                let file = file?;
                fs::copy(file.path(), directory.join(file.file_name()))?;
            }
            Ok(())
        };
        restore().map_err(|error| format!("cannot restore the database: {error}"))
    }
}

/// The files of the database at `path`.
fn parts(path: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut parts = Vec::new();
    for file in fs::read_dir(path.parent().unwrap_or(Path::new(".")))? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with(&*name) {
            parts.push(file.path());
        }
    }
    Ok(parts)
}

/// Brings all of the database at `path` into one file.
pub(super) async fn settle(path: &Path) -> Result<(), String> {
    open(path)?.shutdown().await.map_err(|error| error.to_string())
}

/// How much of the database at `path` is damaged: every row has a checksum.
pub(super) async fn damaged(path: &Path) -> Result<u64, String> {
    let store = open(path)?;
    let counted = count_damaged(&store).await;
    store.shutdown().await.map_err(|error| error.to_string())?;
    counted
}

/// What the database at `path` says of the device `id`.
pub(super) async fn device(path: &Path, id: &str) -> Result<Value, String> {
    let store = open(path)?;
    let found = find(&store, id).await;
    store.shutdown().await.map_err(|error| error.to_string())?;
    found
}

/// Has the database at `path` say of the device `id` that its key is `key`.
pub(super) async fn swap_key(path: &Path, id: &str, key: &str) -> Result<(), String> {
    let store = open(path)?;
    let mut device = find(&store, id).await?;
    device["key"] = key.into();
    let put =
        Change::PutEntry { drawer: Drawer::Devices, name: id.into(), value: Json::of(&device) };
    let receipt = store.submit(vec![put], Urgency::Now).await;
    receipt.map_err(|error| format!("cannot write to the database: {error}"))?;
    store.shutdown().await.map_err(|error| error.to_string())
}

async fn count_damaged(store: &SqliteStore) -> Result<u64, String> {
    let words = |error: StoreError| error.to_string();
    let query = SessionQuery { include_special: true, ..SessionQuery::default() };
    let all = HistoryQuery { before: None, from: 0, limit: usize::MAX, max_bytes: usize::MAX };
    for session in store.sessions(query).await.map_err(words)?.sessions {
        store.history(&session.id, all).await.map_err(words)?;
    }
    Ok(store.stats().await.map_err(words)?.damaged)
}

fn open(path: &Path) -> Result<SqliteStore, String> {
    SqliteStore::open(path, Options::default())
        .map_err(|error| format!("cannot open {}: {error}", path.display()))
}

async fn find(store: &SqliteStore, id: &str) -> Result<Value, String> {
    let entries = store.entries(Drawer::Devices).await.map_err(|error| error.to_string())?;
    let entry = entries.iter().find(|entry| *entry.name == *id);
    let entry = entry.ok_or_else(|| format!("nothing is written down about the device {id}"))?;
    serde_json::from_str(entry.value.as_str()).map_err(|error| error.to_string())
}
