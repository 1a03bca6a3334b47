//! The life of a message, with ports that are made up.

use std::sync::Mutex;

use domain::{
    access::Scopes,
    agent::FailureKind,
    ids::AgentId,
    run::{RunStatus, Usage},
    session::Session,
    time::Timestamp,
};
use futures_util::{StreamExt, stream};
use ports::{
    BoxError, BoxFuture,
    config::Config,
    driven::{
        AgentError, AgentEvent, AgentTurn, Change, CommitError, Committed, FinishReason,
        HistoryPage, Journal, MockAgentRuntime, MockArchive, MockClock, MockConfigSource,
        MockEntropy, ModelMessage, ModelRole, Sampling, StoreError, ToolUse, Urgency,
    },
    driving::{Conversations, Outcome, Question, Reply},
    event::{Body, ChatRecord, ChatState, Event, Topic},
};
use tokio::sync::mpsc;

use crate::agents::Catalogue;

use super::*;

/// Keeps what it is given, unless it is told to refuse.
#[derive(Default)]
struct Notebook {
    changes: Mutex<Vec<Change>>,
    full: std::sync::atomic::AtomicBool,
}

impl Journal for Notebook {
    fn submit(
        &self,
        changes: Vec<Change>,
        _: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>> {
        if self.full.load(std::sync::atomic::Ordering::Relaxed) {
            let full = StoreError::Full(BoxError::from("no space"));
            return Box::pin(std::future::ready(Err(full.into())));
        }
        let mut kept = self.changes.lock().unwrap();
        let appended = changes.iter().filter(|it| matches!(it, Change::Append { .. })).count();
        kept.extend(changes);
        let offsets = (1..=u64::try_from(appended).unwrap()).collect();
        Box::pin(std::future::ready(Ok(Committed { offsets })))
    }
}

impl Notebook {
    fn count(&self, wanted: impl Fn(&Change) -> bool) -> usize {
        self.changes.lock().unwrap().iter().filter(|change| wanted(change)).count()
    }
}

struct Told(mpsc::UnboundedSender<Event>);

impl EventSink for Told {
    fn publish(&self, event: Event) {
        let _ = self.0.send(event);
    }
    fn subscribe(&self, _: domain::client::ClientId, _: Topic) {}
    fn unsubscribe(&self, _: domain::client::ClientId, _: &Topic) {}
    fn clients(&self) -> usize {
        0
    }
}

struct Scene {
    chat: Chat,
    notebook: Arc<Notebook>,
    events: mpsc::UnboundedReceiver<Event>,
}

fn scene(agent: MockAgentRuntime) -> Scene {
    let mut archive = MockArchive::new();
    archive.expect_session().returning(|_| Ok(None));
    archive.expect_history().returning(|_, _| Ok(HistoryPage::default()));
    archive.expect_run().returning(|_| Ok(None));
    let mut clock = MockClock::new();
    let ticks = std::sync::atomic::AtomicU64::new(1_000);
    clock.expect_now().returning(move || {
        Timestamp::from_millis(ticks.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    });
    let mut entropy = MockEntropy::new();
    let names = std::sync::atomic::AtomicU64::new(1);
    entropy.expect_uuid().returning(move || {
        format!("uuid-{}", names.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    });
    let mut config = MockConfigSource::new();
    let mut two_may_wait = Config::default();
    two_may_wait.gateway.limits.queued_runs_per_session = 2;
    let two_may_wait = Arc::new(two_may_wait);
    config.expect_current().returning(move || Arc::clone(&two_may_wait));
    let config: Arc<dyn ConfigSource> = Arc::new(config);
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let archive: Arc<dyn Archive> = Arc::new(archive);
    let notebook = Arc::new(Notebook::default());
    let (sender, events) = mpsc::unbounded_channel();
    let deps = Deps {
        agent: Arc::new(agent),
        agents: Agents::new(
            Catalogue::new(Vec::new(), Vec::new()),
            Arc::clone(&config),
            Arc::clone(&clock),
        ),
        book: Book::new(Arc::clone(&archive), Arc::clone(&notebook) as Arc<dyn Journal>),
        archive,
        clock,
        config,
        entropy: Arc::new(entropy),
        events: Arc::new(Told(sender)),
        meter: Arc::new(ports::driven::NoMeter),
        system_events: SystemEvents::default(),
        tasks: TaskTracker::new(),
    };
    Scene { chat: Chat::new(deps), notebook, events }
}

/// An agent that says these words and is finished.
fn saying(words: &'static [&'static str]) -> MockAgentRuntime {
    let mut agent = MockAgentRuntime::new();
    agent.expect_start().returning(move |_: AgentTurn| {
        let said = words.iter().map(|word| Ok(AgentEvent::Text((*word).to_owned())));
        let usage = Usage { input: 3, output: 2, ..Usage::default() };
        let end = [Ok(AgentEvent::Usage(usage)), Ok(AgentEvent::End(FinishReason::Stop))];
        Ok(Box::pin(stream::iter(said.chain(end).collect::<Vec<_>>())))
    });
    agent
}

/// An agent that says one word and then nothing more.
fn hanging() -> MockAgentRuntime {
    let mut agent = MockAgentRuntime::new();
    agent.expect_start().returning(|_: AgentTurn| {
        let said = stream::iter([Ok(AgentEvent::Text("thinking".to_owned()))]);
        Ok(Box::pin(said.chain(stream::pending())))
    });
    agent
}

fn message(run: &str) -> Send {
    Send {
        key: "agent:main:main".parse().unwrap(),
        client_key: "main".into(),
        run: run.parse().unwrap(),
        text: "hello".to_owned(),
        attachments: Vec::new(),
        thinking: None,
        timeout: None,
        model: None,
        instructions: None,
        may_command: Scopes::all(),
        sender: None,
    }
}

fn question(run: &str) -> Question {
    Question {
        run: run.parse().unwrap(),
        session: "agent:main:openai:1".parse().unwrap(),
        fresh: true,
        agent: AgentId::main(),
        history: Vec::new(),
        message: ModelMessage::text(ModelRole::User, "hello"),
        instructions: None,
        model: None,
        thinking: None,
        sampling: Sampling::default(),
        tools: ToolUse::default(),
    }
}

impl Scene {
    /// The next thing clients are told about an answer.
    async fn chat_event(&mut self) -> ChatRecord {
        loop {
            match self.events.recv().await.unwrap().body {
                Body::Chat(ChatRecord { state: ChatState::Status(_), .. }) => (),
                Body::Chat(record) => return record,
                _ => (),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_streamed_summed_up_and_written_down() {
    let mut scene = scene(saying(&["Good ", "morning", "!"]));
    let sent = scene.chat.send(message("r1")).await.unwrap();
    assert_eq!(sent, Sent::Started { queued_ahead: 0 });

    let first = scene.chat_event().await;
    assert_eq!(&*first.session_key, "main", "the client's own spelling");
    let ChatState::Delta(delta) = first.state else { panic!("{first:?}") };
    assert_eq!(delta.added(), "Good ");
    let ChatState::Delta(delta) = scene.chat_event().await.state else { panic!() };
    assert_eq!((&*delta.text, delta.added()), ("Good morning!", "morning!"));
    let ChatState::Final { message, stop_reason } = scene.chat_event().await.state else {
        panic!()
    };
    assert_eq!(stop_reason.as_deref(), Some("stop"));
    assert!(message.unwrap().as_str().contains("Good morning!"));

    assert_eq!(scene.notebook.count(|it| matches!(it, Change::Append { .. })), 2);
    assert_eq!(scene.notebook.count(|it| matches!(it, Change::EndRun { .. })), 1);
    let Waited::Ended(summary) =
        scene.chat.wait(&"r1".parse().unwrap(), Duration::ZERO).await.unwrap()
    else {
        panic!()
    };
    assert_eq!((summary.status, &*summary.text), (RunStatus::Ok, "Good morning!"));
}

/// What an answer used is handed in with its end, so that there is never one
/// without the other.
#[tokio::test(start_paused = true)]
async fn what_an_answer_used_is_written_with_it() {
    let scene = scene(saying(&["Good morning!"]));
    scene.chat.send(message("r1")).await.unwrap();
    scene.chat.until_idle().await;
    let changes = scene.notebook.changes.lock().unwrap();
    let [.., Change::Append { record, .. }, Change::EndRun { .. }, Change::Spend(spent)] =
        changes.as_slice()
    else {
        panic!("{changes:?}")
    };
    assert_eq!((spent.tokens.input, spent.tokens.output), (3, 2));
    assert_eq!((spent.session.as_str(), spent.at), ("agent:main:main", record.at));
    assert_eq!((spent.asked, spent.failed, spent.cost), (true, false, None));
}

#[tokio::test(start_paused = true)]
async fn what_used_nothing_leaves_nothing_to_pay() {
    let scene = scene(hanging());
    scene.chat.send(message("r1")).await.unwrap();
    let stop = Send { text: "stop".to_owned(), ..message("r2") };
    scene.chat.send(stop).await.unwrap();
    scene.chat.until_idle().await;
    assert_eq!(scene.notebook.count(|it| matches!(it, Change::EndRun { .. })), 1);
    assert_eq!(scene.notebook.count(|it| matches!(it, Change::Spend(_))), 0);
}

#[tokio::test(start_paused = true)]
async fn the_same_message_twice_is_one_run() {
    let scene = scene(hanging());
    let (one, two) = tokio::join!(scene.chat.send(message("r1")), scene.chat.send(message("r1")));
    let both = [one.unwrap(), two.unwrap()];
    assert!(both.contains(&Sent::Started { queued_ahead: 0 }), "{both:?}");
    assert!(both.contains(&Sent::InFlight), "{both:?}");
    assert_eq!(scene.notebook.count(|it| matches!(it, Change::BeginRun(_))), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_word_stops_the_active_and_the_waiting_runs() {
    let mut scene = scene(hanging());
    scene.chat.send(message("r1")).await.unwrap();
    assert_eq!(scene.chat.send(message("r2")).await.unwrap(), Sent::Started { queued_ahead: 1 });
    let stop = Send { text: " STOP ".to_owned(), ..message("r3") };
    let Sent::Stopped(runs) = scene.chat.send(stop).await.unwrap() else { panic!() };
    assert_eq!(runs.len(), 2);

    let mut aborted = 0;
    while aborted < 2 {
        if let ChatState::Aborted { reason, .. } = scene.chat_event().await.state {
            assert_eq!(reason, StopReason::Stop);
            aborted += 1;
        }
    }
    scene.chat.until_idle().await;
    assert_eq!(scene.notebook.count(|it| matches!(it, Change::EndRun { .. })), 2);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_is_not_accepted_and_blocks_nobody() {
    let scene = scene(saying(&["yes"]));
    scene.notebook.full.store(true, std::sync::atomic::Ordering::Relaxed);
    let refused = scene.chat.send(message("r1")).await;
    let full = |error: &SendError| {
        matches!(error, SendError::Commit(CommitError::Store(StoreError::Full(_))))
    };
    assert!(refused.as_ref().is_err_and(full), "{refused:?}");

    scene.notebook.full.store(false, std::sync::atomic::Ordering::Relaxed);
    let sent = scene.chat.send(message("r1")).await;
    assert!(matches!(sent, Ok(Sent::Started { .. })), "{sent:?}");
    let waited = scene.chat.wait(&"r1".parse().unwrap(), Duration::from_secs(9)).await.unwrap();
    assert!(matches!(waited, Waited::Ended(_)));
}

#[tokio::test(start_paused = true)]
async fn a_listener_gets_the_answer_and_aborts_by_leaving() {
    let scene = scene(saying(&["one ", "two"]));
    let replies: Vec<Reply> = scene.chat.ask(question("r1")).await.unwrap().collect().await;
    let [Reply::Text(one), Reply::Text(two), Reply::End(Outcome::Done { text, usage, .. })] =
        replies.as_slice()
    else {
        panic!("{replies:?}")
    };
    assert_eq!((one.as_str(), two.as_str(), text.as_str()), ("one ", "two", "one two"));
    assert_eq!(usage.total(), 5);

    let mut scene = self::scene(hanging());
    let mut answer = scene.chat.ask(question("r2")).await.unwrap();
    assert_eq!(answer.next().await, Some(Reply::Text("thinking".to_owned())));
    drop(answer);
    loop {
        if let ChatState::Aborted { reason, .. } = scene.chat_event().await.state {
            assert_eq!(reason, StopReason::Disconnected);
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_reaches_everyone_in_words() {
    let mut agent = MockAgentRuntime::new();
    agent.expect_start().returning(|_| {
        Err(AgentError { kind: FailureKind::Auth, message: "the key was refused".to_owned() })
    });
    let mut scene = scene(agent);
    scene.chat.send(message("r1")).await.unwrap();
    let ChatState::Error { message, kind } = scene.chat_event().await.state else { panic!() };
    assert_eq!((&*message, kind), ("the key was refused", Some(FailureKind::Auth)));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_so_and_draining_ends_everything() {
    let scene = scene(hanging());
    for run in ["r1", "r2", "r3"] {
        scene.chat.send(message(run)).await.unwrap();
    }
    assert!(matches!(scene.chat.send(message("r4")).await, Err(SendError::QueueFull)));
    scene.chat.drain(Duration::from_secs(30)).await;
    assert!(matches!(scene.chat.send(message("r5")).await, Err(SendError::Stopping)));
    let interrupted = |change: &Change| match change {
        Change::EndRun { end, .. } => end.stop == Some(StopReason::Shutdown),
        _ => false,
    };
    assert_eq!(scene.notebook.count(interrupted), 3);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_may_not_be_spoken_in_is_left_alone() {
    let scene = scene(saying(&["no"]));
    let key: SessionKey = "agent:main:main".parse().unwrap();
    let opened = scene.chat.0.deps.book.open(&key).await.unwrap();
    let (receipt, ()) = opened
        .edit(Urgency::Now, |slot| {
            let id = "t".parse().unwrap();
            let mut session = Session::fresh(key.clone(), id, Timestamp::from_millis(1));
            session.settings.send_policy = Some(domain::session::SendPolicy::Deny);
            *slot = Some(session);
            Ok::<_, CommitError>((Vec::new(), ()))
        })
        .unwrap();
    receipt.await.unwrap();
    assert!(matches!(scene.chat.send(message("r1")).await, Err(SendError::Blocked)));
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_first_is_first_however_long_opening_takes() {
    let scene = scene(hanging());
    let key: SessionKey = "agent:main:main".parse().unwrap();
    // Whoever is first is still busy with the session when the others come.
    let first = scene.chat.0.deps.book.turn(&key).await;
    let sends = ["r1", "r2", "r3"].map(|run| scene.chat.send(message(run)));
    let ((), sent) =
        tokio::join!(async move { drop(first) }, futures_util::future::join_all(sends));
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    let begun: Vec<String> = {
        let changes = scene.notebook.changes.lock().unwrap();
        let begun = changes.iter().filter_map(|change| match change {
            Change::BeginRun(record) => Some(record.run.to_string()),
            _ => None,
        });
        begun.collect()
    };
    assert_eq!(begun, ["r1", "r2", "r3"]);
}
