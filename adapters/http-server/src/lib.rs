#![doc = include_str!("../README.md")]

mod connection;
mod first_look;
mod gate;
mod listen;
mod pack;
mod probe;
mod router;
mod secure;
#[cfg(test)]
mod tests;

pub use listen::bind;
pub use probe::probe_routes;

use std::{
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::HeaderValue;
use http_kit::{Area, Encryption, Ends, Handler, Route};
use ports::{config::LimitsConfig, driven::Meter, driving::Doorkeeper};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};
use tracing::{info, warn};

use crate::{connection::Building, router::Router, secure::Tls};

/// What the server needs.
pub struct Deps {
    /// What is answered, path by path.
    pub routes: Vec<Route>,
    /// What answers requests for a WebSocket, whatever their path.
    pub upgrade: Option<Handler>,
    /// What answers them first at some paths, and decides itself about their
    /// `Origin`.
    pub sockets: Option<Area>,
    /// What answers paths that no route has.
    pub fallback: Option<Handler>,
    /// Decides which names and whose pages may come in.
    pub door: Arc<dyn Doorkeeper>,
    /// Counts the answers.
    pub meter: Arc<dyn Meter>,
    /// How connections are treated at first.
    pub manner: Manner,
    /// Where connections are spawned.
    pub tasks: TaskTracker,
    /// No further requests; the open ones may finish for
    /// [`drain_ms`](LimitsConfig::drain_ms).
    pub stop: CancellationToken,
    /// The open ones may not finish either.
    pub cut: CancellationToken,
}

/// How connections are treated. A connection keeps to the manner it began with.
#[derive(Clone, Default)]
pub struct Manner {
    /// What encrypts connections. With it, every connection is.
    pub encryption: Option<Arc<dyn Encryption>>,
    /// What answers over encrypted connections say as
    /// `Strict-Transport-Security`.
    pub strict_transport_security: Option<HeaderValue>,
    /// How much a request may have.
    pub limits: LimitsConfig,
}

/// A server, which can be changed while it runs. Cloning gives the same one.
///
/// Connections outlive the listener they came from, and any change.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

struct Shared {
    building: Mutex<Arc<Building>>,
    listening: Mutex<Vec<Listening>>,
    /// Counts the connections and listeners of this server among all tasks of
    /// the gateway.
    open: TaskTracker,
    tasks: TaskTracker,
}

/// An address that is listened on.
struct Listening {
    address: SocketAddr,
    /// Ends it.
    end: CancellationToken,
    /// It has ended, and the address is free.
    ended: CancellationToken,
}

impl Server {
    /// A server that listens nowhere yet.
    ///
    /// # Panics
    ///
    /// When two routes contradict each other, which the first start of any build
    /// shows.
    pub fn new(deps: Deps) -> Self {
        let Deps { routes, upgrade, sockets, fallback, door, meter, manner, tasks, stop, cut } =
            deps;
        let router = Router::new(routes).expect("routes do not contradict each other");
        let secure = manner.encryption.is_some();
        let limits = &manner.limits;
        let building = Building {
            http: connection::http(limits),
            tls: tls(&manner, &tasks),
            header_count: limits.http_header_count,
            strict_transport_security: manner.strict_transport_security.filter(|_| secure),
            head_time: Duration::from_millis(limits.http_header_ms),
            drain_time: Duration::from_millis(limits.drain_ms),
            router: Arc::new(router),
            upgrade,
            sockets,
            fallback,
            door,
            meter,
            stop,
            cut,
        };
        Self(Arc::new(Shared {
            building: Mutex::new(Arc::new(building)),
            listening: Mutex::default(),
            open: TaskTracker::new(),
            tasks,
        }))
    }

