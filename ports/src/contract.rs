//! What the driven ports promise, in assertions.
//!
//! A port's documentation says what callers may rely on. The functions here say
//! it again in a form that can fail. An adapter passes when they return.

#![expect(clippy::unwrap_used, reason = "panicking is how they fail")]

use domain::{
    approval::{Rules, Security},
    ids::{AgentId, MessageId, RunId, SessionId},
    run::{RunStatus, StopReason},
    session::{Session, SessionKey, Thinking, Tokens},
    spending::{self, Cost, Money, Spending},
    time::Timestamp,
};

use crate::{
    Json,
    driven::{
        ApprovalPolicy, Archive, Change, CommitError, Committed, Drawer, Entry, HistoryPage,
        HistoryQuery, Journal, PolicyError, Record, RunEnd, RunRecord, SessionQuery, SpendingPlace,
        SpendingQuery, Urgency,
    },
    view::{ApprovalDefaults, ApprovalsFile},
};

/// Everything a pair of [`Journal`] and [`Archive`] promises, on an empty store.
pub async fn journal_and_archive(store: &(impl Journal + Archive)) {
    an_empty_store_is_empty(store).await;
    sessions_come_back_as_they_were(store).await;
    sessions_are_listed_newest_first(store).await;
    sessions_are_filtered(store).await;
    labels_belong_to_one_session(store).await;
    records_get_places_in_order(store).await;
    messages_come_back_to_the_byte(store).await;
    history_is_read_from_the_end(store).await;
    history_stops_at_a_number_of_bytes(store).await;
    submissions_are_applied_in_order(store).await;
    submissions_are_applied_whole_or_not_at_all(store).await;
    runs_are_accepted_once(store).await;
    open_runs_are_listed_oldest_first(store).await;
    lazy_submissions_come_before_later_ones(store).await;
    dropping_a_receipt_takes_nothing_back(store).await;
    deleted_sessions_take_their_transcript_along_or_leave_it(store).await;
    entries_stay_in_their_drawer(store).await;
    what_was_spent_is_told_in_the_order_of_time(store).await;
}

/// Everything an [`ApprovalPolicy`] promises, where there is no policy yet.
pub fn approval_policy(policy: &impl ApprovalPolicy) {
    let nothing = policy.load();
    assert!(!nothing.exists && nothing.problem.is_none());
    assert_eq!(nothing.file, ApprovalsFile::default());
    assert_eq!(nothing.rules(&AgentId::main()), Rules::DENY);

    let file = |security| ApprovalsFile {
        defaults: Some(ApprovalDefaults { security: Some(security), ..Default::default() }),
        ..ApprovalsFile::default()
    };
    let other = Some("0".repeat(64));
    let refused = policy.store(&file(Security::Full), other.clone());
    assert!(matches!(refused, Err(PolicyError::Changed)), "{refused:?}");
    let first = policy.store(&file(Security::Allowlist), None).unwrap();
    assert_eq!(first, policy.load());
    assert!(first.exists && first.file == file(Security::Allowlist));
    assert_eq!(first.rules(&AgentId::main()).security, Security::Allowlist);

    let blind = policy.store(&file(Security::Full), None);
    assert!(matches!(blind, Err(PolicyError::BaseRequired)), "{blind:?}");
    let stale = policy.store(&file(Security::Full), other);
    assert!(matches!(stale, Err(PolicyError::Changed)), "{stale:?}");
    assert_eq!(policy.load(), first);

    let second = policy.store(&file(Security::Full), Some(first.hash.clone())).unwrap();
    assert_ne!(second.hash, first.hash);
    assert_eq!(second, policy.load());
}

