#![doc = include_str!("../README.md")]

mod caller;
mod completions;
mod conversation;
mod embeddings;
mod format;
mod media;
mod messages;
mod models;
mod refusal;
mod request;
mod responses;
mod sse;
mod straight;
mod target;
#[cfg(test)]
mod tests;
mod text_or;
mod tools;
mod usage;
mod whole;

use std::{fmt, sync::Arc};

use http::{Method, Request, Response, StatusCode};
use http_kit::{Body, Route, request_id, text};
use hyper::body::Incoming;
use ports::{
    config::{Config, Live},
    driven::{Clock, ConfigSource, Entropy, Fetch},
    driving::{Conversations, Doorkeeper, Relay, Responses},
};

use crate::{refusal::Refusal, responses::Running};

/// What the routes need.
#[derive(Clone)]
pub struct Deps {
    /// Says who asks.
    pub door: Arc<dyn Doorkeeper>,
    /// Answers.
    pub conversations: Arc<dyn Conversations>,
    /// Gets pictures and files requests name by their addresses.
    pub fetch: Arc<dyn Fetch>,
    /// Keeps responses for those who ask for them again.
    pub responses: Arc<dyn Responses>,
    /// Passes requests on to providers.
    pub relay: Arc<dyn Relay>,
    /// Makes up the names of answers.
    pub entropy: Arc<dyn Entropy>,
    /// Tells when an answer was made.
    pub clock: Arc<dyn Clock>,
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
    /// Whether the gateway listens on the loopback only. There the routes are
    /// served unless the configuration says otherwise.
    pub loopback_only: Live<bool>,
}

/// The routes.
pub fn routes(deps: &Deps) -> Vec<Route> {
    let since = deps.clock.now();
    let running = Running::default();
    let (creating, cancelling) = (running.clone(), running);
    vec![
        route(Method::POST, "/v1/responses", deps, move |visit, request| {
            let running = creating.clone();
            async move { responses::create(&visit, request, running).await }
        }),
        route(Method::GET, "/v1/responses/{id}", deps, |visit, request| async move {
            responses::retrieve(&visit, &request).await
        }),
        route(Method::DELETE, "/v1/responses/{id}", deps, |visit, request| async move {
            responses::delete(&visit, &request).await
        }),
        route(Method::GET, "/v1/responses/{id}/input_items", deps, |visit, request| async move {
            responses::input_items(&visit, &request).await
        }),
        route(Method::POST, "/v1/responses/{id}/cancel", deps, move |visit, request| {
            let running = cancelling.clone();
            async move { responses::cancel(&visit, &request, &running).await }
        }),
        route(Method::POST, "/v1/chat/completions", deps, |visit, request| async move {
            completions::complete(&visit, request).await
        }),
        route(Method::POST, "/v1/embeddings", deps, |visit, request| async move {
            embeddings::embed(&visit, request).await
        }),
        route(Method::GET, "/v1/usage", deps, |visit, request| async move {
            usage::list(&visit, &request).await
        }),
        route(Method::GET, "/v1/models", deps, move |visit, request| async move {
            models::list(&visit, &request, since).await
        }),
        route(Method::GET, "/v1/models/{*id}", deps, move |visit, request| async move {
            models::retrieve(&visit, &request, since).await
        }),
    ]
}

/// One request, and a name for it.
struct Visit {
    deps: Deps,
    uuid: String,
}

/// A route whose answers carry `x-request-id`: the one the request came with, or
/// a new one.
fn route<F, Fut>(method: Method, path: &'static str, deps: &Deps, handler: F) -> Route
where
    F: Fn(Visit, Request<Incoming>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Response<Body>, Refusal>> + Send + 'static,
{
    let deps = deps.clone();
    Route::new(method, path, move |request: Request<Incoming>| {
        let visit = Visit { uuid: deps.entropy.uuid(), deps: deps.clone() };
        let id = request_id(request.headers(), &visit.uuid);
        let answering = handler(visit, request);
        async move {
            let mut response = answering.await.unwrap_or_else(Refusal::into_response);
            if let Some(id) = id {
                response.headers_mut().insert("x-request-id", id);
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
        config.gateway.http.serves_chat_completions(*self.loopback_only.get())
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}
