//! Tools over the use cases of a [`World`](super::World), and a small internet.

use std::sync::Arc;

use domain::outbound::Blocked;
use ports::driven::{FetchError, Fetched, MockFetch};
use usecases::tools::{Deps, Tools};

use super::{Types, digests};
use crate::Services;

/// The tools of a gateway with these use cases.
pub(super) fn tools(services: &Services) -> Tools {
    Tools::new(Deps {
        chat: services.chat.clone(),
        clock: Arc::clone(&services.clock),
        configuration: services.configuration.clone(),
        digests: Arc::new(digests()),
        directory: services.directory.clone(),
        entropy: Arc::clone(&services.entropy),
        fetch: Arc::new(internet()),
        manual: Arc::new(Types),
        models: services.models.clone(),
        nodes: services.nodes.clone(),
        sessions: services.sessions.clone(),
    })
}

/// What there is at a few addresses.
fn internet() -> MockFetch {
    let mut internet = MockFetch::new();
    internet.expect_fetch().returning(|url, _| {
        let (mime, text) = match url {
            "https://pages.example/cat" => (
                "text/html",
                "<title>About cats</title><h1>Cats</h1><script>no()</script>\
                 <p>A <a href='https://pages.example/'>cat</a> &amp; more."
                    .to_owned(),
            ),
            "https://pages.example/long" => ("text/plain", "x".repeat(3000)),
            "https://pages.example/picture" => ("image/png", "x".to_owned()),
            "https://pages.example/inside" => return Err(Blocked::Private.into()),
            _ => return Err(FetchError::Status(404)),
        };
        Ok(Fetched { mime: Some(mime.to_owned()), name: String::new(), bytes: text.into_bytes() })
    });
    internet
}
