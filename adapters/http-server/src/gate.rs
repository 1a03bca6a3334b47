//! Which requests may come in at all, before anybody looks at their path.

use domain::origin::Authority;
use http::{Method, Request, Response, StatusCode, Version, header};
use http_kit::{Body, circumstances, text};
use ports::driving::{Doorkeeper, ErrorCode};

/// What became of a request at the gate.
pub(crate) type Passed = Result<(), Box<Response<Body>>>;

/// Lets `request` pass, or says with which answer it is turned away.
///
/// The `Host` is checked on every request: a rebound name server makes a
/// browser use a foreign one. The `Origin` is checked wherever a page of
/// somebody else could do harm without reading the answer: in upgrades, and in
/// methods that are not only looking.
pub(crate) fn pass<B>(request: &Request<B>, upgrade: bool, door: &dyn Doorkeeper) -> Passed {
    if !is_addressed_well(request) {
        return refuse(StatusCode::BAD_REQUEST, "Bad Request");
    }
    let mut circumstances = circumstances(request, door);
    let looks_only = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if looks_only && !upgrade {
        circumstances.origin = None;
    }
    if let Err(error) = door.may_knock(&circumstances) {
        let status = match error.code {
            ErrorCode::InvalidRequest | ErrorCode::Forbidden | ErrorCode::NotPaired => {
                StatusCode::FORBIDDEN
            }
            ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        };
        return refuse(status, error.message);
    }
    // A page whose origin was found good may be on another site.
    if !looks_only && circumstances.origin.is_none() && is_cross_site(request) {
        return refuse(StatusCode::FORBIDDEN, "cross-site request refused");
    }
    Ok(())
}

/// Whether it is clear whom the request is for: one `Host`, well formed, and
/// the same as in the request line, should that name one (RFC 9112 3.2).
fn is_addressed_well<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => match host.to_str() {
            Ok(host) if Authority::parse(host).is_some() => host,
            _ => return false,
        },
        (None, _) => {
            return request.version() < Version::HTTP_11 && request.uri().authority().is_none();
        }
        (Some(_), Some(_)) => return false,
    };
    let named = request.uri().authority();
    request.method() != Method::CONNECT
        && named.is_none_or(|named| named.as_str().eq_ignore_ascii_case(host))
}

fn is_cross_site<B>(request: &Request<B>) -> bool {
    request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

/// Whether `request` asks for a WebSocket.
pub(crate) fn wants_websocket<B>(request: &Request<B>) -> bool {
    request.headers().get_all(header::UPGRADE).iter().any(|value| {
        let mut protocols = value.as_bytes().split(|byte| *byte == b',');
        protocols.any(|protocol| protocol.trim_ascii().eq_ignore_ascii_case(b"websocket"))
    })
}

fn refuse(status: StatusCode, why: impl Into<bytes::Bytes>) -> Passed {
    Err(Box::new(text(status, why)))
}
