//! Encryption of the port: for which names, and with which certificate.

use std::net::IpAddr;

use domain::{
    time::Timestamp,
    tls::{Name, names},
};
use http::HeaderValue;
use ports::config::GatewayConfig;
use rustix::system::uname;
use tls::Certificates;

use crate::{Paths, StartError};

/// The certificate, if the configuration asks for one.
pub(super) fn open(
    config: &GatewayConfig,
    paths: &Paths,
    listening: &[IpAddr],
    tailnet: &[String],
    now: Timestamp,
) -> Result<Option<Certificates>, StartError> {
    if !config.tls.enabled {
        return Ok(None);
    }
    let names = own_names(listening, tailnet);
    Ok(Some(Certificates::open(&config.tls, &paths.state_dir, names, now)?))
}

/// What answers say as `Strict-Transport-Security`, if the configuration asks
/// for it.
pub(super) fn promise(config: &GatewayConfig) -> Result<Option<HeaderValue>, StartError> {
    let promise = config.http.security_headers.strict_transport_security.value();
    let promise = promise.map(HeaderValue::from_str).transpose();
    promise.map_err(|_| StartError::Config {
        key: "gateway.http.securityHeaders.strictTransportSecurity",
        problem: "that is not the value of a header".to_owned(),
    })
}

/// The names and addresses under which clients reach a gateway at `listening`,
/// those in the tailnet included.
///
/// Where they listen on every interface, its addresses of the kind people type
/// are meant: those of IPv4 that are not only good for one link. The ones of
/// IPv6 change from day to day, and a new certificate makes strangers of those
/// who pinned the old one; whoever wants one in there listens on it by name.
fn own_names(listening: &[IpAddr], tailnet: &[String]) -> Vec<Name> {
    let mut addresses = listening.to_vec();
    if addresses.iter().any(IpAddr::is_unspecified) {
        // A machine that does not tell has none we could name.
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let own = interfaces.iter().map(if_addrs::Interface::ip);
        addresses.extend(own.filter(|ip| matches!(ip, IpAddr::V4(v4) if !v4.is_link_local())));
    }
    let machine = uname();
    let tailnet: Vec<&str> = tailnet.iter().map(String::as_str).collect();
    names(machine.nodename().to_str().ok(), &addresses, &tailnet)
}
