//! What is told of what was used.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use domain::spending::{Money, Price, Spending, Tokens};
use ports::{
    Json,
    config::Config,
    driven::{
        HistoryPage, MockArchive, MockClock, MockConfigSource, Record, SessionPage, SpendingPage,
        SpendingPlace, StoredRecord, TimeZone,
    },
};

use super::*;

const DAY: u64 = 86_400_000;
/// A moment on the 20,000th day.
const NOW: u64 = 20_000 * DAY + 1_000;

struct OnlyUtc;

impl TimeZone for OnlyUtc {
    fn ahead(&self, _: Timestamp) -> i32 {
        0
    }
}

impl TimeZones for OnlyUtc {
    fn here(&self) -> Arc<dyn TimeZone> {
        Arc::new(Self)
    }

    fn named(&self, _: &str) -> Option<Arc<dyn TimeZone>> {
        None
    }
}

struct Scene {
    spendings: Spendings,
    now: Arc<AtomicU64>,
    config: Arc<Mutex<Arc<Config>>>,
    pages: Arc<AtomicUsize>,
}

fn config(price: f64) -> Arc<Config> {
    let config = serde_json::json!({
        "models": { "providers": { "p": { "models": [
            { "id": "known", "cost": { "input": price, "output": 0 } },
        ] } } }
    });
    Arc::new(serde_json::from_value(config).unwrap())
}

fn money(dollars: f64) -> Money {
    Money::from_dollars(dollars).unwrap()
}

fn session(key: &str, id: &str) -> Session {
    Session::fresh(key.parse().unwrap(), id.parse().unwrap(), Timestamp::from_millis(NOW))
}

fn spent(key: &str, id: &str, days_ago: u64, model: &str) -> Spending {
    let session: SessionKey = key.parse().unwrap();
    Spending {
        at: Timestamp::from_millis(NOW - days_ago * DAY),
        agent: session.agent().unwrap(),
        session,
        transcript: id.parse().unwrap(),
        model: Some(format!("p/{model}").parse().unwrap()),
        tokens: Tokens { input: 1_000_000, ..Tokens::default() },
        cost: None,
        asked: true,
        tools: Vec::new(),
        failed: false,
    }
}

/// A gateway with these conversations, in which this was used, in the order of
/// time, and a price of one dollar for a million tokens.
fn scene(sessions: Vec<Session>, spendings: Vec<Spending>) -> Scene {
    let pages = Arc::new(AtomicUsize::new(0));
    let mut archive = MockArchive::new();
    let (read, known) = (Arc::clone(&pages), sessions.clone());
    archive.expect_spendings().returning(move |query| {
        read.fetch_add(1, Ordering::Relaxed);
        let fits = |it: &(usize, &Spending)| {
            let place = SpendingPlace { at: it.1.at, number: it.0 as u64 + 1 };
            query.after < place
                && it.1.at <= query.until
                && query.session.as_ref().is_none_or(|session| *session == it.1.session)
        };
        let found: Vec<_> = spendings.iter().enumerate().filter(fits).take(query.limit).collect();
        let place =
            |it: &(usize, &Spending)| SpendingPlace { at: it.1.at, number: it.0 as u64 + 1 };
        let next = found.last().filter(|_| found.len() == query.limit).map(place);
        Ok(SpendingPage { next, spendings: found.into_iter().map(|it| it.1.clone()).collect() })
    });
    archive
        .expect_session()
        .returning(move |key| Ok(known.iter().find(|it| it.key == *key).cloned()));
    archive.expect_sessions().returning(move |query| {
        let fits = |it: &&Session| query.agent.is_none() || it.key.agent() == query.agent;
        let sessions = sessions.iter().filter(fits).take(query.limit.unwrap()).cloned().collect();
        Ok(SessionPage { sessions, more: false })
    });
    archive.expect_history().returning(|_, query| {
        let record = |(id, at, message): (&str, u64, serde_json::Value)| StoredRecord {
            offset: at,
            record: Record {
                id: id.parse().unwrap(),
                at: Timestamp::from_millis(at),
                message: Json::of(&message),
            },
        };
        let usage = serde_json::json!({ "input": 500_000, "totalTokens": 500_000 });
        let answer = |model: &str| {
            serde_json::json!({ "role": "assistant", "content": "x".repeat(3_000), "timestamp": 2,
                "provider": "p", "model": model, "usage": usage })
        };
        let records = vec![
            record(("a", 1, serde_json::json!({ "role": "user", "content": "hello" }))),
            record(("b", 2, answer("known"))),
            record(("c", 3, serde_json::json!({ "role": "system", "content": "hidden" }))),
            record(("d", 4, answer("new"))),
        ];
        let skip = records.len().saturating_sub(query.limit);
        Ok(HistoryPage { records: records.into_iter().skip(skip).collect(), more: false })
    });
    let now = Arc::new(AtomicU64::new(NOW));
    let mut clock = MockClock::new();
    let wall = Arc::clone(&now);
    clock.expect_now().returning(move || Timestamp::from_millis(wall.load(Ordering::Relaxed)));
    let current = Arc::new(Mutex::new(config(1.0)));
    let mut source = MockConfigSource::new();
    let shown = Arc::clone(&current);
    source.expect_current().returning(move || Arc::clone(&shown.lock().unwrap()));
    let spendings = Spendings::new(Deps {
        archive: Arc::new(archive),
        clock: Arc::new(clock),
        config: Arc::new(source),
        zones: Arc::new(OnlyUtc),
    });
    Scene { spendings, now, config: current, pages }
}

