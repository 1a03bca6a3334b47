//! What a request says about where it comes from.

use std::net::{IpAddr, Ipv4Addr};

use domain::time::Timestamp;
use http::{HeaderMap, Request, header};
use ports::driving::{Circumstances, Doorkeeper};

use crate::Ends;

/// The circumstances in which `request` was made, as far as it shows them: the
/// name of the connection, the nonce and the time of the challenge are left
/// empty, for an HTTP request has none.
///
/// The peer is the other end of the socket, taken from the [`Ends`] the server
/// put there. A request without them counts as one from elsewhere.
pub fn circumstances<B>(request: &Request<B>, door: &dyn Doorkeeper) -> Circumstances {
    let headers = request.headers();
    let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let ends = request.extensions().get::<Ends>();
    let peer = ends.map(|ends| ends.peer.ip());
    Circumstances {
        connection: Box::default(),
        peer: peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).to_canonical(),
        host: text(header::HOST).map(Box::from),
        origin: text(header::ORIGIN).map(Box::from),
        headers: of_interest(headers, &door.headers()),
        secure: ends.is_some_and(|ends| ends.secure),
        nonce: Box::default(),
        challenged_at: Timestamp::default(),
    }
}

/// What proxies and the tailnet say, and what else is `wanted`. Most requests
/// have none of it, and then nothing is copied.
fn of_interest(headers: &HeaderMap, wanted: &[Box<str>]) -> Box<[(Box<str>, Box<str>)]> {
    let interesting = |name: &str| {
        Circumstances::is_forwarding(name)
            || name.starts_with("tailscale-")
            || wanted.iter().any(|other| **other == *name)
    };
    let joined = |name: &header::HeaderName| {
        let lines = headers.get_all(name).iter().map(|it| String::from_utf8_lossy(it.as_bytes()));
        lines.collect::<Vec<_>>().join(", ")
    };
    let names = headers.keys().filter(|name| interesting(name.as_str()));
    names.map(|name| (name.as_str().into(), joined(name).into())).collect()
}

#[test]
fn what_a_request_shows() {
    let wanted: [Box<str>; 1] = ["remote-user".into()];
    let request = Request::get("/")
        .header("host", "localhost:18789")
        .header("accept", "*/*")
        .header("X-Forwarded-For", "198.51.100.9")
        .header("X-Forwarded-For", "10.0.0.1")
        .header("Tailscale-User-Login", "a@example.com")
        .header("Remote-User", "ada")
        .header("X-OpenClaw-Scopes", "operator.admin")
        .body(())
        .unwrap();
    let mut seen = of_interest(request.headers(), &wanted).into_vec();
    seen.sort();
    let seen: Vec<_> = seen.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(
        seen,
        [
            ("remote-user", "ada"),
            ("tailscale-user-login", "a@example.com"),
            ("x-forwarded-for", "198.51.100.9, 10.0.0.1"),
        ]
    );
    let binary = Request::get("/").header("x-real-ip", b"\xff".as_slice()).body(()).unwrap();
    assert_eq!(&*of_interest(binary.headers(), &[])[0].1, "\u{fffd}", "there, and no address");
}
