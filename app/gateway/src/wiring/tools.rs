//! The tools.

use std::sync::Arc;

use config_file::FileManual;
use rpc::Services;
use signatures::Sha256;
use url_fetch::UrlFetch;
use usecases::tools::{Deps, Tools};

/// Tools over the use cases there are.
pub(super) fn open(services: &Services) -> Tools {
    Tools::new(Deps {
        chat: services.chat.clone(),
        clock: Arc::clone(&services.clock),
        configuration: services.configuration.clone(),
        digests: Arc::new(Sha256),
        directory: services.directory.clone(),
        entropy: Arc::clone(&services.entropy),
        fetch: Arc::new(UrlFetch::new()),
        manual: Arc::new(FileManual),
        models: services.models.clone(),
        nodes: services.nodes.clone(),
        sessions: services.sessions.clone(),
    })
}