impl Scene {
    fn days(&self, days: u32) -> Period {
        self.spendings.period(&Asked { days: Some(days), ..Asked::default() }).unwrap()
    }

    async fn cost(&self, days: u32) -> Arc<CostSummary> {
        self.spendings.cost(&self.days(days), None).await.unwrap()
    }

    async fn sessions(&self, asked: impl FnOnce(SessionsAsked) -> SessionsAsked) -> SessionsSpent {
        let period = self.days(30);
        let all = SessionsAsked { period, agent: None, session: None, family: false, limit: 50 };
        self.spendings.sessions(asked(all)).await.unwrap()
    }
}

const MAIN: &str = "agent:main:main";
const WORK: &str = "agent:work:main";

#[tokio::test]
async fn costs_are_summed_up_by_day_and_what_has_no_price_is_counted() {
    let scene = scene(
        Vec::new(),
        vec![
            spent(MAIN, "old", 40, "known"),
            spent(MAIN, "t", 2, "known"),
            spent(WORK, "w", 0, "known"),
            spent(MAIN, "t", 0, "new"),
        ],
    );
    let told = scene.cost(30).await;
    let days: Vec<_> = told
        .daily
        .iter()
        .map(|(date, it)| (date.as_str(), it.cost.total().dollars(), it.missing()))
        .collect();
    assert_eq!(days, [("2024-10-02", 1.0, 0), ("2024-10-04", 1.0, 1)]);
    assert_eq!((told.days, told.totals.tokens.input), (30, 3_000_000));

    let main = scene.spendings.cost(&scene.days(30), Some(AgentId::main())).await.unwrap();
    assert_eq!(main.totals.cost.total(), money(1.0));
    assert_eq!(scene.cost(41).await.totals.cost.total(), money(3.0));
}

#[tokio::test]
async fn an_answer_costs_what_it_cost_when_it_was_given() {
    let price = Price::per_million(Some(7.0), None, None, None);
    let mut then = spent(MAIN, "t", 0, "known");
    then.cost = price.of(then.tokens);
    let scene = scene(Vec::new(), vec![then, spent(MAIN, "t", 0, "known")]);
    assert_eq!(scene.cost(1).await.totals.cost.total(), money(8.0));
}

#[tokio::test]
async fn what_was_told_is_told_again_for_half_a_minute() {
    let scene = scene(Vec::new(), vec![spent(MAIN, "t", 0, "known")]);
    let reads = || scene.pages.load(Ordering::Relaxed);
    let (one, other) = tokio::join!(scene.cost(7), scene.cost(7));
    assert!(Arc::ptr_eq(&one, &other));
    assert_eq!(reads(), 1);
    scene.now.fetch_add(29_999, Ordering::Relaxed);
    scene.cost(7).await;
    assert_eq!(reads(), 1);
    scene.cost(8).await;
    assert_eq!(reads(), 2, "of other days something else is told");
    scene.now.fetch_add(1, Ordering::Relaxed);
    scene.cost(7).await;
    assert_eq!(reads(), 3);
    *scene.config.lock().unwrap() = config(2.0);
    assert_eq!(scene.cost(7).await.totals.cost.total(), money(2.0), "prices changed");
}

