//! The configuration, as clients may see it.

use std::sync::Arc;

use domain::session::Keys;
use ports::{
    config::Config,
    driven::{ConfigSnapshot, ConfigSource},
};

/// How short names of sessions are completed under `config`.
pub fn keys(config: &Config) -> Keys {
    let main_key = config.session.main_key.trim().to_lowercase();
    Keys {
        default_agent: config.agents.default_agent(),
        main_key: if main_key.is_empty() { "main".into() } else { main_key.into() },
    }
}

/// The configuration, as clients may see it.
#[derive(Clone)]
pub struct Configuration(Arc<dyn ConfigSource>);

impl Configuration {
    /// What `source` says.
    pub fn new(source: Arc<dyn ConfigSource>) -> Self {
        Self(source)
    }

    /// What is in force.
    pub fn current(&self) -> Arc<Config> {
        self.0.current()
    }

    /// How short names of sessions are completed.
    pub fn keys(&self) -> Keys {
        keys(&self.0.current())
    }

    /// The file as it is on disk, secrets replaced. Reading it takes its time,
    /// so it happens beside the clients.
    pub async fn snapshot(&self) -> Result<ConfigSnapshot, Unreadable> {
        let source = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || source.snapshot());
        read.await.map_err(|_| Unreadable)
    }
}

/// Reading the file ended in a crash of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be read")]
pub struct Unreadable;

impl std::fmt::Debug for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Configuration").finish_non_exhaustive()
    }
}
