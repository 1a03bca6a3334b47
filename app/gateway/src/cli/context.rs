//! What commands have in common.

use std::{env, sync::Arc};

use config_file::ConfigFile;
use gateway::paths::Paths;

use crate::cli::{Global, failure::Failure};

/// The port of the profile `dev`.
const DEV_PORT: u16 = 19001;

/// Where everything is, and how to print.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    /// Whether to print JSON and nothing else.
    pub(crate) json: bool,
    /// Whether this is the profile `dev`.
    pub(crate) dev: bool,
    /// The profile, unless it is the default one.
    pub(crate) profile: Option<String>,
    /// The places of the gateway.
    pub(crate) paths: Paths,
    /// Its configuration, which may have mistakes.
    pub(crate) config: Arc<ConfigFile>,
}

impl Context {
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let profile = global.profile.as_deref().or(global.dev.then_some("dev"));
        let paths = Paths::resolve(&variable, profile).map_err(|e| Failure::new(e.to_string()))?;
        let profile = profile.map(str::to_owned).or_else(|| variable("OPENCLAW_PROFILE"));
        let profile = profile.map(|name| name.trim().to_owned());
        let profile = profile.filter(|name| !name.is_empty() && name != "default");
        let config = Arc::new(ConfigFile::load(paths.config_path.clone(), variable));
        Ok(Self { json: global.json, dev: global.dev, profile, paths, config })
    }

    /// The configuration as it is on disk now.
    pub(crate) fn read_config(&self) -> Arc<ConfigFile> {
        Arc::new(ConfigFile::load(self.paths.config_path.clone(), variable))
    }

    /// The same with the configuration as it is on disk now.
    pub(crate) fn reread(&self) -> Self {
        Self { config: self.read_config(), ..self.clone() }
    }

    /// A variable of the product, under any of its names, that is not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        let names = ["OPENCLAW_", "MOLTBOT_", "CLAWDBOT_"].map(|prefix| format!("{prefix}{name}"));
        let value = names.iter().find_map(|name| self.config.variable(name))?;
        Some(value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The port the profile has when nothing says otherwise.
    pub(crate) fn default_port(&self) -> Option<u16> {
        self.dev.then_some(DEV_PORT)
    }
}

/// A variable of the process. One that is no text counts as absent.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