/// The last entry put under a name counts, in its own drawer only, and a
/// submission that fails changes none.
pub async fn entries_stay_in_their_drawer(store: &(impl Journal + Archive)) {
    let put_entry = |drawer, name: &str, value: &str| Change::PutEntry {
        drawer,
        name: name.into(),
        value: Json::of(&value),
    };
    let drop_entry = |drawer, name: &str| Change::DropEntry { drawer, name: name.into() };
    let (devices, nodes) = (Drawer::Devices, Drawer::Nodes);
    let inside = async |drawer| -> Vec<(String, String)> {
        let entries = store.entries(drawer).await.unwrap();
        let entry = |entry: Entry| (entry.name.into(), entry.value.as_str().into());
        entries.into_iter().map(entry).collect()
    };
    let entry = |name: &str, value: &str| (name.to_owned(), format!("{value:?}"));

    assert_eq!(inside(devices).await, []);
    let changes = vec![
        put_entry(devices, "b", "first"),
        put_entry(devices, "a", "other"),
        put_entry(devices, "b", "second"),
        put_entry(nodes, "b", "elsewhere"),
        drop_entry(devices, "nobody"),
    ];
    put(store, changes).await.unwrap();
    assert_eq!(inside(devices).await, [entry("a", "other"), entry("b", "second")]);
    assert_eq!(inside(nodes).await, [entry("b", "elsewhere")]);

    let begun = |run: RunRecord| Change::BeginRun(run);
    let twice = RunRecord {
        run: run("entries"),
        session: key("agent:entries:main"),
        session_id: transcript("entries"),
        accepted_at: Timestamp::from_millis(1),
        end: None,
    };
    let end =
        RunEnd { status: RunStatus::Ok, stop: None, error: None, at: Timestamp::from_millis(2) };
    let ended = Change::EndRun { run: run("entries"), end };
    put(store, vec![begun(twice.clone()), ended]).await.unwrap();
    let failing = vec![
        drop_entry(devices, "a"),
        put_entry(devices, "b", "third"),
        put_entry(devices, "c", "new"),
        begun(twice),
    ];
    put(store, failing).await.unwrap_err();
    assert_eq!(inside(devices).await, [entry("a", "other"), entry("b", "second")]);
    put(store, vec![drop_entry(devices, "a")]).await.unwrap();
    assert_eq!(inside(devices).await, [entry("b", "second")]);
}

/// Nothing is found in a store that nothing was put in.
pub async fn an_empty_store_is_empty(store: &(impl Journal + Archive)) {
    let empty = transcript("empty");
    assert_eq!(store.session(&key("agent:empty:main")).await.unwrap(), None);
    assert_eq!(store.session_by_id(&empty).await.unwrap(), None);
    assert_eq!(store.run(&run("empty")).await.unwrap(), None);
    assert_eq!(store.record(&empty, &message_id("empty")).await.unwrap(), None);
    assert_eq!(store.history(&empty, whole()).await.unwrap(), HistoryPage::default());
    assert_eq!(store.open_runs().await.unwrap(), []);
    let page = store.sessions(SessionQuery::default()).await.unwrap();
    assert!(page.sessions.is_empty() && !page.more);
    let stats = store.stats().await.unwrap();
    assert_eq!((stats.sessions, stats.damaged), (0, 0));
    assert_eq!(put(store, vec![]).await.unwrap(), Committed::default());
}

/// A session is found under its key and its transcript, with everything that
/// was remembered about it, and the last one put under a key counts.
pub async fn sessions_come_back_as_they_were(store: &(impl Journal + Archive)) {
    let before = store.stats().await.unwrap().sessions;
    let plain = session("agent:back:plain", 10);
    let mut rich = session("agent:back:rich", 20);
    rich.tokens = Tokens { input: u64::from(u32::MAX) * 8, output: 2, context: 3 };
    rich.model_provider = Some("openai".into());
    rich.model = Some("gpt".into());
    rich.aborted_last_run = true;
    rich.compactions = 4;
    rich.channel = Some("webchat".into());
    rich.title = Some("Über \"quotes\" \\ and\nlines".into());
    rich.preview = Some("…".into());
    rich.history_from = 17;
    let settings = &mut rich.settings;
    settings.label = Some("Rich One".into());
    settings.thinking = Some(Thinking::High);
    settings.verbose = Some("full".parse().unwrap());
    settings.reasoning = Some("stream".parse().unwrap());
    settings.response_usage = Some("tokens".parse().unwrap());
    settings.elevated = Some("ask".parse().unwrap());
    settings.exec_host = Some("node".parse().unwrap());
    settings.exec_security = Some("allowlist".parse().unwrap());
    settings.exec_ask = Some("on-miss".parse().unwrap());
    settings.exec_node = Some("kitchen".into());
    settings.model = Some("openrouter/meta-llama/llama-3".parse().unwrap());
    settings.send_policy = Some("deny".parse().unwrap());
    settings.group_activation = Some("always".parse().unwrap());
    settings.spawned_by = Some(plain.key.clone());

    put_sessions(store, [&plain, &rich]).await;
    assert_eq!(store.session(&plain.key).await.unwrap().as_ref(), Some(&plain));
    assert_eq!(store.session(&rich.key).await.unwrap().as_ref(), Some(&rich));
    assert_eq!(store.session_by_id(&rich.id).await.unwrap().as_ref(), Some(&rich));
    assert_eq!(store.stats().await.unwrap().sessions, before + 2);

    let old = rich.id.clone();
    let mut again = rich.reset(transcript("back again"), Timestamp::from_millis(30));
    again.settings.label = None;
    put_sessions(store, [&again]).await;
    assert_eq!(store.session(&rich.key).await.unwrap().as_ref(), Some(&again));
    assert_eq!(store.session_by_id(&again.id).await.unwrap().as_ref(), Some(&again));
    assert_eq!(store.session_by_id(&old).await.unwrap(), None, "the old transcript is current");
    assert_eq!(store.stats().await.unwrap().sessions, before + 2);
}

