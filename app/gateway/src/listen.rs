//! Where the gateway listens, and where it refuses to.

use std::{
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use ports::{
    config::{AuthMode, BindMode},
    driven::ConfigSource,
};
use tokio::net::TcpListener;

use crate::{StartError, StartOptions};

/// Binds every address the options ask for, or says why not.
pub(crate) fn bind(options: &StartOptions) -> Result<Vec<TcpListener>, StartError> {
    let addresses = addresses(options.bind, options.port)?;
    let configured = options.config.current().gateway.auth.mode;
    if options.auth_mode.or(configured) == Some(AuthMode::None) && !is_loopback(options.bind) {
        return Err(StartError::Config {
            key: "gateway.auth.mode",
            problem: "none is for a gateway that listens on loopback only".to_owned(),
        });
    }
    http_server::bind(&addresses).map_err(|source| match (source.kind(), addresses.first()) {
        (ErrorKind::AddrInUse, Some(address)) => StartError::PortInUse(*address),
        (_, first) => {
            let address =
                first.copied().unwrap_or_else(|| (Ipv4Addr::LOCALHOST, options.port).into());
            StartError::Listen { address, source }
        }
    })
}

/// Whether nobody but this machine can reach what `bind` listens on.
pub(crate) fn is_loopback(bind: BindMode) -> bool {
    match bind {
        BindMode::Loopback | BindMode::Auto => true,
        BindMode::Lan | BindMode::Tailnet => false,
        BindMode::Address(address) => address.is_loopback(),
    }
}

/// The addresses of `bind`. `auto` means the tailnet where there is one; this
/// version finds none, and never listens wider than it was told.
fn addresses(bind: BindMode, port: u16) -> Result<Vec<SocketAddr>, StartError> {
    let addresses: Vec<IpAddr> = match bind {
        BindMode::Loopback | BindMode::Auto => {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        }
        BindMode::Lan => vec![Ipv4Addr::UNSPECIFIED.into()],
        BindMode::Address(address) => vec![address],
        BindMode::Tailnet => {
            return Err(StartError::Config {
                key: "gateway.bind",
                problem: "tailnet is not supported by this version; name the tailnet address \
                          instead"
                    .to_owned(),
            });
        }
    };
    Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}

#[test]
fn nothing_is_bound_wider_than_asked() {
    let table = [
        (BindMode::Loopback, vec!["127.0.0.1:7", "[::1]:7"]),
        (BindMode::Auto, vec!["127.0.0.1:7", "[::1]:7"]),
        (BindMode::Lan, vec!["0.0.0.0:7"]),
        (BindMode::Address([192, 0, 2, 1].into()), vec!["192.0.2.1:7"]),
    ];
    for (bind, expected) in table {
        let bound: Vec<String> =
            addresses(bind, 7).unwrap().iter().map(SocketAddr::to_string).collect();
        assert_eq!(bound, expected, "{bind:?}");
    }
    assert!(addresses(BindMode::Tailnet, 7).is_err());
}
