//! What of a running gateway follows its configuration, and how.
//!
//! The rest is read where it is used. Everything here is put into force as a
//! whole or not at all: on an error, what ran before goes on running.

mod parts;

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use domain::{
    discovery::BeaconFacts,
    exposure::{Exposure, Reach},
};
use http_server::{Manner, Server};
use ports::{
    config::{Config, LimitsConfig, Live},
    driven::{Clock, ConfigSource, Tailnet},
};
use rpc::Addresses;
use tls::Certificates;
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use usecases::agents::Catalogue;
use ws_server::Hub;

use super::{
    discovery::{self, Announcing},
    encryption,
    reach::Reached,
    tailnet,
};
use crate::{
    StartError, StartOptions,
    expose::{self, Serving},
    listen::Plan,
};

/// What of a gateway others look at, and what changes with its configuration.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// The addresses and names it goes by.
    pub(crate) addresses: Live<Addresses>,
    /// Whom Tailscale brings.
    pub(crate) exposure: Live<Option<Exposure>>,
    /// How much a client may have.
    pub(crate) limits: Live<LimitsConfig>,
    /// Whether only this machine can reach it.
    pub(crate) near: Live<bool>,
    /// The port.
    pub(crate) port: Live<u16>,
    /// Where others find it.
    pub(crate) reach: Live<Reached>,
}

impl Shown {
    /// Of a gateway that listens nowhere yet.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            addresses: Live::new(Addresses::default()),
            exposure: Live::new(None),
            limits: Live::new(config.gateway.limits.clone()),
            near: Live::new(true),
            port: Live::new(0),
            reach: Live::new(Reached::default()),
        }
    }
}

