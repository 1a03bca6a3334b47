//! Webhooks on a socket, with fakes behind them.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    access::Principal,
    client::{Client, ClientId},
    hooks::WakeMode,
    run::RunStatus,
};
use http_kit::{Area, Ends};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ports::{
    config::Config,
    driven::{ConfigSnapshot, ConfigSource},
    driving::{
        Circumstances, Credentials, Doorkeeper, HookAnswer, HookCall, HookEnd, HookEntry,
        HookKnock, HookRefusal, Hooks, Knock, Refusal, RpcError, Welcome,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{Deps, area};

/// Lets in who knows the token, and strangers at `signed`; answers as it is told.
struct Doorman {
    answers: Mutex<Result<HookAnswer, HookRefusal>>,
    calls: Mutex<Vec<HookCall>>,
}

#[async_trait]
impl Hooks for Doorman {
    fn holds(&self, path: &str) -> bool {
        path.starts_with("/hooks/")
    }

    fn knock(&self, knock: &HookKnock<'_>) -> Result<HookEntry, HookRefusal> {
        let path: Box<str> = knock.path["/hooks/".len()..].into();
        match knock.token {
            _ if !knock.is_post => Err(HookRefusal::WrongMethod),
            _ if knock.has_query_token => Err(HookRefusal::TokenInQuery),
            Some("good") => {
                Ok(HookEntry { path, place: knock.place, is_known: true, body_limit: 9 })
            }
            None if &*path == "signed" => {
                Ok(HookEntry { path, place: knock.place, is_known: false, body_limit: 9 })
            }
            _ => Err(HookRefusal::Unauthorized),
        }
    }

    async fn call(&self, entry: HookEntry, call: HookCall) -> Result<HookAnswer, HookRefusal> {
        assert!(entry.place.is_loopback());
        self.calls.lock().unwrap().push(call);
        self.answers.lock().unwrap().clone()
    }
}

struct Door;

#[async_trait]
impl Doorkeeper for Door {
    fn may_knock(&self, _: &Circumstances) -> Result<(), RpcError> {
        Ok(())
    }

    async fn admit(&self, _: ClientId, _: Knock, _: &Circumstances) -> Result<Welcome, Refusal> {
        unreachable!("clients of the control plane come in elsewhere")
    }

    fn left(&self, _: &Client) {}

    async fn identify(&self, _: &Credentials, _: &Circumstances) -> Result<Principal, RpcError> {
        unreachable!("webhooks have a token of their own")
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

/// The area on a socket. Dropping it closes everything.
struct House {
    address: SocketAddr,
    doorman: Arc<Doorman>,
    _serving: JoinSet<()>,
}

impl House {
    async fn open(body_ms: u64) -> Self {
        let mut config = Config::default();
        config.gateway.limits.http_body_ms = body_ms;
        let doorman = Arc::new(Doorman {
            answers: Mutex::new(Ok(HookAnswer::Nothing)),
            calls: Mutex::default(),
        });
        let area = area(Deps {
            hooks: Arc::clone(&doorman) as Arc<dyn Hooks>,
            door: Arc::new(Door),
            config: Arc::new(Settings(config.into())),
        });
        assert!((area.holds)("/hooks/x") && !(area.holds)("/elsewhere"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, area));
        Self { address, doorman, _serving: serving }
    }

    /// Sends these bytes, and keeps the connection.
    async fn begin(&self, request: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        socket
    }

    /// Sends these bytes. Returns the answer in lower case.
    async fn ask(&self, request: &str) -> String {
        let mut socket = self.begin(request).await;
        let mut said = Vec::new();
        socket.read_to_end(&mut said).await.unwrap();
        String::from_utf8(said).unwrap()
    }

    async fn post(&self, target: &str, headers: &str, body: &str) -> String {
        self.ask(&post(target, headers, body)).await
    }

    fn answers(&self, answer: Result<HookAnswer, HookRefusal>) {
        *self.doorman.answers.lock().unwrap() = answer;
    }
}

fn post(target: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\
         {headers}\r\n{body}",
        body.len()
    )
}

async fn serve(listener: TcpListener, area: Area) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let ends = Ends { peer, local: listener.local_addr().unwrap(), secure: false };
        let handler = Arc::clone(&area.handler);
        connections.spawn(async move {
            let service = service_fn(move |mut request: http::Request<_>| {
                request.extensions_mut().insert(ends);
                let answer = handler(request);
                async { Ok::<_, Infallible>(answer.await) }
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

const GOOD: &str = "X-OpenClaw-Token: good\r\n";

#[tokio::test]
async fn every_refusal_has_its_status() {
    let house = House::open(30_000).await;
    let pause = Duration::from_millis(4_200);
    #[rustfmt::skip]
    let table = [
        (HookRefusal::NotFound,                                    404, "Not Found"),
        (HookRefusal::Unauthorized,                                401, "Unauthorized"),
        (HookRefusal::TooMany { retry_after: pause },              429, "Too Many Requests"),
        (HookRefusal::Invalid("text required".into()),             400, r#"{"ok":false,"error":"text required"}"#),
        (HookRefusal::Conflict,                                    409, r#"{"ok":false,"error":"the idempotency key was used for another call"}"#),
        (HookRefusal::Broken,                                      500, r#"{"ok":false,"error":"hook mapping failed"}"#),
        (HookRefusal::Unavailable { why: "later".into(), retry_after: pause }, 503, r#"{"ok":false,"error":"later"}"#),
    ];
    for (refusal, expected, said) in table {
        let waits = matches!(expected, 429 | 503);
        house.answers(Err(refusal));
        let answer = house.post("/hooks/x", GOOD, "{}").await;
        assert_eq!((status(&answer), body(&answer)), (expected, said));
        assert_eq!(answer.contains("\r\nretry-after: 5\r\n"), waits, "{answer}");
    }
    let get = house.ask("GET /hooks/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!((status(&get), body(&get)), (405, "Method Not Allowed"));
    assert!(get.contains("\r\nallow: POST\r\n"), "{get}");
    let query = house.post("/hooks/x?to%6ben=good", GOOD, "").await;
    assert_eq!(status(&query), 400);
    assert!(!query.contains("good"), "{query}");
}

#[tokio::test]
async fn every_answer_has_its_shape() {
    let house = House::open(30_000).await;
    let end = |run: &str, status| HookEnd {
        run: run.parse().unwrap(),
        status,
        text: "said".into(),
        error: (status != RunStatus::Ok).then(|| "why".into()),
    };
    let asked = |runs: &[&str], is_list, note| HookAnswer::Asked {
        runs: runs.iter().map(|run| run.parse().unwrap()).collect(),
        is_list,
        note,
    };
    let ended = |ends, is_list| HookAnswer::Ended { ends, is_list, note: None };
    let (well, badly) = (end("a", RunStatus::Ok), end("b", RunStatus::Error));
    #[rustfmt::skip]
    let table = [
        (HookAnswer::Woken(WakeMode::NextHeartbeat),  200, r#"{"ok":true,"mode":"next-heartbeat"}"#),
        (HookAnswer::Nothing,                         204, ""),
        (asked(&["a"], false, None),                  202, r#"{"ok":true,"runId":"a"}"#),
        (asked(&["a", "b"], true, Some("n")),         202, r#"{"ok":true,"runId":"a","runIds":["a","b"],"note":"n"}"#),
        (asked(&[], true, None),                      202, r#"{"ok":true,"runIds":[]}"#),
        (ended(vec![well.clone()], false),            200, r#"{"ok":true,"runId":"a","status":"ok","text":"said"}"#),
        (ended(vec![badly.clone()], false),           502, r#"{"ok":false,"runId":"b","status":"error","text":"said","error":"why"}"#),
        (ended(vec![well, badly], true),              502, r#"{"ok":false,"runId":"a","runIds":["a","b"],"outcomes":[{"runId":"a","status":"ok","text":"said"},{"runId":"b","status":"error","text":"said","error":"why"}]}"#),
    ];
    for (answered, expected, said) in table {
        house.answers(Ok(answered));
        let answer = house.post("/hooks/x", GOOD, "{}").await;
        assert_eq!((status(&answer), body(&answer)), (expected, said));
    }
}

#[tokio::test]
async fn what_is_handed_on() {
    let house = House::open(30_000).await;
    let headers = format!("{GOOD}X-Event: push\r\nCookie: secret\r\n");
    house.post("/hooks/x?a=b+c&d", &headers, "\r\n {}\u{ff}").await;
    let call = house.doorman.calls.lock().unwrap().pop().unwrap();
    assert_eq!((&*call.url, &*call.body), ("/hooks/x?a=b+c&d", "\r\n {}\u{ff}".as_bytes()));
    let header = |name: &str| call.headers.iter().any(|(own, _)| **own == *name);
    assert!(header("x-event") && !header("cookie") && !header("x-openclaw-token"));
    let query: Vec<_> = call.query.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(query, [("a", "b c"), ("d", "")]);
}

/// V-72: a stranger is answered before the body, and no body is endless.
#[tokio::test]
async fn bodies_have_limits() {
    let house = House::open(50).await;
    let announced = |token: &str| {
        format!("POST /hooks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n{token}\r\n")
    };
    let mut stranger = house.begin(&announced("")).await;
    let mut said = [0; 12];
    stranger.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 401");

    let slow = house.ask(&announced(GOOD)).await;
    assert_eq!(
        (status(&slow), body(&slow)),
        (408, r#"{"ok":false,"error":"request body timeout"}"#)
    );
    let long = house.post("/hooks/x", GOOD, "0123456789").await;
    assert_eq!((status(&long), body(&long)), (413, r#"{"ok":false,"error":"payload too large"}"#));
    assert_eq!(status(&house.post("/hooks/x", GOOD, "012345678").await), 204);
    assert_eq!(house.doorman.calls.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn few_bodies_of_strangers_are_read_at_a_time() {
    let house = House::open(30_000).await;
    let unfinished = "POST /hooks/signed HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n";
    let mut waiting = Vec::new();
    for _ in 0..64 {
        waiting.push(house.begin(unfinished).await);
    }
    // Whoever comes then is refused as soon as the others have been read as far
    // as they go.
    let mut answer = house.post("/hooks/signed", "", "{}").await;
    while status(&answer) != 503 {
        answer = house.post("/hooks/signed", "", "{}").await;
    }
    assert_eq!(status(&house.post("/hooks/x", GOOD, "{}").await), 204, "others are read");
    drop(waiting);
    while status(&house.post("/hooks/signed", "", "{}").await) != 204 {}
}
