//! Saying what was counted.

use std::{fmt, sync::Arc};

use domain::access::Scope;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_kit::{Body, NotLetIn, Route, bearer, caller, text};
use hyper::body::Incoming;
use ports::{driven::ConfigSource, driving::Doorkeeper};

use crate::Metrics;

/// Where it is said.
const PATHS: [&str; 2] = ["/metrics", "/api/diagnostics/prometheus"];

/// OpenMetrics 1.0, which Prometheus asks for.
const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What saying it needs.
#[derive(Clone)]
pub struct Deps {
    /// Says who asks.
    pub door: Arc<dyn Doorkeeper>,
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
    /// What was counted.
    pub metrics: Metrics,
}

/// The routes.
pub fn routes(deps: &Deps) -> Vec<Route> {
    let route = |path| {
        let deps = deps.clone();
        Route::new(Method::GET, path, move |request: Request<Incoming>| {
            let deps = deps.clone();
            async move { page(&deps, &request).await.unwrap_or_else(|why| why.answer()) }
        })
        .documented(include_str!("openapi.json"))
    };
    PATHS.into_iter().map(route).collect()
}

async fn page<B>(deps: &Deps, request: &Request<B>) -> Result<Response<Body>, NotLetIn> {
    if deps.config.current().diagnostics.enabled == Some(false) {
        return Ok(text(StatusCode::NOT_FOUND, "Not Found"));
    }
    caller(&*deps.door, request, bearer(request.headers()), Scope::Read).await?;
    let Ok(metrics) = deps.metrics.text() else {
        return Ok(text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"));
    };
    let mut response = text(StatusCode::OK, metrics);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(FORMAT));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("metrics", &self.metrics).finish_non_exhaustive()
    }
}
