//! Where clients on other machines find the gateway.

use std::net::{IpAddr, SocketAddr};

use ports::driven::Reach;
use tls::Certificates;
use tokio::net::TcpListener;

/// What is known about that when the gateway starts.
#[derive(Debug)]
pub(super) struct Reached {
    urls: Vec<String>,
    certificates: Option<Certificates>,
}

impl Reached {
    /// By the name Tailscale serves the gateway under, if it does, and by the
    /// addresses of `listeners` that others can reach.
    pub(super) fn by(
        served: Option<&str>,
        listeners: &[TcpListener],
        certificates: Option<Certificates>,
    ) -> Self {
        let scheme = if certificates.is_some() { "wss" } else { "ws" };
        let bound = listeners.iter().filter_map(|it| it.local_addr().ok());
        let found: Vec<_> = bound.flat_map(found_at).collect();
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

impl Reach for Reached {
    fn urls(&self) -> Vec<String> {
        self.urls.clone()
    }

    fn fingerprint(&self) -> Option<String> {
        self.certificates.as_ref().map(|certificates| certificates.fingerprint().to_string())
    }
}

#[tokio::test]
async fn others_find_what_is_not_only_for_this_machine() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(Reached::by(None, &[listener], None).urls().is_empty());
    let served = Reached::by(Some("host.tailnet.ts.net"), &[], None);
    assert_eq!(served.urls(), ["wss://host.tailnet.ts.net"]);
    let lan = SocketAddr::new([192, 0, 2, 1].into(), port);
    assert_eq!(found_at(lan), [lan]);
    let every = found_at(SocketAddr::new([0, 0, 0, 0].into(), port));
    assert!(every.iter().all(|it| it.is_ipv4() && !it.ip().is_loopback() && it.port() == port));
}
