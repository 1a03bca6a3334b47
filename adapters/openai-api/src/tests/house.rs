//! The routes on a socket, with fakes behind them.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Role, Scope},
    agent::FailureKind,
    approval::Owner,
    client::{Client, ClientId},
    ids::AgentId,
    run::Usage,
    time::Timestamp,
};
use futures_util::{StreamExt, stream};
use http_kit::{Ends, Route};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ports::{
    config::{Config, Live},
    driven::{
        Clock, CommitError, ConfigSnapshot, ConfigSource, Entropy, Fetch, FetchError, FetchTerms,
        Fetched, FinishReason, ToolCall,
    },
    driving::{
        Answer, AskError, Circumstances, Conversations, Credentials, Doorkeeper, KeptResponse,
        Knock, Outcome, Question, Refusal, Reply, Responses, RpcError, Welcome,
    },
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinSet,
    time::timeout,
};

use super::lab::Lab;
use crate::{Deps, routes};

/// Longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// What the house makes up.
pub(super) const UUID: &str = "0b5c";

/// The routes on a socket. Dropping it closes everything.
pub(super) struct House {
    address: SocketAddr,
    agent: Arc<Agent>,
    pub(super) relay: Arc<Lab>,
    _serving: JoinSet<()>,
}

/// Says what it is told to say, and remembers what it was asked.
#[derive(Default)]
struct Agent {
    says: Mutex<Vec<Reply>>,
    /// Told when the answer that is read is dropped. Makes the answer endless.
    hangs: Mutex<Option<oneshot::Sender<()>>>,
    refuses: Mutex<Option<AskError>>,
    asked: Mutex<Option<Question>>,
    was_asked: Notify,
}

#[async_trait]
impl Conversations for Agent {
    async fn ask(&self, question: Question) -> Result<Answer, AskError> {
        *self.asked.lock().unwrap() = Some(question);
        self.was_asked.notify_one();
        if let Some(error) = self.refuses.lock().unwrap().clone() {
            return Err(error);
        }
        let says = stream::iter(self.says.lock().unwrap().clone());
        match self.hangs.lock().unwrap().take() {
            None => Ok(Box::pin(says)),
            Some(kept) => Ok(Box::pin(says.chain(stream::once(async move {
                let () = std::future::pending().await;
                drop(kept);
                Reply::Text(String::new())
            })))),
        }
    }

    fn agents(&self) -> Vec<AgentId> {
        ["main", "work"].map(AgentId::normalize).to_vec()
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

    async fn identify(
        &self,
        credentials: &Credentials,
        circumstances: &Circumstances,
    ) -> Result<Principal, RpcError> {
        assert!(circumstances.peer.is_loopback());
        assert_eq!(credentials.token, credentials.password);
        let scopes = match credentials.token.as_deref() {
            Some("all") => Scope::ALL,
            Some("write") => &[Scope::Write],
            Some("read") => &[Scope::Read],
            Some("nothing") => &[],
            Some("relay key") => return Ok(Principal::with_relay_key("ci", true)),
            Some("locked out") => {
                let wait = Duration::from_millis(4_200);
                return Err(RpcError::invalid("too many failed attempts").retry_after(wait));
            }
            Some("starting") => return Err(RpcError::unavailable("not yet")),
            _ => return Err(RpcError::invalid("token mismatch")),
        };
        let scopes = scopes.iter().copied().collect();
        Ok(Principal {
            role: Role::Operator,
            scopes,
            proof: Proof::Token,
            local: true,
            device: None,
            user: None,
        })
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
        Timestamp::from_millis(1_700_000_000_999)
    }
}

impl Entropy for Fixed {
    fn uuid(&self) -> String {
        UUID.to_owned()
    }
}

/// The internet, as far as it goes.
struct Internet;

#[async_trait]
impl Fetch for Internet {
    async fn fetch(&self, url: &str, terms: &FetchTerms) -> Result<Fetched, FetchError> {
        let address = domain::outbound::WebAddress::parse(url)?;
        let (mime, bytes): (_, &[u8]) = match address.file_name() {
            "cat.png" => (Some("image/png"), b"\x89PNG\r\n\x1a\n"),
            "octets" => (Some("application/octet-stream"), b"\x89PNG\r\n\x1a\n"),
            "bare" => (None, b"\xff\xd8\xff\xe0"),
            "disguised.jpg" => (Some("image/jpeg"), b"\x89PNG\r\n\x1a\n"),
            "page" => {
                (Some("text/html"), b"<h1>Hello</h1><script>no()</script> <b>you</b> &amp; me")
            }
            _ => return Err(FetchError::Status(404)),
        };
        assert!(terms.max_redirects <= 3 && !terms.timeout.is_zero());
        Ok(Fetched {
            mime: mime.map(str::to_owned),
            name: address.file_name().to_owned(),
            bytes: bytes.to_vec(),
        })
    }
}

/// Keeps responses in memory.
#[derive(Default)]
struct Shelf(Mutex<Vec<Arc<KeptResponse>>>);

#[async_trait]
impl Responses for Shelf {
    fn keep(&self, response: KeptResponse) {
        self.0.lock().unwrap().push(Arc::new(response));
    }

    fn find(&self, owner: &Owner, id: &str) -> Option<Arc<KeptResponse>> {
        let kept = self.0.lock().unwrap();
        kept.iter().find(|kept| kept.id == id && kept.owner == owner.as_str()).cloned()
    }

    async fn forget(&self, owner: &Owner, id: &str) -> Result<bool, CommitError> {
        let found = self.find(owner, id).is_some();
        self.0.lock().unwrap().retain(|kept| kept.id != id);
        Ok(found)
    }
}

impl House {
    pub(super) async fn open() -> Self {
        Self::with(Config::default(), true).await
    }

