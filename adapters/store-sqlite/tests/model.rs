//! Whatever is submitted, in whatever order, the store holds what a few maps
//! would hold.

#![expect(clippy::unwrap_used, reason = "panicking is how a test fails")]

use std::collections::BTreeMap;

use domain::{
    ids::{MessageId, SessionId},
    run::RunStatus,
    session::{Session, SessionKey},
    time::Timestamp,
};
use futures_util::future::join_all;
use ports::{
    Json,
    driven::{
        Archive, Change, CommitError, HistoryQuery, Journal, Record, RunEnd, RunRecord,
        SessionQuery, Urgency,
    },
};
use proptest::{collection::vec, option, prelude::*};
use store_sqlite::{Options, SqliteStore};

/// A change, with small numbers for names so that they meet.
#[derive(Clone, Debug)]
enum Step {
    Put { key: u8, label: Option<u8>, updated_at: u64 },
    Delete { key: u8, transcript: bool },
    Append { transcript: u8, id: u16 },
    Begin { run: u8, at: u64 },
    End { run: u8, at: u64 },
}

/// What the store should hold.
#[derive(Clone, Debug, Default)]
struct Model {
    sessions: BTreeMap<u8, (Option<u8>, u64)>,
    transcripts: BTreeMap<u8, Vec<u16>>,
    runs: BTreeMap<u8, (u64, Option<u64>)>,
}

/// What a receipt should say.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Places(Vec<u64>),
    Known(u8),
    Taken(u8),
}

impl Model {
    fn submit(&mut self, steps: &[Step]) -> Expected {
        let before = self.clone();
        let mut places = Vec::new();
        for step in steps {
            if let Err(refused) = self.step(step, &mut places) {
                *self = before;
                return refused;
            }
        }
        Expected::Places(places)
    }

