//! What is answered over HTTP, path by path.

use std::sync::Arc;

use http_kit::Route;
use ports::{
    config::Live,
    driven::{Clock, ConfigSource, Entropy},
    driving::{self, Conversations, Doorkeeper, Probe, TokenCounter},
};
use url_fetch::UrlFetch;
use usecases::{chat::Chat, probe::Parts, relay::Relay, responses::Responses};

/// What answers.
pub(super) struct Around {
    pub(super) chat: Chat,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: Arc<dyn ConfigSource>,
    pub(super) door: Arc<dyn Doorkeeper>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) near: Live<bool>,
    pub(super) parts: Parts,
    pub(super) relay: Relay,
    pub(super) responses: Responses,
}

/// Every route but the one for sockets.
pub(super) fn all(around: Around) -> Vec<Route> {
    let Around { chat, clock, config, door, entropy, near, parts, relay, responses } = around;
    let relay: Arc<dyn driving::Relay> = Arc::new(relay);
    let mut routes = http_server::probe_routes(&(Arc::new(parts) as Arc<dyn Probe>));
    routes.extend(anthropic_api::routes(&anthropic_api::Deps {
        door: Arc::clone(&door),
        conversations: Arc::new(chat.clone()) as Arc<dyn Conversations>,
        counter: Arc::new(chat.clone()) as Arc<dyn TokenCounter>,
        relay: Arc::clone(&relay),
        entropy: Arc::clone(&entropy),
        config: Arc::clone(&config),
        loopback_only: near.clone(),
    }));
    routes.extend(openai_api::routes(&openai_api::Deps {
        door,
        conversations: Arc::new(chat) as Arc<dyn Conversations>,
        fetch: Arc::new(UrlFetch::new()),
        responses: Arc::new(responses),
        relay,
        entropy,
        clock,
        config,
        loopback_only: near,
    }));
    routes
}