/// Lists begin with the session that changed last, and say whether they end
/// early.
pub async fn sessions_are_listed_newest_first(store: &(impl Journal + Archive)) {
    let sessions = [
        session("agent:newest:b", 200),
        session("agent:newest:a", 300),
        session("agent:newest:c", 100),
    ];
    put_sessions(store, &sessions).await;
    let of_agent = || SessionQuery { agent: Some(agent("newest")), ..SessionQuery::default() };

    assert_eq!(listed(store, of_agent()).await, found(&["a", "b", "c"], false));
    for (limit, expected) in [
        (0, found(&[], true)),
        (2, found(&["a", "b"], true)),
        (3, found(&["a", "b", "c"], false)),
        (usize::MAX, found(&["a", "b", "c"], false)),
    ] {
        let query = SessionQuery { limit: Some(limit), ..of_agent() };
        assert_eq!(listed(store, query).await, expected, "limit {limit}");
    }

    let mut touched = sessions[2].clone();
    touched.updated_at = Timestamp::from_millis(400);
    put_sessions(store, [&touched]).await;
    assert_eq!(listed(store, of_agent()).await.0, ["c", "a", "b"]);
}

/// Lists hold the sessions that fit every part of the query.
pub async fn sessions_are_filtered(store: &(impl Journal + Archive)) {
    let mut named = session("agent:filter:one", 1_000);
    named.settings.label = Some("Holiday Plans".into());
    let mut titled = session("agent:filter:two", 2_000);
    titled.title = Some("Was die ÄRZTIN sagt: 100%_".into());
    titled.settings.spawned_by = Some(named.key.clone());
    let mut child = session("agent:filter-other:three", 3_000);
    child.settings.spawned_by = Some(named.key.clone());
    let special = session("global", 4_000);
    let mut unknown = session("unknown", 5_000);
    unknown.title = Some("holiday".into());
    put_sessions(store, [&named, &titled, &child, &special, &unknown]).await;

    let all = SessionQuery::default;
    let of_agent = || SessionQuery { agent: Some(agent("filter")), ..all() };
    let spawned = || SessionQuery { spawned_by: Some(named.key.clone()), ..all() };
    let search = |text: &str| SessionQuery { search: Some(text.into()), ..of_agent() };
    let since = |millis| Some(Timestamp::from_millis(millis));
    #[rustfmt::skip]
    let table = [
        (of_agent(),                                                      vec!["two", "one"]),
        (SessionQuery { label: Some("Holiday Plans".into()), ..all() },   vec!["one"]),
        (SessionQuery { label: Some("holiday plans".into()), ..all() },   vec![]),
        (spawned(),                                                       vec!["three", "two"]),
        (SessionQuery { agent: Some(agent("filter")), ..spawned() },      vec!["two"]),
        (search("hOLIDAY"),                                               vec!["one"]),
        (search("ärztin"),                                                vec!["two"]),
        (search("100%_"),                                                 vec!["two"]),
        (search("%"),                                                     vec!["two"]),
        (search("FILTER:TWO"),                                            vec!["two"]),
        (search("transcript of agent:filter:o"),                          vec!["one"]),
        (search("nothing has this"),                                      vec![]),
        (SessionQuery { search: Some("ON".into()), limit: Some(1), ..of_agent() }, vec!["one"]),
        (SessionQuery { updated_since: since(2_000), ..of_agent() },      vec!["two"]),
        (SessionQuery { updated_since: since(2_001), ..of_agent() },      vec![]),
        (SessionQuery { search: Some("holiday".into()), ..all() },        vec!["one"]),
        (SessionQuery { search: Some("holiday".into()), include_special: true, ..all() },
                                                                          vec!["unknown", "one"]),
        (SessionQuery { include_special: true, updated_since: since(4_000), ..all() },
                                                                          vec!["unknown", "global"]),
        (SessionQuery { updated_since: since(3_000), ..all() },           vec!["three"]),
    ];
    for (query, expected) in table {
        let asked = format!("{query:?}");
        assert_eq!(listed(store, query).await, found(&expected, false), "{asked}");
    }
}

