//! Opening the port.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tracing::warn;

/// Connections the system may keep waiting until they are accepted.
const BACKLOG: i32 = 4096;

/// How long a client may leave what it was sent unread before the system
/// breaks the connection. Holds for upgraded connections as well.
const UNREAD: Duration = Duration::from_secs(30);

/// Listens on `addresses`.
///
/// Whoever asks for `127.0.0.1` gets `::1` on the same port as well, or a
/// warning where that is not possible. Has to be called within a runtime.
pub fn bind(addresses: &[SocketAddr]) -> io::Result<Vec<TcpListener>> {
    let mut listeners = Vec::with_capacity(addresses.len() + 1);
    for address in addresses {
        let listener = listen(*address)?;
        let port = listener.local_addr()?.port();
        listeners.push(listener);
        let twin = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), port);
        if address.ip() == Ipv4Addr::LOCALHOST && !addresses.contains(&twin) {
            match listen(twin) {
                Ok(listener) => listeners.push(listener),
                Err(error) => warn!(%error, address = %twin, "not listening on IPv6"),
            }
        }
    }
    Ok(listeners)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // IPv4 has a listener of its own, on the same port.
        socket.set_only_v6(true)?;
    }
    // Without it, a restart within a minute finds the port taken.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    // Accepted connections inherit both.
    socket.set_tcp_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(UNREAD))?;
    #[cfg(not(target_os = "linux"))]
    let _ = UNREAD;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

#[tokio::test]
async fn the_loopback_is_listened_on_in_both_families_on_one_port() {
    let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
    let addresses: Vec<_> = listeners.iter().map(|l| l.local_addr().unwrap()).collect();
    let port = addresses[0].port();
    assert_eq!(addresses[0], SocketAddr::from(([127, 0, 0, 1], port)));
    // A machine without IPv6 has one listener, and works.
    assert!(
        addresses[1..]
            .iter()
            .all(|twin| *twin == SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port))
    );

    let taken = bind(&[addresses[0]]).unwrap_err();
    assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
}

/// What is set on the listener holds for what it accepts.
#[tokio::test]
async fn accepted_connections_send_at_once_and_do_not_wait_for_ever() {
    let listeners = bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
    let address = listeners[0].local_addr().unwrap();
    let _client = tokio::net::TcpStream::connect(address).await.unwrap();
    let (accepted, _) = listeners[0].accept().await.unwrap();
    assert!(accepted.nodelay().unwrap());
    #[cfg(target_os = "linux")]
    assert_eq!(socket2::SockRef::from(&accepted).tcp_user_timeout().unwrap(), Some(UNREAD));
}
