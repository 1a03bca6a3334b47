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
    client::{Client, ClientId},
    ids::AgentId,
    run::Usage,
};
use futures_util::{StreamExt, stream};
use http_kit::{Ends, Route};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ports::{
    config::{Config, Live},
    driven::{ConfigSnapshot, ConfigSource, Entropy, FinishReason},
    driving::{
        Answer, AskError, Circumstances, Conversations, CountError, Credentials, Doorkeeper, Knock,
        Outcome, Question, Refusal, Reply, RpcError, TokenCount, TokenCounter, Welcome,
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
    counts: Mutex<Option<Result<TokenCount, CountError>>>,
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

#[async_trait]
impl TokenCounter for Agent {
    async fn count(&self, question: Question) -> Result<TokenCount, CountError> {
        *self.asked.lock().unwrap() = Some(question);
        self.counts.lock().unwrap().clone().expect("something to count")
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

impl Entropy for Fixed {
    fn uuid(&self) -> String {
        UUID.to_owned()
    }
}

impl House {
    pub(super) async fn open() -> Self {
        Self::with(Config::default(), true).await
    }

    /// A house that is configured so.
    pub(super) async fn with(config: Config, loopback_only: bool) -> Self {
        let relay = Arc::new(Lab::new(config.gateway.http.relay.enabled));
        let agent = Arc::new(Agent::default());
        let routes = routes(&Deps {
            door: Arc::new(Door),
            conversations: Arc::clone(&agent) as _,
            counter: Arc::clone(&agent) as _,
            relay: Arc::clone(&relay) as _,
            entropy: Arc::new(Fixed),
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

    pub(super) fn counts(&self, counted: Result<TokenCount, CountError>) {
        *self.agent.counts.lock().unwrap() = Some(counted);
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

    /// Asks for an answer.
    pub(super) async fn create(&self, body: &str) -> Said {
        self.create_with("", body).await
    }

    /// Asks for an answer with more headers.
    pub(super) async fn create_with(&self, headers: &str, body: &str) -> Said {
        self.request("POST", "/v1/messages", &format!("{KEY}{headers}"), body).await
    }
}

/// Who may do everything.
pub(super) const KEY: &str = "x-api-key: all\r\n";

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
            let route = routes.iter().find(|route| path == route.path);
            let answer = (route.expect("a route of ours").handler)(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        connections.spawn(async move {
            // Clients of these tests hang up as they like.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

pub(super) fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

pub(super) fn done(text: &str) -> Reply {
    ended(text, FinishReason::Stop)
}

pub(super) fn begun(at: usize, id: &str, name: &str) -> Reply {
    Reply::CallBegun { at, id: id.to_owned(), name: name.to_owned() }
}

pub(super) fn given(at: usize, piece: &str) -> Reply {
    Reply::CallArguments { at, piece: piece.to_owned() }
}

pub(super) fn ended(text: &str, finish: FinishReason) -> Reply {
    Reply::End(Outcome::Done {
        text: text.to_owned(),
        calls: Vec::new(),
        finish,
        usage: Usage { input: 41, output: 15, cache_read: 30, cache_write: 2 },
    })
}

pub(super) fn failed(kind: Option<FailureKind>) -> Reply {
    Reply::End(Outcome::Failed { message: "it did not work".to_owned(), kind })
}