/// A label that is taken is refused, and free again when its owner is gone or
/// has given it up.
pub async fn labels_belong_to_one_session(store: &(impl Journal + Archive)) {
    let labelled = |place: &str, label: &str| {
        let mut session = session(&format!("agent:label:{place}"), 1);
        session.settings.label = Some(label.into());
        session
    };
    put_sessions(store, [&labelled("a", "mine"), &labelled("b", "yours")]).await;
    // Keeping one's own is not taking somebody else's.
    put_sessions(store, [&labelled("a", "mine")]).await;

    let change = Change::PutSession(labelled("c", "mine"));
    match put(store, vec![change]).await {
        Err(CommitError::LabelTaken(label)) => assert_eq!(&*label, "mine"),
        other => panic!("{other:?}"),
    }
    let change = Change::PutSession(labelled("b", "mine"));
    assert!(matches!(put(store, vec![change]).await, Err(CommitError::LabelTaken(_))));
    let b = store.session(&key("agent:label:b")).await.unwrap().unwrap();
    assert_eq!(b.settings.label.as_deref(), Some("yours"));

    // Given up and taken in one submission.
    put_sessions(store, [&labelled("a", "free"), &labelled("b", "mine")]).await;
    let gone = Change::DeleteSession { key: key("agent:label:b"), transcript: None };
    put(store, vec![gone, Change::PutSession(labelled("c", "mine"))]).await.unwrap();
}

/// Places begin at 1 and grow by one in each transcript.
pub async fn records_get_places_in_order(store: &(impl Journal + Archive)) {
    let (one, two) = (transcript("places one"), transcript("places two"));
    let changes = vec![append(&one, "a"), append(&two, "b"), append(&one, "c")];
    assert_eq!(put(store, changes).await.unwrap().offsets, [1, 1, 2]);
    assert_eq!(put(store, vec![append(&two, "d")]).await.unwrap().offsets, [2]);
    assert_eq!(put(store, vec![append(&one, "e")]).await.unwrap().offsets, [3]);

    let page = store.history(&one, whole()).await.unwrap();
    assert_eq!(texts(&page), ["a", "c", "e"]);
    assert_eq!(offsets(&page), [1, 2, 3]);
    let found = store.record(&one, &message_id("c")).await.unwrap().unwrap();
    assert_eq!(found, page.records[1]);
    assert_eq!(store.record(&two, &message_id("c")).await.unwrap(), None, "transcripts mix");
}

/// Messages are handed out exactly as they were handed in.
pub async fn messages_come_back_to_the_byte(store: &(impl Journal + Archive)) {
    let id = transcript("bytes");
    let long = format!(r#"{{"text":"{}"}}"#, "long ".repeat(20_000));
    let written = [
        r#"{ "b" : 1.0e+2,"a":"\u00e4\/" , "a": [ ] }"#,
        "null",
        r#""🦞 \ud83e\udd9e""#,
        "123456789012345678901234567890",
        &long,
    ];
    let changes = written.iter().enumerate().map(|(at, text)| Change::Append {
        session: id.clone(),
        record: Record {
            id: message_id(&format!("bytes {at}")),
            at: Timestamp::from_millis(7),
            message: Json::parse((*text).to_owned()).unwrap(),
        },
    });
    put(store, changes.collect()).await.unwrap();
    let page = store.history(&id, whole()).await.unwrap();
    let read: Vec<_> = page.records.iter().map(|it| it.record.message.as_str()).collect();
    assert_eq!(read, written);
    assert!(page.records.iter().all(|it| it.record.at == Timestamp::from_millis(7)));
}

/// A page holds the newest records the query lets through, oldest first.
pub async fn history_is_read_from_the_end(store: &(impl Journal + Archive)) {
    let id = transcript("paging");
    let names: Vec<String> = (1..=10).map(|number| format!("paging {number}")).collect();
    put(store, names.iter().map(|name| append(&id, name)).collect()).await.unwrap();

    let ask = |before, from, limit| HistoryQuery { before, from, limit, max_bytes: usize::MAX };
    #[rustfmt::skip]
    let table: [(HistoryQuery, &[u64], bool); 12] = [
        (ask(None, 0, 3),           &[8, 9, 10],                     true),
        (ask(None, 0, 10),          &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], false),
        (ask(None, 0, usize::MAX),  &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], false),
        (ask(Some(8), 0, 3),        &[5, 6, 7],                      true),
        (ask(Some(4), 0, 3),        &[1, 2, 3],                      false),
        (ask(Some(1), 0, 3),        &[],                             false),
        (ask(Some(u64::MAX), 0, 1), &[10],                           true),
        (ask(None, 8, 5),           &[8, 9, 10],                     false),
        (ask(None, 8, 2),           &[9, 10],                        true),
        (ask(Some(10), 8, 5),       &[8, 9],                         false),
        (ask(None, u64::MAX, 5),    &[],                             false),
        (ask(None, 0, 0),           &[],                             true),
    ];
    for (query, expected, more) in table {
        let page = store.history(&id, query).await.unwrap();
        assert_eq!((offsets(&page).as_slice(), page.more), (expected, more), "{query:?}");
    }
}

