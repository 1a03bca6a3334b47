//! The configuration, as clients may see it.

use std::sync::Arc;

use domain::session::Keys;
use ports::{
    config::Config,
    driven::{
        ConfigIssue, ConfigSnapshot, ConfigSource, ConfigStore, ConfigWrite, ConfigWriteError,
        ConfigWritten,
    },
};

use crate::reload::Reload;

/// How short names of sessions are completed under `config`.
pub fn keys(config: &Config) -> Keys {
    let main_key = config.session.main_key.trim().to_lowercase();
    Keys {
        default_agent: config.agents.default_agent(),
        main_key: if main_key.is_empty() { "main".into() } else { main_key.into() },
    }
}

/// The configuration, as clients may see and change it.
#[derive(Clone)]
pub struct Configuration {
    source: Arc<dyn ConfigSource>,
    store: Arc<dyn ConfigStore>,
    reload: Reload,
}

impl Configuration {
    /// What `source` says, what `store` changes and `reload` puts into force.
    pub fn new(source: Arc<dyn ConfigSource>, store: Arc<dyn ConfigStore>, reload: Reload) -> Self {
        Self { source, store, reload }
    }

    /// What is in force.
    pub fn current(&self) -> Arc<Config> {
        self.source.current()
    }

    /// How short names of sessions are completed.
    pub fn keys(&self) -> Keys {
        keys(&self.source.current())
    }

    /// What is wrong with the file, and what of it could not be put into force.
    pub fn issues(&self) -> Vec<ConfigIssue> {
        self.reload.issues()
    }

    /// The hash of the text that is in force, as far as it is valid.
    pub fn applied_hash(&self) -> String {
        self.reload.hash()
    }

    /// Changes the file. What changed is put into force a moment later.
    pub async fn write(&self, write: ConfigWrite) -> Result<ConfigWritten, ConfigWriteError> {
        let is_done = !write.dry_run;
        let written = self.store.write(write).await?;
        if is_done {
            self.reload.nudge();
        }
        Ok(written)
    }

    /// The file as it is on disk, secrets replaced. Reading it takes its time,
    /// so it happens beside the clients.
    pub async fn snapshot(&self) -> Result<ConfigSnapshot, Unreadable> {
        let source = Arc::clone(&self.source);
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
