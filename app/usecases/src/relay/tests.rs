//! Requests that are passed on to providers that are made up.

mod telling;

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Scope, Scopes},
    agent::{FailureKind, ModelRef},
    ids::AgentId,
    relay::{Fault, Form},
    run::Usage,
};
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use ports::{
    BoxStream, Bytes,
    config::Config,
    driven::{
        Change, Committed, Entry, MockArchive, MockEntropy, MockJournal, ModelError, ModelEvent,
        ModelInfo, ModelMessage, ModelProvider, ModelRequest, ModelRole, RelayAnswer, RelayBody,
        RelayError, RelayRequest, RelayStream, Sampling, Setting, ToolUse, Unspoken, Used,
    },
    driving::{Passed, Passing, PassingBody, Relay as _, RelayRefusal, Relayed},
};
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Deps, Relay};
use crate::{
    agents::Catalogue,
    testing::{clock, config},
};

/// What a provider does next.
enum Turn {
    /// Answers, and this many tokens were read and said.
    Says(u64, u64),
    /// Answers in these pieces, `Err` being the end of the connection.
    Streams(Vec<Result<&'static str, Fault>>, Option<Usage>),
    /// Fails.
    Fails(Fault, Option<u64>),
    /// Tells this, when it is asked in its own form.
    Tells(Vec<Result<ModelEvent, FailureKind>>),
    /// Says nothing.
    Hangs,
}

use Turn::{Fails, Hangs, Says, Streams, Tells};

/// A provider that does what it is told, and remembers what it was asked.
struct Lab {
    name: &'static str,
    forms: &'static [Form],
    turns: Mutex<VecDeque<Turn>>,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl ModelProvider for Lab {
    fn name(&self) -> &str {
        self.name
    }

    fn known_models(&self) -> Vec<ModelInfo> {
        ["one", "two"].map(|id| ModelInfo { id: id.to_owned(), ..ModelInfo::default() }).to_vec()
    }

    async fn stream(
        &self,
        request: ModelRequest,
    ) -> Result<BoxStream<Result<ModelEvent, ModelError>>, ModelError> {
        self.asked.lock().unwrap().push(format!("{}/{} told", self.name, request.model));
        let turn = self.turns.lock().unwrap().pop_front().expect("it was asked too often");
        let Tells(events) = turn else { panic!("it was asked in its own form") };
        let failed = |kind| ModelError {
            discreet: Some("it failed".into()),
            ..ModelError::new(kind, "it failed at http://secret")
        };
        Ok(Box::pin(stream::iter(events.into_iter().map(move |event| event.map_err(failed)))))
    }

    async fn count_tokens(&self, request: ModelRequest) -> Result<Option<u64>, ModelError> {
        let length = request.messages.iter().map(|message| message.plain_text().len() as u64);
        match &*request.model {
            "one" => Ok(Some(length.sum())),
            "none" => Ok(None),
            _ => Err(ModelError::new(FailureKind::Overloaded, "it broke")),
        }
    }

    fn leaves_out(&self, request: &ModelRequest) -> Option<Unspoken> {
        let unspoken = Unspoken { setting: Setting::Seed, why: "unheard of" };
        request.sampling.seed.map(|_| unspoken)
    }

    fn forms(&self) -> &'static [Form] {
        self.forms
    }

