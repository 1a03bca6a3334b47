//! The gateway whose file is changed.

use std::{
    fmt::Write,
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use ring::digest::{SHA256, digest};
use serde_json::Value;
use tempfile::TempDir;
use tests::bad_inputs::binary;

/// How long a gateway may take to begin.
const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway in a process. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) binary: PathBuf,
    pub(crate) home: TempDir,
    process: Child,
    writes: u64,
}

/// A version of the file.
#[derive(Debug)]
pub(crate) struct Written {
    /// What the gateway calls it.
    pub(crate) hash: String,
    /// When the last byte was there.
    pub(crate) at: Instant,
}

/// A port nobody listens on.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Gateway {
    /// Starts one with `config`, in which the port is; nothing of it is fixed by
    /// a flag or a variable.
    pub(crate) fn start(config: &Value) -> io::Result<Self> {
        let home = tempfile::tempdir()?;
        fs::write(home.path().join("openclaw.json"), config.to_string())?;
        let binary = binary().map_err(io::Error::other)?;
        let said = fs::File::create(home.path().join("said"))?;
        let process = Command::new(&binary)
            .args(["gateway", "run"])
            .current_dir(home.path())
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("OPENCLAW_STATE_DIR", home.path())
            .env("OPENCLAW_DISABLE_BONJOUR", "1")
            .env("OPENCLAW_TAILSCALE_SOCKET", home.path().join("no-tailscale"))
            .env("OPENCLAW_TAILSCALE_COMMAND", home.path().join("no-tailscale"))
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()?;
        let gateway = Self { binary, home, process, writes: 0 };
        let port = config["gateway"]["port"].as_u64().and_then(|port| u16::try_from(port).ok());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap_or_default()));
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if end < Instant::now() {
                let said = gateway.last_words();
                return Err(io::Error::other(format!("the gateway does not listen:\n{said}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(gateway)
    }

    /// Writes the file, now in place, now by renaming another one over it.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<Written> {
        let file = self.home.path().join("openclaw.json");
        self.writes += 1;
        if self.writes.is_multiple_of(2) {
            let new = self.home.path().join("openclaw.json.new");
            fs::write(&new, text)?;
            fs::rename(new, file)?;
        } else {
            fs::write(file, text)?;
        }
        Ok(Written { hash: hex(digest(&SHA256, text.as_bytes()).as_ref()), at: Instant::now() })
    }

    /// How much memory it occupies, in bytes.
    pub(crate) fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other("no VmRSS"))
    }

    /// The last lines of what it said.
    pub(crate) fn last_words(&self) -> String {
        let said = read(&self.home.path().join("said"));
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// How many lines of what it said contain `words`.
    pub(crate) fn said(&self, words: &str) -> usize {
        read(&self.home.path().join("said")).lines().filter(|line| line.contains(words)).count()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
