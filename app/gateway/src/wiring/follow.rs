//! Following the configuration file.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use config_file::ConfigFile;
use config_watch::{ConfigWatcher, Debounce};
use ports::driven::{ConfigSource, ConfigWatch, EventSink};
use tracing::warn;
use usecases::{
    reload::{self, Reload},
    restart::Restarts,
};

/// Follows `file`.
pub(super) fn reload(
    file: &Arc<ConfigFile>,
    events: &Arc<dyn EventSink>,
    restarts: &Restarts,
) -> Reload {
    let deps = reload::Deps {
        config: Arc::clone(file) as _,
        events: Arc::clone(events),
        restarts: restarts.clone(),
        skip_channels: file.variable("OPENCLAW_SKIP_CHANNELS").is_some(),
    };
    let (hash, issues) = file.started_with();
    Reload::new(deps, hash, issues)
}

/// Watches the files `config` is read from, with the debounce it asks for.
/// Nothing comes of it where the system has no thread for it.
pub(super) fn watch(config: &Arc<ConfigFile>) -> Box<dyn ConfigWatch> {
    let debounce = Debounce::new(asked(config));
    match ConfigWatcher::start(debounce.clone()) {
        Ok(watcher) => {
            let mut watching = Watching { watcher, debounce, config: Arc::clone(config) };
            watching.watch(&config.files());
            Box::new(watching)
        }
        Err(error) => {
            warn!(%error, "the configuration file is not watched; SIGHUP has it read again");
            Box::new(Blind)
        }
    }
}

fn asked(config: &ConfigFile) -> Duration {
    Duration::from_millis(config.current().gateway.reload.debounce_ms)
}

struct Watching {
    watcher: ConfigWatcher,
    debounce: Debounce,
    config: Arc<ConfigFile>,
}

#[async_trait]
impl ConfigWatch for Watching {
    async fn changed(&mut self) {
        self.debounce.set(asked(&self.config));
        self.watcher.changed().await;
    }

    fn watch(&mut self, files: &[PathBuf]) {
        self.watcher.watch(files);
    }
}

/// Sees nothing.
struct Blind;

#[async_trait]
impl ConfigWatch for Blind {
    async fn changed(&mut self) {
        std::future::pending::<()>().await;
    }

    fn watch(&mut self, _: &[PathBuf]) {}
}
