//! Who asks, and whether they may.

use domain::access::{Principal, Scope};
use http::Request;
use http_kit::bearer;

use crate::{Deps, refusal::Refusal};

/// Whoever made `request`, if they hold `scope`. What they show after `Bearer`
/// may be the token or the password.
pub(crate) async fn caller<B>(
    deps: &Deps,
    request: &Request<B>,
    scope: Scope,
) -> Result<Principal, Refusal> {
    Ok(http_kit::caller(&*deps.door, request, bearer(request.headers()), scope).await?)
}
