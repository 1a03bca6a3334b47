//! What Slack sends, on a socket.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use domain::time::Timestamp;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ports::{
    config::Config,
    driven::{Clock, ConfigSnapshot, ConfigSource, Macs},
    driving::{SlackBody, SlackDelivery, SlackInbox, SlackRefusal},
};
use ring::hmac;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{Deps, area};

const NOW: u64 = 1_700_000_000;
const EVENT: &str = r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}"#;

#[derive(Default)]
struct Inbox {
    is_away: Mutex<bool>,
    taken: Mutex<Vec<SlackDelivery>>,
}

#[async_trait]
impl SlackInbox for Inbox {
    async fn deliver(&self, delivery: SlackDelivery) -> Result<(), SlackRefusal> {
        if *self.is_away.lock().unwrap() {
            return Err(SlackRefusal::NotRunning);
        }
        self.taken.lock().unwrap().push(delivery);
        Ok(())
    }
}

struct Seals;

impl Macs for Seals {
    fn is_seal(&self, secret: &str, before: &str, body: &[u8], seal: &[u8; 32]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hmac::verify(&key, &[before.as_bytes(), body].concat(), seal).is_ok()
    }

    fn is_same(&self, _: &str, _: &str) -> bool {
        unreachable!("Slack shows no token")
    }
}

struct Settings(Arc<Config>);

impl ConfigSource for Settings {
    fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0)
    }

    fn snapshot(&self) -> ConfigSnapshot {
        unreachable!("nobody looks at the file")
    }
}

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(NOW * 1_000 + 999)
    }
}

/// The area on a socket. Dropping it closes everything.
struct House {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    _serving: JoinSet<()>,
}

