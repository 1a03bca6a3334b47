use std::sync::Mutex;

use domain::{
    ids::MessageId,
    session::{Elevated, Patch, Settings, Thinking},
};
use mockall::predicate::{always, eq};
use ports::{
    Json,
    config::Config,
    driven::{
        Change, Committed, HistoryPage, MockArchive, MockEntropy, MockJournal, Record, SessionPage,
        StoreStats, StoredRecord,
    },
};

use super::*;
use crate::{
    models::tests::models,
    testing::{Told, clock, config, facts},
};

/// Runs that end when they are told to, or never.
struct Busy {
    active: Mutex<bool>,
    ends: bool,
}

#[async_trait]
impl Runs for Busy {
    fn active(&self, _: &SessionKey) -> bool {
        *self.active.lock().unwrap()
    }

    async fn stop_and_wait(&self, _: &SessionKey, patience: Duration) -> bool {
        assert_eq!(patience, PATIENCE);
        *self.active.lock().unwrap() = !self.ends;
        self.ends
    }
}

struct World {
    sessions: Sessions,
    told: Arc<Told>,
    written: Arc<Mutex<Vec<Change>>>,
}

impl World {
    fn reasons(&self) -> Vec<&'static str> {
        let reason = |event: Event| match event.body {
            Body::SessionsChanged(changed) => changed.reason,
            other => panic!("unexpected {other:?}"),
        };
        self.told.all().into_iter().map(reason).collect()
    }
}

fn key(text: &str) -> SessionKey {
    text.parse().unwrap()
}

fn session(text: &str) -> Session {
    Session::fresh(key(text), "transcript".parse().unwrap(), Timestamp::from_millis(5))
}

/// A gateway whose store holds `stored` and keeps every change.
fn world(stored: &[Session], mut archive: MockArchive, runs: Busy) -> World {
    let loaded = stored.to_vec();
    archive
        .expect_session()
        .returning(move |key| Ok(loaded.iter().find(|session| session.key == *key).cloned()));
    let written = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&written);
    let mut journal = MockJournal::new();
    journal.expect_submit().returning(move |changes, _| {
        kept.lock().unwrap().extend(changes);
        Box::pin(async { Ok(Committed::default()) })
    });
    let mut entropy = MockEntropy::new();
    entropy.expect_uuid().returning(|| "fresh-id".to_owned());
    let archive: Arc<dyn Archive> = Arc::new(archive);
    let told = Arc::new(Told::default());
    let sessions = Sessions::new(Deps {
        book: Book::new(Arc::clone(&archive), Arc::new(journal)),
        archive,
        clock: clock(),
        config: config(Config::default()),
        entropy: Arc::new(entropy),
        events: told.clone(),
        facts: Arc::new(facts()),
        models: models(),
        runs: Arc::new(runs),
    });
    World { sessions, told, written }
}

fn quiet(stored: &[Session]) -> World {
    world(stored, MockArchive::new(), Busy { active: Mutex::new(false), ends: true })
}

#[tokio::test]
async fn a_patch_sets_clears_and_creates() {
    let world = quiet(&[]);
    let patch = SettingsPatch {
        label: Patch::Set("work".into()),
        thinking: Patch::Set(Thinking::High),
        elevated: Patch::Set(Elevated::Off),
        model: Patch::Set("one".into()),
        ..SettingsPatch::default()
    };
    let patched = world.sessions.patch(&key("agent:main:x"), patch).await.unwrap();
    assert_eq!(patched.id.as_str(), "fresh-id");
    assert_eq!(patched.settings.label.as_deref(), Some("work"));
    assert_eq!(patched.settings.elevated, Some(Elevated::Off), "off is a choice here");
    assert_eq!(patched.settings.model.as_ref().unwrap().to_string(), "a/one");
    assert_eq!(world.reasons(), ["patch"]);
    assert!(matches!(&world.written.lock().unwrap()[..], [Change::PutSession(s)] if *s == patched));

    let world = quiet(&[patched]);
    let patch = SettingsPatch {
        label: Patch::Clear,
        thinking: Patch::Set(Thinking::Off),
        model: Patch::Set("default".into()),
        ..SettingsPatch::default()
    };
    let patched = world.sessions.patch(&key("agent:main:x"), patch).await.unwrap();
    let Settings { label, thinking, model, elevated, .. } = patched.settings;
    assert_eq!((label, thinking, model), (None, None, None), "off is the default here");
    assert_eq!(elevated, Some(Elevated::Off), "what is not mentioned stays");
}

