//! The routes by which others see how the gateway is
//! (`gateway-reference.md` 1.14).

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_kit::{Body, Ends, Route, json};
use hyper::body::Incoming;
use ports::driving::{Circumstances, Probe, Readiness};
use serde::Serialize;

/// `/health`, `/ready`, `/startup`, and the same with a `z`. Nobody has to show
/// anything; who asks from this machine is told more.
pub fn probe_routes(probe: &Arc<dyn Probe>) -> Vec<Route> {
    let started = Arc::new(AtomicBool::new(false));
    let mut routes = Vec::new();
    for path in ["/health", "/healthz"] {
        routes.push(Route::new(Method::GET, path, |_| async {
            probed(StatusCode::OK, &Live { ok: true, status: "live" })
        }));
    }
    for path in ["/ready", "/readyz"] {
        let probe = Arc::clone(probe);
        routes.push(Route::new(Method::GET, path, move |request: Request<Incoming>| {
            let probe = Arc::clone(&probe);
            async move {
                let near = is_near(&request);
                ready(&probe.readiness().await, near)
            }
        }));
    }
    for path in ["/startup", "/startupz"] {
        let (probe, started) = (Arc::clone(probe), Arc::clone(&started));
        routes.push(Route::new(Method::GET, path, move |_| {
            let (probe, started) = (Arc::clone(&probe), Arc::clone(&started));
            async move { startup(&probe.readiness().await, &started) }
        }));
    }
    routes.into_iter().map(|route| route.documented(include_str!("openapi.json"))).collect()
}

/// Whether `request` was made on this machine and nobody stands in between.
fn is_near<B>(request: &Request<B>) -> bool {
    let ends = request.extensions().get::<Ends>();
    let loopback = ends.is_some_and(|ends| ends.peer.ip().to_canonical().is_loopback());
    let forwarded =
        request.headers().keys().any(|name| Circumstances::is_forwarding(name.as_str()));
    loopback && !forwarded
}

#[derive(Serialize)]
struct Live {
    ok: bool,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready<'a> {
    ready: bool,
    #[serde(flatten)]
    details: Option<Details<'a>>,
}

/// For those near.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    failing: Vec<&'static str>,
    parts: BTreeMap<&'static str, PartSays<'a>>,
    uptime_ms: u64,
}

#[derive(Serialize)]
struct PartSays<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

fn ready(readiness: &Readiness, near: bool) -> Response<Body> {
    let ready = readiness.is_ready();
    let details = near.then(|| details(readiness));
    probed(status(ready), &Ready { ready, details })
}

fn details(readiness: &Readiness) -> Details<'_> {
    let failing = readiness.parts.iter().filter(|part| part.problem.is_some());
    let draining = readiness.draining.then_some("draining");
    let parts = readiness.parts.iter().map(|part| {
        let problem = part.problem.as_deref();
        (part.name, PartSays { ok: problem.is_none(), problem })
    });
    Details {
        failing: failing.map(|part| part.name).chain(draining).collect(),
        parts: parts.collect(),
        uptime_ms: readiness.uptime_ms,
    }
}

/// A gateway that was ready once has started, whatever happens to it later.
fn startup(readiness: &Readiness, started: &AtomicBool) -> Response<Body> {
    if readiness.is_ready() {
        started.store(true, Ordering::Relaxed);
    }
    let says = match (readiness.draining, started.load(Ordering::Relaxed)) {
        (true, _) => "draining",
        (false, true) => "started",
        (false, false) => "starting",
    };
    let ok = says == "started";
    probed(status(ok), &Live { ok, status: says })
}

fn status(ok: bool) -> StatusCode {
    if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn probed(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    let mut response = json(status, value);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
