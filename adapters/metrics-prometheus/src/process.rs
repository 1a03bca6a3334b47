//! What the system knows about this process, under the names every Prometheus
//! client uses. Read from `/proc`; where there is none, nothing is said.

use std::fs;

use crate::{Kind, Reading};

/// How many parts of a second the kernel counts CPU time in, on every Linux
/// there is (`USER_HZ`).
const TICKS: f64 = 100.0;

/// The figures, as far as the system says them.
pub(crate) fn readings() -> Vec<Reading> {
    let reading = |name, help, kind, value: Option<f64>| {
        value.map(|value| Reading { name, help, kind, value })
    };
    let times = fs::read_to_string("/proc/self/stat").ok().and_then(|stat| times(&stat));
    let started = times.zip(boot_time()).map(|((_, since_boot), boot)| boot + since_boot);
    let memory = fs::read_to_string("/proc/self/status").ok();
    let kilobytes = |key| memory.as_deref().and_then(|status| kilobytes(status, key));
    [
        reading(
            "process_cpu_seconds",
            "CPU time of the process",
            Kind::Counter,
            times.map(|(cpu, _)| cpu),
        ),
        reading(
            "process_start_time_seconds",
            "When the process began, since the epoch",
            Kind::Gauge,
            started,
        ),
        reading(
            "process_resident_memory_bytes",
            "Memory of the process in RAM",
            Kind::Gauge,
            kilobytes("VmRSS:"),
        ),
        reading(
            "process_virtual_memory_bytes",
            "Addresses of the process",
            Kind::Gauge,
            kilobytes("VmSize:"),
        ),
        reading("process_open_fds", "Open files and sockets", Kind::Gauge, open_files()),
        reading("process_max_fds", "How many may be open", Kind::Gauge, most_files()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Seconds of CPU, and at how many seconds after boot the process began.
fn times(stat: &str) -> Option<(f64, f64)> {
    // The name of the program is in parentheses and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
    Some(((field(14)? + field(15)?) / TICKS, field(22)? / TICKS))
}

fn boot_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

/// The value of `key` in the list the kernel makes, in bytes.
fn kilobytes(status: &str, key: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(key))?;
    let kilobytes: f64 = value.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0)
}

fn open_files() -> Option<f64> {
    // The directory is open itself while it is read.
    let open = u32::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()?;
    Some(f64::from(open.saturating_sub(1)))
}

fn most_files() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn the_kernels_lists_are_understood() {
    let stat = "7 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0 12300 1 2";
    assert_eq!(times(stat), Some((2.0, 123.0)));
    assert_eq!(times("nothing"), None);
    assert_eq!(kilobytes("VmSize:\t  8 kB\nVmRSS:\t  2 kB\n", "VmRSS:"), Some(2048.0));
    assert_eq!(kilobytes("VmSize:\t  8 kB\n", "VmRSS:"), None);
}

#[test]
#[cfg(target_os = "linux")]
fn this_process_is_known() {
    let names: Vec<_> = readings().iter().map(|reading| reading.name).collect();
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(readings().iter().all(|reading| 0.0 <= reading.value));
}