/// Messages that together are longer than asked for are left to the next page,
/// but there is always one.
pub async fn history_stops_at_a_number_of_bytes(store: &(impl Journal + Archive)) {
    let id = transcript("heavy");
    let changes = ["aaaa", "bb", "cccc", "d"].iter().map(|text| append(&id, text));
    put(store, changes.collect()).await.unwrap();

    // With its quotes, a message is two bytes longer: 6, 4, 6, 3.
    #[rustfmt::skip]
    let table: [(usize, &[u64]); 7] = [
        (0,  &[4]),
        (3,  &[4]),
        (8,  &[4]),
        (9,  &[3, 4]),
        (13, &[2, 3, 4]),
        (18, &[2, 3, 4]),
        (19, &[1, 2, 3, 4]),
    ];
    for (max_bytes, expected) in table {
        let query = HistoryQuery { max_bytes, ..whole() };
        let page = store.history(&id, query).await.unwrap();
        assert_eq!(offsets(&page), expected, "{max_bytes} bytes");
        assert_eq!(page.more, expected[0] != 1, "{max_bytes} bytes");
    }
}

/// What is submitted first is applied first, whoever is waited for first.
pub async fn submissions_are_applied_in_order(store: &(impl Journal + Archive)) {
    let id = transcript("order");
    let names: Vec<String> = (0..100).map(|number| format!("order {number}")).collect();
    let receipts: Vec<_> =
        names.iter().map(|name| store.submit(vec![append(&id, name)], Urgency::Now)).collect();
    for (before, receipt) in receipts.into_iter().enumerate().rev() {
        assert_eq!(receipt.await.unwrap().offsets, [before as u64 + 1]);
    }
    assert_eq!(texts(&store.history(&id, whole()).await.unwrap()), names);
}

/// Nothing is left of a submission that was refused, and its neighbours are
/// none the worse for it.
pub async fn submissions_are_applied_whole_or_not_at_all(store: &(impl Journal + Archive)) {
    let id = transcript("atomic");
    let accepted = begun("atomic", 1);
    put(store, vec![Change::BeginRun(accepted.clone())]).await.unwrap();
    let untouched = session("agent:atomic:untouched", 5);
    put_sessions(store, [&untouched]).await;
    let before = store.stats().await.unwrap();

    let mut changed = untouched.clone();
    changed.title = Some("changed".into());
    let receipts = [
        store.submit(vec![append(&id, "first")], Urgency::Now),
        store.submit(
            vec![
                append(&id, "lost"),
                append(&transcript("atomic lost"), "lost too"),
                Change::PutSession(changed),
                Change::PutSession(session("agent:atomic:lost", 6)),
                Change::BeginRun(begun("atomic lost", 2)),
                Change::EndRun { run: accepted.run.clone(), end: end(RunStatus::Ok) },
                Change::DeleteSession { key: untouched.key.clone(), transcript: Some(id.clone()) },
                Change::BeginRun(accepted.clone()),
            ],
            Urgency::Now,
        ),
        store.submit(vec![append(&id, "second")], Urgency::Now),
    ];
    let [first, refused, second] = receipts;
    assert_eq!(first.await.unwrap().offsets, [1]);
    assert!(matches!(refused.await, Err(CommitError::KnownRun(_))));
    assert_eq!(second.await.unwrap().offsets, [2]);

    let page = store.history(&id, whole()).await.unwrap();
    assert_eq!(texts(&page), ["first", "second"]);
    let lost = store.history(&transcript("atomic lost"), whole()).await.unwrap();
    assert_eq!(lost, HistoryPage::default());
    assert_eq!(store.record(&id, &message_id("lost")).await.unwrap(), None);
    assert_eq!(store.session(&untouched.key).await.unwrap(), Some(untouched));
    assert_eq!(store.session(&key("agent:atomic:lost")).await.unwrap(), None);
    assert_eq!(store.run(&run("atomic lost")).await.unwrap(), None);
    assert_eq!(store.run(&accepted.run).await.unwrap(), Some(accepted.clone()));
    assert_eq!(store.stats().await.unwrap(), before);
    let change = Change::EndRun { run: accepted.run, end: end(RunStatus::Ok) };
    put(store, vec![change]).await.unwrap();
}

