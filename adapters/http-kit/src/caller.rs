//! Who asks, and whether they may.

use domain::access::{Access, Denied, Principal, Scope};
use http::{HeaderMap, Request, header};
use ports::driving::{Credentials, Doorkeeper, RpcError};

use crate::circumstances;

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
