//! A server with a few routes, and a client that says exactly what it is told.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    access::Principal,
    client::{Client, ClientId},
    origin,
};
use http::{Method, StatusCode};
use http_kit::{Reader, Route, handler_of, text};
use ports::{
    config::LimitsConfig,
    driving::{
        Circumstances, Credentials, Doorkeeper, ErrorCode, Knock, Part, Probe, Readiness, Refusal,
        RpcError, Welcome,
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Deps, Manner, Server, bind, probe_routes};

/// Longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs.
pub(super) struct House {
    pub(super) address: SocketAddr,
    pub(super) server: Server,
    pub(super) stop: CancellationToken,
    pub(super) cut: CancellationToken,
    tasks: TaskTracker,
}

/// What the door of the house does: the rule of the domain, and nothing else.
struct Door;

#[async_trait]
impl Doorkeeper for Door {
    fn may_knock(&self, circumstances: &Circumstances) -> Result<(), RpcError> {
        let house = origin::House {
            local: circumstances.is_local(),
            allowed_origins: &["https://chat.example".to_owned()],
            ..origin::House::default()
        };
        origin::check(circumstances.origin.as_deref(), circumstances.host.as_deref(), &house)
            .map_err(|refused| RpcError::new(ErrorCode::Forbidden, refused.to_string()))
    }

    async fn admit(&self, _: ClientId, _: Knock, _: &Circumstances) -> Result<Welcome, Refusal> {
        unreachable!("nobody logs in here")
    }

    fn left(&self, _: &Client) {}

    async fn identify(&self, _: &Credentials, _: &Circumstances) -> Result<Principal, RpcError> {
        unreachable!("nobody logs in here")
    }
}

struct Parts;

#[async_trait]
impl Probe for Parts {
    async fn readiness(&self) -> Readiness {
        let problem = Some("the disk is full".to_owned());
        let parts = vec![
            Part { name: "store", problem, bearable: false },
            Part { name: "models", problem: None, bearable: false },
        ];
        Readiness { parts, uptime_ms: 7, draining: false }
    }
}

/// Limits small enough to run into.
pub(super) fn limits() -> LimitsConfig {
    LimitsConfig { http_header_ms: 300, http_body_ms: 300, ..LimitsConfig::default() }
}

/// The longest body of `POST /read`.
pub(super) const BODY: usize = 1000;

fn routes(limits: &LimitsConfig) -> Vec<Route> {
    let reader = Reader { limit: BODY, timeout: Duration::from_millis(limits.http_body_ms) };
    let mut routes = probe_routes(&(Arc::new(Parts) as Arc<dyn Probe>));
    routes.extend([
        Route::new(Method::GET, "/hello", |_| async { text(StatusCode::OK, "hello") }),
        Route::new(Method::GET, "/panic", |_| async { panic!("a handler panics, as it shall") }),
        Route::new(Method::GET, "/panic/early", |request| {
            assert_eq!(request.method(), "", "a handler panics before it waits, as it shall");
            async { text(StatusCode::OK, "never") }
        }),
        Route::new(Method::POST, "/read", move |request| async move {
            match reader.json::<serde_json::Value>(request).await {
                Ok(value) => text(StatusCode::OK, value.to_string()),
                Err(error) => error.answer(),
            }
        }),
    ]);
    routes
}

impl House {
    pub(super) fn open() -> Self {
        Self::with(|_| ())
    }

    /// A house to which `change` was made before it opened.
    pub(super) fn with(change: impl FnOnce(&mut Deps)) -> Self {
        let (stop, cut, tasks) =
            (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let limits = limits();
        let mut deps = Deps {
            routes: routes(&limits),
            upgrade: Some(handler_of(|_| async { text(StatusCode::IM_A_TEAPOT, "upgrade") })),
            sockets: None,
            fallback: None,
            door: Arc::new(Door),
            meter: Arc::new(ports::driven::NoMeter),
            manner: Manner { limits, ..Manner::default() },
            tasks: tasks.clone(),
            stop: stop.clone(),
            cut: cut.clone(),
        };
        change(&mut deps);
        let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let server = Server::new(deps);
        for listener in listeners {
            server.listen(listener);
        }
        let running = server.clone();
        tasks.spawn(async move { running.ended().await });
        Self { address, server, stop, cut, tasks }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Everything the server says to `request` until it hangs up.
    pub(super) async fn ask(&self, request: &str) -> String {
        let mut socket = self.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        rest(&mut socket).await
    }

    /// The same, where it may be no text.
    pub(super) async fn bytes(&self, method: &str, target: &str, headers: &str) -> Vec<u8> {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n"
        );
        let mut socket = self.connect().await;
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        let read = timeout(PATIENCE, socket.read_to_end(&mut said)).await;
        read.expect("the server hangs up").unwrap();
        said
    }

    /// What the server says to a request for `target` with `headers`.
    pub(super) async fn request(&self, method: &str, target: &str, headers: &str) -> String {
        let host = if headers.contains("Host:") { "" } else { "Host: localhost\r\n" };
        let head =
            format!("{method} {target} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n");
        self.ask(&head).await
    }

    /// Waits until everything is closed.
    pub(super) async fn closed(&self) {
        self.tasks.close();
        timeout(PATIENCE, self.tasks.wait()).await.expect("the server stops");
    }
}

/// What is said on `socket` until it is closed.
pub(super) async fn rest(socket: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let read = timeout(PATIENCE, socket.read_to_end(&mut said)).await.expect("the server hangs up");
    if let Err(error) = read {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8(said).unwrap()
}

/// What is said on `socket` until `end` was said.
pub(super) async fn until(socket: &mut TcpStream, end: &str) -> String {
    let mut said = Vec::new();
    while !said.ends_with(end.as_bytes()) {
        let read = timeout(PATIENCE, socket.read_u8()).await.expect("the server says it");
        said.push(read.unwrap());
    }
    String::from_utf8(said).unwrap()
}

/// The status of an answer.
pub(super) fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("none")
}