    /// Treats connections that come from now on in this manner.
    pub fn treat(&self, manner: Manner) {
        let secure = manner.encryption.is_some();
        let tls = tls(&manner, &self.0.tasks);
        let Manner { strict_transport_security, limits, .. } = manner;
        let mut building = self.building();
        let changed = Building {
            http: connection::http(&limits),
            tls,
            header_count: limits.http_header_count,
            strict_transport_security: strict_transport_security.filter(|_| secure),
            head_time: Duration::from_millis(limits.http_header_ms),
            drain_time: Duration::from_millis(limits.drain_ms),
            ..Building::clone(&building)
        };
        *building = Arc::new(changed);
    }

    /// How many connections there are that were not upgraded, and listeners.
    pub fn open(&self) -> usize {
        self.0.open.len()
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listening().iter().map(|it| it.address).collect()
    }

    /// Answers connections to `listener` as well, from now until
    /// [`leave`](Self::leave) or the end.
    pub fn listen(&self, listener: TcpListener) {
        let Ok(address) = listener.local_addr() else { return };
        let stop = self.building().stop.clone();
        let (end, ended) = (stop.child_token(), CancellationToken::new());
        let (server, ending) = (self.clone(), end.clone());
        let gone = ended.clone().drop_guard();
        let open: TaskTrackerToken = self.0.open.token();
        self.0.tasks.spawn(async move {
            let accepting = accept(&listener, |stream, peer, local| {
                server.welcome(stream, peer, local);
            });
            ending.run_until_cancelled(accepting).await;
            drop(listener);
            drop((gone, open));
        });
        self.listening().push(Listening { address, end, ended });
    }

    /// Accepts no more connections at `address`. When this returns, somebody
    /// else may listen there. Connections that came from there stay.
    pub async fn leave(&self, address: SocketAddr) {
        let left: Vec<_> = {
            let mut listening = self.listening();
            listening.extract_if(.., |it| it.address == address).collect()
        };
        for listening in left {
            listening.end.cancel();
            listening.ended.cancelled().await;
        }
    }

    /// Waits until `deps.stop`, and then until every connection is closed,
    /// except those that were upgraded, which are not the server's any more.
    pub async fn ended(&self) {
        let stop = self.building().stop.clone();
        stop.cancelled().await;
        self.0.open.close();
        self.0.open.wait().await;
    }

    fn welcome(&self, stream: TcpStream, peer: SocketAddr, local: SocketAddr) {
        let building = Arc::clone(&self.building());
        let ends = Ends { peer, local, secure: building.tls.is_some() };
        let connection = connection::serve(building, stream, ends);
        let token: TaskTrackerToken = self.0.open.token();
        self.0.tasks.spawn(async move {
            connection.await;
            drop(token);
        });
    }

    fn building(&self) -> MutexGuard<'_, Arc<Building>> {
        self.0.building.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listening(&self) -> MutexGuard<'_, Vec<Listening>> {
        self.0.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tls(manner: &Manner, tasks: &TaskTracker) -> Option<Arc<Tls>> {
    let encryption = manner.encryption.clone()?;
    Some(Arc::new(Tls::new(encryption, &manner.limits, tasks.clone())))
}

/// How long to wait when connections cannot be accepted. Running out of file
/// descriptors is the usual reason, and passes.
const BACK_OFF: Duration = Duration::from_millis(100);

async fn accept(
    listener: &TcpListener,
    mut welcome: impl FnMut(TcpStream, SocketAddr, SocketAddr),
) {
    let mut well = true;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if !well {
                    info!("connections are accepted again");
                    well = true;
                }
                // A socket that is broken already says so when it is read.
                let _ = stream.set_nodelay(true);
                if let Ok(local) = stream.local_addr() {
                    welcome(stream, peer, local);
                }
            }
            // The client changed its mind; the next one may not have.
            Err(error) if is_of_one_connection(&error) => (),
            Err(error) => {
                if well {
                    warn!(%error, "cannot accept connections");
                    well = false;
                }
                tokio::time::sleep(BACK_OFF).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("routes", &self.routes).finish_non_exhaustive()
    }
}

impl fmt::Debug for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manner")
            .field("encrypted", &self.encryption.is_some())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("addresses", &self.addresses()).finish_non_exhaustive()
    }
}