impl House {
    async fn open(slack: &str) -> Self {
        let config: Config =
            serde_json::from_str(&format!(r#"{{"channels":{{"slack":{slack}}}}}"#)).unwrap();
        let inbox = Arc::new(Inbox::default());
        let area = area(Deps {
            inbox: Arc::clone(&inbox) as Arc<dyn SlackInbox>,
            macs: Arc::new(Seals),
            clock: Arc::new(Fixed),
            config: Arc::new(Settings(config.into())),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, http_kit::areas(vec![area])));
        Self { address, inbox, _serving: serving }
    }

    async fn one() -> Self {
        Self::open(r#"{"mode":"http","signingSecret":"s"}"#).await
    }

    /// Sends these bytes. Returns the status and the body of the answer.
    async fn ask(&self, request: &str) -> (u16, String) {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut said = String::new();
        socket.read_to_string(&mut said).await.unwrap();
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    /// Sends a request as Slack would with this secret.
    async fn slack(&self, secret: &str, path: &str, kind: &str, body: &str) -> (u16, String) {
        let signature = signature(secret, NOW, body);
        self.ask(&request(path, kind, NOW, &signature, body)).await
    }

    async fn event(&self, body: &str) -> u16 {
        self.slack("s", "/slack/events", "application/json", body).await.0
    }

    fn taken(&self) -> Vec<SlackDelivery> {
        std::mem::take(&mut *self.inbox.taken.lock().unwrap())
    }
}

fn signature(secret: &str, time: u64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{time}:{body}").as_bytes());
    tag.as_ref().iter().fold("v0=".to_owned(), |hex, byte| format!("{hex}{byte:02x}"))
}

fn request(path: &str, kind: &str, time: u64, signature: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         X-Slack-Request-Timestamp: {time}\r\nX-Slack-Signature: {signature}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn serve(listener: TcpListener, handler: http_kit::Handler) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let handler = Arc::clone(&handler);
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let answer = handler(request);
                async { Ok::<_, Infallible>(answer.await) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// V-97: whoever did not sign is nobody, wherever the request comes from.
#[tokio::test]
async fn only_slack_is_listened_to() {
    let house = House::one().await;
    let good = signature("s", NOW, EVENT);
    let ask = async |time, signature: &str, body: &str| {
        let request = request("/slack/events", "application/json", time, signature, body);
        house.ask(&request).await.0
    };
    #[rustfmt::skip]
    let table = [
        (NOW,       signature("t", NOW, EVENT),       EVENT.to_owned()),
        (NOW,       good.clone(),                     EVENT.replace("Ev1", "Ev2")),
        (NOW + 1,   good.clone(),                     EVENT.to_owned()),
        (NOW - 301, signature("s", NOW - 301, EVENT), EVENT.to_owned()),
        (NOW + 301, signature("s", NOW + 301, EVENT), EVENT.to_owned()),
        (NOW,       good.to_uppercase(),              EVENT.to_owned()),
        (NOW,       good.replace("v0", "v1"),         EVENT.to_owned()),
        (NOW,       String::new(),                    EVENT.to_owned()),
    ];
    for (time, signature, body) in table {
        assert_eq!(ask(time, &signature, &body).await, 401, "{time} {signature}");
    }
    assert_eq!(house.taken().len(), 0);
    assert_eq!(ask(NOW - 300, &signature("s", NOW - 300, EVENT), EVENT).await, 200);
    assert_eq!(house.taken().len(), 1);

    let get = "GET /slack/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(house.ask(get).await.0, 405);
    // Nothing of the body is waited for.
    let unsigned = "POST /slack/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                    Content-Length: 2097152\r\n\r\n";
    assert_eq!(house.ask(unsigned).await.0, 401);
    let huge = format!(
        "POST /slack/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2097152\r\n\
         X-Slack-Request-Timestamp: {NOW}\r\nX-Slack-Signature: {good}\r\n\r\n"
    );
    assert_eq!(house.ask(&huge).await.0, 413);
}

#[tokio::test]
async fn slack_makes_sure_that_somebody_is_there() {
    let house = House::one().await;
    let challenge = r#"{"type":"url_verification","challenge":"a\"b"}"#;
    let answer = house.slack("s", "/slack/events", "application/json", challenge).await;
    assert_eq!(answer, (200, r#"{"challenge":"a\"b"}"#.to_owned()));
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    let check = house.slack("s", "/slack/events", form, "ssl_check=1&token=x").await;
    assert_eq!(check, (200, String::new()));
    assert_eq!(house.event("{").await, 400);
    assert_eq!(house.taken().len(), 0);
}

#[tokio::test]
async fn commands_come_as_forms() {
    let house = House::one().await;
    let form = "application/x-www-form-urlencoded";
    let typed = "command=%2Fask&text=a+b&trigger_id=7";
    for _ in 0..2 {
        let answer = house.slack("s", "/integrations/slack/events", form, typed).await;
        assert_eq!(answer, (200, String::new()));
    }
    let taken = house.taken();
    assert_eq!(taken.len(), 1, "what comes twice is handed on once");
    assert_eq!((&*taken[0].account, taken[0].name.as_deref()), ("default", Some("7")));
    let fields = [("command", "/ask"), ("text", "a b"), ("trigger_id", "7")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert!(taken[0].body == SlackBody::Form(fields.to_vec()));
}

#[tokio::test]
async fn what_nobody_takes_may_come_again() {
    let house = House::one().await;
    *house.inbox.is_away.lock().unwrap() = true;
    let answer = house.slack("s", "/slack/events", "application/json", EVENT).await;
    assert_eq!(answer, (503, r#"{"ok":false,"error":"the Slack channel is not running"}"#.into()));
    *house.inbox.is_away.lock().unwrap() = false;
    for _ in 0..3 {
        assert_eq!(house.event(EVENT).await, 200);
    }
    let taken = house.taken();
    assert_eq!(taken.len(), 1);
    assert!(taken[0].body == SlackBody::Json(EVENT.into()), "to the byte");
    assert_eq!(house.event(&EVENT.replace("Ev1", "Ev2")).await, 200);
    assert_eq!(house.taken().len(), 1);
}

/// V-100: each account has its own secret, and the first at a path is there.
#[tokio::test]
async fn accounts_are_kept_apart() {
    let house = House::open(
        r#"{"mode":"http","accounts":{"a":{"signingSecret":"s"},"b":{"signingSecret":"t"},
            "c":{"signingSecret":"u","webhookPath":"/c"},"d":{"webhookPath":"/d"}}}"#,
    )
    .await;
    let ask = async |secret, path| house.slack(secret, path, "application/json", EVENT).await.0;
    assert_eq!(ask("s", "/slack/events").await, 200);
    assert_eq!(ask("t", "/slack/events").await, 401);
    assert_eq!(ask("u", "/c").await, 200);
    assert_eq!(ask("s", "/c").await, 401);
    assert_eq!(ask("", "/d").await, 404, "nobody could know that it is Slack");
    let accounts: Vec<_> = house.taken().into_iter().map(|taken| taken.account).collect();
    assert_eq!(accounts, ["a".into(), "c".into()]);
}
