//! Running the system's programs.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};

use ports::driven::ServiceError;
use tokio::{process::Command, time};

/// How long a question may take.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);
/// How long a change may take; one that stops a service waits for its end, and
/// the longest drain is five minutes.
pub(crate) const CHANGE: Duration = Duration::from_secs(330);
/// The most that is kept of a complaint.
const LONGEST_COMPLAINT: usize = 400;

/// What programs of the system may know of our environment, which may hold
/// secrets.
const PASSED_ON: [&str; 8] = [
    "HOME",
    "USER",
    "LOGNAME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "SystemRoot",
    "USERPROFILE",
    "TEMP",
];

/// Where the system's programs are, and what they are told.
#[derive(Clone, Debug)]
pub struct Programs {
    path: OsString,
    environment: Vec<(OsString, OsString)>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Whether it says that all went well.
    pub(crate) well: bool,
    /// What it printed.
    pub(crate) output: String,
    /// What it complained about.
    pub(crate) complaint: String,
    command: String,
}

impl Programs {
    /// The programs along `PATH` of this process.
    pub fn of_this_process() -> Self {
        let mut environment: Vec<_> = PASSED_ON
            .iter()
            .filter_map(|name| Some((OsString::from(name), env::var_os(name)?)))
            .collect();
        environment.push(("LC_ALL".into(), "C".into()));
        let runtime = PathBuf::from(format!("/run/user/{}", rustix::process::getuid().as_raw()));
        // A shell from `su` or `ssh` may not know where the user's systemd is.
        if env::var_os("XDG_RUNTIME_DIR").is_none() && runtime.is_dir() {
            environment.push(("XDG_RUNTIME_DIR".into(), runtime.into()));
        }
        Self::along(env::var_os("PATH").unwrap_or_default(), environment)
    }

    /// The programs along `path`, with nothing but this environment.
    pub fn along(path: impl Into<OsString>, environment: Vec<(OsString, OsString)>) -> Self {
        Self { path: path.into(), environment }
    }

    /// Runs a program to its end. Dropping the future kills it.
    pub(crate) async fn run(
        &self,
        program: &str,
        arguments: &[&str],
        limit: Duration,
    ) -> Result<Ended, ServiceError> {
        let absent = || ServiceError::Unavailable(format!("there is no {program} on this machine"));
        let found = self.find(OsStr::new(program)).ok_or_else(absent)?;
        let command = [&[program], arguments].concat().join(" ");
        let running = Command::new(found)
            .args(arguments)
            .env_clear()
            .env("PATH", &self.path)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let ended = match time::timeout(limit, running).await {
            Err(_) => return Err(ServiceError::TimedOut(command)),
            Ok(Err(_)) => return Err(absent()),
            Ok(Ok(ended)) => ended,
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Ended {
            well: ended.status.success(),
            output: text(&ended.stdout),
            complaint: text(&ended.stderr),
            command,
        })
    }

    fn find(&self, program: &OsStr) -> Option<PathBuf> {
        let directories = env::split_paths(&self.path).filter(|directory| directory.is_absolute());
        let names = [program.to_owned(), [program, OsStr::new(".exe")].into_iter().collect()];
        directories
            .flat_map(|directory| names.clone().map(|name| directory.join(name)))
            .find(|place| place.is_file())
    }
}

impl Ended {
    /// What it printed, if all went well.
    pub(crate) fn into_output(self) -> Result<String, ServiceError> {
        if self.well {
            return Ok(self.output);
        }
        let said = self.said().chars().take(LONGEST_COMPLAINT).collect();
        Err(ServiceError::Refused { command: self.command, said })
    }

    /// What it said about its failure.
    pub(crate) fn said(&self) -> &str {
        let complaint = self.complaint.trim();
        if complaint.is_empty() { self.output.trim() } else { complaint }
    }
}