#[tokio::test]
async fn who_started_a_session_is_set_once_and_only_on_sub_agents() {
    let spawn = |by: Patch<SessionKey>| SettingsPatch { spawned_by: by, ..Default::default() };
    let set = |by: &str| spawn(Patch::Set(key(by)));
    let world = quiet(&[]);
    let plain = world.sessions.patch(&key("agent:main:x"), set("agent:main:main")).await;
    assert!(plain.unwrap_err().to_string().contains("subagent"));

    let sub = key("agent:main:subagent:1");
    let child = world.sessions.patch(&sub, set("agent:main:main")).await.unwrap();
    let world = quiet(&[child]);
    assert!(world.sessions.patch(&sub, set("agent:main:main")).await.is_ok());
    assert!(world.sessions.patch(&sub, set("agent:main:other")).await.is_err());
    assert!(world.sessions.patch(&sub, spawn(Patch::Clear)).await.is_err());
}

#[tokio::test]
async fn a_model_nobody_offers_is_refused_before_anything_is_written() {
    let world = quiet(&[]);
    let patch = SettingsPatch { model: Patch::Set("nope/nope".into()), ..Default::default() };
    let refused = world.sessions.patch(&key("agent:main:x"), patch).await.unwrap_err();
    assert!(refused.to_string().contains("unknown model \"nope/nope\""), "{refused}");
    assert!(world.written.lock().unwrap().is_empty());
}

#[tokio::test]
async fn deleting_waits_for_the_run_and_spares_the_main_session() {
    let doomed = session("agent:main:x");
    let busy = Busy { active: Mutex::new(true), ends: true };
    let world = world(std::slice::from_ref(&doomed), MockArchive::new(), busy);
    assert!(world.sessions.delete(&doomed.key, true).await.unwrap());
    match &world.written.lock().unwrap()[..] {
        [Change::DeleteSession { key, transcript }] => {
            assert_eq!((key, transcript.as_ref()), (&doomed.key, Some(&doomed.id)));
        }
        other => panic!("unexpected {other:?}"),
    }
    assert_eq!(world.reasons(), ["delete"]);

    for main in ["agent:main:main", "agent:other:main"] {
        let refused = world.sessions.delete(&key(main), true).await.unwrap_err();
        assert_eq!(refused.to_string(), format!("Cannot delete the main session ({main})."));
    }
}

#[tokio::test]
async fn a_session_whose_run_does_not_end_stays() {
    let stuck = session("agent:main:x");
    let busy = Busy { active: Mutex::new(true), ends: false };
    let world = world(std::slice::from_ref(&stuck), MockArchive::new(), busy);
    let refused = world.sessions.delete(&stuck.key, true).await.unwrap_err();
    assert_eq!(refused.to_string(), "Session agent:main:x is still active; try again in a moment.");
    assert!(world.sessions.reset(&stuck.key).await.is_err());
    assert!(world.written.lock().unwrap().is_empty());
    assert_eq!(world.reasons(), Vec::<&str>::new());
}

#[tokio::test]
async fn deleting_what_is_not_there_changes_nothing() {
    let world = quiet(&[]);
    assert!(!world.sessions.delete(&key("agent:main:x"), true).await.unwrap());
    assert_eq!(world.reasons(), Vec::<&str>::new());
}

