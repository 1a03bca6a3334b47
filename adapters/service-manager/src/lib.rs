#![doc = include_str!("../README.md")]

mod definition;
mod launchd;
mod name;
mod recognise;
mod run;
mod schtasks;
pub mod supervisor;
mod systemd;

pub use crate::{
    launchd::{LaunchAgent, render as render_plist},
    name::{Identity, Scope},
    run::Programs,
    schtasks::{ScheduledTask, render as render_script},
    systemd::{Systemd, render as render_unit},
};

use std::path::PathBuf;

use ports::driven::ServiceManager;

/// Where definitions are, and how the system is talked to.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which service it is.
    pub identity: Identity,
    /// The user's directory.
    pub home: PathBuf,
    /// The directory of the state, where Windows' script is.
    pub state_dir: PathBuf,
    /// How the system's programs are run.
    pub programs: Programs,
    /// The file system, for tests `/` of another one.
    pub root: PathBuf,
}

/// The services of the system this was built for.
pub fn native(options: Options) -> Box<dyn ServiceManager> {
    if cfg!(target_os = "macos") {
        Box::new(LaunchAgent::new(options))
    } else if cfg!(windows) {
        Box::new(ScheduledTask::new(options))
    } else {
        Box::new(Systemd::new(options))
    }
}
