//! What another OpenClaw left behind, as clients of ours see it.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{path::Path, process::Command, sync::Arc};

use approvals_file::PolicyFile;
use gateway::Paths;
use openclaw_state::{FileShelf, OpenClawState, Options};
use serde_json::json;
use store_sqlite::SqliteStore;
use tests::{MAIN, TestGateway};
use usecases::import::{Deps, Import, ImportReport};

/// Unpacks a directory that the real OpenClaw wrote.
fn fixture(version: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let fixtures =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../adapters/openclaw-state/tests/fixtures");
    let archive = format!("{fixtures}/openclaw-{version}.tar.gz");
    let unpacked = Command::new("tar").arg("xzf").arg(archive).arg("-C").arg(dir.path()).status();
    assert!(unpacked.unwrap().success());
    dir
}

async fn import(from: &Path, state_dir: &Path) -> ImportReport {
    let options = Options {
        agents: Vec::new(),
        config: true,
        in_place: false,
        scratch: state_dir.to_owned(),
    };
    let mut source = OpenClawState::open(from, options).unwrap();
    let database = state_dir.join(Paths::DATABASE);
    let store = Arc::new(SqliteStore::open(&database, store_sqlite::Options::default()).unwrap());
    let config = state_dir.join("openclaw.json");
    let deps = Deps {
        archive: Arc::clone(&store) as _,
        journal: Arc::clone(&store) as _,
        policy: Arc::new(PolicyFile::in_dir(state_dir)),
        shelf: Arc::new(FileShelf::new(state_dir.to_owned(), config)),
        dry_run: false,
    };
    let report = Import::run(deps, &mut source).await.unwrap();
    store.shutdown().await.unwrap();
    report
}

#[tokio::test]
async fn old_conversations_are_there_and_go_on() {
    for version in ["2026.1.30", "2026.9.6"] {
        let old = fixture(version);
        let gateway = TestGateway::start().await;
        let gateway = gateway
            .restart_after(async |state_dir| {
                let report = import(old.path(), state_dir).await;
                assert_eq!((report.conversations.imported, report.messages.imported), (2, 6));
                assert_eq!(report.config.left_out, 1, "the gateway has one of its own");
                let again = import(old.path(), state_dir).await;
                assert_eq!((again.conversations.imported, again.messages.imported), (0, 0));
                assert_eq!((again.conversations.existing, again.messages.existing), (2, 6));
            })
            .await;
        let mut client = gateway.connect().await;

        let listed = client.call("sessions.list", json!({})).await.unwrap();
        let keys: Vec<_> =
            listed["sessions"].as_array().unwrap().iter().map(|it| &it["key"]).collect();
        assert!(keys.contains(&&json!("agent:main:main")), "{version}: {listed}");
        assert!(keys.contains(&&json!("agent:work:main")), "{version}: {listed}");
        let history = client.call("chat.history", json!({ "sessionKey": MAIN })).await.unwrap();
        let messages = history["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 4, "{version}: {history}");
        let answer = &messages[3]["content"][0]["text"];
        assert_eq!(answer, "Second answer, with ümlauts and 日本語.", "{version}");

        let devices = client.call("device.pair.list", json!({})).await.unwrap();
        assert!(devices.to_string().contains("Fixture node"), "{version}: {devices}");

        let more = json!({ "sessionKey": MAIN, "idempotencyKey": "r1", "message": "say Welcome" });
        client.call("chat.send", more).await.unwrap();
        client.chat("final").await;
        let history = client.call("chat.history", json!({ "sessionKey": MAIN })).await.unwrap();
        assert_eq!(history["messages"].as_array().unwrap().len(), 6, "{version}: it goes on");
        gateway.shutdown().await;
    }
}
