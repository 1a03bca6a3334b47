//! Who asks, and whether they may.

use domain::access::{Access, Principal, Scope};
use http::{HeaderMap, Request, header};
use http_kit::circumstances;
use ports::driving::Credentials;

use crate::{Deps, refusal::Refusal};

/// Whoever made `request`, if they hold `scope`.
pub(crate) async fn caller<B>(
    deps: &Deps,
    request: &Request<B>,
    scope: Scope,
) -> Result<Principal, Refusal> {
    let circumstances = circumstances(request, &*deps.door);
    let credentials = credentials(request.headers());
    let principal = deps.door.identify(&credentials, &circumstances).await?;
    Access::Operator(scope).check(&principal)?;
    Ok(principal)
}

/// What `Authorization: Bearer` holds, which may be the token or the password.
fn credentials(headers: &HeaderMap) -> Credentials {
    let secret = headers.get(header::AUTHORIZATION).and_then(|value| {
        let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
        let secret = secret.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then(|| Box::from(secret))
    });
    Credentials { token: secret.clone(), password: secret, ..Credentials::default() }
}
