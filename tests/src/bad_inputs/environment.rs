//! Machines that are not in order: a full disk, a disk that fails, little memory.
//!
//! All of it concerns one gateway and ends with it. What a machine does not
//! allow (mount namespaces, memory groups, a C compiler) is found out before the
//! gateway starts; the case is then reported as impossible here.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU64, Ordering},
};

use tokio::process::Command;

use super::step::{Fault, Step};

/// The volume that holds the state, if it is a small one.
const SMALL_DISK: &str = "8m";

/// What is special about the machine of a gateway.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    small_disk: bool,
    faults: bool,
    memory: Option<MemoryGroup>,
}

impl Surroundings {
    /// What `steps` need, or why this machine cannot have it.
    pub(super) fn of(steps: &[Step]) -> Result<Self, String> {
        let mut surroundings = Self::default();
        for step in steps {
            match step {
                Step::FillDisk { .. } => {
                    works("unshare", &["--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"])?;
                    surroundings.small_disk = true;
                }
                Step::Fault(_) => {
                    works("cc", &["--version"])?;
                    surroundings.faults = true;
                }
                Step::Cgroup { memory_mib } => {
                    surroundings.memory = Some(MemoryGroup::new(memory_mib << 20)?);
                }
                _ => {}
            }
        }
        Ok(surroundings)
    }

    /// Brings what the gateway needs into its root.
    pub(super) fn prepare(&self, root: &Path) -> Result<(), String> {
        if !self.faults {
            return Ok(());
        }
        let source = root.join("faults.c");
        fs::write(&source, include_str!("faults.c")).map_err(|error| error.to_string())?;
        let source = source.display().to_string();
        let library = shim(root).display().to_string();
        works("cc", &["-shared", "-fPIC", "-O1", "-o", &library, &source, "-ldl"])
    }

    /// The command that starts `binary` there.
    pub(super) fn command(&self, binary: &Path, root: &Path) -> Command {
        if self.small_disk {
            // The configuration is kept over the mount.
            const MOUNT: &str = r#"set -e
                config=$(cat "$1/openclaw.json")
                mount -t tmpfs -o "size=$2" tmpfs "$1"
                printf '%s' "$config" > "$1/openclaw.json"
                shift 2
                exec "$@""#;
            let mut command = Command::new("unshare");
            command.args(["--mount", "--propagation", "private", "sh", "-c", MOUNT, "sh"]);
            command.arg(root.join("home/.openclaw")).arg(SMALL_DISK).arg(binary);
            return command;
        }
        if let Some(group) = &self.memory {
            const ENTER: &str = r#"echo $$ > "$1" && shift && exec "$@""#;
            let mut command = Command::new("sh");
            command.args(["-c", ENTER, "sh"]).arg(group.path.join("cgroup.procs")).arg(binary);
            return command;
        }
        Command::new(binary)
    }

    /// What has to be in its environment.
    pub(super) fn variables(&self, root: &Path) -> Vec<(&'static str, OsString)> {
        if !self.faults {
            return Vec::new();
        }
        vec![("LD_PRELOAD", shim(root).into()), ("FAULTS", order(root).into())]
    }

    /// How often the memory group killed something.
    pub(super) fn killed_for_memory(&self) -> Option<u64> {
        self.memory.as_ref()?.kills()
    }
}

fn shim(root: &Path) -> PathBuf {
    root.join("faults.so")
}

fn order(root: &Path) -> PathBuf {
    root.join("faults")
}

/// Makes the gateway at `root` suffer `fault` from now on.
pub(super) fn arm(root: &Path, fault: &Fault) -> Result<(), String> {
    let text = match (fault.call.as_str(), fault.error.as_deref(), fault.short, fault.prob) {
        ("fdatasync", Some("EIO"), false, None) => format!("sync {}", fault.after),
        ("write", None, true, Some(prob)) if fault.after == 0 => format!("write {prob}"),
        _ => return Err(format!("runner does not know {fault:?}")),
    };
    fs::write(order(root), text).map_err(|error| error.to_string())
}

/// Whether the fault struck.
pub(super) fn has_struck(root: &Path) -> bool {
    order(root).with_extension("hit").exists()
}

/// Fills the volume at `state` as process `pid` sees it, except for `leave`
/// bytes.
pub(super) fn fill(pid: u32, state: &Path, leave: u64) -> Result<(), String> {
    let words = |error: rustix::io::Errno| format!("cannot look at {}: {error}", state.display());
    let state = inside(pid, state);
    let volume = rustix::fs::statvfs(&state).map_err(words)?;
    let free = volume.f_bavail * volume.f_frsize;
    let filler = vec![0x55; usize::try_from(free.saturating_sub(leave)).unwrap_or_default()];
    fs::write(state.join("filler"), filler).map_err(|error| format!("cannot fill: {error}"))
}

/// Undoes [`fill`].
pub(super) fn free(pid: u32, state: &Path) -> Result<(), String> {
    fs::remove_file(inside(pid, state).join("filler"))
        .map_err(|error| format!("cannot free: {error}"))
}

fn inside(pid: u32, path: &Path) -> PathBuf {
    let relative = path.strip_prefix("/").unwrap_or(path);
    Path::new("/proc").join(pid.to_string()).join("root").join(relative)
}

/// Whether a command succeeds; if not, what it says.
fn works(program: &str, arguments: &[&str]) -> Result<(), String> {
    match process::Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            Err(format!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Err(error) => Err(format!("{program} cannot be run: {error}")),
    }
}

/// A control group with little memory.
#[derive(Debug)]
struct MemoryGroup {
    path: PathBuf,
    /// The file that counts kills.
    events: &'static str,
}

impl MemoryGroup {
    fn new(bytes: u64) -> Result<Self, String> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name =
            format!("bad-input-{}-{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let first = Self::create(
            &Path::new("/sys/fs/cgroup/memory").join(&name),
            "memory.limit_in_bytes",
            "memory.oom_control",
            bytes,
        );
        first.or_else(|_| {
            Self::create(
                &Path::new("/sys/fs/cgroup").join(&name),
                "memory.max",
                "memory.events",
                bytes,
            )
        })
    }

    fn create(path: &Path, limit: &str, events: &'static str, bytes: u64) -> Result<Self, String> {
        let words = |error| format!("no memory group at {}: {error}", path.display());
        fs::create_dir(path).map_err(words)?;
        let group = Self { path: path.to_owned(), events };
        fs::write(path.join(limit), bytes.to_string()).map_err(words)?;
        Ok(group)
    }

    fn kills(&self) -> Option<u64> {
        let events = fs::read_to_string(self.path.join(self.events)).ok()?;
        events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // It is empty once the gateway in it is gone.
        let _left_for_the_system = fs::remove_dir(&self.path);
    }
}