    fn step(&mut self, step: &Step, places: &mut Vec<u64>) -> Result<(), Expected> {
        match *step {
            Step::Put { key, label, updated_at } => {
                let mut others = self.sessions.iter().filter(|(other, _)| **other != key);
                if let Some(taken) = label
                    && others.any(|(_, (label, _))| *label == Some(taken))
                {
                    return Err(Expected::Taken(taken));
                }
                self.sessions.insert(key, (label, updated_at));
            }
            Step::Delete { key, transcript } => {
                self.sessions.remove(&key);
                if transcript {
                    self.transcripts.remove(&key);
                }
            }
            Step::Append { transcript, id } => {
                let records = self.transcripts.entry(transcript).or_default();
                records.push(id);
                places.push(records.len() as u64);
            }
            Step::Begin { run, at } => {
                if self.runs.contains_key(&run) {
                    return Err(Expected::Known(run));
                }
                self.runs.insert(run, (at, None));
            }
            Step::End { run, at } => {
                if let Some((_, end @ None)) = self.runs.get_mut(&run) {
                    *end = Some(at);
                }
            }
        }
        Ok(())
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4u8, option::of(0..3u8), 0..1_000u64).prop_map(|(key, label, updated_at)| Step::Put {
            key,
            label,
            updated_at
        }),
        (0..4u8, any::<bool>()).prop_map(|(key, transcript)| Step::Delete { key, transcript }),
        (0..4u8, any::<u16>()).prop_map(|(transcript, id)| Step::Append { transcript, id }),
        (0..6u8, 0..1_000u64).prop_map(|(run, at)| Step::Begin { run, at }),
        (0..6u8, 0..1_000u64).prop_map(|(run, at)| Step::End { run, at }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Receipts and contents are those of the model, also after the file was
    /// closed and opened again.
    #[test]
    fn the_store_holds_what_the_model_holds(
        submissions in vec((vec(step(), 1..6), any::<bool>()), 0..60),
        limit in 0..5usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gateway.db");
        let store = SqliteStore::open(&path, Options::default()).unwrap();
        let mut model = Model::default();

        // All are handed in before the first receipt is looked at.
        let receipts: Vec<_> = submissions.iter().map(|(steps, lazy)| {
            let urgency = if *lazy { Urgency::Lazy } else { Urgency::Now };
            store.submit(steps.iter().map(change).collect(), urgency)
        }).collect();
        let expected: Vec<_> = submissions.iter().map(|(steps, _)| model.submit(steps)).collect();
        let received = runtime.block_on(join_all(receipts));
        for (received, expected) in received.into_iter().zip(expected) {
            let received = match received {
                Ok(committed) => Expected::Places(committed.offsets),
                Err(CommitError::KnownRun(known)) => {
                    Expected::Known(known.run.as_str().parse().unwrap())
                }
                Err(CommitError::LabelTaken(label)) => Expected::Taken(label.parse().unwrap()),
                Err(CommitError::Store(error)) => panic!("{error:?}"),
            };
            prop_assert_eq!(received, expected);
        }

        runtime.block_on(compare(&store, &model, limit));
        runtime.block_on(store.shutdown()).unwrap();
        drop(store);
        let store = SqliteStore::open(&path, Options::default()).unwrap();
        runtime.block_on(compare(&store, &model, limit));
    }
}

async fn compare(store: &SqliteStore, model: &Model, limit: usize) {
    for number in 0..4 {
        let (id, records) = (transcript(number), model.transcripts.get(&number));
        let session = model.sessions.get(&number).map(|state| session(number, *state));
        assert_eq!(store.session(&key(number)).await.unwrap(), session);
        assert_eq!(store.session_by_id(&id).await.unwrap(), session);

        let records = records.map_or(&[][..], Vec::as_slice);
        for from in [0, 3] {
            let query = HistoryQuery { before: Some(6), from, limit, max_bytes: usize::MAX };
            let page = store.history(&id, query).await.unwrap();
            let fits = (1u64..6).zip(records).filter(|(place, _)| from <= *place);
            let mut fits: Vec<_> = fits.map(|(place, id)| (place, message_id(*id))).collect();
            assert_eq!(page.more, limit < fits.len());
            fits.drain(..fits.len().saturating_sub(limit));
            let read = page.records.into_iter().map(|it| (it.offset, it.record.id));
            assert_eq!(read.collect::<Vec<_>>(), fits);
        }
        for id_of in records {
            let found = store.record(&id, &message_id(*id_of)).await.unwrap().unwrap();
            let first = records.iter().position(|id| id == id_of).unwrap() as u64 + 1;
            assert_eq!(found.offset, first);
        }
    }

    let page = store.sessions(SessionQuery { limit: Some(limit), ..SessionQuery::default() });
    let page = page.await.unwrap();
    let mut newest: Vec<_> = model.sessions.values().map(|(_, updated_at)| *updated_at).collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(page.more, limit < newest.len());
    newest.truncate(limit);
    let listed = page.sessions.iter().map(|session| session.updated_at.as_millis());
    assert_eq!(listed.collect::<Vec<_>>(), newest);
    assert_eq!(store.stats().await.unwrap().sessions, model.sessions.len() as u64);

    for number in 0..6 {
        let found = store.run(&number.to_string().parse().unwrap()).await.unwrap();
        assert_eq!(found, model.runs.get(&number).map(|state| run(number, *state)));
    }
    let open = store.open_runs().await.unwrap();
    let mut expected: Vec<_> = model.runs.values().filter(|(_, end)| end.is_none()).collect();
    expected.sort_unstable();
    let open = open.iter().map(|run| (run.accepted_at.as_millis(), None));
    assert!(open.eq(expected.into_iter().copied()));
}

fn change(step: &Step) -> Change {
    match *step {
        Step::Put { key, label, updated_at } => {
            Change::PutSession(session(key, (label, updated_at)))
        }
        Step::Delete { key: number, transcript: too } => {
            Change::DeleteSession { key: key(number), transcript: too.then(|| transcript(number)) }
        }
        Step::Append { transcript: number, id } => Change::Append {
            session: transcript(number),
            record: Record {
                id: message_id(id),
                at: Timestamp::from_millis(1),
                message: Json::of(&id),
            },
        },
        Step::Begin { run: number, at } => Change::BeginRun(run(number, (at, None))),
        Step::End { run, at } => {
            Change::EndRun { run: run.to_string().parse().unwrap(), end: end(at) }
        }
    }
}

fn session(number: u8, (label, updated_at): (Option<u8>, u64)) -> Session {
    let mut session =
        Session::fresh(key(number), transcript(number), Timestamp::from_millis(updated_at));
    session.settings.label = label.map(|label| label.to_string().into());
    session
}

fn run(number: u8, (at, ended): (u64, Option<u64>)) -> RunRecord {
    RunRecord {
        run: number.to_string().parse().unwrap(),
        session: key(0),
        session_id: transcript(0),
        accepted_at: Timestamp::from_millis(at),
        end: ended.map(end),
    }
}

fn end(at: u64) -> RunEnd {
    RunEnd { status: RunStatus::Ok, stop: None, error: None, at: Timestamp::from_millis(at) }
}

fn key(number: u8) -> SessionKey {
    format!("agent:main:{number}").parse().unwrap()
}

fn transcript(number: u8) -> SessionId {
    format!("transcript {number}").parse().unwrap()
}

fn message_id(number: u16) -> MessageId {
    number.to_string().parse().unwrap()
}