/// A run is accepted once, and its end is remembered.
pub async fn runs_are_accepted_once(store: &(impl Journal + Archive)) {
    let mut accepted = begun("once", 11);
    put(store, vec![Change::BeginRun(accepted.clone())]).await.unwrap();
    assert_eq!(store.run(&accepted.run).await.unwrap().as_ref(), Some(&accepted));

    let other = RunRecord { session: key("agent:once:other"), ..begun("once", 12) };
    match put(store, vec![Change::BeginRun(other.clone())]).await {
        Err(CommitError::KnownRun(known)) => assert_eq!(*known, accepted),
        other => panic!("{other:?}"),
    }

    let stopped = RunEnd {
        status: RunStatus::Aborted,
        stop: Some(StopReason::Interrupted),
        error: Some("the gateway died\n\"really\"".to_owned()),
        at: Timestamp::from_millis(13),
    };
    let change = Change::EndRun { run: accepted.run.clone(), end: stopped.clone() };
    put(store, vec![change]).await.unwrap();
    accepted.end = Some(stopped);
    assert_eq!(store.run(&accepted.run).await.unwrap().as_ref(), Some(&accepted));
    match put(store, vec![Change::BeginRun(other)]).await {
        Err(CommitError::KnownRun(known)) => assert_eq!(*known, accepted),
        other => panic!("{other:?}"),
    }
    // Nobody is hurt by the end of a run that nobody knows.
    let change = Change::EndRun { run: run("once unknown"), end: end(RunStatus::Ok) };
    put(store, vec![change]).await.unwrap();
    assert_eq!(store.run(&run("once unknown")).await.unwrap(), None);
}

/// Runs are open from their acceptance to their end.
pub async fn open_runs_are_listed_oldest_first(store: &(impl Journal + Archive)) {
    assert_eq!(store.open_runs().await.unwrap(), [], "runs of other promises are open");
    let runs = [("open c", 23), ("open a", 21), ("open b", 22)].map(|(id, at)| begun(id, at));
    put(store, runs.iter().cloned().map(Change::BeginRun).collect()).await.unwrap();
    let ended = RunRecord { end: Some(end(RunStatus::Ok)), ..begun("open ended", 20) };
    put(store, vec![Change::BeginRun(ended)]).await.unwrap();
    let [c, a, b] = runs;
    assert_eq!(store.open_runs().await.unwrap(), [a.clone(), b.clone(), c.clone()]);

    let close = |run: &RunRecord| Change::EndRun { run: run.run.clone(), end: end(RunStatus::Ok) };
    put(store, vec![close(&b)]).await.unwrap();
    assert_eq!(store.open_runs().await.unwrap(), [a.clone(), c.clone()]);
    put(store, vec![close(&a), close(&c)]).await.unwrap();
    assert_eq!(store.open_runs().await.unwrap(), []);
}

/// Nobody waits for a lazy submission, but whoever waits for a later one finds
/// it.
pub async fn lazy_submissions_come_before_later_ones(store: &(impl Journal + Archive)) {
    let id = transcript("lazy");
    let lazy = store.submit(vec![append(&id, "lazy")], Urgency::Lazy);
    let now = store.submit(vec![append(&id, "now")], Urgency::Now);
    assert_eq!(now.await.unwrap().offsets, [2]);
    assert_eq!(texts(&store.history(&id, whole()).await.unwrap()), ["lazy", "now"]);
    assert_eq!(lazy.await.unwrap().offsets, [1]);
    // And nobody has to come for it to be written.
    let alone = store.submit(vec![append(&id, "alone")], Urgency::Lazy);
    assert_eq!(alone.await.unwrap().offsets, [3]);
}

