//! A listener with a doorkeeper and methods made up for these tests.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use crate::{Deps, Hub, handler};
use async_trait::async_trait;
use domain::{
    access::{Denied, Principal, Proof, Role, Scope, Scopes},
    client::{Client, ClientId},
    time::Timestamp,
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ports::{
    BoxFuture, Json,
    config::{LimitsConfig, Live},
    driven::{Clock, Entropy},
    driving::{
        Circumstances, Credentials, Doorkeeper, Knock, Refusal, Rpc, RpcError, RpcReply, Welcome,
    },
};
use serde_json::{json, value::RawValue};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, oneshot},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(super) struct Gateway {
    pub(super) address: SocketAddr,
    pub(super) hub: Hub,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
    pub(super) door: Arc<Door>,
    pub(super) methods: Arc<Methods>,
}

impl Gateway {
    pub(super) async fn start() -> Self {
        Self::with(LimitsConfig::default()).await
    }

    pub(super) async fn with(limits: LimitsConfig) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let limits = Live::new(limits);
        let hub = Hub::new(limits.clone());
        let gateway = Self {
            address: listener.local_addr().unwrap(),
            hub: hub.clone(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            door: Arc::default(),
            methods: Arc::default(),
        };
        gateway.tasks.spawn(hub.clone().flusher());
        let handler = handler(Deps {
            door: gateway.door.clone(),
            rpc: gateway.methods.clone(),
            hub,
            clock: Arc::new(FixedClock),
            entropy: Arc::new(Numbers::default()),
            limits,
            tasks: gateway.tasks.clone(),
            stop: gateway.stop.clone(),
        });
        let (tasks, stop) = (gateway.tasks.clone(), gateway.stop.clone());
        let accept = async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let ends =
                    http_kit::Ends { peer, local: stream.local_addr().unwrap(), secure: false };
                let handler = handler.clone();
                let service = service_fn(move |mut request: http::Request<_>| {
                    request.extensions_mut().insert(ends);
                    let answer = handler(request);
                    async move { Ok::<_, Infallible>(answer.await) }
                });
                tasks.spawn(async move {
                    let connection =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    let _ = connection.with_upgrades().await;
                });
            }
        };
        gateway.tasks.spawn(async move { stop.run_until_cancelled(accept).await });
        gateway
    }

    /// Waits until `condition` holds.
    pub(super) async fn until(&self, condition: impl Fn(&Self) -> bool) {
        let wait = async {
            while !condition(self) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("it never came to that");
    }
}

/// Lets in everybody whose password is not `wrong`, with the scopes they ask
/// for.
pub(super) struct Door {
    /// How many may be let in now.
    pub(super) tickets: Semaphore,
    pub(super) left: AtomicUsize,
}

impl Default for Door {
    fn default() -> Self {
        Self { tickets: Semaphore::new(10_000), left: AtomicUsize::new(0) }
    }
}

#[async_trait]
impl Doorkeeper for Door {
    fn may_knock(&self, circumstances: &Circumstances) -> Result<(), RpcError> {
        match circumstances.origin.as_deref() {
            Some("http://evil.example") => Err(RpcError::invalid("origin not allowed")),
            _ => Ok(()),
        }
    }

    async fn admit(
        &self,
        id: ClientId,
        knock: Knock,
        circumstances: &Circumstances,
    ) -> Result<Welcome, Refusal> {
        self.tickets.acquire().await.unwrap().forget();
        if knock.credentials.password.as_deref() == Some("wrong") {
            return Err(Refusal::policy(RpcError::invalid("unauthorized: password mismatch")));
        }
        let client = Client {
            id,
            connection: circumstances.connection.clone(),
            principal: Principal {
                role: knock.role,
                scopes: match knock.role {
                    Role::Operator if knock.scopes.is_some() => knock.asked(),
                    Role::Operator => Scopes::NONE.with(Scope::Admin),
                    Role::Node => Scopes::NONE,
                },
                proof: Proof::Token,
                local: circumstances.is_local(),
                device: None,
                user: None,
            },
            protocol: knock.protocol,
            info: knock.info,
            remote_address: None,
            session_scoped_events: knock
                .capabilities
                .iter()
                .any(|it| &**it == "session-scoped-events"),
            offer: None,
        };
        let hello = Json::of(&json!({ "type": "hello-ok", "client": id.0 }));
        Ok(Welcome { client: Arc::new(client), hello })
    }

    fn left(&self, _: &Client) {
        self.left.fetch_add(1, SeqCst);
    }

    async fn identify(&self, _: &Credentials, _: &Circumstances) -> Result<Principal, RpcError> {
        Err(RpcError::invalid("not in these tests"))
    }
}

#[derive(Default)]
pub(super) struct Methods {
    pub(super) calls: AtomicUsize,
    /// Calls of `wait` that wait, by their parameter.
    pub(super) waiting: Mutex<HashMap<String, oneshot::Sender<()>>>,
}

impl Rpc for Methods {
    fn call(
        &self,
        _: &Arc<Client>,
        method: &str,
        params: Option<&RawValue>,
    ) -> BoxFuture<Result<RpcReply, RpcError>> {
        self.calls.fetch_add(1, SeqCst);
        let params = params.map_or("null", RawValue::get).to_owned();
        let echo = Json::parse(params.clone()).unwrap();
        let now = |answer| -> BoxFuture<_> { Box::pin(std::future::ready(answer)) };
        match method {
            "echo" => now(Ok(echo.into())),
            "blob" => now(Ok(Json::of(&"x".repeat(params.parse().unwrap())).into())),
            "admin" => now(Err(Denied::Scope(Scope::Admin).into())),
            "twice" => {
                let later: BoxFuture<_> = Box::pin(async move {
                    tokio::task::yield_now().await;
                    Ok(echo)
                });
                now(Ok(RpcReply { payload: Json::of(&"accepted"), later: Some(later) }))
            }
            "wait" => {
                let (sender, receiver) = oneshot::channel();
                self.waiting.lock().unwrap().insert(params, sender);
                Box::pin(async move {
                    let _ = receiver.await;
                    Ok(echo.into())
                })
            }
            _ => now(Err(RpcError::invalid(format!("unknown method: {method}")))),
        }
    }
}

struct FixedClock;

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_000_000)
    }
}

#[derive(Default)]
struct Numbers(AtomicU64);

impl Entropy for Numbers {
    fn uuid(&self) -> String {
        format!("00000000-0000-4000-8000-{:012}", self.0.fetch_add(1, SeqCst))
    }
}
