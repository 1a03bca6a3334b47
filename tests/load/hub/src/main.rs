use std::{sync::Arc, net::SocketAddr, time::{SystemTime, UNIX_EPOCH}};
use domain::{access::*, client::*, time::Timestamp};
use ports::{*, driving::*, driven::*, event::*};
use serde_json::value::RawValue;
use ws_server::*;
use tokio_util::{task::TaskTracker, sync::CancellationToken};

struct Door { hello: Json }
#[async_trait::async_trait]
impl Doorkeeper for Door {
    fn may_knock(&self, _: &Circumstances) -> Result<(), RpcError> { Ok(()) }
    async fn admit(&self, id: ClientId, k: Knock, c: &Circumstances) -> Result<Welcome, Refusal> {
        let client = Client { id, connection: c.connection.clone(), principal: Principal { role: k.role, scopes: Scopes::all(), proof: Proof::Token, local: true, device: None, user: None }, protocol: k.protocol, info: k.info, remote_address: None, session_scoped_events: false, offer: None };
        Ok(Welcome { client: Arc::new(client), hello: self.hello.clone() })
    }
    fn left(&self, _: &Client) {}
    async fn identify(&self, _: &Credentials, _: &Circumstances) -> Result<Principal, RpcError> { Err(RpcError::unavailable("nobody asks over HTTP here")) }
}
struct R { hub: Hub, health: Json }
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct P<'a> { #[serde(borrow, default)] session_key: Option<&'a str>, #[serde(default)] probe: bool }
fn now_ns() -> u64 { SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 }
impl Rpc for R {
    fn call(&self, _c: &Arc<Client>, method: &str, params: Option<&RawValue>) -> BoxFuture<Result<RpcReply, RpcError>> {
        let r = match method {
            "health" => {
                let _p: Option<P> = params.and_then(|p| serde_json::from_str(p.get()).ok());
                Ok(self.health.clone().into())
            }
            "publish" => {
                let k: u64 = params.and_then(|p| serde_json::from_str(p.get()).ok()).unwrap_or(1);
                for _ in 0..k {
                    let mut t = unsafe { let mut ts = std::mem::zeroed(); libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut ts); ts.tv_sec as u64 * 1_000_000_000 + ts.tv_nsec as u64 };
                    if t == 0 { t = now_ns() }
                    let mut s = format!("{{\"ts\":\"{t:020}\",\"text\":\"");
                    while s.len() < 320 { s.push('x') }
                    s.push_str("\"}");
                    self.hub.publish(Event::new(Body::Heartbeat(Json::parse(s).unwrap())));
                }
                Ok(Json::of(&true).into())
            }
            "counters" => Ok(Json::of(&format!("{:?}", self.hub.counters())).into()),
            "later" => return Box::pin(async { tokio::task::yield_now().await; Ok(Json::of(&1).into()) }),
            m => Err(RpcError::invalid(format!("unknown method: {m}"))),
        };
        Box::pin(std::future::ready(r))
    }
}
struct C; impl Clock for C { fn now(&self) -> Timestamp { Timestamp::from_millis(now_ns() / 1_000_000) } }
struct E; impl Entropy for E { fn uuid(&self) -> String { uuid::Uuid::new_v4().to_string() } }

fn main() {
    if std::env::args().nth(1).as_deref() == Some("encode") { return encode_bench() }
    let port: u16 = std::env::args().nth(1).unwrap().parse().unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async move {
        let limits = ports::config::Live::new(ports::config::LimitsConfig { preauth_connections_per_address: 100_000, preauth_connections: 100_000, ..Default::default() });
        let hub = Hub::new(limits.clone());
        let tasks = TaskTracker::new();
        tasks.spawn(hub.clone().flusher());
        let hello = Json::parse(format!("{{\"type\":\"hello-ok\",\"pad\":\"{}\"}}", "h".repeat(3400))).unwrap();
        let health = Json::parse(format!("{{\"ok\":true,\"pad\":\"{}\"}}", "h".repeat(200))).unwrap();
        let deps = Deps { door: Arc::new(Door { hello }), rpc: Arc::new(R { hub: hub.clone(), health }), hub, clock: Arc::new(C), entropy: Arc::new(E), limits, tasks: tasks.clone(), stop: CancellationToken::new() };
        let handler = handler(deps);
        let l = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        loop {
            let (s, peer): (_, SocketAddr) = l.accept().await.unwrap();
            let local = s.local_addr().unwrap();
            let handler = handler.clone();
            let _ = s.set_nodelay(true);
            tasks.spawn(async move {
                let svc = hyper::service::service_fn(move |mut r: http::Request<hyper::body::Incoming>| {
                    r.extensions_mut().insert(http_kit::Ends { peer, local, secure: false });
                    let f = handler(r);
                    async move { Ok::<_, std::convert::Infallible>(f.await) }
                });
                let conn = hyper::server::conn::http1::Builder::new().serve_connection(hyper_util::rt::TokioIo::new(s), svc).with_upgrades();
                let _ = Box::pin(conn).await;
            });
        }
    });
}
pub fn encode_bench() {
    use domain::{ids::AgentId, run::Delta};
    for tokens in [500usize, 3000, 12000] {
        let mut best = u128::MAX; let mut bytes = 0usize;
        for _ in 0..5 {
            let mut text = String::new();
            let mut a = wire::Answers::default();
            bytes = 0;
            let mut total = std::time::Duration::ZERO;
            for i in 0..tokens {
                let from = text.len();
                text.push_str(if i % 7 == 0 { " \"ok\"\n" } else { " word" });
                let e = Event::new(Body::Agent(AgentRecord { run: "r".parse().unwrap(), session_key: "main".into(), session: "agent:main:main".parse().unwrap(), session_id: "s".parse().unwrap(), agent: AgentId::main(), seq: i as u64, at: Timestamp::from_millis(5), step: AgentStep::Assistant(Delta { text: text.as_str().into(), from }) }));
                let t = std::time::Instant::now();
                bytes += wire::event(Protocol::V4, &e, wire::Form::Plain, &mut a).len();
                total += t.elapsed();
            }
            best = best.min(total.as_micros());
        }
        println!("{tokens} tokens: {best} us, {bytes} bytes");
    }
}
