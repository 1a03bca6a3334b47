//! What the wizard needs of this machine.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    sync::Arc,
};

use async_trait::async_trait;
use config_file::ConfigFile;
use domain::wizard::{Answers, ProviderPlan};
use ports::{
    BoxError,
    driven::{Clock, Entropy, ProviderCheck, WizardNotes},
};
use usecases::wizard::{Deps, Wizard};

use super::models;
use crate::paths::Paths;

/// The wizard clients share, on the configuration `config`.
pub(super) fn open(
    paths: &Paths,
    config: &Arc<ConfigFile>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Wizard {
    Wizard::new(deps(paths, config), Arc::clone(clock), Arc::clone(entropy))
}

/// What the wizard works with, on the configuration `config`. Nothing can be put
/// away while the gateway runs.
pub(crate) fn deps(paths: &Paths, config: &Arc<ConfigFile>) -> Deps {
    Deps {
        attic: None,
        check: Arc::new(Asking(Arc::clone(config))),
        config: Arc::clone(config) as _,
        notes: Arc::new(Notes {
            paths: paths.clone(),
            home: config.variable("HOME").map(PathBuf::from),
        }),
        store: Arc::new(config.store()),
    }
}

/// Asks providers by the adapters that would serve them.
struct Asking(Arc<ConfigFile>);

#[async_trait]
impl ProviderCheck for Asking {
    fn keys(&self) -> Vec<String> {
        models::keyed(&self.0)
    }

    async fn models(&self, provider: &ProviderPlan) -> Result<Vec<String>, String> {
        models::ask(&self.0, provider).await
    }
}

/// What was answered, in a file of the state directory.
struct Notes {
    paths: Paths,
    home: Option<PathBuf>,
}

impl Notes {
    fn file(&self) -> PathBuf {
        self.paths.state_dir.join("wizard.json")
    }
}

impl WizardNotes for Notes {
    fn load(&self) -> Answers {
        let text = fs::read(self.file()).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    fn keep(&self, answers: &Answers) -> Result<(), BoxError> {
        self.paths.create()?;
        let text = serde_json::to_vec_pretty(answers)?;
        let mut options = fs::OpenOptions::new();
        options.create(true).truncate(true).write(true).mode(0o600);
        options.open(self.file())?.write_all(&text)?;
        Ok(())
    }

    fn forget(&self) -> Result<(), BoxError> {
        match fs::remove_file(self.file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn workspace(&self) -> String {
        let place = self.paths.state_dir.join("workspace");
        let below_home = self.home.as_ref().and_then(|home| place.strip_prefix(home).ok());
        match below_home {
            Some(rest) => format!("~/{}", rest.display()),
            None => place.display().to_string(),
        }
    }

    fn make_workspace(&self, path: &str) -> Result<bool, BoxError> {
        let path = match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            (Some(_), None) => return Err("HOME is not set".into()),
            (None, _) => PathBuf::from(path),
        };
        let there = path.is_dir();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(!there)
    }
}
