#![doc = include_str!("../README.md")]

mod clock;
mod listen;
pub mod paths;
mod wiring;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use config_file::ConfigFile;
use domain::tls::Fingerprint;
use ports::{
    config::{AuthMode, BindMode},
    driven::{EventSink, StoreError},
    event::{Body, Event},
};
use secrets_file::{SecretsError, SecretsFile};
use telemetry::LogFile;
use tls::{Certificates, TlsError};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use tracing::{error, info, warn};

pub use paths::{Paths, PathsError};

use wiring::Wired;

/// How long a second request to stop leaves the runs.
const SHORT_DRAIN: Duration = Duration::from_secs(2);
/// How long connections may take to close once everything else has ended.
const CLOSING: Duration = Duration::from_secs(5);
/// When clients are told to expect the gateway back after a stop: never.
const NO_RETURN: Option<u64> = None;

/// What a gateway is made from.
#[derive(Debug)]
pub struct StartOptions {
    /// Where its things are.
    pub paths: Paths,
    /// Its configuration.
    pub config: Arc<ConfigFile>,
    /// Its secrets.
    pub secrets: Arc<SecretsFile>,
    /// The port to listen on; 0 picks a free one.
    pub port: u16,
    /// Which interfaces to listen on.
    pub bind: BindMode,
    /// Its log, for reading it back.
    pub logs: Arc<LogFile>,
    /// What clients have to show, when the command line says so.
    pub auth_mode: Option<AuthMode>,
}

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("another gateway instance is already listening on ws://{0}")]
    PortInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {}", source.kind())]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The configuration asks for something that would be unsafe or is not
    /// possible here.
    #[error("{key}: {problem}")]
    Config {
        /// The key.
        key: &'static str,
        /// What is the matter with it.
        problem: String,
    },
    /// The state directory cannot be used.
    #[error("the state in {} cannot be used: {source}", path.display())]
    State {
        /// The directory.
        path: std::path::PathBuf,
        /// Why not.
        source: StoreError,
    },
    /// The gateway's own keys cannot be used.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The port cannot be encrypted.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// How a gateway ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// It was asked to.
    Stopped,
    /// It could not write everything down.
    StoreFailed,
}

/// A gateway that is running. Dropping it stops it at once;
/// [`shutdown`](Self::shutdown) does so gently.
pub struct Gateway {
    addresses: Vec<SocketAddr>,
    wired: Wired,
    tasks: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
    _cut_on_drop: DropGuard,
}

impl Gateway {
    /// Starts a gateway. It accepts connections when this returns.
    pub async fn start(options: StartOptions) -> Result<Self, StartError> {
        let tasks = TaskTracker::new();
        let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
        let listeners = listen::bind(&options)?;
        let addresses = listeners.iter().filter_map(|it| it.local_addr().ok()).collect();
        let wired = wiring::wire(options, listeners, &tasks, &stop, &cut).await?;
        Ok(Self { addresses, wired, tasks, stop, cut: cut.clone(), _cut_on_drop: cut.drop_guard() })
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The fingerprint of the certificate clients are shown, if connections are
    /// encrypted.
    pub fn tls_fingerprint(&self) -> Option<Fingerprint> {
        self.wired.certificates.as_ref().map(Certificates::fingerprint)
    }

    /// Where clients are told things; for whoever embeds a gateway.
    pub fn events(&self) -> &dyn EventSink {
        &self.wired.hub
    }

    /// The model that answers, and why, for a person.
    pub fn model(&self) -> &str {
        &self.wired.model
    }

    /// Runs until the process is asked to stop, then stops gently. A second
    /// request shortens that.
    pub async fn run(self) -> std::io::Result<ExitReason> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        asked(&mut terminate, &mut interrupt).await;
        Ok(self.stop_gently(asked(&mut terminate, &mut interrupt)).await)
    }

    /// Stops accepting, tells clients, lets runs end, closes every connection
    /// and the store, each within its time.
    pub async fn shutdown(self) -> ExitReason {
        self.stop_gently(std::future::pending()).await
    }

    async fn stop_gently(self, hurry: impl Future<Output = ()>) -> ExitReason {
        info!("stopping");
        let Self { wired, tasks, stop, cut, .. } = self;
        wired.parts.drain();
        stop.cancel();
        let goodbye = Body::Shutdown { reason: "gateway stopping", restart_expected_ms: NO_RETURN };
        wired.hub.publish(Event::new(goodbye));

        let drained = wired.chat.drain(wired.drain);
        tokio::select! {
            () = drained => (),
            () = hurry => {
                warn!("asked again to stop: runs have two seconds left");
                wired.chat.drain(SHORT_DRAIN).await;
            }
        }
        wired.hub.close_all(1012, "service restart");
        cut.cancel();
        tasks.close();
        if time::timeout(CLOSING, tasks.wait()).await.is_err() {
            warn!(left = tasks.len(), "stopped without waiting any longer");
        }
        match wired.store.shutdown().await {
            Ok(()) => {
                info!("stopped");
                ExitReason::Stopped
            }
            Err(error) => {
                error!(error = &error as &dyn std::error::Error, "the store did not close well");
                ExitReason::StoreFailed
            }
        }
    }
}

async fn asked(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => (),
        _ = interrupt.recv() => (),
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}
