//! The route on a socket, with fakes behind it.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Role, Scope},
    client::{Client, ClientId},
};
use http_kit::{Ends, Route};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ports::{
    Json,
    config::Config,
    driven::{ConfigSnapshot, ConfigSource},
    driving::{
        Circumstances, Credentials, Doorkeeper, Knock, Refusal, RpcError, ToolInvocation,
        ToolRefusal, Tools, Welcome,
    },
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinSet,
    time::timeout,
};

use crate::{Deps, routes};

/// Longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// The route on a socket. Dropping it closes everything.
pub(super) struct House {
    address: SocketAddr,
    tools: Arc<Fake>,
    _serving: JoinSet<()>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

/// Remembers what it was asked.
#[derive(Default)]
struct Fake {
    asked: Mutex<Option<ToolInvocation>>,
    refuses: Mutex<Option<ToolRefusal>>,
    /// Dropped with the call. Makes the call endless.
    hangs: Mutex<Option<oneshot::Sender<()>>>,
    was_asked: Notify,
}

#[async_trait]
impl Tools for Fake {
    async fn invoke(&self, _: &Principal, call: ToolInvocation) -> Result<Json, ToolRefusal> {
        *self.asked.lock().unwrap() = Some(call);
        let (refuses, hangs) =
            (self.refuses.lock().unwrap().take(), self.hangs.lock().unwrap().take());
        self.was_asked.notify_one();
        if let Some(_kept) = hangs {
            std::future::pending::<()>().await;
        }
        refuses.map_or_else(|| Ok(Json::of(&json!({ "said": 1 }))), Err)
    }
}

fn principal(scopes: &[Scope]) -> Principal {
    Principal {
        role: Role::Operator,
        scopes: scopes.iter().copied().collect(),
        proof: Proof::Token,
        local: true,
        device: None,
        user: None,
    }
}

/// Somebody who may read.
pub(super) fn reader() -> Principal {
    principal(&[Scope::Read])
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
        _: &Circumstances,
    ) -> Result<Principal, RpcError> {
        match credentials.token.as_deref() {
            Some("all") => Ok(principal(Scope::ALL)),
            Some("read") => Ok(reader()),
            Some("nothing") => Ok(principal(&[])),
            Some("locked out") => Err(RpcError::invalid("too many failed attempts")
                .retry_after(Duration::from_millis(4_200))),
            Some("starting") => Err(RpcError::unavailable("not yet")),
            _ => Err(RpcError::invalid("token mismatch")),
        }
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

impl House {
    pub(super) async fn open() -> Self {
        let tools = Arc::new(Fake::default());
        let mut config = Config::default();
        config.gateway.limits.http_body_ms = 200;
        let routes = routes(&Deps {
            door: Arc::new(Door),
            tools: Arc::clone(&tools) as _,
            config: Arc::new(Settings(config.into())),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, routes.into()));
        Self { address, tools, _serving: serving }
    }

    /// What the tools were asked last.
    pub(super) fn asked(&self) -> Option<ToolInvocation> {
        self.tools.asked.lock().unwrap().take()
    }

    pub(super) fn refuses(&self, refusal: ToolRefusal) {
        *self.tools.refuses.lock().unwrap() = Some(refusal);
    }

    /// Makes the next call endless; fails when it is given up.
    pub(super) fn hangs(&self) -> oneshot::Receiver<()> {
        let (kept, given_up) = oneshot::channel();
        *self.tools.hangs.lock().unwrap() = Some(kept);
        given_up
    }

    pub(super) async fn wait_until_asked(&self) {
        timeout(PATIENCE, self.tools.was_asked.notified()).await.expect("the tools are asked");
    }

    /// Sends a request and does not wait for its answer.
    pub(super) async fn begin(&self, path: &str, body: &str) -> TcpStream {
        let length = format!("Content-Length: {}\r\n", body.len());
        self.write(path, "all", &length, body).await
    }

    pub(super) async fn post(&self, path: &str, secret: &str, headers: &str, body: &str) -> Answer {
        let headers = format!("{headers}Content-Length: {}\r\n", body.len());
        self.send(path, secret, &headers, body).await
    }

    /// The answer to a request with exactly these headers.
    pub(super) async fn send(&self, path: &str, secret: &str, headers: &str, body: &str) -> Answer {
        let mut stream = self.write(path, secret, headers, body).await;
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer {
            status,
            head: head.to_ascii_lowercase().replace("bearer", "Bearer"),
            body: body.to_owned(),
        }
    }

    async fn write(&self, path: &str, secret: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let authorization = match secret {
            "" => String::new(),
            secret => format!("Authorization: Bearer {secret}\r\n"),
        };
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             {authorization}{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }
}

async fn serve(listener: TcpListener, routes: Arc<[Route]>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        let ends = Ends { peer, local: stream.local_addr().unwrap(), secure: false };
        let routes = Arc::clone(&routes);
        let service = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ends);
            let route = routes.iter().find(|route| route.path == request.uri().path());
            let answer = (route.expect("there is such a route").handler)(request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        connections.spawn(async move {
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
