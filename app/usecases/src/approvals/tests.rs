use std::collections::BTreeMap;

use domain::{access::Principal, client::Mode};
use ports::{
    BoxFuture, Json,
    driven::{
        Change, Committed, Drawer, Entry, MockApprovalPolicy, MockArchive, MockDigests,
        MockEntropy, PolicySnapshot,
    },
    event::Body,
    view::{AgentApprovals, AllowedProgram, ApprovalsFile, ApprovalsSocket},
};
use serde_json::{Value, json};

use super::*;
use crate::testing::{Told, clock, program};

/// A journal that keeps entries, or refuses.
#[derive(Default)]
struct Paper {
    entries: Mutex<BTreeMap<Box<str>, Json>>,
    full: std::sync::atomic::AtomicBool,
}

impl Journal for Paper {
    fn submit(
        &self,
        changes: Vec<Change>,
        _: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        if self.full.load(std::sync::atomic::Ordering::Relaxed) {
            return Box::pin(async { Err(StoreError::Full("no space".into()).into()) });
        }
        let mut entries = self.entries.lock().unwrap();
        for change in changes {
            match change {
                Change::PutEntry { drawer: Drawer::Approvals, name, value } => {
                    entries.insert(name, value);
                }
                Change::DropEntry { drawer: Drawer::Approvals, name } => {
                    entries.remove(&name);
                }
                other => panic!("{other:?} is not ours"),
            }
        }
        Box::pin(async { Ok(Committed::default()) })
    }
}

impl Paper {
    fn entries(&self) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap();
        entries
            .iter()
            .map(|(name, value)| Entry { name: name.clone(), value: value.clone() })
            .collect()
    }
}

struct House {
    approvals: Approvals,
    paper: Arc<Paper>,
    told: Arc<Told>,
}

fn house() -> House {
    with(Arc::default(), MockApprovalPolicy::new())
}

