//! Bringing the program up to date.

use std::{path::Path, sync::Arc, time::Duration};

use domain::update::Release;
use ports::{
    driven::{Clock, Installed, Restart, RestartNotes, Updater},
    view::UpdateResult,
};
use restart_note::NoteFile;
use tokio_util::task::TaskTracker;
use updater::InstalledProgram;
use usecases::update::{Deps, Update, carry_out};

use crate::clock::SystemClock;

/// Updates for the clients of a gateway. What `restart` cannot do a person has
/// to.
pub(super) fn update(
    state_dir: &Path,
    clock: &Arc<dyn Clock>,
    restart: Option<Arc<dyn Restart>>,
    tasks: &TaskTracker,
) -> Update {
    Update::new(Deps {
        clock: Arc::clone(clock),
        notes: notes(state_dir),
        restart,
        tasks: tasks.clone(),
        updater: Arc::new(InstalledProgram::this(telemetry::hide_secrets)),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// What the gateway that ran before left to be told.
pub(super) fn notes(state_dir: &Path) -> Arc<dyn RestartNotes> {
    Arc::new(NoteFile::new(state_dir))
}

/// The program this is, and the tool that installed it.
#[derive(Debug)]
pub struct Program(InstalledProgram);

impl Program {
    /// This one.
    pub fn this() -> Self {
        Self(InstalledProgram::this(telemetry::hide_secrets))
    }

    /// What installed it.
    pub async fn installed(&self) -> Installed {
        self.0.installed().await
    }

    /// Installs `release` in its place, within `limit`.
    pub async fn update(&self, release: &Release, limit: Duration) -> UpdateResult {
        let before = env!("CARGO_PKG_VERSION");
        carry_out(&self.0, &SystemClock::start(), before, release, limit).await
    }
}
