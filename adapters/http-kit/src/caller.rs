//! Who asks, and whether they may.

use domain::access::{Access, Denied, Principal, Scope};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use ports::driving::{Credentials, Doorkeeper, ErrorCode, RpcError};
use serde::Serialize;

use crate::{Body, circumstances, json};

/// Why somebody is not let in.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotLetIn {
    /// It is not known who they are.
    #[error("{}", .0.message)]
    Unknown(RpcError),
    /// They may not do that.
    #[error(transparent)]
    Denied(#[from] Denied),
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Refusal<'a>,
}

#[derive(Serialize)]
struct Refusal<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl NotLetIn {
    /// The answer of a route that has no words of its own for it
    /// (`gateway-reference.md` 1.3).
    pub fn answer(&self) -> Response<Body> {
        let (status, kind, message) = match self {
            Self::Denied(denied) => (StatusCode::FORBIDDEN, "forbidden", denied.to_string()),
            Self::Unknown(error) => match (error.code, error.retry_after) {
                (ErrorCode::Unavailable, _) => {
                    (StatusCode::SERVICE_UNAVAILABLE, "api_error", error.message.clone())
                }
                (_, Some(_)) => {
                    (StatusCode::TOO_MANY_REQUESTS, "rate_limited", error.message.clone())
                }
                // Which of the many reasons it was is nobody's business.
                (_, None) => (StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized".to_owned()),
            },
        };
        let mut response = json(status, &Envelope { error: Refusal { message: &message, kind } });
        let headers = response.headers_mut();
        if let Self::Unknown(RpcError { retry_after: Some(pause), .. }) = self {
            let seconds = pause.as_millis().div_ceil(1000).max(1);
            if let Ok(seconds) = HeaderValue::try_from(seconds.to_string()) {
                headers.insert(header::RETRY_AFTER, seconds);
            }
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Whoever made `request`, if they hold `scope`. `secret` is what they showed,
/// which may be the token or the password.
pub async fn caller<B>(
    door: &dyn Doorkeeper,
    request: &Request<B>,
    secret: Option<Box<str>>,
    scope: Scope,
) -> Result<Principal, NotLetIn> {
    let principal = identify(door, request, secret).await?;
    Access::Operator(scope).check(&principal)?;
    Ok(principal)
}

/// Whoever made `request`, whatever they may do: nothing is allowed by this.
pub async fn identify<B>(
    door: &dyn Doorkeeper,
    request: &Request<B>,
    secret: Option<Box<str>>,
) -> Result<Principal, NotLetIn> {
    let circumstances = circumstances(request, door);
    let credentials =
        Credentials { token: secret.clone(), password: secret, ..Credentials::default() };
    let principal = door.identify(&credentials, &circumstances).await;
    principal.map_err(NotLetIn::Unknown)
}

/// What `Authorization: Bearer` holds.
pub fn bearer(headers: &HeaderMap) -> Option<Box<str>> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then(|| secret.into())
}

#[test]
fn only_bearers_show_something() {
    #[rustfmt::skip]
    let table = [
        ("Bearer a",      Some("a")),
        ("bearer  a b ",  Some("a b")),
        ("Bearer ",       None),
        ("Bearer",        None),
        ("Basic a",       None),
        ("a",             None),
    ];
    for (value, secret) in table {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        assert_eq!(bearer(&headers).as_deref(), secret, "{value:?}");
    }
    assert_eq!(bearer(&HeaderMap::new()), None);
}

#[test]
fn whoever_is_not_let_in_learns_what_may_help() {
    use std::time::Duration;

    let locked = RpcError::new(ErrorCode::Forbidden, "too many failures")
        .retry_after(Duration::from_millis(1_500));
    #[rustfmt::skip]
    let table = [
        (NotLetIn::Unknown(RpcError::invalid("token mismatch")), 401, None),
        (NotLetIn::Unknown(locked), 429, Some("2")),
        (NotLetIn::Unknown(RpcError::unavailable("not yet")), 503, None),
        (NotLetIn::Denied(Denied::Scope(Scope::Read)), 403, None),
    ];
    for (why, status, wait) in table {
        let answer = why.answer();
        assert_eq!(answer.status(), status, "{why}");
        let said = answer.headers().get(header::RETRY_AFTER).map(|it| it.to_str().unwrap());
        assert_eq!(said, wait, "{why}");
        assert_eq!(answer.headers().contains_key(header::WWW_AUTHENTICATE), status == 401);
    }
}
