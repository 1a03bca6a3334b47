//! What a request says about where it comes from.

use std::net::{IpAddr, Ipv4Addr};

use domain::time::Timestamp;
use http::{HeaderMap, Request, header};
use ports::driving::Circumstances;

use crate::Ends;

/// The circumstances in which `request` was made, as far as it shows them: the
/// name of the connection, the nonce and the time of the challenge are left
/// empty, for an HTTP request has none.
///
/// The peer is the other end of the socket, taken from the [`Ends`] the server
/// put there. A request without them counts as one from elsewhere.
pub fn circumstances<B>(request: &Request<B>) -> Circumstances {
    let headers = request.headers();
    let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let peer = request.extensions().get::<Ends>().map(|ends| ends.peer.ip());
    Circumstances {
        connection: Box::default(),
        peer: peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical(),
        host: text(header::HOST).map(Box::from),
        origin: text(header::ORIGIN).map(Box::from),
        forwarded: is_forwarded(headers),
        nonce: Box::default(),
        challenged_at: Timestamp::default(),
    }
}

/// Whether somebody in between says so.
fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name == "forwarded" || name == "x-real-ip" || name.starts_with("x-forwarded-")
    })
}

#[test]
fn what_a_request_shows() {
    let peer = "[::ffff:127.0.0.1]:5000".parse().unwrap();
    let ends = Ends { peer, local: "127.0.0.1:18789".parse().unwrap(), secure: false };
    let plain = Request::get("/").header("host", "localhost:18789").extension(ends).body(());
    let seen = circumstances(&plain.unwrap());
    assert_eq!((seen.host.as_deref(), seen.origin.as_deref()), (Some("localhost:18789"), None));
    assert!(seen.is_local());

    for name in ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"] {
        let request = Request::get("/").header(name, "127.0.0.1").extension(ends).body(());
        assert!(!circumstances(&request.unwrap()).is_local(), "{name}");
    }
    let request = Request::get("/").header("origin", b"http://\xff".as_slice()).body(()).unwrap();
    let seen = circumstances(&request);
    assert_eq!(seen.origin.as_deref(), Some("http://\u{fffd}"), "present, and no page's");
    assert!(!seen.is_local(), "nobody knows where it comes from");
}
