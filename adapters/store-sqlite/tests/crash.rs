//! What was acknowledged is there after `kill -9`, once, and with everything
//! that was submitted along with it.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::{
    collections::{BTreeSet, HashMap},
    hash::{BuildHasher, RandomState},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};

use domain::{
    ids::SessionId,
    session::{Session, SessionKey},
    time::Timestamp,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use ports::{
    Json,
    driven::{Archive, Change, HistoryQuery, Journal, Record, RunRecord, Urgency},
};
use store_sqlite::{Options, SqliteStore};

/// Tells the child where the store is, and how its submissions are named.
const DIRECTORY: &str = "STORE_CRASH_DIRECTORY";
const CYCLE: &str = "STORE_CRASH_CYCLE";
/// Those who submit at the same time.
const SUBMITTERS: usize = 8;
const CYCLES: u64 = 20;

#[tokio::test]
async fn nothing_acknowledged_is_lost_or_doubled_by_kill_9() {
    if let Ok(directory) = std::env::var(DIRECTORY) {
        let cycle = std::env::var(CYCLE).unwrap();
        submit_until_killed(Path::new(&directory), &cycle).await;
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = HashMap::new();
    for cycle in 0..CYCLES {
        let patience = RandomState::new().hash_one(cycle) % 150;
        run_and_kill(directory.path(), cycle, patience, &mut acknowledged);
        check(directory.path(), &acknowledged).await;
    }
    assert!(CYCLES < acknowledged.len() as u64, "hardly anything was acknowledged");

    let database = rusqlite::Connection::open(directory.path().join("gateway.db")).unwrap();
    let sound: String = database.query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

/// Starts a child, kills it after `patience` acknowledgements, and takes note of
/// them: name and place.
fn run_and_kill(
    directory: &Path,
    cycle: u64,
    patience: u64,
    acknowledged: &mut HashMap<String, u64>,
) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "nothing_acknowledged_is_lost_or_doubled_by_kill_9", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(CYCLE, cycle.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut killed = false;
    let mut seen = 0;
    // What was written before the kill counts, even if it is read after it.
    while let Some(Ok(line)) = lines.next() {
        if let Some((name, place)) = line.strip_prefix("kept ").and_then(|it| it.split_once(' ')) {
            acknowledged.insert(name.to_owned(), place.parse().unwrap());
            seen += 1;
        }
        if patience <= seen && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(killed, "the child ended by itself");
    child.wait().unwrap();
}

async fn submit_until_killed(directory: &Path, cycle: &str) {
    let store = SqliteStore::open(&directory.join("gateway.db"), Options::default()).unwrap();
    let mut stdout = std::io::stdout();
    let mut waiting = FuturesUnordered::new();
    let submit = |submitter: usize, number: u64| {
        let name = format!("{cycle}-{submitter}-{number}");
        let receipt = store.submit(changes(submitter, &name), Urgency::Now);
        // Nobody waits for these; they must not get in the way.
        drop(store.submit(vec![append(&transcript(SUBMITTERS), &name)], Urgency::Lazy));
        async move { (submitter, number, name, receipt.await) }
    };
    for submitter in 0..SUBMITTERS {
        waiting.push(submit(submitter, 0));
    }
    while let Some((submitter, number, name, receipt)) = waiting.next().await {
        let place = receipt.unwrap().offsets[0];
        // One write, so that a line is never half written.
        stdout.write_all(format!("\nkept {name} {place}\n").as_bytes()).unwrap();
        stdout.flush().unwrap();
        waiting.push(submit(submitter, number + 1));
    }
}

/// A turn: a run, what was said, and the session, which is named after it.
fn changes(submitter: usize, name: &str) -> Vec<Change> {
    let now = Timestamp::from_millis(1);
    let mut session = Session::fresh(key(submitter), transcript(submitter), now);
    session.title = Some(name.into());
    let run = RunRecord {
        run: name.parse().unwrap(),
        session: key(submitter),
        session_id: transcript(submitter),
        accepted_at: now,
        end: None,
    };
    vec![Change::BeginRun(run), append(&transcript(submitter), name), Change::PutSession(session)]
}

fn append(session: &SessionId, name: &str) -> Change {
    let message = Json::of(&format!("{name} {}", "and so on ".repeat(40)));
    let record = Record { id: name.parse().unwrap(), at: Timestamp::from_millis(1), message };
    Change::Append { session: session.clone(), record }
}

async fn check(directory: &Path, acknowledged: &HashMap<String, u64>) {
    let store = SqliteStore::open(&directory.join("gateway.db"), Options::default()).unwrap();
    let open: BTreeSet<_> =
        store.open_runs().await.unwrap().into_iter().map(|run| run.run.to_string()).collect();
    let mut found = HashMap::new();
    for submitter in 0..SUBMITTERS {
        let query =
            HistoryQuery { before: None, from: 0, limit: usize::MAX, max_bytes: usize::MAX };
        let page = store.history(&transcript(submitter), query).await.unwrap();
        let places: Vec<_> = page.records.iter().map(|it| it.offset).collect();
        assert_eq!(places, (1..=places.len() as u64).collect::<Vec<_>>(), "places have gaps");
        let session = store.session(&key(submitter)).await.unwrap();
        let last = page.records.last().map(|it| it.record.id.to_string());
        assert_eq!(
            session.and_then(|it| it.title).map(String::from),
            last,
            "a session without its message, or the other way round",
        );
        for stored in page.records {
            let name = stored.record.id.to_string();
            assert!(open.contains(&name), "{name} has no run");
            let before = found.insert(name.clone(), stored.offset);
            assert_eq!(before, None, "{name} is there twice");
        }
    }
    assert_eq!(open.len(), found.len(), "a run has no message");
    for (name, place) in acknowledged {
        assert_eq!(found.get(name), Some(place), "{name} is lost");
    }
    assert_eq!(store.stats().await.unwrap().damaged, 0);
    store.shutdown().await.unwrap();
}

fn key(submitter: usize) -> SessionKey {
    format!("agent:main:{submitter}").parse().unwrap()
}

fn transcript(submitter: usize) -> SessionId {
    format!("transcript-{submitter}").parse().unwrap()
}
