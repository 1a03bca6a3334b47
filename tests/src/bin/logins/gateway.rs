//! The gateway under siege, on a core of its own.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tests::bad_inputs::binary;

/// The token of the honest.
pub(crate) const TOKEN: &str = "a-token-for-the-honest-and-nobody-else";
/// How long a gateway may take to begin.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway in a process. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) binary: PathBuf,
    pub(crate) port: u16,
    process: Child,
    _home: TempDir,
}

impl Gateway {
    /// Starts one that counts what its own machine does wrong, and has room for
    /// a crowd.
    pub(crate) fn start() -> io::Result<Self> {
        let home = tempfile::tempdir()?;
        let config = r#"{ "gateway": { "auth": { "rateLimit": { "exemptLoopback": false } } } }"#;
        fs::write(home.path().join("openclaw.json"), config)?;
        let binary = binary().map_err(io::Error::other)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let process = Command::new("taskset")
            .args(["-c", "0"])
            .arg(&binary)
            .args(["gateway", "run", "--port", &port.to_string()])
            .env("OPENCLAW_STATE_DIR", home.path())
            .env("OPENCLAW_GATEWAY_TOKEN", TOKEN)
            .env("OPENCLAW_DISABLE_BONJOUR", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let gateway = Self { binary, port, process, _home: home };
        let (address, end) = (SocketAddr::from(([127, 0, 0, 1], port)), Instant::now() + PATIENCE);
        while TcpStream::connect(address).is_err() {
            if end < Instant::now() {
                return Err(io::Error::other("the gateway does not listen"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(gateway)
    }

    /// The memory that is its own, in bytes.
    pub(crate) fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("no RssAnon"))
    }

    /// The time all its threads have run.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        let mut sum = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            // A thread may end in between.
            let times = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            let ran = times.split(' ').next().and_then(|ran| ran.parse::<u64>().ok());
            sum += ran.unwrap_or_default();
        }
        Ok(Duration::from_nanos(sum))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