#[tokio::test]
async fn however_much_was_used_it_is_read_in_pages() {
    let spendings = vec![spent(MAIN, "t", 0, "known"); 1_250];
    let scene = scene(Vec::new(), spendings);
    assert_eq!(scene.cost(1).await.totals.exchanges.answered, 1_250);
    assert_eq!(scene.pages.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn conversations_are_told_one_by_one_and_all_are_summed_up() {
    let scene = scene(
        vec![session(MAIN, "now"), session(WORK, "w")],
        vec![
            spent(MAIN, "before", 3, "known"),
            spent("agent:main:gone", "g", 2, "known"),
            spent(MAIN, "now", 1, "known"),
            spent(WORK, "w", 0, "known"),
        ],
    );
    let dollars = |it: &SessionsSpent| -> Vec<f64> {
        it.sessions.iter().map(|it| it.sums.total().cost.total().dollars()).collect()
    };
    let all = scene.sessions(|it| it).await;
    assert_eq!(dollars(&all), [1.0, 1.0]);
    assert_eq!((all.sums.total().cost.total().dollars(), all.count), (4.0, 3));
    assert_eq!(all.dates, ("2024-09-05".to_owned(), "2024-10-04".to_owned()));

    let family = scene.sessions(|it| SessionsAsked { family: true, ..it }).await;
    assert_eq!(dollars(&family), [2.0, 1.0]);
    let transcripts: Vec<_> =
        family.sessions[0].transcripts.iter().map(SessionId::as_str).collect();
    assert_eq!(transcripts, ["before", "now"]);

    let work = AgentId::normalize("work");
    let work = scene.sessions(|it| SessionsAsked { agent: Some(work), ..it }).await;
    assert_eq!((dollars(&work), work.count), (vec![1.0], 1));

    let few = scene.sessions(|it| SessionsAsked { limit: 1, ..it }).await;
    assert_eq!((few.sessions.len(), few.sums.total().exchanges.answered), (1, 4));

    let main = MAIN.parse().unwrap();
    let one = scene.sessions(|it| SessionsAsked { session: Some(main), ..it }).await;
    assert_eq!((dollars(&one), one.sums.total().exchanges.answered), (vec![1.0], 1));
}

#[tokio::test]
async fn of_a_conversation_nobody_knows_nothing_is_told() {
    let scene = scene(vec![session(MAIN, "t")], Vec::new());
    let nobody: SessionKey = "agent:main:nobody".parse().unwrap();
    let series = scene.spendings.series(&nobody).await;
    assert!(matches!(series, Err(SpendingError::UnknownSession)), "{series:?}");
    let messages = scene.spendings.messages(&nobody, 10).await;
    assert!(matches!(messages, Err(SpendingError::UnknownSession)), "{messages:?}");
    let period = scene.days(1);
    let asked =
        SessionsAsked { period, agent: None, session: Some(nobody), family: false, limit: 1 };
    assert!(matches!(scene.spendings.sessions(asked).await, Err(SpendingError::UnknownSession)));
}

#[tokio::test]
async fn a_series_is_that_of_the_current_transcript() {
    let mut used = vec![spent(MAIN, "before", 1, "known")];
    used.extend((0..700).map(|_| spent(MAIN, "now", 0, "known")));
    used.push(spent(WORK, "w", 0, "known"));
    let scene = scene(vec![session(MAIN, "now")], used);
    let (transcript, points) = scene.spendings.series(&MAIN.parse().unwrap()).await.unwrap();
    assert_eq!(transcript.as_str(), "now");
    assert!(points.len() <= POINTS);
    let cost: Money = points.iter().map(|point| point.cost).sum();
    assert_eq!(cost, money(700.0));
}

#[tokio::test]
async fn messages_are_told_with_what_they_used() {
    let scene = scene(vec![session(MAIN, "t")], Vec::new());
    let main = MAIN.parse().unwrap();
    let messages = scene.spendings.messages(&main, 200).await.unwrap();
    let used: Vec<_> = messages.iter().map(|it| (it.role.as_str(), it.used)).collect();
    assert_eq!(
        used,
        [
            ("user", None),
            ("assistant", Some((500_000, Some(0.5)))),
            ("assistant", Some((500_000, None))),
        ]
    );
    assert_eq!(messages[0].at, Timestamp::from_millis(1), "as it was written down");
    assert_eq!(messages[1].text.chars().count(), MESSAGE_CHARS + 1);
    assert_eq!(scene.spendings.messages(&main, 1).await.unwrap().len(), 1);
    assert_eq!(scene.spendings.messages(&main, 0).await.unwrap(), []);
}
