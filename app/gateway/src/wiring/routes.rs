//! What is answered over HTTP, path by path.

use std::sync::Arc;

use http_kit::Route;
use metrics_prometheus::Metrics;
use ports::{
    config::Live,
    driven::ConfigSource,
    driving::{self, Conversations, Doorkeeper, Probe, TokenCounter},
};
use rpc::Services;
use url_fetch::UrlFetch;
use usecases::{probe::Parts, relay::Relay, responses::Responses, tools::Tools};

/// What answers.
pub(super) struct Around<'a> {
    pub(super) services: &'a Services,
    pub(super) config: Arc<dyn ConfigSource>,
    pub(super) door: Arc<dyn Doorkeeper>,
    pub(super) metrics: Metrics,
    pub(super) near: Live<bool>,
    pub(super) parts: Parts,
    pub(super) relay: Relay,
    pub(super) responses: Responses,
    pub(super) tools: Tools,
}

/// Every route but the one for sockets.
pub(super) fn all(around: Around<'_>) -> Vec<Route> {
    let Around { services, config, door, metrics, near, parts, relay, responses, tools } = around;
    let relay: Arc<dyn driving::Relay> = Arc::new(relay);
    let (chat, entropy) = (&services.chat, &services.entropy);
    let mut routes = http_server::probe_routes(&(Arc::new(parts) as Arc<dyn Probe>));
    routes.extend(metrics_prometheus::routes(&metrics_prometheus::Deps {
        door: Arc::clone(&door),
        config: Arc::clone(&config),
        metrics,
    }));
    routes.extend(anthropic_api::routes(&anthropic_api::Deps {
        door: Arc::clone(&door),
        conversations: Arc::new(chat.clone()) as Arc<dyn Conversations>,
        counter: Arc::new(chat.clone()) as Arc<dyn TokenCounter>,
        relay: Arc::clone(&relay),
        entropy: Arc::clone(entropy),
        config: Arc::clone(&config),
        loopback_only: near.clone(),
    }));
    routes.extend(tools_http::routes(&tools_http::Deps {
        door: Arc::clone(&door),
        tools: Arc::new(tools),
        config: Arc::clone(&config),
    }));
    routes.extend(openai_api::routes(&openai_api::Deps {
        door,
        conversations: Arc::new(chat.clone()) as Arc<dyn Conversations>,
        fetch: Arc::new(UrlFetch::new()),
        responses: Arc::new(responses),
        relay,
        entropy: Arc::clone(entropy),
        clock: Arc::clone(&services.clock),
        config,
        loopback_only: near,
    }));
    for route in &routes {
        let said = route.described().and_then(|described| described.operation());
        debug_assert!(said.is_some(), "{route:?} is not described");
    }
    let described = routes.iter().filter_map(Route::described).collect();
    routes.push(openapi_http::route(env!("CARGO_PKG_VERSION"), described));
    routes
}
