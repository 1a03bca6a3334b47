#![doc = include_str!("../README.md")]

mod caller;
mod count;
mod create;
mod messages;
mod object;
mod picture;
mod refusal;
mod request;
mod script;
mod sse;
mod straight;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod usage;
mod whole;

use std::{fmt, sync::Arc};

use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_kit::{Body, Route, request_id, text};
use hyper::body::Incoming;
use ports::{
    config::{Config, Live},
    driven::{ConfigSource, Entropy},
    driving::{Conversations, Doorkeeper, Relay, TokenCounter},
};

use crate::refusal::Refusal;

/// What the routes need.
#[derive(Clone)]
pub struct Deps {
    /// Says who asks.
    pub door: Arc<dyn Doorkeeper>,
    /// Answers.
    pub conversations: Arc<dyn Conversations>,
    /// Counts what there is to read.
    pub counter: Arc<dyn TokenCounter>,
    /// Passes requests on to providers.
    pub relay: Arc<dyn Relay>,
    /// Makes up the names of answers.
    pub entropy: Arc<dyn Entropy>,
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
    /// Whether the gateway listens on the loopback only. There the routes are
    /// served unless the configuration says otherwise.
    pub loopback_only: Live<bool>,
}

/// The routes.
pub fn routes(deps: &Deps) -> Vec<Route> {
    vec![
        route("/v1/messages", deps, |visit, request| async move {
            create::create(&visit, request).await
        }),
        route("/v1/messages/count_tokens", deps, |visit, request| async move {
            count::count(&visit, request).await
        }),
    ]
}

/// One request, and names for it.
struct Visit {
    deps: Deps,
    uuid: String,
    /// What it is called in answers.
    request_id: Option<HeaderValue>,
}

/// A route whose answers say in `request-id` what the request was called: in its
/// own `x-request-id`, or anew.
fn route<F, Fut>(path: &'static str, deps: &Deps, handler: F) -> Route
where
    F: Fn(Visit, Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Body>, Refusal>> + Send + 'static,
{
    let deps = deps.clone();
    Route::new(Method::POST, path, move |request: Request<Incoming>| {
        let uuid = deps.entropy.uuid();
        let id = request_id(request.headers(), &uuid);
        let visit = Visit { uuid, deps: deps.clone(), request_id: id.clone() };
        let answering = handler(visit, request);
        async move {
            let answer = answering.await;
            let mut response = answer.unwrap_or_else(|refusal| refusal.into_response(id.as_ref()));
            if let Some(id) = id {
                let headers = response.headers_mut();
                headers.insert("request-id", id.clone());
                headers.insert("x-request-id", id);
            }
            response
        }
    })
    .documented(include_str!("openapi.json"))
}

/// The answer of a route that is not served: as if there were no such path.
fn not_served() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "Not Found")
}

impl Deps {
    /// Whether the configuration in force wants the routes served.
    fn serves(&self, config: &Config) -> bool {
        config.gateway.http.serves_messages(*self.loopback_only.get())
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}