#[tokio::test]
async fn starting_over_gets_a_new_transcript() {
    let mut old = session("agent:main:x");
    old.settings.label = Some("work".into());
    old.history_from = 9;
    let world = quiet(&[old]);
    let new = world.sessions.reset(&key("agent:main:x")).await.unwrap();
    assert_eq!((new.id.as_str(), new.history_from), ("fresh-id", 0));
    assert_eq!(new.settings.label.as_deref(), Some("work"));
    assert_eq!(world.reasons(), ["reset"]);
}

fn archive_ending_at(last: u64) -> MockArchive {
    let mut archive = MockArchive::new();
    archive.expect_history().returning(move |_, query| {
        assert_eq!(query.limit, 1, "a long history is not read to be shortened");
        let record = Record {
            id: MessageId::try_from("m".to_owned()).unwrap(),
            at: Timestamp::default(),
            message: Json::null(),
        };
        Ok(HistoryPage { records: vec![StoredRecord { offset: last, record }], more: true })
    });
    archive
}

#[tokio::test]
async fn compacting_keeps_the_newest_records() {
    let quiet = || Busy { active: Mutex::new(false), ends: true };
    #[rustfmt::skip]
    let table = [
        // begins at, ends at, keep    changed, kept,    begins then at
        (0,           10,      3,      true,    Some(3),  8),
        (0,           10,      10,     false,   Some(10), 0),
        (0,           10,      400,    false,   Some(10), 0),
        (8,           10,      2,      true,    Some(2),  9),
        (8,           10,      3,      false,   Some(3),  8),
        (0,           10,      1,      true,    Some(1),  10),
    ];
    for (from, last, keep, changed, kept, begins) in table {
        let mut long = session("agent:main:x");
        long.history_from = from;
        long.tokens.context = 77;
        let world = world(&[long], archive_ending_at(last), quiet());
        let found = world.sessions.compact(&key("agent:main:x"), keep).await.unwrap();
        assert_eq!(found, Compacted { changed, kept }, "{from} {last} {keep}");
        match &world.written.lock().unwrap()[..] {
            [Change::PutSession(session)] if changed => {
                assert_eq!(session.history_from, begins);
                assert_eq!((session.tokens.context, session.compactions), (0, 1));
            }
            [] => assert!(!changed),
            other => panic!("unexpected {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_session_is_found_by_any_of_its_names() {
    let found = session("agent:main:x");
    let mut archive = MockArchive::new();
    let by_id = found.clone();
    archive
        .expect_session_by_id()
        .with(eq(by_id.id.clone()))
        .returning(move |_| Ok(Some(by_id.clone())));
    let labelled = found.clone();
    archive.expect_sessions().with(always()).returning(move |query| {
        let sessions = match query.label.as_deref() {
            Some("one") => vec![labelled.clone()],
            Some("two") => vec![labelled.clone(), session("agent:main:y")],
            _ => vec![],
        };
        Ok(SessionPage { sessions, more: false })
    });
    let quiet = Busy { active: Mutex::new(false), ends: true };
    let world = world(std::slice::from_ref(&found), archive, quiet);
    let resolve = async |named, filter: Filter| {
        let found = world.sessions.resolve(named, &filter, "asked").await;
        found.map(|key| key.to_string()).map_err(|error| error.to_string())
    };
    let any = Filter::default;
    let x = Ok("agent:main:x".to_owned());
    assert_eq!(resolve(Named::Key(found.key.clone()), any()).await, x);
    assert_eq!(resolve(Named::Id(found.id.clone()), any()).await, x);
    assert_eq!(resolve(Named::Label("one".into()), any()).await, x);
    assert_eq!(
        resolve(Named::Label("two".into()), any()).await,
        Err("Multiple sessions found with label: asked (agent:main:x, agent:main:y)".to_owned())
    );
    let other = Filter { agent: Some(domain::ids::AgentId::normalize("other")), spawned_by: None };
    let nothing = Err("No session found: asked".to_owned());
    assert_eq!(resolve(Named::Key(found.key.clone()), other).await, nothing);
    assert_eq!(resolve(Named::Label("none".into()), any()).await, nothing);
}

#[tokio::test]
async fn the_list_is_bounded_and_says_whether_there_is_more() {
    let mut archive = MockArchive::new();
    archive.expect_stats().returning(|| Ok(StoreStats { sessions: 5000, damaged: 0 }));
    archive.expect_sessions().returning(|query| {
        let limit = query.limit.unwrap();
        assert!(limit <= 11_000);
        let row = |n| session(&format!("agent:main:{n}"));
        Ok(SessionPage { sessions: (0..limit).map(row).collect(), more: true })
    });
    let quiet = Busy { active: Mutex::new(true), ends: true };
    let world = world(&[], archive, quiet);
    let query = ListQuery {
        limit: Some(10),
        offset: 5,
        extras: Extras { titles: true, last_messages: false },
        ..ListQuery::default()
    };
    let listed = world.sessions.list(query).await.unwrap();
    assert_eq!((listed.rows.len(), listed.rows[0].key.as_str()), (10, "agent:main:5"));
    assert_eq!((listed.more, listed.total), (true, 5000));
    assert_eq!(listed.rows[0].derived_title.as_deref(), Some("transcri (1970-01-01)"));
    assert_eq!(listed.rows[0].status, Some("running"));
    assert_eq!(listed.defaults.model.unwrap().to_string(), "b/two");

    let all = ListQuery { limit: Some(1_000_000), ..ListQuery::default() };
    assert_eq!(world.sessions.list(all).await.unwrap().rows.len(), 1000);

    let part = |offset| ListQuery { limit: Some(1000), offset, ..ListQuery::default() };
    for (offset, first, more) in
        [(4000, 4000, true), (10_000, 10_000, false), (20_000, 10_000, false)]
    {
        let listed = world.sessions.list(part(offset)).await.unwrap();
        assert_eq!((listed.offset, listed.more), (first, more));
        assert_eq!(listed.rows[0].key.as_str(), format!("agent:main:{first}"));
    }
}

#[tokio::test]
async fn previews_say_what_was_said_last() {
    let mut archive = MockArchive::new();
    archive.expect_history().returning(|_, query| {
        assert_eq!((query.limit, query.from), (5, 3));
        let record = |offset, text: &str| StoredRecord {
            offset,
            record: Record {
                id: "m".parse().unwrap(),
                at: Timestamp::default(),
                message: Json::parse(text.to_owned()).unwrap(),
            },
        };
        let records = vec![
            record(3, r#"{"role":"user","content":"a question","timestamp":1}"#),
            record(4, r#"{"role":"assistant","content":[{"type":"text","text":"0123456789012345678901234"}],"timestamp":1}"#),
            record(5, r#"{"role":"assistant","content":[],"timestamp":1}"#),
            record(6, r#"{"role":"from the future"}"#),
        ];
        Ok(HistoryPage { records, more: false })
    });
    let mut known = session("agent:main:x");
    known.history_from = 3;
    let quiet = Busy { active: Mutex::new(false), ends: true };
    let world = world(&[known], archive, quiet);

    let preview = world.sessions.preview(&key("agent:main:x"), 5, 20).await;
    assert_eq!(preview.status, PreviewStatus::Ok);
    let texts: Vec<_> = preview.items.iter().map(|item| item.text.as_str()).collect();
    assert_eq!(texts, ["a question", "01234567890123456...", "…"]);
    let missing = world.sessions.preview(&key("agent:main:y"), 5, 20).await;
    assert_eq!((missing.status, missing.items.len()), (PreviewStatus::Missing, 0));
}

#[tokio::test]
async fn a_created_session_gets_a_name_and_an_existing_one_is_kept() {
    let world = quiet(&[]);
    let created = world.sessions.create(Create::default()).await.unwrap();
    assert_eq!(created.key.as_str(), "agent:main:dashboard:fresh-id");

    let known = session("agent:main:x");
    let world = quiet(std::slice::from_ref(&known));
    let create =
        Create { key: Some(known.key.clone()), label: Some("work".into()), ..Create::default() };
    let created = world.sessions.create(create).await.unwrap();
    assert_eq!((created.id, created.settings.label.as_deref()), (known.id, Some("work")));
}