/// What following the configuration takes.
pub(crate) struct Around {
    pub(crate) catalogue: Catalogue,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cut: CancellationToken,
    pub(crate) hub: Hub,
    pub(crate) machine: String,
    /// Told when the gateway listens elsewhere.
    pub(crate) moved: Arc<Notify>,
    pub(crate) options: StartOptions,
    pub(crate) server: Server,
    pub(crate) shown: Shown,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

/// The parts that follow the configuration. Cloning gives the same ones.
#[derive(Clone)]
pub(crate) struct Moving(Arc<Inner>);

struct Inner {
    around: Around,
    state: Mutex<State>,
}

/// What is in force.
struct State {
    plan: Plan,
    certificates: Option<Kept>,
    announcing: Option<Told>,
    serving: Option<Served>,
}

/// A certificate that is kept good until `stop`.
struct Kept {
    certificates: Certificates,
    stop: CancellationToken,
}

/// An announcement, and who tells it of new certificates.
struct Told {
    announcing: Announcing,
    stop: CancellationToken,
}

/// What Tailscale was asked for.
struct Served {
    how: Exposure,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Moving {
    /// The parts of a gateway that follows `plan`, with `certificates` if it is
    /// encrypted, and is called `names` in its tailnet. It listens already, and
    /// is announced.
    pub(super) async fn start(
        around: Around,
        plan: Plan,
        certificates: Option<Certificates>,
        names: Vec<String>,
    ) -> Self {
        let moving = Self(Arc::new(Inner {
            around,
            state: Mutex::new(State { plan, certificates: None, announcing: None, serving: None }),
        }));
        moving.keep(certificates);
        moving.show(&names);
        moving.expose().await;
        moving.announce(names.into_iter().next()).await;
        moving
    }

    fn around(&self) -> &Around {
        &self.0.around
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it listens.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.around().server.addresses()
    }

    /// Who can reach it there.
    pub(crate) fn reach(&self) -> Reach {
        self.state().plan.reach()
    }

    /// The certificate clients are shown, if connections are encrypted.
    pub(crate) fn certificates_now(&self) -> Option<Certificates> {
        self.state().certificates.as_ref().map(|it| it.certificates.clone())
    }

    /// Says goodbye to the network.
    pub(crate) async fn end(&self) {
        let told = self.state().announcing.take();
        if let Some(told) = told {
            told.stop.cancel();
            told.announcing.end().await;
        }
    }

    /// Keeps `certificates` good from now on, instead of others.
    fn keep(&self, certificates: Option<Certificates>) {
        let around = self.around();
        let kept = certificates.map(|certificates| {
            let stop = around.stop.child_token();
            let keeping = certificates.clone().keep_good(Arc::clone(&around.clock), stop.clone());
            around.tasks.spawn(keeping);
            Kept { certificates, stop }
        });
        if let Some(before) = std::mem::replace(&mut self.state().certificates, kept) {
            before.stop.cancel();
        }
    }

    /// Treats connections as `config` wants it.
    fn treat(&self, config: &Config) -> Result<(), StartError> {
        let around = self.around();
        around.server.treat(Manner {
            encryption: self.certificates_now().as_ref().map(Certificates::encryption),
            strict_transport_security: encryption::promise(&config.gateway)?,
            limits: config.gateway.limits.clone(),
        });
        Ok(())
    }

    /// Tells everybody inside where the gateway can be reached now.
    pub(super) fn show(&self, names: &[String]) {
        let (shown, bound) = (&self.around().shown, self.addresses());
        let (reach, tailscale) = {
            let plan = &self.state().plan;
            (plan.reach(), plan.tailscale)
        };
        let served = names.first().filter(|_| tailscale.is_some()).map(String::as_str);
        shown.addresses.set(Addresses {
            listening: bound.iter().map(SocketAddr::ip).collect(),
            names: names.to_vec(),
        });
        shown.exposure.set(tailscale);
        shown.near.set(reach == Reach::ThisMachine);
        shown.port.set(bound.first().map_or(0, SocketAddr::port));
        shown.reach.set(Reached::by(served, &bound, self.certificates_now()));
    }

    /// What the machine is called in its tailnet, if others come from there.
    async fn names(&self) -> Vec<String> {
        tailnet::names(self.tailnet().as_deref(), self.reach()).await
    }

    fn tailnet(&self) -> Option<Arc<dyn Tailnet>> {
        let (login, tls) = {
            let plan = &self.state().plan;
            (plan.login, plan.tls)
        };
        tailnet::tailnet(&self.around().options.config, login, tls)
    }

    /// Asks Tailscale for what the plan says, and for nothing else any more.
    pub(super) async fn expose(&self) {
        let around = self.around();
        let before = self.state().serving.take();
        let (how, reset_on_exit) = {
            let plan = &self.state().plan;
            (plan.tailscale, plan.reset_on_exit)
        };
        let Some(tailnet) = self.tailnet() else { return };
        if let Some(Served { how: old, stop, ended }) = before {
            stop.cancel();
            ended.cancelled().await;
            if how != Some(old) {
                expose::withdraw(&*tailnet, old).await;
            }
        }
        let Some(how) = how else { return };
        let port = self.addresses().first().map_or(0, SocketAddr::port);
        let (stop, ended) = (around.stop.child_token(), CancellationToken::new());
        let serving = expose::run(tailnet, Serving { how, port, reset_on_exit }, stop.clone());
        let gone = ended.clone().drop_guard();
        around.tasks.spawn(async move {
            serving.await;
            drop(gone);
        });
        self.state().serving = Some(Served { how, stop, ended });
    }

    /// Announces the gateway as it can be reached now, under its name in the
    /// tailnet too, and as nothing else.
    pub(super) async fn announce(&self, tailnet_dns: Option<String>) {
        self.end().await;
        let around = self.around();
        let discoverability = around.options.discoverability.clone();
        let facts = discovery::facts(&self.addresses(), &around.machine, discoverability);
        let Some(facts) = facts else { return };
        let facts = BeaconFacts { tailnet_dns: facts.tailnet_dns.or(tailnet_dns), ..facts };
        let mode = around.options.config.current().discovery.mdns.mode;
        let (told, facts) = watch::channel(facts);
        let stop = around.stop.child_token();
        around.tasks.spawn(discovery::keep_told(told, self.certificates_now(), stop.clone()));
        let clock = Arc::clone(&around.clock);
        let announcing = Announcing::start(facts, mode, clock, &around.tasks, &around.cut);
        self.state().announcing = announcing.map(|announcing| Told { announcing, stop });
    }
}

impl fmt::Debug for Moving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moving").field("addresses", &self.addresses()).finish_non_exhaustive()
    }
}