    async fn relay(&self, request: RelayRequest) -> Result<RelayAnswer, RelayError> {
        self.asked.lock().unwrap().push(format!("{}/{}", self.name, request.model));
        let turn = self.turns.lock().unwrap().pop_front().expect("it was asked too often");
        let body = match turn {
            Fails(fault, wanted) => return Err(failure(fault, wanted)),
            Hangs => std::future::pending().await,
            Tells(_) => panic!("it was asked as it is"),
            Says(input, output) => {
                let usage = Some(Usage { input, output, ..Usage::default() });
                let used = Used { usage, events: 0 };
                RelayBody::Whole { bytes: Bytes::from_static(b"{}"), used }
            }
            Streams(pieces, usage) => {
                let used = Used { usage, events: pieces.len() as u64 };
                RelayBody::Stream(Box::pin(Pieces(pieces.into(), used)))
            }
        };
        Ok(RelayAnswer { status: 200, content_type: "x/y".into(), body })
    }
}

fn failure(fault: Fault, wanted: Option<u64>) -> RelayError {
    let mut error = ModelError::new(FailureKind::Overloaded, "it failed");
    error.retry_after = wanted.map(Duration::from_secs);
    RelayError { fault, error, said: None }
}

/// The pieces of an answer, and then nothing more unless the last one was the end.
struct Pieces(VecDeque<Result<&'static str, Fault>>, Used);

impl Stream for Pieces {
    type Item = Result<Bytes, RelayError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = self.0.pop_front().map(|piece| match piece {
            Ok(text) => Ok(Bytes::from_static(text.as_bytes())),
            Err(fault) => Err(failure(fault, None)),
        });
        Poll::Ready(piece)
    }
}

impl RelayStream for Pieces {
    fn used(&self) -> Used {
        self.1
    }
}

/// Its name, what it does, and the forms it takes.
type Provider = (&'static str, Vec<Turn>, &'static [Form]);

type Written = Arc<Mutex<Vec<(String, Value)>>>;

struct House {
    relay: Relay,
    asked: Arc<Mutex<Vec<String>>>,
    written: Written,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl House {
    /// A house with the provider `lab`, which does `lab`, and `spare`, which does
    /// `spare`.
    fn new(settings: &Value, lab: Vec<Turn>, spare: Vec<Turn>) -> Self {
        Self::after(settings, lab, spare, Vec::new())
    }

    fn after(
        settings: &Value,
        lab: Vec<Turn>,
        spare: Vec<Turn>,
        before: Vec<(&str, Value)>,
    ) -> Self {
        let providers: Vec<Provider> = vec![
            ("lab", lab, &[Form::Chat, Form::Embeddings]),
            ("spare", spare, &[Form::Chat]),
            ("none", Vec::new(), &[]),
        ];
        Self::of(settings, providers, before)
    }

    /// A house with these providers, in which that was written down `before`.
    fn of(settings: &Value, providers: Vec<Provider>, before: Vec<(&str, Value)>) -> Self {
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let provider = |(name, turns, forms): Provider| -> Arc<dyn ModelProvider> {
            let (turns, asked) = (Mutex::new(turns.into()), Arc::clone(&asked));
            Arc::new(Lab { name, forms, turns, asked })
        };
        let providers = providers.into_iter().map(provider).collect();
        let mut entries: Vec<Entry> = Vec::new();
        for (name, value) in before {
            let value = ports::Json::parse(value.to_string()).unwrap();
            entries.push(Entry { name: name.into(), value });
        }
        let mut archive = MockArchive::new();
        archive.expect_entries().returning(move |_| Ok(entries.clone()));
        let written: Written = Arc::default();
        let log = Arc::clone(&written);
        let mut journal = MockJournal::new();
        journal.expect_submit().returning(move |changes, _| {
            for change in changes {
                let Change::PutEntry { name, value, .. } = change else { panic!("{change:?}") };
                let value = serde_json::from_str(value.as_str()).unwrap();
                log.lock().unwrap().push((name.into(), value));
            }
            Box::pin(async { Ok(Committed::default()) })
        });
        let mut entropy = MockEntropy::new();
        entropy.expect_uuid().returning(|| "00000000-0000-4000-8000-000000000000".to_owned());
        let mut relay = json!({ "enabled": true });
        relay.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let settings = json!({
            "gateway": { "http": { "relay": relay } },
            "agents": {
                "defaults": { "memorySearch": { "provider": "lab", "model": "small" } },
                "list": [{ "id": "work", "memorySearch": { "provider": "lab", "model": "large" } }],
            },
        });
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let relay = Relay::new(Deps {
            archive: Arc::new(archive),
            catalogue: Catalogue::new(providers, Vec::new()),
            clock: clock(),
            config: config(serde_json::from_value::<Config>(settings).unwrap()),
            entropy: Arc::new(entropy),
            journal: Arc::new(journal),
            stop: stop.clone(),
            tasks: tasks.clone(),
        });
        Self { relay, asked, written, tasks, stop }
    }

    async fn ask(&self, caller: &Principal, model: &str) -> Relayed {
        self.relay.relay(caller, passed(model, Form::Chat)).await
    }

    /// What it was, in a word.
    async fn verdict(&self, caller: &Principal, model: &str) -> String {
        match self.ask(caller, model).await.answer {
            Ok(Passing::Copied(copied)) => copied.model.to_string(),
            Ok(Passing::Told { model, .. }) => format!("{model} told"),
            Err(RelayRefusal::Exhausted { retry_after, .. }) => {
                format!("in {} s", retry_after.as_secs())
            }
            Err(RelayRefusal::Provider(error)) => format!("{:?}", error.fault),
            Err(other) => other.to_string(),
        }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// What was used, in short: key, model, requests, failures, input, output.
    async fn used(&self) -> Vec<(String, String, [u64; 4])> {
        let rows = self.relay.usage(1).await.unwrap().into_iter().map(|row| {
            assert_eq!(row.date, "1970-01-01");
            let key = row.key.map_or("-".to_owned(), Into::into);
            let used = row.used;
            let counts = [used.requests, used.failures, used.input, used.output];
            (key, row.model.into(), counts)
        });
        rows.collect()
    }
}

/// Somebody says `text` to a model.
fn saying(text: &str) -> ModelRequest {
    ModelRequest {
        model: String::new(),
        system: None,
        messages: vec![ModelMessage::text(ModelRole::User, text)],
        thinking: None,
        sampling: Sampling::default(),
        tools: ToolUse::default(),
    }
}

fn passed(model: &str, form: Form) -> Passed {
    let body = Bytes::from(format!("{{\"model\":\"{model}\",\"pad\":\"{}\"}}", "x".repeat(60)));
    let model: ModelRef = model.parse().unwrap();
    Passed { form, model, body, name_at: 9..20, headers: Vec::new(), meaning: None }
}

fn owner() -> Principal {
    Principal {
        scopes: Scopes::NONE.with(Scope::Write),
        proof: Proof::Token,
        user: None,
        ..Principal::with_relay_key("nobody", true)
    }
}

fn key(name: &str) -> Principal {
    Principal::with_relay_key(name, true)
}

/// What two providers do, the settings, and what comes of it: the answer, who was
/// asked, and how long it took in milliseconds.
type Row = (Vec<Turn>, Vec<Turn>, Value, &'static str, &'static [&'static str], u64);

const MODEL: &str = "lab/one";

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_and_what_does_not_elsewhere() {
    let spare = json!({ "fallbacks": { "Lab/one": ["none/x", "nobody/x", "spare/two"] } });
    #[rustfmt::skip]
    let table: Vec<Row> = vec![
        // the lab                                      the spare one    settings       answer              asked                                    milliseconds
        (vec![Says(1, 1)],                              vec![],          json!({}),     "lab/one",          &["lab/one"],                            0),
        (vec![Fails(Fault::Refused(503), None), Says(1, 1)], vec![],     json!({}),     "lab/one",          &["lab/one", "lab/one"],                 200),
        (vec![Fails(Fault::Refused(429), Some(3)), Says(1, 1)], vec![],  json!({}),     "lab/one",          &["lab/one", "lab/one"],                 3_000),
        (vec![Fails(Fault::Refused(429), Some(99))],    vec![],          json!({}),     "Refused(429)",     &["lab/one"],                            0),
        (vec![Fails(Fault::Refused(429), Some(99))],    vec![Says(1, 1)], spare.clone(), "spare/two",       &["lab/one", "spare/two"],               0),
        (vec![Fails(Fault::Refused(400), None)],        vec![],          spare.clone(), "Refused(400)",     &["lab/one"],                            0),
        (vec![Fails(Fault::Silent, None)],              vec![Fails(Fault::Refused(401), None)], spare, "Refused(401)", &["lab/one", "spare/two"], 0),
        (vec![Streams(vec![Err(Fault::Broken)], None), Streams(vec![], None)], vec![], json!({}), "Garbled", &["lab/one", "lab/one"],                200),
        (vec![Fails(Fault::Unreachable, None), Fails(Fault::Broken, None), Fails(Fault::Unreachable, None)], vec![], json!({}), "Unreachable", &["lab/one", "lab/one", "lab/one"], 600),
    ];
    for (lab, spare, settings, answer, asked, millis) in table {
        let house = House::new(&settings, lab, spare);
        let began = tokio::time::Instant::now();
        assert_eq!(house.verdict(&owner(), MODEL).await, answer);
        assert_eq!(house.asked(), asked, "{answer}");
        assert_eq!(began.elapsed().as_millis(), u128::from(millis), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_used_is_written_down_by_key_and_model_and_survives() {
    let keys = json!({ "keys": { "ci": {} } });
    let lab = vec![Says(3, 4), Says(10, 20), Fails(Fault::Refused(400), None)];
    let house = House::new(&keys, lab, Vec::new());
    for (caller, answer) in [(key("ci"), MODEL), (key("ci"), MODEL), (owner(), "Refused(400)")] {
        assert_eq!(house.verdict(&caller, MODEL).await, answer);
    }
    let used = [
        ("-".to_owned(), MODEL.to_owned(), [1, 1, 0, 0]),
        ("ci".to_owned(), MODEL.to_owned(), [2, 0, 13, 24]),
    ];
    assert_eq!(house.used().await, used);
    assert!(house.written.lock().unwrap().is_empty(), "it waits for company");
    house.tasks.close();
    house.tasks.wait().await;
    let written = house.written.lock().unwrap().clone();
    assert_eq!(written.len(), 2, "one entry each, in one go: {written:?}");
    assert_eq!(written[1].0, "0/ci/lab/one");

    let before = written.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let before = before.chain([("what/ever", json!(1))]).collect();
    let house = House::after(&keys, vec![Says(1, 1)], Vec::new(), before);
    assert_eq!(house.used().await, used, "what cannot be read is left out");
    house.verdict(&key("ci"), MODEL).await;
    assert_eq!(house.used().await[1].2, [3, 0, 14, 25]);
    // Whoever stops does not wait.
    house.stop.cancel();
    let began = tokio::time::Instant::now();
    house.tasks.close();
    house.tasks.wait().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let total = json!({ "requests": 3, "failures": 0, "input": 14, "output": 25 });
    assert_eq!(*house.written.lock().unwrap(), [("0/ci/lab/one".to_owned(), total)]);
}

#[tokio::test(start_paused = true)]
async fn however_a_stream_ends_it_counts_once() {
    let usage = Some(Usage { input: 5, output: 6, ..Usage::default() });
    let pieces = || vec![Ok("a"), Ok("b"), Ok("c")];
    let breaks = vec![Ok("a"), Err(Fault::Broken)];
    let size = (passed(MODEL, Form::Chat).body.len() as u64).div_ceil(4);
    #[rustfmt::skip]
    let table = [
        // the stream                   pieces heard  counts
        (Streams(pieces(), usage),      9,            [1, 0, 5, 6]),
        (Streams(pieces(), None),       9,            [1, 0, size, 3]),
        (Streams(pieces(), None),       1,            [1, 0, size, 3]),
        (Streams(breaks, None),         9,            [1, 1, size, 2]),
    ];
    for (stream, heard, counts) in table {
        let house = House::new(&json!({}), vec![stream], Vec::new());
        let Ok(Passing::Copied(copied)) = house.ask(&owner(), MODEL).await.answer else {
            panic!("no answer")
        };
        let PassingBody::Stream(stream) = copied.body else { panic!("not a stream") };
        let _ = stream.take(heard).collect::<Vec<_>>().await;
        assert_eq!(house.used().await[0].2, counts);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_before_an_answer_leaves_a_failure_behind() {
    let keys = json!({ "keys": { "ci": { "tokensPerMinute": 1000 } } });
    let house = House::new(&keys, vec![Hangs, Says(0, 0)], Vec::new());
    let caller = key("ci");
    let asking = house.ask(&caller, MODEL);
    assert!(tokio::time::timeout(Duration::from_millis(1), asking).await.is_err());
    assert_eq!(house.used().await[0].2, [1, 1, 0, 0]);
    let standing = house.ask(&caller, MODEL).await.standing;
    let size = (passed(MODEL, Form::Chat).body.len() as u64).div_ceil(4);
    assert_eq!(standing.tokens.unwrap().remaining, 1000 - size, "what was taken is given back");
}

#[tokio::test(start_paused = true)]
async fn a_key_has_its_limits() {
    let keys = json!({ "keys": {
        "seldom": { "requestsPerMinute": 2 }, "little": { "tokensPerMinute": 100 },
        "daily": { "budgetTokensPerDay": 50 }, "narrow": { "models": ["spare/*"] },
    }, "fallbacks": { "lab/one": ["spare/one"], "spare/two": ["lab/one"] } });
    let says = |tokens| Says(tokens, 0);
    let lab = vec![says(1), says(1), says(300), says(50)];
    let spare = vec![Fails(Fault::Silent, None)];
    let house = House::new(&keys, lab, spare);
    #[rustfmt::skip]
    let table = [
        ("seldom", MODEL,       "lab/one"),
        ("seldom", MODEL,       "lab/one"),
        ("seldom", MODEL,       "in 30 s"),
        ("little", MODEL,       "lab/one"),
        // In debt by 200, and about 20 are asked for.
        ("little", MODEL,       "in 133 s"),
        ("daily",  MODEL,       "lab/one"),
        // The clock of the tests begins 1000 seconds after midnight.
        ("daily",  MODEL,       "in 85400 s"),
        ("narrow", MODEL,       "there is no model `lab/one`"),
        // Nor is anybody asked in its place who may not be.
        ("narrow", "spare/two", "Silent"),
        ("gone",   MODEL,       "there is no model `lab/one`"),
    ];
    for (name, model, expected) in table {
        let found = house.verdict(&key(name), model).await;
        assert_eq!(found, expected, "{name} {model}");
    }
    let standing = house.ask(&key("seldom"), MODEL).await.standing;
    assert_eq!(standing.requests.map(|it| (it.limit, it.remaining)), Some((2, 0)));
    assert_eq!(house.relay.models(&key("narrow")).len(), 2);
    assert_eq!(house.relay.models(&owner()).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_a_model_would_read_is_counted_for_whoever_may_ask_it() {
    let keys = json!({ "keys": {
        "twice": { "requestsPerMinute": 2 }, "narrow": { "models": ["spare/*"] },
    } });
    let house = House::new(&keys, Vec::new(), Vec::new());
    let said = "x".repeat(4000);
    #[rustfmt::skip]
    let table = [
        (owner(),       MODEL,        "Counted(4000)"),
        (key("twice"),  MODEL,        "Counted(4000)"),
        (key("narrow"), "spare/one",  "Counted(4000)"),
        (key("twice"),  "spare/none", "Estimated(1000)"),
        (key("twice"),  MODEL,        "in 30 s"),
        (key("narrow"), MODEL,        "there is no model `lab/one`"),
        (owner(),       "none/one",   "there is no model `none/one`"),
        (owner(),       "nobody/one", "there is no model `nobody/one`"),
        (owner(),       "lab/broken", "Provider"),
    ];
    for (caller, model, expected) in table {
        let (model, request) = (model.parse().unwrap(), saying(&said));
        let found = match house.relay.count(&caller, &model, request).await {
            Ok(count) => format!("{count:?}"),
            Err(RelayRefusal::Exhausted { retry_after, .. }) => {
                format!("in {} s", retry_after.as_secs())
            }
            Err(RelayRefusal::Provider(_)) => "Provider".to_owned(),
            Err(refusal) => refusal.to_string(),
        };
        assert_eq!(found, expected, "{model}");
    }
    assert!(house.asked().is_empty() && house.used().await.is_empty(), "nobody was asked");
}

#[tokio::test(start_paused = true)]
async fn only_models_of_providers_that_pass_on_are_taken() {
    let house = House::new(&json!({}), Vec::new(), Vec::new());
    for (model, taken) in [
        ("lab/anything", true),
        ("LAB/one", true),
        ("none/one", false),
        ("nobody/one", false),
        ("openclaw", false),
        ("", false),
    ] {
        assert_eq!(house.relay.takes(model), taken, "{model}");
    }
    let off = House::new(&json!({ "enabled": false }), Vec::new(), Vec::new());
    assert!(!off.relay.takes("lab/one"));
    assert_eq!(off.relay.models(&owner()), []);

    let refused = house.relay.relay(&owner(), passed("spare/one", Form::Embeddings)).await;
    let why = "the provider of spare/one takes no embeddings, only chat completions";
    assert_eq!(refused.answer.unwrap_err().to_string(), why);
    assert_eq!(house.verdict(&owner(), "none/one").await, "there is no model `none/one`");

    let embedder = |agent: Option<&str>| {
        let agent = agent.map(AgentId::normalize);
        house.relay.embedder(agent.as_ref()).unwrap().to_string()
    };
    assert_eq!(embedder(None), "lab/small");
    assert_eq!(embedder(Some("work")), "lab/large");
    assert_eq!(embedder(Some("main")), "lab/small");
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_comes_with_time() {
    let keys = json!({ "keys": { "ci": { "requestsPerMinute": 1 } } });
    let house = House::new(&keys, vec![Says(0, 0), Says(0, 0)], Vec::new());
    assert_eq!(house.verdict(&key("ci"), MODEL).await, MODEL);
    assert_eq!(house.verdict(&key("ci"), MODEL).await, "in 60 s");
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(house.verdict(&key("ci"), MODEL).await, MODEL);
}
