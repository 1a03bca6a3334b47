#![doc = include_str!("../README.md")]

mod clock;
mod discovery;
mod expose;
mod listen;
mod options;
pub mod paths;
mod supervised;
mod traces;
mod wiring;
mod zones;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use config_file::ConfigFile;
use domain::{
    exposure::{Login, NoAddress, Reach, Refusal},
    tls::Fingerprint,
};
use ports::{
    config::BindMode,
    driven::{ConfigSource, EventSink, Finder, StoreError},
    event::{Body, Event},
};
use secrets_file::SecretsError;
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
pub use options::{BindChoice, ExposureOptions, Overrides, StartOptions, bind_choice};
pub use paths::{Paths, PathsError};
pub use traces::Tracing;

use usecases::restart;
pub use wiring::update::Program;

use wiring::Wired;

/// How long a second request to stop leaves the runs.
const SHORT_DRAIN: Duration = Duration::from_secs(2);
/// How long connections may take to close once everything else has ended.
const CLOSING: Duration = Duration::from_secs(5);

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
    /// The command line means an address that the configuration does not name.
    #[error("--bind custom needs gateway.customBindHost in the config")]
    NoCustomHost,
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
    /// It is to start anew.
    Restart,
    /// It could not write everything down.
    StoreFailed,
}

/// Finds gateways on the local network, in a build with the feature `mdns`.
pub fn finder() -> impl Finder {
    wiring::discovery::Network
}

/// What the wizard works with, in the places `paths`.
pub fn wizard(paths: &Paths, config: &Arc<ConfigFile>) -> usecases::wizard::Deps {
    wiring::wizard::deps(paths, config)
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
    config: Arc<ConfigFile>,
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
        let config = Arc::clone(&options.config);
        let strengths = options.secrets.strengths();
        let plan = listen::plan(&options.overrides, &config.current(), strengths)?;
        let listeners = listen::bind(&plan)?;
        let wired = wiring::wire(options, plan, listeners, &tasks, &stop, &cut).await?;
        let guard = cut.clone().drop_guard();
        Ok(Self { config, wired, tasks, stop, cut, _cut_on_drop: guard })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.wired.moving.addresses()
    }

    /// Who can reach it there.
    pub fn reach(&self) -> Reach {
        self.wired.moving.reach()
    }

    /// The fingerprint of the certificate clients are shown, if connections are
    /// encrypted.
    pub fn tls_fingerprint(&self) -> Option<Fingerprint> {
        self.wired.moving.certificates_now().as_ref().map(Certificates::fingerprint)
    }

    /// Where clients are told things; for whoever embeds a gateway.
    pub fn events(&self) -> &dyn EventSink {
        &self.wired.hub
    }

    /// The model that answers, and why, for a person.
    pub fn model(&self) -> &str {
        &self.wired.model
    }

    /// Runs until the process is asked to stop, or the gateway to start anew, and
    /// then stops gently. A second request shortens that. `moved` is called
    /// whenever it listens elsewhere.
    ///
    /// `SIGHUP` has the configuration read again; `SIGUSR1` and `SIGUSR2` ask for
    /// a restart, unless `commands.restart` is `false`.
    pub async fn run(self, mut moved: impl FnMut(&Self)) -> std::io::Result<ExitReason> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut restart = signal(SignalKind::user_defined1())?;
        let mut restart_too = signal(SignalKind::user_defined2())?;
        supervised::ready(&self.addresses());
        self.tasks.spawn(supervised::keep_telling(self.cut.clone()));
        let because = loop {
            tokio::select! {
                () = asked(&mut terminate, &mut interrupt) => break None,
                _ = hang_up.recv() => self.wired.reload.nudge(),
                _ = restart.recv() => self.restart_by_signal("SIGUSR1"),
                _ = restart_too.recv() => self.restart_by_signal("SIGUSR2"),
                due = self.wired.restarts.due() => {
                    let wait = async {
                        if due.patient {
                            let idle = self.wired.chat.until_idle();
                            let _ = time::timeout(restart::PATIENCE, idle).await;
                        }
                    };
                    tokio::select! {
                        () = asked(&mut terminate, &mut interrupt) => break None,
                        () = wait => break Some(due.because),
                    }
                }
                () = self.wired.moved.notified() => moved(&self),
            }
        };
        let hurry = asked(&mut terminate, &mut interrupt);
        Ok(self.stop_gently(hurry, because).await)
    }

    fn restart_by_signal(&self, name: &str) {
        if self.config.current().commands.restart {
            self.wired.restarts.request(name, Duration::ZERO, true);
        } else {
            warn!("{name} ignored: commands.restart is false");
        }
    }

    /// Stops accepting, tells clients, lets runs end, closes every connection
    /// and the store, each within its time.
    pub async fn shutdown(self) -> ExitReason {
        self.stop_gently(std::future::pending(), None).await
    }

    async fn stop_gently(
        self,
        hurry: impl Future<Output = ()>,
        restart: Option<Box<str>>,
    ) -> ExitReason {
        match &restart {
            Some(because) => info!("restarting: {because}"),
            None => {
                info!("stopping");
                supervised::stopping();
            }
        }
        let Self { config, wired, tasks, stop, cut, .. } = self;
        let drain = Duration::from_millis(config.current().gateway.limits.drain_ms);
        wired.moving.end().await;
        wired.parts.drain();
        stop.cancel();
        let expected = u64::try_from(restart::EXPECTED.as_millis()).ok();
        let (reason, restart_expected_ms) = match restart {
            Some(_) => ("gateway restarting", expected),
            None => ("gateway stopping", None),
        };
        let goodbye = Body::Shutdown { reason, restart_expected_ms };
        wired.hub.publish(Event::new(goodbye));

        let drained = wired.chat.drain(drain);
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
                if restart.is_some() { ExitReason::Restart } else { ExitReason::Stopped }
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
        f.debug_struct("Gateway").field("addresses", &self.addresses()).finish_non_exhaustive()
    }
}
