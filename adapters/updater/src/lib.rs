#![doc = include_str!("../README.md")]

mod run;
mod traces;

use std::{env, fmt, path::PathBuf, time::Duration};

use async_trait::async_trait;
use domain::update::{Installation, UpdateCommand};
use ports::{
    driven::{Installed, Updater},
    view::UpdateStep,
};

/// What the program is called.
const NAME: &str = "openclaw";

/// What is done to a text before anybody sees it: secrets are hidden.
pub type Redact = fn(&str) -> String;

/// The tool that installed this program.
pub struct InstalledProgram {
    // Where it was when the process began: afterwards, a program that was
    // replaced is a deleted one to the system.
    program: PathBuf,
    redact: Redact,
}

impl InstalledProgram {
    /// The program of this process. Make it before anything replaces that; if
    /// something has, it is looked for by its name.
    pub fn this(redact: Redact) -> Self {
        let program = env::current_exe().and_then(|path| path.canonicalize());
        Self::at(program.unwrap_or_else(|_| NAME.into()), redact)
    }

    /// The program at `program`, an absolute path without links.
    pub fn at(program: PathBuf, redact: Redact) -> Self {
        Self { program, redact }
    }
}

#[async_trait]
impl Updater for InstalledProgram {
    async fn installed(&self) -> Installed {
        let traces = traces::of(&self.program).await;
        let superuser = rustix::process::geteuid().is_root();
        Installed { by: Installation::of(traces), superuser }
    }

    async fn run(&self, command: &UpdateCommand, limit: Duration) -> UpdateStep {
        run::run(command, limit, self.redact).await
    }

    fn check(&self) -> UpdateCommand {
        UpdateCommand::new("check", &[&self.program.to_string_lossy(), "--version"])
    }
}

impl fmt::Debug for InstalledProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstalledProgram").field("program", &self.program).finish_non_exhaustive()
    }
}