/// What was handed in is written down, even if nobody wants to know.
pub async fn dropping_a_receipt_takes_nothing_back(store: &(impl Journal + Archive)) {
    let id = transcript("dropped");
    drop(store.submit(vec![append(&id, "dropped")], Urgency::Now));
    assert_eq!(put(store, vec![append(&id, "kept")]).await.unwrap().offsets, [2]);
    assert_eq!(texts(&store.history(&id, whole()).await.unwrap()), ["dropped", "kept"]);
}

/// Deleting a session forgets it; its transcript stays unless it is named.
pub async fn deleted_sessions_take_their_transcript_along_or_leave_it(
    store: &(impl Journal + Archive),
) {
    let [leaves, takes] = ["leaves", "takes"].map(|place| {
        let mut session = session(&format!("agent:delete:{place}"), 1);
        session.settings.label = Some(place.into());
        session
    });
    let before = store.stats().await.unwrap().sessions;
    put_sessions(store, [&leaves, &takes]).await;
    let changes = (0..300).flat_map(|number| {
        [&leaves, &takes].map(|session| append(&session.id, &format!("delete {number}")))
    });
    put(store, changes.collect()).await.unwrap();

    let delete = |session: &Session, transcript| Change::DeleteSession {
        key: session.key.clone(),
        transcript,
    };
    put(store, vec![delete(&leaves, None), delete(&takes, Some(takes.id.clone()))]).await.unwrap();
    for session in [&leaves, &takes] {
        assert_eq!(store.session(&session.key).await.unwrap(), None);
        assert_eq!(store.session_by_id(&session.id).await.unwrap(), None);
    }
    let query = SessionQuery { agent: Some(agent("delete")), ..SessionQuery::default() };
    assert_eq!(listed(store, query).await, found(&[], false));
    assert_eq!(store.stats().await.unwrap().sessions, before);

    assert_eq!(store.history(&leaves.id, whole()).await.unwrap().records.len(), 300);
    assert_eq!(store.history(&takes.id, whole()).await.unwrap(), HistoryPage::default());
    let first = message_id("delete 0");
    assert!(store.record(&leaves.id, &first).await.unwrap().is_some());
    assert_eq!(store.record(&takes.id, &first).await.unwrap(), None);

    // Deleting what is not there does no harm, and names can be used again.
    put(store, vec![delete(&takes, Some(takes.id.clone()))]).await.unwrap();
    put_sessions(store, [&takes]).await;
    assert_eq!(put(store, vec![append(&takes.id, "again")]).await.unwrap().offsets, [1]);
    assert_eq!(texts(&store.history(&takes.id, whole()).await.unwrap()), ["again"]);
    let goes_on = put(store, vec![append(&leaves.id, "again")]).await.unwrap();
    assert_eq!(goes_on.offsets, [301]);
}

