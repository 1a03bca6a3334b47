//! What the gateway knows about itself.

use domain::time::Timestamp;
use ports::config::Live;

/// What the gateway knows about itself. But for its port, it does not change. Who
/// is shown what of it is decided where it is shown.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The version of the program.
    pub version: String,
    /// What this machine is called.
    pub host: String,
    /// The address others on the network reach it by, if there is one.
    pub ip: Option<String>,
    /// The operating system, as in `linux`.
    pub platform: String,
    /// Its release, as in `6.8.0`.
    pub release: String,
    /// The processor architecture, as in `x86_64`.
    pub arch: String,
    /// How many processors there are.
    pub cpus: usize,
    /// Looks how much memory there is now. Takes microseconds.
    pub memory: fn() -> Memory,
    /// The process.
    pub pid: u32,
    /// The port it listens on.
    pub port: Live<u16>,
    /// Tells this start of the gateway from others: a UUID.
    pub instance: String,
    /// The fingerprint of its key.
    pub device_id: String,
    /// Its public key, in base64url.
    pub public_key: String,
    /// Where the configuration file is.
    pub config_path: String,
    /// Where the state is.
    pub state_dir: String,
    /// What the store is called: a name, never a path, because everybody who
    /// may read sees it.
    pub store: String,
    /// When it started.
    pub started_at: Timestamp,
}

/// The memory of this machine, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// What is not used.
    pub free: u64,
}
