//! Which responder announces the gateway and finds others.

#[cfg(not(feature = "mdns"))]
mod nobody;
#[cfg(feature = "mdns")]
mod system_first;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use domain::discovery::{BeaconFacts, Reach};
use ports::{config::MdnsMode, driven::Clock};
use tls::Certificates;
use tokio::{sync::watch, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;
use usecases::discovery::{Deps, advertise};

#[cfg(not(feature = "mdns"))]
pub(crate) use self::nobody::Nobody as Network;
/// Who announces and finds.
#[cfg(feature = "mdns")]
pub(crate) use self::system_first::SystemFirst as Network;

use crate::Discoverability;

/// How often it is looked whether the certificate is still the same.
const LOOK: Duration = Duration::from_secs(30);
/// How long saying goodbye may take; whoever misses it forgets the gateway after
/// two minutes.
const GOODBYE: Duration = Duration::from_secs(2);

/// What there is to tell about a gateway on `addresses`; nothing when nobody on
/// the local network can reach it or is to hear of it. What is said about TLS and
/// the tailnet is for whoever knows to add.
pub(super) fn facts(
    addresses: &[SocketAddr],
    machine: &str,
    asked: Discoverability,
) -> Option<BeaconFacts> {
    if asked.disabled {
        return None;
    }
    let program = || Some(std::env::current_exe().ok()?.to_str()?.to_owned());
    Some(BeaconFacts {
        machine: machine.to_owned(),
        host: asked.host,
        port: addresses.first()?.port(),
        reach: Reach::of(addresses.iter().map(SocketAddr::ip))?,
        tls: false,
        tls_sha256: None,
        tailnet_dns: asked.tailnet_dns,
        canvas_port: None,
        cli_path: asked.cli_path.or_else(program),
        ssh_port: asked.ssh_port,
    })
}

/// Tells about the certificate, and again when it was replaced.
pub(super) async fn keep_told(
    told: watch::Sender<BeaconFacts>,
    certificates: Option<Certificates>,
    stop: CancellationToken,
) {
    let Some(certificates) = certificates else { return };
    let mut looks = time::interval(LOOK);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = told.closed() => return,
            _ = looks.tick() => (),
        }
        let fingerprint = Some(certificates.fingerprint().to_string());
        told.send_if_modified(|facts| {
            let news = facts.tls_sha256 != fingerprint;
            facts.tls = true;
            facts.tls_sha256 = fingerprint;
            news
        });
    }
}

/// The gateway while it is announced.
#[derive(Debug)]
pub(crate) struct Announcing {
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Announcing {
    /// Announces what `facts` say, and whatever they change to, until it is
    /// ended or `cut`.
    pub(super) fn start(
        facts: watch::Receiver<BeaconFacts>,
        mode: MdnsMode,
        clock: Arc<dyn Clock>,
        tasks: &TaskTracker,
        cut: &CancellationToken,
    ) -> Option<Self> {
        let detail = mode.detail()?;
        if cfg!(not(feature = "mdns")) {
            return None;
        }
        let advertiser = Arc::new(Network);
        let (stop, ended) = (cut.child_token(), CancellationToken::new());
        let announcing = advertise(Deps { advertiser, clock, facts, detail }, stop.clone());
        let done = ended.clone().drop_guard();
        tasks.spawn(async move {
            announcing.await;
            drop(done);
        });
        Some(Self { stop, ended })
    }

    /// Says goodbye.
    pub(crate) async fn end(&self) {
        self.stop.cancel();
        if time::timeout(GOODBYE, self.ended.cancelled()).await.is_err() {
            warn!("the network was not told that the gateway stops");
        }
    }
}

#[test]
fn a_gateway_nobody_can_reach_is_not_announced() {
    let addresses = |addresses: &[&str]| -> Vec<SocketAddr> {
        addresses.iter().map(|it| it.parse().unwrap()).collect()
    };
    let facts = |bound: &[&str]| facts(&addresses(bound), "kitchen", Discoverability::default());
    assert_eq!(facts(&["127.0.0.1:1", "[::1]:1"]), None);
    assert_eq!(facts(&["100.100.1.2:1"]), None);
    assert_eq!(facts(&[]), None);
    let open = facts(&["0.0.0.0:18789"]).unwrap();
    assert_eq!((open.machine.as_str(), open.port), ("kitchen", 18789));
    assert!(open.cli_path.is_some());
    let silent = Discoverability { disabled: true, ..Discoverability::default() };
    assert_eq!(super::discovery::facts(&addresses(&["0.0.0.0:1"]), "kitchen", silent), None);
}