/// What answers used is read in pages, by time, of everything or of one
/// conversation, and stays when the conversation goes.
pub async fn what_was_spent_is_told_in_the_order_of_time(store: &(impl Journal + Archive)) {
    let (one, other) = (session("agent:spending:one", 1), session("agent:spending:other", 1));
    let spent = |of: &Session, at: u64, input: u64| Spending {
        at: Timestamp::from_millis(at),
        session: of.key.clone(),
        transcript: of.id.clone(),
        agent: agent("spending"),
        model: Some("p/m".parse().unwrap()),
        tokens: spending::Tokens { input, output: 1, ..spending::Tokens::default() },
        cost: Money::from_dollars(0.5).map(|input| Cost { input, ..Cost::default() }),
        asked: true,
        tools: vec!["look".into()],
        failed: false,
    };
    let all = [spent(&one, 10, 1), spent(&other, 20, 2), spent(&one, 20, 3), spent(&one, 30, 4)];
    put_sessions(store, [&one, &other]).await;
    let [first, second, third, fourth] = all.clone().map(|it| Change::Spend(Box::new(it)));
    put(store, vec![fourth, first]).await.unwrap();
    put(store, vec![second, third]).await.unwrap();
    let twice =
        vec![Change::Spend(Box::new(spent(&one, 15, 9))), Change::BeginRun(begun("spending", 1))];
    put(store, vec![Change::BeginRun(begun("spending", 1))]).await.unwrap();
    assert!(put(store, twice).await.is_err(), "it is applied whole or not at all");
    let transcript = Some(one.id.clone());
    put(store, vec![Change::DeleteSession { key: one.key.clone(), transcript }]).await.unwrap();

    let told = async |from: u64, until: u64, session: Option<&Session>, limit| {
        let mut after = SpendingPlace { at: Timestamp::from_millis(from), number: 0 };
        let (mut told, mut pages) = (Vec::new(), 0);
        loop {
            let page = store.spendings(SpendingQuery {
                after,
                until: Timestamp::from_millis(until),
                session: session.map(|session| session.key.clone()),
                limit,
            });
            let page = page.await.unwrap();
            assert!(page.spendings.len() <= limit);
            told.extend(page.spendings);
            pages += 1;
            match page.next {
                Some(next) => after = next,
                None => return (told, pages),
            }
        }
    };
    for limit in [1, 2, 3, 100] {
        assert_eq!(told(0, u64::MAX, None, limit).await.0, all, "{limit} at a time");
    }
    assert_eq!(told(0, 100, None, 100).await.1, 1);
    assert_eq!(told(11, 20, None, 100).await.0, all[1..3]);
    assert_eq!(told(10, 29, Some(&one), 1).await.0, [all[0].clone(), all[2].clone()]);
    assert_eq!(told(31, 40, None, 100).await.0, []);
    assert_eq!(told(40, 31, None, 100).await.0, []);
}

async fn put(
    store: &(impl Journal + Archive),
    changes: Vec<Change>,
) -> Result<Committed, CommitError> {
    store.submit(changes, Urgency::Now).await
}

async fn put_sessions<'a>(
    store: &(impl Journal + Archive),
    sessions: impl IntoIterator<Item = &'a Session>,
) {
    let changes = sessions.into_iter().cloned().map(Change::PutSession);
    put(store, changes.collect()).await.unwrap();
}

/// The places of the sessions that fit `query`, and whether there are more.
async fn listed(store: &(impl Journal + Archive), query: SessionQuery) -> (Vec<String>, bool) {
    let page = store.sessions(query).await.unwrap();
    (page.sessions.iter().map(|session| session.key.place().to_owned()).collect(), page.more)
}

fn found(places: &[&str], more: bool) -> (Vec<String>, bool) {
    (places.iter().map(|&place| place.to_owned()).collect(), more)
}

fn session(raw: &str, updated_at: u64) -> Session {
    let id = transcript(&format!("transcript of {raw}"));
    let mut session = Session::fresh(key(raw), id, Timestamp::from_millis(1));
    session.updated_at = Timestamp::from_millis(updated_at);
    session
}

fn append(session: &SessionId, text: &str) -> Change {
    let record =
        Record { id: message_id(text), at: Timestamp::from_millis(1), message: Json::of(&text) };
    Change::Append { session: session.clone(), record }
}

fn begun(id: &str, at: u64) -> RunRecord {
    RunRecord {
        run: run(id),
        session: key("agent:runs:main"),
        session_id: transcript("runs"),
        accepted_at: Timestamp::from_millis(at),
        end: None,
    }
}

fn end(status: RunStatus) -> RunEnd {
    RunEnd { status, stop: None, error: None, at: Timestamp::from_millis(99) }
}

fn whole() -> HistoryQuery {
    HistoryQuery { before: None, from: 0, limit: usize::MAX, max_bytes: usize::MAX }
}

fn offsets(page: &HistoryPage) -> Vec<u64> {
    page.records.iter().map(|it| it.offset).collect()
}

fn texts(page: &HistoryPage) -> Vec<String> {
    let text = |json: &Json| serde_json::from_str(json.as_str()).unwrap();
    page.records.iter().map(|it| text(&it.record.message)).collect()
}

fn key(raw: &str) -> SessionKey {
    raw.parse().unwrap()
}

fn agent(raw: &str) -> domain::ids::AgentId {
    domain::ids::AgentId::normalize(raw)
}

fn transcript(raw: &str) -> SessionId {
    raw.parse().unwrap()
}

fn message_id(raw: &str) -> MessageId {
    raw.parse().unwrap()
}

fn run(raw: &str) -> RunId {
    raw.parse().unwrap()
}
