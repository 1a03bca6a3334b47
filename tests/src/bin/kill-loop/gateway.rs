//! The gateway that is killed: one home, one port, many processes after each other.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::process::{Child, Command};

use crate::client::Client;

/// A gateway that does not let anyone in within this time has not come back.
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// What all the processes have in common.
#[derive(Debug)]
pub(crate) struct Home {
    binary: PathBuf,
    path: PathBuf,
    pub(crate) addr: SocketAddr,
}

/// One process.
#[derive(Debug)]
pub(crate) struct Gateway {
    child: Child,
}

impl Home {
    /// Writes a configuration that talks to the model server at `model`.
    pub(crate) fn prepare(binary: &Path, path: &Path, model: SocketAddr) -> io::Result<Self> {
        let state = path.join(".openclaw");
        fs::create_dir_all(&state)?;
        let config = json!({
            "models": { "providers": { "echo": {
                "baseUrl": format!("http://{model}/v1"),
                "apiKey": "echo",
                "api": "openai-completions",
                "models": [{ "id": "echo", "name": "Echo" }],
            } } },
            "agents": { "defaults": { "model": { "primary": "echo/echo" } } },
        });
        fs::write(state.join("openclaw.json"), config.to_string())?;
        let addr = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        Ok(Self { binary: binary.to_owned(), path: path.to_owned(), addr })
    }

    /// Starts a process and does not wait for anything.
    pub(crate) fn start(&self) -> io::Result<Gateway> {
        let log =
            fs::File::options().create(true).append(true).open(self.path.join("gateway.log"))?;
        let child = Command::new(&self.binary)
            .args(["gateway", "run", "--port", &self.addr.port().to_string()])
            .env_clear()
            .env("HOME", &self.path)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Gateway { child })
    }

    /// Logs in as soon as the process lets anyone in.
    pub(crate) async fn connect(&self, gateway: &mut Gateway) -> io::Result<Client> {
        let started = Instant::now();
        loop {
            let token =
                fs::read_to_string(self.path.join(".openclaw/gateway-token")).unwrap_or_default();
            let refused = match Client::connect(self.addr, token.trim()).await {
                Ok(client) => return Ok(client),
                Err(error) => error,
            };
            if let Some(status) = gateway.child.try_wait()? {
                return Err(io::Error::other(format!("the gateway ended by itself: {status}")));
            }
            if started.elapsed() > PATIENCE {
                return Err(io::Error::other(format!(
                    "nobody is let in after {PATIENCE:?}: {refused}"
                )));
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// One more connection to a gateway that is known to be ready.
    pub(crate) async fn login(&self) -> io::Result<Client> {
        let token = fs::read_to_string(self.path.join(".openclaw/gateway-token"))?;
        Client::connect(self.addr, token.trim()).await
    }

    /// The last lines of what the processes said.
    pub(crate) fn last_words(&self) -> String {
        let log = fs::read_to_string(self.path.join("gateway.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Gateway {
    /// Asks the process to end, without waiting for it.
    pub(crate) async fn terminate(&self) -> io::Result<()> {
        let pid = self.child.id().map(|pid| pid.to_string()).unwrap_or_default();
        Command::new("kill").args(["-TERM", &pid]).status().await.map(|_| ())
    }

    /// `kill -9`, and says whether the process had ended by itself before.
    pub(crate) async fn kill(mut self) -> io::Result<Fate> {
        self.child.start_kill()?;
        Ok(Fate::of(self.child.wait().await?))
    }
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Killed,
    /// Before the kill arrived, and in good order.
    Done,
    /// Before the kill arrived, by a fault of its own.
    Failed(ExitStatus),
}

impl Fate {
    pub(crate) fn surprise(self) -> io::Error {
        io::Error::other(match self {
            Self::Failed(status) => format!("the gateway ended by itself: {status}"),
            Self::Done | Self::Killed => "the gateway ended by itself".to_owned(),
        })
    }

    fn of(status: ExitStatus) -> Self {
        match (status.signal(), status.code()) {
            (Some(9), _) => Self::Killed,
            (_, Some(0)) => Self::Done,
            _ => Self::Failed(status),
        }
    }
}
