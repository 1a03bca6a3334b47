//! What the gateway knows about itself.

use domain::time::Timestamp;
use ports::{config::Live, driven::Entropy};
use rustix::system::{sysinfo, uname};
use usecases::facts::{Facts, Memory};

use crate::{Paths, StartError};

pub(super) fn gather(
    paths: &Paths,
    port: Live<u16>,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Facts, StartError> {
    let identity = secrets_file::identity(&paths.state_dir, now)?;
    let machine = uname();
    Ok(Facts {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        host: machine.nodename().to_string_lossy().into_owned(),
        ip: None,
        platform: std::env::consts::OS.to_owned(),
        release: machine.release().to_string_lossy().into_owned(),
        arch: std::env::consts::ARCH.to_owned(),
        cpus: std::thread::available_parallelism().map_or(1, usize::from),
        memory,
        pid: std::process::id(),
        port,
        instance: entropy.uuid(),
        device_id: identity.device_id,
        public_key: identity.public_key,
        config_path: paths.config_path.display().to_string(),
        state_dir: paths.state_dir.display().to_string(),
        store: "sqlite".to_owned(),
        started_at: now,
    })
}

fn memory() -> Memory {
    let info = sysinfo();
    let unit = u64::from(info.mem_unit);
    Memory { total: info.totalram * unit, free: info.freeram * unit }
}