    /// A house that is configured so.
    pub(super) async fn with(config: Config, loopback_only: bool) -> Self {
        let (agent, relay) =
            (Arc::new(Agent::default()), Arc::new(Lab::new(config.gateway.http.relay.enabled)));
        let routes = routes(&Deps {
            door: Arc::new(Door),
            conversations: Arc::clone(&agent) as _,
            fetch: Arc::new(Internet),
            responses: Arc::new(Shelf::default()),
            relay: Arc::clone(&relay) as _,
            entropy: Arc::new(Fixed),
            clock: Arc::new(Fixed),
            config: Arc::new(Settings(config.into())),
            loopback_only: Live::new(loopback_only),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, routes.into()));
        Self { address, agent, relay, _serving: serving }
    }

    pub(super) fn says(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.agent.says.lock().unwrap() = replies.into_iter().collect();
    }

    pub(super) fn refuses(&self, error: AskError) {
        *self.agent.refuses.lock().unwrap() = Some(error);
    }

    /// Makes the next answer endless; resolves when it is dropped.
    pub(super) fn hangs(&self) -> oneshot::Receiver<()> {
        let (kept, dropped) = oneshot::channel();
        *self.agent.hangs.lock().unwrap() = Some(kept);
        dropped
    }

    /// What the agent was asked last.
    pub(super) fn asked(&self) -> Question {
        self.agent.asked.lock().unwrap().take().expect("the agent was asked")
    }

    pub(super) async fn wait_until_asked(&self) {
        timeout(PATIENCE, self.agent.was_asked.notified()).await.expect("the agent is asked");
    }

    /// Sends a request, and keeps the connection.
    pub(super) async fn begin(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        // A test may announce another length.
        let length = if headers.contains("Content-Length") {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             {length}{headers}\r\n{body}"
        );
        socket.write_all(request.as_bytes()).await.unwrap();
        socket
    }

    pub(super) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Said {
        let mut socket = self.begin(method, path, headers, body).await;
        let mut said = Vec::new();
        timeout(PATIENCE, socket.read_to_end(&mut said)).await.unwrap().unwrap();
        Said::read(&String::from_utf8(said).unwrap())
    }

    /// Asks for a completion.
    pub(super) async fn complete(&self, body: &str) -> Said {
        self.request("POST", "/v1/chat/completions", BEARER, body).await
    }

    /// Asks for a completion with more headers.
    pub(super) async fn complete_with(&self, headers: &str, body: &str) -> Said {
        let headers = format!("{BEARER}{headers}");
        self.request("POST", "/v1/chat/completions", &headers, body).await
    }
}

/// Who may do everything.
pub(super) const BEARER: &str = "Authorization: Bearer all\r\n";

/// An answer.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Said {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head[9..12].parse().unwrap();
        let chunked = head.contains("transfer-encoding: chunked");
        let body = if chunked { unchunk(body) } else { body.to_owned() };
        Self { status, head: head.to_owned(), body }
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

fn unchunk(mut text: &str) -> String {
    let mut body = String::new();
    while let Some((length, rest)) = text.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        body.push_str(&rest[..length]);
        text = &rest[length + 2..];
    }
    body
}

async fn serve(listener: TcpListener, routes: Arc<[Route]>) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let ends = Ends { peer, local: stream.local_addr().unwrap(), secure: false };
        let routes = Arc::clone(&routes);
        let service = service_fn(move |mut request| {
            hyper::Request::extensions_mut(&mut request).insert(ends);
            let path = request.uri().path().to_owned();
            let is_meant =
                |route: &&Route| route.method == *request.method() && fits(route.path, &path);
            let route = routes.iter().find(is_meant);
            let answer = (route.expect("a route of ours").handler)(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        connections.spawn(async move {
            // Clients of these tests hang up as they like.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Whether `path` is one of those `pattern` stands for.
fn fits(pattern: &str, path: &str) -> bool {
    if let Some(prefix) = pattern.strip_suffix("{*id}") {
        return path.starts_with(prefix);
    }
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    let same = |(wanted, there): (&&str, &&str)| *wanted == "{id}" || wanted == there;
    pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
}

pub(super) fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

pub(super) fn done(text: &str) -> Reply {
    let usage = Usage { input: 11, output: 4, ..Usage::default() };
    Reply::End(Outcome::Done {
        text: text.to_owned(),
        calls: Vec::new(),
        finish: FinishReason::Stop,
        usage,
    })
}

/// The end of an answer that asks for tools: their names and what they are
/// given. They are called `call_0`, `call_1` and so on.
pub(super) fn asks_for(text: &str, calls: &[(&str, &str)]) -> Reply {
    let calls = calls.iter().enumerate().map(|(at, (name, arguments))| ToolCall {
        id: format!("call_{at}"),
        name: (*name).to_owned(),
        arguments: (*arguments).to_owned(),
    });
    let usage = Usage { input: 11, output: 4, cache_read: 3, cache_write: 0 };
    Reply::End(Outcome::Done {
        text: text.to_owned(),
        calls: calls.collect(),
        finish: FinishReason::ToolCalls,
        usage,
    })
}

/// The same, as it is said before the end.
pub(super) fn call_begins(at: usize, name: &str) -> Reply {
    Reply::CallBegun { at, id: format!("call_{at}"), name: name.to_owned() }
}

pub(super) fn given(at: usize, piece: &str) -> Reply {
    Reply::CallArguments { at, piece: piece.to_owned() }
}

pub(super) fn thought(text: &str) -> Reply {
    Reply::Thinking(text.to_owned())
}

pub(super) fn failed(kind: Option<FailureKind>) -> Reply {
    Reply::End(Outcome::Failed { message: "it did not work".to_owned(), kind })
}