fn with(paper: Arc<Paper>, policy: MockApprovalPolicy) -> House {
    let told = Arc::new(Told::default());
    let mut entropy = MockEntropy::new();
    let made = std::sync::atomic::AtomicU32::new(0);
    let next = move || made.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
    entropy.expect_uuid().returning(move || format!("uuid-{}", next()));
    let mut digests = MockDigests::new();
    // Readable, so that a difference is seen.
    digests.expect_sha256().returning(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let mut archive = MockArchive::new();
    let on_paper = Arc::clone(&paper);
    archive.expect_entries().returning(move |_| Ok(on_paper.entries()));
    let approvals = Approvals::new(Deps {
        archive: Arc::new(archive),
        clock: clock(),
        digests: Arc::new(digests),
        entropy: Arc::new(entropy),
        events: Arc::clone(&told) as _,
        journal: Arc::clone(&paper) as _,
        policy: Arc::new(policy),
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
    });
    House { approvals, paper, told }
}

impl House {
    fn ask(&self, id: &str, question: Question) -> Result<Asked, AskError> {
        self.approvals.ask(&me(), Some(name(id)), question, None)
    }

    async fn say(&self, id: &str, decision: Decision) -> Result<(), ResolveError> {
        self.approvals.resolve(&other(), &name(id), decision, None).await
    }

    fn told(&self) -> Vec<(EventKind, Value)> {
        let notice = |event: Event| match event.body {
            Body::Notice(kind, payload) => (kind, serde_json::from_str(payload.as_str()).unwrap()),
            other => panic!("{other:?} is not ours"),
        };
        self.told.all().into_iter().map(notice).collect()
    }
}

fn name(id: &str) -> RequestId {
    id.parse().unwrap()
}

fn me() -> Client {
    program("me", Mode::Backend)
}

fn other() -> Client {
    program("somebody", Mode::Ui)
}

fn of_device(digit: &str) -> Client {
    let device = Some(digit.repeat(64).parse().unwrap());
    Client { principal: Principal { device, ..me().principal }, ..me() }
}

fn line(command: &str) -> Question {
    Question { command: command.into(), ..Question::default() }
}

/// A question about a command that a node prepared.
fn prepared() -> Question {
    Question {
        argv: Some(vec!["rm".into(), "x".into()]),
        cwd: Some("/work".into()),
        node: Some("node".into()),
        session: Some("agent:main:main".into()),
        binding: Some("b1".into()),
        ..Question::default()
    }
}

const ARGV: [&str; 2] = ["rm", "x"];

#[tokio::test(start_paused = true)]
async fn an_answer_reaches_whoever_asked_and_everybody_who_decides() {
    let house = house();
    let asked = house.ask("a", line("rm -rf x")).unwrap();
    let (outcome, said) =
        tokio::join!(house.approvals.outcome(&asked.id), house.say("a", Decision::AllowOnce));
    said.unwrap();
    assert_eq!(outcome.unwrap().decision, Some(Decision::AllowOnce));

    let told = house.told();
    assert_eq!(told[0].0, EventKind::ExecApprovalRequested);
    let request = &told[0].1["request"];
    assert_eq!((&told[0].1["id"], &request["command"]), (&json!("a"), &json!("rm -rf x")));
    for absent in ["cwd", "host", "security", "ask", "agentId", "resolvedPath", "sessionKey"] {
        assert_eq!(request.get(absent), Some(&Value::Null), "{absent} is null and not absent");
    }
    assert_eq!(told[1].0, EventKind::ExecApprovalResolved);
    assert_eq!(told[1].1["decision"], "allow-once");
    assert_eq!(told[1].1["resolvedBy"], "somebody");
}

#[tokio::test(start_paused = true)]
async fn nobody_answering_is_a_no_and_is_told() {
    let house = house();
    let patience = Some(Duration::from_secs(1));
    let asked = house.approvals.ask(&me(), None, line("ls"), patience).unwrap();
    let outcome = house.approvals.outcome(&asked.id).await.unwrap();
    assert_eq!(outcome.decision, None);
    let told = house.told();
    assert_eq!(told[1].1, json!({ "id": "uuid-1", "decision": null, "ts": 1_001_000 }));
    let view = house.approvals.get(&asked.id).unwrap();
    assert_eq!(view.status, ApprovalStatus::Expired);
    assert!(matches!(
        house.say("uuid-1", Decision::AllowOnce).await,
        Err(ResolveError::Unknown(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_counts_and_a_name_is_used_once() {
    let house = house();
    house.ask("a", line("ls")).unwrap();
    assert_eq!(house.ask("a", line("ls")).unwrap_err().to_string(), "approval id already pending");
    house.say("a", Decision::Deny).await.unwrap();
    let again = house.say("a", Decision::AllowOnce).await.unwrap_err();
    assert_eq!(again.to_string(), "unknown approval id");
    assert!(house.ask("a", line("ls")).is_err());
    let outcome = house.approvals.outcome(&name("a")).await.unwrap();
    assert_eq!(outcome.decision, Some(Decision::Deny));
}

/// Whoever asked may leave and come back: the question waits as long as it
/// would have.
#[tokio::test(start_paused = true)]
async fn giving_up_waiting_takes_nothing_back() {
    let house = house();
    let asked = house.ask("a", line("ls")).unwrap();
    let impatient = time::timeout(Duration::from_secs(1), house.approvals.outcome(&asked.id));
    assert!(impatient.await.is_err());
    assert_eq!(house.approvals.pending().len(), 1);
    house.say("a", Decision::AllowOnce).await.unwrap();
    let outcome = house.approvals.outcome(&asked.id).await.unwrap();
    assert_eq!(outcome.decision, Some(Decision::AllowOnce));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_written_down_is_none() {
    let house = house();
    house.ask("a", line("ls")).unwrap();
    house.paper.full.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(house.say("a", Decision::AllowOnce).await, Err(ResolveError::Commit(_))));
    assert_eq!((house.told().len(), house.approvals.pending().len()), (1, 1));
    house.paper.full.store(false, std::sync::atomic::Ordering::Relaxed);
    house.say("a", Decision::Deny).await.unwrap();
    assert_eq!(house.told()[1].1["decision"], "deny");
}

/// What is shown is what is there, in whatever field (RPC-076).
#[tokio::test(start_paused = true)]
async fn nothing_hides_from_whoever_decides() {
    let house = house();
    let hidden = format!("ls {}\u{202e}; rm -rf ~", " ".repeat(10_000));
    let question = Question { cwd: Some("/a\u{202e}b".into()), ..line(&hidden) };
    house.ask("a", question).unwrap();
    let bidi = Question { argv: Some(vec!["ls".into(), "\u{202e}x".into()]), ..line("ls") };
    house.ask("b", bidi).unwrap();
    let told = serde_json::to_string(
        &house
            .told()
            .iter()
            .map(|it| it.1["request"].clone())
            .map(|mut request| {
                // The hash of these tests is what is hashed.
                request.as_object_mut().unwrap().remove("requestHash");
                request
            })
            .collect::<Vec<_>>(),
    )
    .unwrap();
    assert!(!told.contains('\u{202e}') && told.contains("\\\\u{202E}; rm -rf ~"), "{told}");
    assert!(told.contains("10001 spaces") && told.contains("ls '\\\\u{202E}x'"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn consent_is_for_what_was_asked_and_for_whoever_asked() {
    let house = house();
    let argv = ARGV.map(str::to_owned);
    let claim = Claim {
        node: "node",
        argv: &argv,
        cwd: Some("/work"),
        env: &[],
        session: Some("agent:main:main"),
    };
    let redeem = |caller: &Client, claim: &Claim<'_>| {
        let redeemed = house.approvals.redeem(&caller.principal, &name("a"), claim);
        redeemed.map(|it| it.binding.unwrap())
    };
    assert_eq!(redeem(&me(), &claim), Err(NotApproved::Unknown), "nobody asked");
    house.ask("a", prepared()).unwrap();
    assert_eq!(redeem(&me(), &claim), Err(NotApproved::Unknown), "nobody answered");
    house.say("a", Decision::AllowOnce).await.unwrap();

    let (more, names) = (["rm", "y"].map(str::to_owned), ["TZ".to_owned()]);
    #[rustfmt::skip]
    let others = [
        Claim { argv: &more, ..claim },
        Claim { node: "other", ..claim },
        Claim { cwd: Some("/"), ..claim },
        Claim { cwd: None, ..claim },
        Claim { env: &names, ..claim },
        Claim { session: Some("agent:main:other"), ..claim },
        Claim { session: None, ..claim },
    ];
    for other in &others {
        assert_eq!(redeem(&me(), other), Err(NotApproved::Mismatch), "{other:?}");
    }
    assert_eq!(redeem(&of_device("a"), &claim), Err(NotApproved::Unknown), "somebody else's");
    assert_eq!(redeem(&me(), &claim), Ok("b1".into()));
    assert_eq!(redeem(&me(), &claim), Err(NotApproved::Used));
}

#[tokio::test(start_paused = true)]
async fn consent_for_one_time_does_not_keep() {
    let house = house();
    let argv = ARGV.map(str::to_owned);
    let claim = Claim {
        node: "node",
        argv: &argv,
        cwd: Some("/work"),
        env: &[],
        session: Some("agent:main:main"),
    };
    house.ask("a", prepared()).unwrap();
    house.ask("unbound", Question { binding: None, ..prepared() }).unwrap();
    house.ask("no", prepared()).unwrap();
    house.say("a", Decision::AllowOnce).await.unwrap();
    house.say("unbound", Decision::AllowOnce).await.unwrap();
    house.say("no", Decision::Deny).await.unwrap();
    let redeem = |id| house.approvals.redeem(&me().principal, &name(id), &claim);
    assert_eq!(redeem("no"), Err(NotApproved::Unknown));
    let unbound = Redeemed { decision: Decision::AllowOnce, binding: None };
    assert_eq!(redeem("unbound"), Ok(unbound));
    time::advance(Duration::from_mins(11)).await;
    assert_eq!(redeem("a"), Err(NotApproved::Used));

    let restarted = with(Arc::clone(&house.paper), MockApprovalPolicy::new());
    restarted.approvals.recover().await.unwrap();
    let redeemed = restarted.approvals.redeem(&me().principal, &name("a"), &claim);
    assert_eq!(redeemed, Err(NotApproved::Mismatch));
}

/// Where only a line was asked about, what runs has to be that line.
#[tokio::test(start_paused = true)]
async fn consent_for_a_line_is_consent_for_its_words() {
    let node = Some("node".to_owned());
    #[rustfmt::skip]
    let table: [(&str, &[&str], bool); 7] = [
        ("rm x",       &["rm", "x"],                  true),
        ("rm 'a b'",   &["rm", "a b"],                true),
        ("rm a b",     &["rm", "a b"],                false),
        ("rm x; id",   &["/bin/sh", "-lc", "rm x; id"], true),
        ("rm x; id",   &["rm", "x;", "id"],           false),
        ("rm x; id",   &["/tmp/sh", "-c", "rm x; id"], false),
        ("rm x",       &["rm", "x", "y"],             false),
    ];
    for (command, argv, fits) in table {
        let house = house();
        house.ask("a", Question { node: node.clone(), ..line(command) }).unwrap();
        house.say("a", Decision::AllowOnce).await.unwrap();
        let argv: Vec<_> = argv.iter().map(|word| (*word).to_owned()).collect();
        let claim = Claim { node: "node", argv: &argv, cwd: None, env: &[], session: None };
        let redeemed = house.approvals.redeem(&me().principal, &name("a"), &claim);
        assert_eq!(redeemed.is_ok(), fits, "{command} {argv:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn allow_always_answers_the_same_question_until_it_is_revoked() {
    let house = house();
    house.ask("a", prepared()).unwrap();
    house.say("a", Decision::AllowAlways).await.unwrap();

    let answered = async |house: &House, id: &str, caller: &Client, question: Question| {
        let asked = house.approvals.ask(caller, Some(name(id)), question, None).unwrap();
        let outcome = house.approvals.outcome(&asked.id);
        let outcome = time::timeout(Duration::from_millis(1), outcome).await;
        outcome.ok().and_then(|outcome| outcome.unwrap().decision)
    };
    let always = Some(Decision::AllowAlways);
    assert_eq!(answered(&house, "same", &me(), prepared()).await, always);

    // Not for another program in its place, another session, another machine,
    // nor when somebody wants to be asked.
    #[rustfmt::skip]
    let others = [
        Question { binding: Some("b2".into()), ..prepared() },
        Question { binding: None, ..prepared() },
        Question { session: Some("agent:main:other".into()), ..prepared() },
        Question { node: Some("other".into()), ..prepared() },
        Question { agent: Some("other".into()), ..prepared() },
        Question { ask: Some("always".into()), ..prepared() },
    ];
    for (at, other) in others.into_iter().enumerate() {
        assert_eq!(answered(&house, &format!("other-{at}"), &me(), other).await, None, "{at}");
    }
    assert_eq!(answered(&house, "stranger", &of_device("a"), prepared()).await, None);

    let restarted = with(Arc::clone(&house.paper), MockApprovalPolicy::new());
    restarted.approvals.recover().await.unwrap();
    assert_eq!(answered(&restarted, "later", &me(), prepared()).await, always);
    let grants = restarted.approvals.grants(10);
    assert_eq!((grants.len(), grants[0].granted_by.as_deref()), (1, Some("somebody")));
    assert!(restarted.approvals.revoke(&grants[0].grant_id).await.unwrap());
    assert!(!restarted.approvals.revoke(&grants[0].grant_id).await.unwrap());
    assert_eq!(answered(&restarted, "revoked", &me(), prepared()).await, None);
    assert!(house.paper.entries().iter().all(|entry| !entry.name.starts_with("grant/")));
}

#[tokio::test(start_paused = true)]
async fn a_grant_ends_when_it_was_to_end() {
    let house = house();
    house.ask("a", prepared()).unwrap();
    let day = Some(Duration::from_hours(24));
    house.approvals.resolve(&other(), &name("a"), Decision::AllowAlways, day).await.unwrap();
    assert_eq!(house.approvals.grants(10).len(), 1);
    time::advance(Duration::from_hours(24)).await;
    assert_eq!(house.approvals.grants(10).len(), 0);
    house.ask("b", prepared()).unwrap();
    assert_eq!(house.approvals.pending().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_may_say_who_answers_and_what() {
    let house = house();
    let reviewers = vec!["b".repeat(64)];
    let question = Question { reviewers, once_only: true, ..prepared() };
    house.ask("a", question).unwrap();
    let answer = async |caller: &Client, decision| {
        let answer = house.approvals.resolve(caller, &name("a"), decision, None).await;
        answer.map_err(|error| error.to_string())
    };
    let not_asked = Err("this approval is for other reviewers".to_owned());
    assert_eq!(answer(&other(), Decision::Deny).await, not_asked);
    assert_eq!(answer(&of_device("a"), Decision::Deny).await, not_asked);
    let invalid = Err("invalid decision".to_owned());
    assert_eq!(answer(&of_device("b"), Decision::AllowAlways).await, invalid);
    assert_eq!(answer(&of_device("b"), Decision::AllowOnce).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_history_is_paged_from_the_newest_and_has_an_end() {
    let house = house();
    for id in ["a", "b", "c"] {
        house.ask(id, line(id)).unwrap();
        house.say(id, Decision::Deny).await.unwrap();
        time::advance(Duration::from_secs(1)).await;
    }
    let ids = |page: &[ExecApproval]| page.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    let (first, next) = house.approvals.history(None, 2);
    assert_eq!(ids(&first), ["c", "b"]);
    let (second, end) = house.approvals.history(next.as_deref(), 2);
    assert_eq!((ids(&second), end), (vec!["a".to_owned()], None));

    time::advance(Duration::from_hours(30 * 24)).await;
    house.ask("d", line("d")).unwrap();
    house.say("d", Decision::Deny).await.unwrap();
    assert_eq!(ids(&house.approvals.history(None, 10).0), ["d"]);
    assert_eq!(house.paper.entries().len(), 1);

    time::advance(Duration::from_hours(30 * 24)).await;
    let over = Kept::read(house.paper.entries(), house.approvals.0.deps.clock.now());
    assert_eq!((over.0.history(None, 10).0.len(), over.1.len()), (0, 1), "it goes from the disk");
}

#[tokio::test]
async fn the_policy_is_written_with_ids_and_read_without_secrets() {
    let socket = Some(ApprovalsSocket { path: Some("/s".into()), token: Some("canary".into()) });
    let before = ApprovalsFile { socket, ..ApprovalsFile::default() };
    let snapshot = move |file: ApprovalsFile| PolicySnapshot {
        path: "/p".into(),
        exists: true,
        hash: "h".into(),
        file,
        problem: None,
    };
    let mut policy = MockApprovalPolicy::new();
    let loaded = snapshot(before.clone());
    policy.expect_load().returning(move || loaded.clone());
    policy
        .expect_store()
        .withf(|file, base| {
            let token = file.socket.as_ref().and_then(|socket| socket.token.as_deref());
            let id = file.agents["main"].allowlist[0].id.as_deref();
            (token, id, base.as_deref()) == (Some("canary"), Some("uuid-1"), Some("h"))
        })
        .times(1)
        .returning(move |file, _| Ok(snapshot(file.clone())));
    let house = with(Arc::default(), policy);

    let read = house.approvals.policy().await.unwrap();
    assert!(!format!("{:?}", serde_json::to_string(&read.file)).contains("canary"));
    let entry = AllowedProgram { pattern: "/usr/bin/rg".into(), ..AllowedProgram::default() };
    let agent = AgentApprovals { allowlist: vec![entry], ..AgentApprovals::default() };
    let file = ApprovalsFile { agents: [("main".into(), agent)].into(), ..Default::default() };
    let written = house.approvals.set_policy(file, Some("h".into())).await.unwrap();
    assert!(written.file.socket.unwrap().token.is_none());
}
