//! Who asks, and whether they may.

use domain::access::{Principal, Scope};
use http::{HeaderMap, Request};
use http_kit::{bearer, caller as let_in};

use crate::{Deps, refusal::Refusal};

/// Whoever made `request`, if they hold `scope`.
pub(crate) async fn caller<B>(
    deps: &Deps,
    request: &Request<B>,
    scope: Scope,
) -> Result<Principal, Refusal> {
    let secret = secret(request.headers());
    Ok(let_in(&*deps.door, request, secret, scope).await?)
}

/// What was shown. Where both headers are there, the bearer counts: a client
/// that also has a key of Anthropic's sends that one as `x-api-key`.
pub(crate) fn secret(headers: &HeaderMap) -> Option<Box<str>> {
    let key = || {
        let key = headers.get("x-api-key")?.to_str().ok()?.trim();
        (!key.is_empty()).then(|| key.into())
    };
    bearer(headers).or_else(key)
}

#[test]
fn what_is_shown() {
    #[rustfmt::skip]
    let table = [
        // authorization     x-api-key    shown
        ("",                 "",          None),
        ("Bearer a",         "",          Some("a")),
        ("",                 " b ",       Some("b")),
        ("Bearer a",         "b",         Some("a")),
        ("Basic a",          "b",         Some("b")),
    ];
    for (authorization, key, shown) in table {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", authorization.parse().unwrap());
        headers.insert("x-api-key", key.parse().unwrap());
        assert_eq!(secret(&headers).as_deref(), shown, "{authorization:?} {key:?}");
    }
}
