//! The canvas on a socket, with fakes behind it.

mod following;
mod looking;

use std::{
    convert::Infallible,
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use domain::{
    access::{Principal, Proof, Role, Scope},
    client::{Client, ClientId},
};
use http_kit::{Ends, areas};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use ports::{
    config::Config,
    driven::{ConfigSnapshot, ConfigSource},
    driving::{Canvas, Circumstances, Credentials, Doorkeeper, Knock, Refusal, RpcError, Welcome},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{Deps, Root, pages, sockets};

/// Knows the token, and everybody else if it is told so.
struct Door {
    is_open: AtomicBool,
}

#[async_trait]
impl Doorkeeper for Door {
    fn may_knock(&self, circumstances: &Circumstances) -> Result<(), RpcError> {
        match circumstances.origin.as_deref() {
            None | Some("http://house") => Ok(()),
            Some(_) => Err(RpcError::invalid("origin not allowed")),
        }
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
        let scope = match credentials.token.as_deref() {
            Some("good") => Scope::Read,
            Some("pairing") => Scope::Pairing,
            None if self.is_open.load(Ordering::Relaxed) => Scope::Read,
            _ => return Err(RpcError::invalid("unauthorized")),
        };
        Ok(Principal {
            role: Role::Operator,
            scopes: [scope].into_iter().collect(),
            proof: Proof::Token,
            local: true,
            device: None,
            user: None,
        })
    }
}

/// One pass is good, until it is not any more.
struct Shown {
    is_shown: AtomicBool,
    is_good: AtomicBool,
}

impl Canvas for Shown {
    fn is_shown(&self) -> bool {
        self.is_shown.load(Ordering::Relaxed)
    }

    fn is_good(&self, pass: &str) -> bool {
        pass == "P" && self.is_good.load(Ordering::Relaxed)
    }

    fn issue(&self) -> String {
        "P".to_owned()
    }
}

struct Settings(Mutex<Arc<Config>>);

impl ConfigSource for Settings {
    fn current(&self) -> Arc<Config> {
        Arc::clone(&self.0.lock().unwrap())
    }

    fn snapshot(&self) -> ConfigSnapshot {
        unreachable!("nobody looks at the file")
    }
}

/// The canvas on a socket. Dropping it closes everything.
struct House {
    address: SocketAddr,
    canvas: Arc<Shown>,
    door: Arc<Door>,
    settings: Arc<Settings>,
    stop: CancellationToken,
    tasks: TaskTracker,
    home: TempDir,
    _serving: JoinSet<()>,
}

impl House {
    async fn open() -> Self {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("canvas");
        let root: Root = Arc::new(move |_| place.clone());
        let canvas =
            Arc::new(Shown { is_shown: AtomicBool::new(true), is_good: AtomicBool::new(true) });
        let door = Arc::new(Door { is_open: AtomicBool::new(false) });
        let settings = Arc::new(Settings(Mutex::default()));
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let deps = Deps {
            canvas: Arc::clone(&canvas) as Arc<dyn Canvas>,
            config: Arc::clone(&settings) as Arc<dyn ConfigSource>,
            door: Arc::clone(&door) as Arc<dyn Doorkeeper>,
            root,
            stop: stop.clone(),
            tasks: tasks.clone(),
        };
        let (live, pages) = (sockets(&deps), areas(vec![pages(&deps)]));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                let (live, pages) = (live.clone(), Arc::clone(&pages));
                connections.spawn(async move {
                    let service = service_fn(move |mut request: http::Request<_>| {
                        let ends = Ends { peer, local: peer, secure: false };
                        request.extensions_mut().insert(ends);
                        let is_socket = request.headers().contains_key("upgrade");
                        let is_live = is_socket && (live.holds)(request.uri().path());
                        let handler = if is_live { &live.handler } else { &pages };
                        let answer = handler(request);
                        async { Ok::<_, Infallible>(answer.await) }
                    });
                    let io = TokioIo::new(stream);
                    let _ =
                        http1::Builder::new().serve_connection(io, service).with_upgrades().await;
                });
            }
        });
        Self { address, canvas, door, settings, stop, tasks, home, _serving: serving }
    }

    fn root(&self) -> PathBuf {
        self.home.path().join("canvas")
    }

    /// Puts `text` into the file `name`.
    fn put(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn configure(&self, change: impl FnOnce(&mut Config)) {
        let mut config = Config::default();
        change(&mut config);
        *self.settings.0.lock().unwrap() = Arc::new(config);
    }

    /// The answer to `method target` with `headers`, each line of which ends.
    async fn ask(&self, method: &str, target: &str, headers: &str) -> Answer {
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: house\r\n{headers}connection: close\r\n\r\n"
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        Answer::read(&said)
    }

    /// The answer to somebody who shows the token.
    async fn get(&self, target: &str) -> Answer {
        self.ask("GET", target, TOKEN).await
    }
}

const TOKEN: &str = "authorization: Bearer good\r\n";
const CANVAS: &str = "/__openclaw__/canvas";
const WITH_PASS: &str = "/__openclaw__/cap/P/__openclaw__/canvas";

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn read(said: &[u8]) -> Self {
        let end = said.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(said[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let body = said[end + 4..].to_vec();
        assert!(!head.contains("transfer-encoding"), "lengths are known: {head}");
        Self { status, head, body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(other, _)| *other == name).map(|(_, value)| value).next()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}
