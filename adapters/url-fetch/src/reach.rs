//! From an address to a connection, by way of what was judged.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use async_trait::async_trait;
use domain::outbound::{Blocked, Host, WebAddress};
use http_client::{Trust, secure};
use ports::driven::FetchError;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

/// Says where names lead.
#[async_trait]
pub(crate) trait Resolve: Send + Sync {
    async fn addresses(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// What the system says.
pub(crate) struct Names;

#[async_trait]
impl Resolve for Names {
    async fn addresses(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, port)).await?.collect())
    }
}

/// A connection, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects to `address`, whose every meaning has to be `allowed`.
pub(crate) async fn connect(
    address: &WebAddress,
    names: &dyn Resolve,
    allowed: fn(IpAddr) -> bool,
) -> Result<Box<dyn Stream>, FetchError> {
    let addresses = match address.target() {
        Host::Ip(ip) => vec![SocketAddr::new(*ip, address.port())],
        Host::Name(name) => names
            .addresses(name, address.port())
            .await
            .map_err(|error| FetchError::Unreachable(error.into()))?,
    };
    if !addresses.iter().all(|address| allowed(address.ip())) {
        return Err(Blocked::Private.into());
    }
    // One after the other, as long as the deadline allows.
    let tcp = TcpStream::connect(addresses.as_slice());
    let tcp = tcp.await.map_err(|error| FetchError::Unreachable(error.into()))?;
    if !address.is_secure() {
        return Ok(Box::new(tcp));
    }
    let secured = secure(tcp, &address.host(), Trust::Platform).await;
    Ok(Box::new(secured.map_err(|error| FetchError::Unreachable(error.into()))?))
}
