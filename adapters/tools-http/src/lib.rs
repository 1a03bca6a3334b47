#![doc = include_str!("../README.md")]

mod refusal;
mod request;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use domain::access::Scope;
use http::{Method, Request, Response, StatusCode};
use http_kit::{Body, Reader, Route, bearer, compute, json};
use hyper::body::Incoming;
use ports::{
    Json,
    driven::ConfigSource,
    driving::{Doorkeeper, Tools},
};
use serde::Serialize;

use crate::refusal::Refusal;

/// Where a tool is called.
const PATHS: [&str; 2] = ["/tools/invoke", "/.openclaw/tools/invoke"];

/// The longest body, in bytes.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// What the routes need.
#[derive(Clone)]
pub struct Deps {
    /// Says who asks.
    pub door: Arc<dyn Doorkeeper>,
    /// Uses tools.
    pub tools: Arc<dyn Tools>,
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
}

/// The routes.
pub fn routes(deps: &Deps) -> Vec<Route> {
    let route = |path| {
        let deps = deps.clone();
        Route::new(Method::POST, path, move |request| {
            let deps = deps.clone();
            async move { deps.invoke(request).await.unwrap_or_else(Refusal::into_response) }
        })
        .documented(include_str!("openapi.json"))
    };
    PATHS.into_iter().map(route).collect()
}

impl Deps {
    async fn invoke(&self, request: Request<Incoming>) -> Result<Response<Body>, Refusal> {
        let secret = bearer(request.headers());
        let caller = http_kit::caller(&*self.door, &request, secret, Scope::Read).await?;
        let timeout = Duration::from_millis(self.config.current().gateway.limits.http_body_ms);
        let (head, body) = request.into_parts();
        let body = Reader { limit: MAX_BODY, timeout }.bytes(&head.headers, body).await?;
        let call = compute(body.len(), move || request::read(&body, &head.headers)).await?;
        let result = self.tools.invoke(&caller, call).await?;
        Ok(json(StatusCode::OK, &Done { ok: true, result }))
    }
}

#[derive(Serialize)]
struct Done {
    ok: bool,
    result: Json,
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}
