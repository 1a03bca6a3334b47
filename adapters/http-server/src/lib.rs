#![doc = include_str!("../README.md")]

mod connection;
mod first_look;
mod gate;
mod listen;
mod probe;
mod router;
mod secure;
#[cfg(test)]
mod tests;

pub use listen::bind;
pub use probe::probe_routes;

use std::{fmt, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::join_all;
use http::HeaderValue;
use http_kit::{Encryption, Ends, Handler, Route};
use ports::{config::LimitsConfig, driving::Doorkeeper};
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
    /// What answers paths that no route has.
    pub fallback: Option<Handler>,
    /// Decides which names and whose pages may come in.
    pub door: Arc<dyn Doorkeeper>,
    /// What encrypts connections. With it, every connection is.
    pub encryption: Option<Arc<dyn Encryption>>,
    /// What answers over encrypted connections say as
    /// `Strict-Transport-Security`.
    pub strict_transport_security: Option<HeaderValue>,
    /// How much a request may have.
    pub limits: LimitsConfig,
    /// Where connections are spawned.
    pub tasks: TaskTracker,
    /// No further requests; the open ones may finish for
    /// [`drain_ms`](LimitsConfig::drain_ms).
    pub stop: CancellationToken,
    /// The open ones may not finish either.
    pub cut: CancellationToken,
}

/// Answers connections to `listeners` until `deps.stop`, then lets the open
/// requests finish.
///
/// Returning means that every connection is closed, except those that were
/// upgraded, which are not the server's any more.
///
/// # Panics
///
/// When two routes contradict each other, which the first start of any build
/// shows.
pub async fn serve(listeners: Vec<TcpListener>, deps: Deps) {
    let Deps { routes, upgrade, fallback, door, limits, tasks, stop, cut, .. } = deps;
    let router = Router::new(routes).expect("routes do not contradict each other");
    let secure = deps.encryption.is_some();
    let building = Arc::new(Building {
        http: connection::http(&limits),
        tls: deps.encryption.map(|encryption| Tls::new(encryption, &limits, tasks.clone())),
        header_count: limits.http_header_count,
        strict_transport_security: deps.strict_transport_security.filter(|_| secure),
        head_time: Duration::from_millis(limits.http_header_ms),
        drain_time: Duration::from_millis(limits.drain_ms),
        router,
        upgrade,
        fallback,
        door,
        stop,
        cut,
    });
    // Counts the connections of this server among all tasks of the gateway.
    let open = TaskTracker::new();
    join_all(listeners.into_iter().map(|listener| async {
        let listener = listener;
        let accepting = accept(&listener, |stream, peer, local| {
            let ends = Ends { peer, local, secure };
            let connection = connection::serve(Arc::clone(&building), stream, ends);
            let token: TaskTrackerToken = open.token();
            tasks.spawn(async move {
                connection.await;
                drop(token);
            });
        });
        tokio::select! {
            () = building.stop.cancelled() => (),
            () = accepting => (),
        }
    }))
    .await;
    open.close();
    open.wait().await;
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
