//! What a gateway needs to begin with, without a question.

use domain::wizard::Plan;
use ports::driven::ConfigWrite;

use super::{Deps, WriteError, edits, session::in_full};

/// What setting up came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUp {
    /// The keys of the configuration that changed.
    pub changed: Vec<String>,
    /// Where agents work.
    pub workspace: String,
    /// Whether that was not there before.
    pub made: bool,
}

/// Says where the gateway runs and where agents work, unless the configuration
/// does so already, and makes the directory. Done again, it changes nothing.
pub async fn set_up(deps: &Deps, workspace: Option<&str>) -> Result<SetUp, WriteError> {
    let config = deps.config.current();
    let configured = config.agents.defaults.workspace.clone();
    let wanted = workspace.map(str::to_owned).or_else(|| configured.clone());
    let wanted = wanted.unwrap_or_else(|| deps.notes.workspace());
    let plan = Plan {
        local: config.gateway.mode.is_none(),
        workspace: (configured.as_ref() != Some(&wanted)).then(|| wanted.clone()),
        ..Plan::default()
    };
    let mut changed = Vec::new();
    if let Some(edit) = edits::edit(&plan, &config) {
        let write = ConfigWrite { edit, base_hash: None, any_base: true, dry_run: false };
        changed = deps.store.write(write).await.map_err(in_full)?.changed;
    }
    let made = deps.notes.make_workspace(&wanted);
    let made = made.map_err(|error| WriteError::Workspace(error.to_string()))?;
    Ok(SetUp { changed, workspace: wanted, made })
}
