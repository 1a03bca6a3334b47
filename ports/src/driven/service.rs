//! What starts the gateway with the machine, or with the login, and keeps it
//! running (`gateway-reference.md` 4.3, 4.4).

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;

/// One service of ours in the hands of the system: systemd, launchd, the task
/// scheduler.
///
/// # Contract
///
/// - Nothing that a stranger wrote is removed, nothing that is not exactly ours is
///   changed unless `replace` says so, and then it is kept beside what is new.
/// - A definition is there as a whole or not at all, whenever the process dies.
/// - Every operation may be repeated; what is done already is not an error.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ServiceManager: Send + Sync {
    /// How this system speaks about the service.
    fn wording(&self) -> ServiceWording;

    /// Writes the definition, and starts the service now and from now on.
    /// `replace` writes it also over one that differs, or is not ours.
    async fn install(
        &self,
        service: &ServiceDefinition,
        replace: bool,
    ) -> Result<ServiceInstalled, ServiceError>;

    /// Stops the service and removes its definition. Returns whether there was
    /// one.
    async fn uninstall(&self) -> Result<bool, ServiceError>;

    /// Starts the service. Returns whether it is installed.
    async fn start(&self) -> Result<bool, ServiceError>;

    /// Stops the service until it is started or the machine is. Returns whether
    /// it is installed.
    async fn stop(&self) -> Result<bool, ServiceError>;

    /// Stops and starts the service. Returns whether it is installed.
    async fn restart(&self) -> Result<bool, ServiceError>;

    /// How the service is. `expected` is what [`install`](Self::install) would
    /// be given now.
    async fn status(
        &self,
        expected: Option<ServiceDefinition>,
    ) -> Result<ServiceStatus, ServiceError>;

    /// Other services that look like a gateway: of older names, of other
    /// profiles, of OpenClaw itself. Reads files and, if `deep`, those of the
    /// whole system.
    async fn others(&self, deep: bool) -> Vec<OtherService>;

    /// Lets the service run while its user is not logged in, where that takes
    /// more than installing it.
    async fn outlive_login(&self) -> Result<(), ServiceError>;
}

/// How a system speaks about a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceWording {
    /// What services are called: `systemd`, `LaunchAgent`, `Scheduled Task`.
    pub label: &'static str,
    /// What one that is started by itself is.
    pub loaded: &'static str,
    /// What another one is.
    pub not_loaded: &'static str,
    /// The name of this service.
    pub name: String,
    /// Where its definition is, or would be.
    pub path: PathBuf,
}

/// What the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceKind {
    /// The gateway.
    Gateway,
    /// This machine as a node.
    Node,
}

impl ServiceKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Node => "node",
        }
    }
}

/// A service to install. Holds no secrets: everybody may read a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDefinition {
    /// What it runs.
    pub kind: ServiceKind,
    /// The program, and its arguments.
    pub command: Vec<String>,
    /// Its variables, in order.
    pub environment: Vec<(String, String)>,
    /// The directory it starts in, which is there.
    pub working_directory: PathBuf,
    /// The directories it has to be able to write to.
    pub writable: Vec<PathBuf>,
    /// Where its standard output goes, on systems without a journal.
    pub log_directory: PathBuf,
    /// How long it may take to stop.
    pub stop_timeout: Duration,
    /// The lowest port it listens on; low ones take a privilege.
    pub port: Option<u16>,
    /// The number of the user a service of the whole system runs as.
    pub user: u32,
}

/// What installing a service came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceInstalled {
    /// It was installed.
    Now,
    /// It was, exactly so.
    Already,
    /// It was, in another form, which was left as it is.
    AlreadyDifferent,
}

/// How a service is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceStatus {
    /// Whether it starts by itself, or runs.
    pub loaded: bool,
    /// What its definition says, if there is one.
    pub installed: Option<InstalledService>,
    /// What it is doing.
    pub runtime: ServiceRuntime,
    /// Whether it also runs while its user is not logged in; `None` where nobody
    /// can tell.
    pub outlives_login: Option<bool>,
}

/// What a definition of a service says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstalledService {
    /// The program, and its arguments.
    pub command: Vec<String>,
    /// The directory it starts in.
    pub working_directory: Option<String>,
    /// Its variables, in order. Values of those that may be secrets are left
    /// out.
    pub environment: Vec<(String, String)>,
    /// The file.
    pub path: PathBuf,
    /// Whose it is.
    pub author: ServiceAuthor,
    /// The names of variables in it that look like secrets.
    pub secrets: Vec<String>,
    /// Whether it is what would be written now, if that was asked.
    pub is_current: Option<bool>,
}

/// Who wrote a definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceAuthor {
    /// We did.
    Ours,
    /// OpenClaw did, or an older generation of it.
    OpenClaw,
    /// Somebody else did.
    #[default]
    Stranger,
}

/// What a service is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceRuntime {
    /// Whether it runs; `None` when nobody can tell.
    pub running: Option<bool>,
    /// The system's word for it.
    pub state: Option<String>,
    /// The system's closer word for it.
    pub sub_state: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// How it ended the last time.
    pub last_exit_status: Option<i32>,
    /// The system's word for that.
    pub last_exit_reason: Option<String>,
    /// What running it the last time came to.
    pub last_run_result: Option<String>,
    /// When that was.
    pub last_run_time: Option<String>,
    /// Why nothing is known.
    pub detail: Option<String>,
}

/// Another service that looks like a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherService {
    /// `linux`, `darwin` or `win32`.
    pub platform: &'static str,
    /// Its name.
    pub label: String,
    /// Where it is defined, or what it runs.
    pub detail: String,
    /// Whether it belongs to the whole system rather than to the user.
    pub is_system: bool,
    /// Whether its name is of an older generation.
    pub is_legacy: bool,
    /// Whose it is.
    pub author: ServiceAuthor,
}

/// Why something about a service did not work.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is nothing here to give services to.
    #[error("{0}")]
    Unavailable(String),
    /// Somebody else's definition is in the way.
    #[error("{} was written by somebody else; --force replaces it", .0.display())]
    NotOurs(PathBuf),
    /// What is asked for cannot be written down.
    #[error("{0} cannot be part of a service's definition")]
    Unspeakable(String),
    /// The system refused.
    #[error("`{command}` failed: {said}")]
    Refused {
        /// What was asked.
        command: String,
        /// What it said.
        said: String,
    },
    /// The system did not answer.
    #[error("`{0}` did not answer in time")]
    TimedOut(String),
    /// A file cannot be read or written.
    #[error("{}: {}", path.display(), source.kind())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}
