//! Where clients on other machines find the gateway.

use std::net::SocketAddr;

use ports::driven::Reach;
use tokio::net::TcpListener;

/// What is known about that when the gateway starts.
#[derive(Debug)]
pub(super) struct Reached {
    urls: Vec<String>,
    fingerprint: Option<String>,
}

impl Reached {
    /// By the addresses of `listeners` that others can reach.
    pub(super) fn by(listeners: &[TcpListener]) -> Self {
        let addresses = listeners.iter().filter_map(|it| it.local_addr().ok());
        let urls = addresses.filter(|it| !it.ip().is_loopback()).map(url).collect();
        Self { urls, fingerprint: None }
    }
}

fn url(address: SocketAddr) -> String {
    format!("ws://{address}")
}

impl Reach for Reached {
    fn urls(&self) -> Vec<String> {
        self.urls.clone()
    }

    fn fingerprint(&self) -> Option<String> {
        self.fingerprint.clone()
    }
}
