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

/// What is free counts what the system would give up at once: files it keeps in
/// memory because nobody wants the room.
fn memory() -> Memory {
    let info = sysinfo();
    let unit = u64::from(info.mem_unit);
    let listed = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free = available(&listed).unwrap_or(info.freeram * unit);
    Memory { total: info.totalram * unit, free }
}

/// How many bytes are available, by `/proc/meminfo`.
fn available(listed: &str) -> Option<u64> {
    let line = listed.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[test]
fn what_is_available_is_listed_by_the_system() {
    let listed = "MemTotal:  24000000 kB\nMemFree: 1 kB\nMemAvailable:   20000000 kB\n";
    assert_eq!(available(listed), Some(20_480_000_000));
    assert_eq!(available("MemFree: 1 kB"), None);
}
