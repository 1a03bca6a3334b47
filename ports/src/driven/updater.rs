//! The tools that install programs on this machine.

use std::time::Duration;

use async_trait::async_trait;
use domain::update::{Installation, UpdateCommand};

use crate::view::UpdateStep;

/// Finds out what installed the program, and runs that tool.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Updater: Send + Sync {
    /// What installed the program. Reads the disk and may ask dpkg; takes
    /// seconds at most.
    async fn installed(&self) -> Installed;

    /// Runs `command` for at most `limit`, without a shell and without the
    /// secrets of the gateway's environment. What it says comes back with
    /// secrets hidden. Dropping the future leaves the command alone.
    async fn run(&self, command: &UpdateCommand, limit: Duration) -> UpdateStep;

    /// The command that asks the installed program for its version.
    fn check(&self) -> UpdateCommand;
}

/// What installed the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// That.
    pub by: Installation,
    /// Whether this process may change what belongs to the system.
    pub superuser: bool,
}
