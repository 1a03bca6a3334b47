//! Where clients on other machines find the gateway.

use std::net::{IpAddr, SocketAddr};

use ports::{config::Live, driven::Reach};
use tls::Certificates;

/// What is known about that.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    urls: Vec<String>,
    certificates: Option<Certificates>,
}

impl Reached {
    /// By the name Tailscale serves the gateway under, if it does, and by the
    /// addresses of `bound` that others can reach.
    pub(super) fn by(
        served: Option<&str>,
        bound: &[SocketAddr],
        certificates: Option<Certificates>,
    ) -> Self {
        let scheme = if certificates.is_some() { "wss" } else { "ws" };
        let found: Vec<_> = bound.iter().copied().flat_map(found_at).collect();
        let addresses = found.iter().map(|address| format!("{scheme}://{address}"));
        let urls = served.map(|name| format!("wss://{name}")).into_iter().chain(addresses);
        Self { urls: urls.collect(), certificates }
    }
}

/// The addresses others use for one that is listened on: those of the machine,
/// where it stands for all of them. Addresses of IPv6 change from day to day.
fn found_at(bound: SocketAddr) -> Vec<SocketAddr> {
    let address = bound.ip();
    let useful = |ip: &IpAddr| match ip {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(_) => false,
    };
    match address {
        _ if address.is_loopback() => Vec::new(),
        IpAddr::V6(v6) if v6.is_unspecified() => Vec::new(),
        IpAddr::V4(v4) if v4.is_unspecified() => {
            // A machine that does not tell has none we could name.
            let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
            let own = interfaces.iter().map(if_addrs::Interface::ip).filter(useful);
            own.map(|ip| SocketAddr::new(ip, bound.port())).collect()
        }
        _ => vec![bound],
    }
}

/// Always what is known now.
#[derive(Clone, Debug)]
pub(super) struct Now(pub(super) Live<Reached>);

impl Reach for Now {
    fn urls(&self) -> Vec<String> {
        self.0.get().urls.clone()
    }

    fn fingerprint(&self) -> Option<String> {
        let certificates = self.0.get().certificates.clone();
        certificates.map(|certificates| certificates.fingerprint().to_string())
    }
}

#[test]
fn others_find_what_is_not_only_for_this_machine() {
    let port = 18789;
    let reached = Live::new(Reached::default());
    let now = Now(reached.clone());
    reached.set(Reached::by(None, &[SocketAddr::new([127, 0, 0, 1].into(), port)], None));
    assert!(now.urls().is_empty());
    reached.set(Reached::by(Some("host.tailnet.ts.net"), &[], None));
    assert_eq!(now.urls(), ["wss://host.tailnet.ts.net"]);
    let lan = SocketAddr::new([192, 0, 2, 1].into(), port);
    assert_eq!(found_at(lan), [lan]);
    let every = found_at(SocketAddr::new([0, 0, 0, 0].into(), port));
    assert!(every.iter().all(|it| it.is_ipv4() && !it.ip().is_loopback() && it.port() == port));
}
