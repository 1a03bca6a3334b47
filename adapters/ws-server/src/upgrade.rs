//! From an HTTP request to a connection.

use std::{future::Future, sync::Arc};

use fastwebsockets::upgrade::{UpgradeFut, is_upgrade_request, upgrade};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_kit::{Body, Ends, Handler, Secured, circumstances, empty, handler_of, text};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use ports::driving::Circumstances;
use tokio::net::TcpStream;
use tracing::debug;

use crate::{
    handshake::{Newcomer, welcome},
    server::{Deps, Seat, Server},
    socket::Socket,
};

/// The path of the control plane.
const PATH: &str = "/";

/// Answers every request that asks for a WebSocket.
///
/// Finds the two ends of the connection as [`Ends`] in the extensions of the
/// request, and below the HTTP connection a `TokioIo<TcpStream>` or a
/// `TokioIo<Secured>`.
pub fn handler(deps: Deps) -> Handler {
    let server = Arc::new(Server::new(deps));
    handler_of(move |request| std::future::ready(answer(&server, request)))
}

fn answer(server: &Arc<Server>, mut request: Request<Incoming>) -> Response<Body> {
    if let Some(refusal) = refusal(&request) {
        return refusal;
    }
    if server.deps.stop.is_cancelled() {
        return text(StatusCode::SERVICE_UNAVAILABLE, "the gateway is stopping");
    }
    if request.extensions().get::<Ends>().is_none() {
        return empty(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let circumstances = Circumstances {
        connection: server.deps.entropy.uuid().into(),
        nonce: server.deps.entropy.uuid().into(),
        challenged_at: server.deps.clock.now(),
        ..circumstances(&request, &*server.deps.door)
    };
    if let Err(error) = server.deps.door.may_knock(&circumstances) {
        return text(StatusCode::FORBIDDEN, error.message);
    }
    let seat = match server.seat(server.deps.door.place(&circumstances)) {
        Ok(seat) => seat,
        Err(full) => return text(StatusCode::SERVICE_UNAVAILABLE, full.to_string()),
    };
    let Ok((switching, upgraded)) = upgrade(&mut request) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    server.deps.tasks.spawn(connection(Arc::clone(server), circumstances, seat, upgraded));
    let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
    *response.headers_mut() = switching.into_parts().0.headers;
    response
}

/// From the upgrade to the last byte. Each phase has a box of its own: what a
/// login needs would otherwise be held for as long as the client stays.
fn connection(
    server: Arc<Server>,
    circumstances: Circumstances,
    seat: Seat,
    upgraded: UpgradeFut,
) -> impl Future<Output = ()> + Send {
    let login = Box::pin(async move {
        let (socket, already_read) = open(upgraded).await?;
        welcome(server, Newcomer { circumstances, seat, socket, already_read }).await
    });
    async move {
        if let Some(session) = login.await {
            session.live().await;
        }
    }
}

/// The answer to a request that is not a proper upgrade. Looks at what the
/// library leaves unchecked.
fn refusal(request: &Request<Incoming>) -> Option<Response<Body>> {
    if request.method() != Method::GET {
        let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
        return Some(response);
    }
    if request.version() != Version::HTTP_11 || !is_upgrade_request(request) {
        return Some(empty(StatusCode::BAD_REQUEST));
    }
    if request.uri().path() != PATH {
        return Some(empty(StatusCode::NOT_FOUND));
    }
    if single(request.headers(), "sec-websocket-version") != Some(b"13") {
        let mut response = empty(StatusCode::UPGRADE_REQUIRED);
        response.headers_mut().insert("sec-websocket-version", HeaderValue::from_static("13"));
        return Some(response);
    }
    let key = single(request.headers(), "sec-websocket-key");
    (!key.is_some_and(is_key)).then(|| empty(StatusCode::BAD_REQUEST))
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none()).map(HeaderValue::as_bytes)
}

/// Sixteen bytes in base64.
fn is_key(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(digit)
}

/// Takes the socket out from under the HTTP connection, and with it what the
/// client may have sent right behind its request.
async fn open(upgraded: UpgradeFut) -> Option<(Socket, Vec<u8>)> {
    let upgraded = match upgraded.await {
        Ok(websocket) => websocket.into_inner().into_inner(),
        Err(error) => {
            debug!(%error, "a client left while its connection was upgraded");
            return None;
        }
    };
    let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            let tcp = parts.io.into_inner();
            // Answers are small and wanted now.
            let _ = tcp.set_nodelay(true);
            return Some((Socket::Tcp(tcp), parts.read_buf.into()));
        }
        Err(upgraded) => upgraded,
    };
    let Ok(parts) = upgraded.downcast::<TokioIo<Secured>>() else {
        debug!("the connection below HTTP is not one we know");
        return None;
    };
    Some((Socket::Secured(parts.io.into_inner().into_socket()), parts.read_buf.into()))
}

#[test]
fn a_key_is_sixteen_bytes_in_base64() {
    assert!(is_key(b"dGhlIHNhbXBsZSBub25jZQ=="));
    for bad in
        ["", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j\u{e9}=="]
    {
        assert!(!is_key(bad.as_bytes()), "{bad:?}");
    }
}

/// Thousands of clients are connected and silent most of the time.
#[test]
fn a_connection_takes_little_room() {
    fn room<A, B, C, D, F>(_: fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }
    let room = room(connection);
    assert!(room <= 768, "{room} bytes");
}
