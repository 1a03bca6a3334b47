//! Which certificate a client is shown.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::{
    ServerConfig,
    crypto::ring::Ticketer,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};

use crate::certificate::{Certificate, provider};

/// What a client that validates a domain for an authority asks for (RFC 8737).
const ACME: &[u8] = b"acme-tls/1";

/// The protocols spoken on the port, the preferred first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Hands out the current certificate. Connections keep the one they began with.
#[derive(Debug)]
pub(crate) struct Current(ArcSwap<Certificate>);

impl Current {
    pub(crate) fn new(certificate: Certificate) -> Self {
        Self(ArcSwap::from_pointee(certificate))
    }

    pub(crate) fn get(&self) -> Arc<Certificate> {
        self.0.load_full()
    }

    pub(crate) fn replace(&self, certificate: Certificate) {
        self.0.store(Arc::new(certificate));
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().key))
    }
}

/// The proofs that domains are ours, while an authority looks at them.
#[derive(Debug, Default)]
pub(crate) struct Proof(ArcSwap<Vec<(String, Arc<CertifiedKey>)>>);

impl Proof {
    /// Shows `key` to whoever validates `domain`, too.
    pub(crate) fn show(&self, domain: &str, key: &Arc<CertifiedKey>) {
        self.0.rcu(|shown| {
            let mut shown = Vec::clone(shown);
            shown.retain(|(other, _)| other != domain);
            shown.push((domain.to_owned(), Arc::clone(key)));
            shown
        });
    }

    /// Shows nothing any more.
    pub(crate) fn hide(&self) {
        self.0.store(Arc::default());
    }

    /// Whether `hello` is that of a validation, and nothing else.
    pub(crate) fn is_asked_for(hello: &ClientHello<'_>) -> bool {
        hello.alpn().is_some_and(|mut protocols| {
            protocols.next() == Some(ACME) && protocols.next().is_none()
        })
    }
}

impl ResolvesServerCert for Proof {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name()?;
        let shown = self.0.load();
        let (_, key) = shown.iter().find(|(domain, _)| asked.eq_ignore_ascii_case(domain))?;
        Some(Arc::clone(key))
    }
}

/// How TLS is spoken with clients.
pub(crate) fn with_clients(current: Arc<Current>) -> Result<ServerConfig, rustls::Error> {
    let mut config = config(current)?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    // Clients that come back save themselves and us most of the work.
    config.ticketer = Ticketer::new()?;
    config.send_tls13_tickets = 1;
    Ok(config)
}

/// How TLS is spoken with those who validate a domain.
pub(crate) fn with_validators(proof: Arc<Proof>) -> Result<ServerConfig, rustls::Error> {
    let mut config = config(proof)?;
    config.alpn_protocols = vec![ACME.to_vec()];
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn config(resolver: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])?;
    Ok(builder.with_no_client_auth().with_cert_resolver(resolver))
}
