#![doc = include_str!("../README.md")]

mod clock;
mod discovery;
mod expose;
mod listen;
pub mod paths;
mod supervised;
mod wiring;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use config_file::ConfigFile;
use domain::{
    exposure::{Login, NoAddress, Reach, Refusal},
    tls::Fingerprint,
};
use ports::{
    config::{AuthMode, BindMode, TailscaleMode},
    driven::{ConfigSource, EventSink, Finder, StoreError},
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

pub use discovery::Discoverability;
pub use listen::{addresses, first_address, reach};
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
    /// Who can reach it, as far as the command line says so.
    pub exposure: ExposureOptions,
    /// What the environment says about being found on the local network.
    pub discoverability: Discoverability,
}

/// What the command line says about who can reach the gateway.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExposureOptions {
    /// `gateway.tailscale.mode`, if it says so.
    pub tailscale: Option<TailscaleMode>,
    /// `gateway.tailscale.resetOnExit`, whatever the file says.
    pub reset_on_exit: bool,
    /// `gateway.allowInsecureBind`, whatever the file says.
    pub allow_insecure_bind: bool,
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
    /// There is no such address here.
    #[error(transparent)]
    NoAddress(#[from] NoAddress),
    /// It would be unsafe, or of no use.
    #[error("{}", sentences(.0))]
    Refused(Vec<Refusal>),
    /// The configuration asks for something this build leaves out.
    #[error("{key}: this build has no {what}")]
    LeftOut {
        /// The key.
        key: &'static str,
        /// What it asks for.
        what: &'static str,
    },
    /// The configuration asks for something that is not possible.
    #[error("{key}: {problem}")]
    Config {
        /// The key.
        key: &'static str,
        /// What is the matter with it.
        problem: String,
    },
    /// The system does not say which addresses this machine has.
    #[error("the network interfaces cannot be listed: {}", .0.kind())]
    Interfaces(#[source] std::io::Error),
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

/// Finds gateways on the local network, in a build with the feature `mdns`.
pub fn finder() -> impl Finder {
    wiring::discovery::Network
}

/// The names in its tailnet under which a gateway with that configuration would
/// answer, if it started now.
pub async fn names(config: &ConfigFile) -> Vec<String> {
    let gateway = &config.current().gateway;
    let exposure = gateway.tailscale.mode.exposure();
    let near = gateway.bind == BindMode::Loopback && exposure.is_none();
    let reach = if near { Reach::ThisMachine } else { Reach::Tailnet };
    let tailnet = wiring::tailnet::tailnet(config, Login::Nothing, false);
    wiring::tailnet::names(tailnet.as_deref(), reach).await
}

/// A gateway that is running. Dropping it stops it at once;
/// [`shutdown`](Self::shutdown) does so gently.
pub struct Gateway {
    addresses: Vec<SocketAddr>,
    reach: Reach,
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
        let plan = listen::plan(&options)?;
        let listeners = listen::bind(&plan)?;
        let addresses = listeners.iter().filter_map(|it| it.local_addr().ok()).collect();
        let reach = plan.reach();
        let wired = wiring::wire(options, &plan, listeners, &tasks, &stop, &cut).await?;
        let guard = cut.clone().drop_guard();
        Ok(Self { addresses, reach, wired, tasks, stop, cut, _cut_on_drop: guard })
    }

    /// Where it listens.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Who can reach it there.
    pub fn reach(&self) -> Reach {
        self.reach
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
        supervised::ready(&self.addresses);
        self.tasks.spawn(supervised::keep_telling(self.cut.clone()));
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
        supervised::stopping();
        let Self { wired, tasks, stop, cut, .. } = self;
        if let Some(announcing) = &wired.announcing {
            announcing.end().await;
        }
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

/// Each refusal on a line of its own, and below it what to do.
fn sentences(refusals: &[Refusal]) -> String {
    let lines = refusals.iter().map(|refusal| format!("{refusal}\n{}", refusal.advice()));
    lines.collect::<Vec<_>>().join("\n")
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
