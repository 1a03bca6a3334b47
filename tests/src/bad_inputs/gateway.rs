//! A gateway of one's own: its process, its home, its port.

use std::{
    env, fs, io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    process::{Child, Command},
    time,
};

use super::{
    client::{Connection, PATIENCE},
    environment::Surroundings,
    fixture::Fixture,
    generate::merged,
    http,
    site::{Machine, Site},
};

/// The token of every gateway under test: 48 characters, never used elsewhere.
pub(super) const TOKEN: &str = "t0ken-Q7f3vK9mZx2LrB8nWc5HsJ1pYd4GuE6aTo0iXkRqVb";
/// The token of webhooks, where a gateway has some. It must not turn up.
pub(super) const HOOK_TOKEN: &str = "h00k-M4sKd8wPz1VtN6yCq3RbF9gLx7JuE2aHoS5iWkTnXvBe";

/// How a gateway is started.
#[derive(Debug)]
pub(super) struct Launch {
    pub(super) binary: PathBuf,
    pub(super) fixture: Fixture,
    /// Where it runs, if not on the machine of the test.
    pub(super) machine: Option<Arc<Machine>>,
    /// What its machine is like.
    pub(super) surroundings: Surroundings,
}

impl Launch {
    /// A place for it to listen that nobody else has yet.
    fn site(&self) -> Result<Site, String> {
        let (machine, manner) = (self.machine.clone(), self.fixture.manner);
        Ok(Site { port: free_port()?, machine, manner })
    }
}

/// What came of a start, and what was said meanwhile.
#[derive(Debug)]
pub(super) struct Start {
    /// How it ended, if it did at once.
    pub(super) ended: Option<ExitStatus>,
    pub(super) said: String,
    /// How long it took.
    pub(super) took: Duration,
}

/// How a gateway is asked to start.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) arguments: Vec<String>,
    /// Where it will listen; 0 if it picks a place.
    pub(super) port: u16,
    /// Whether it is told so in its environment.
    pub(super) tells_port: bool,
}

impl Order {
    fn usual(site: &Site) -> Self {
        let arguments = ["gateway", "run", "--port", &site.port.to_string()].map(str::to_owned);
        Self { arguments: arguments.into(), port: site.port, tells_port: false }
    }
}

/// A gateway that runs. Dropping it kills it and removes its home.
#[derive(Debug)]
pub(super) struct Gateway {
    // Dropped first: what it runs in can only be removed after it.
    child: Option<Child>,
    // One that was started beside it.
    beside: Option<Child>,
    pub(super) site: Site,
    launch: Launch,
    root: tempfile::TempDir,
    // What was last written to its configuration by somebody else.
    config: Vec<u8>,
}

impl Gateway {
    /// Starts a gateway and waits until it is ready.
    pub(super) async fn start(launch: Launch) -> Result<Self, String> {
        let mut gateway = Self::idle(launch)?;
        let mut last = String::new();
        // Between choosing a port and listening on it somebody may take it.
        for _ in 0..3 {
            match gateway.restart().await {
                Ok(()) => return Ok(gateway),
                Err(why) => last = why,
            }
            // Tried again as it was, on another port.
            gateway.kill().await?;
            gateway.site = gateway.launch.site()?;
        }
        Err(last)
    }

    /// One that was not started yet.
    pub(super) fn idle(launch: Launch) -> Result<Self, String> {
        let root = home(&launch)?;
        let site = launch.site()?;
        let mut gateway =
            Self { child: None, beside: None, site, launch, root, config: Vec::new() };
        gateway.config = fs::read(gateway.config_file()).unwrap_or_default();
        Ok(gateway)
    }

    /// Starts it, which it may refuse; beside one that runs already, if one does.
    pub(super) async fn attempt(&mut self, order: Option<Order>) -> Result<Start, String> {
        let order = order.unwrap_or_else(|| Order::usual(&self.site));
        let before = self.output().len();
        let begun = Instant::now();
        let child = spawn(&self.launch, &Layout(self.root.path()), &self.site, &order)?;
        self.beside = self.child.replace(child);
        self.site.port = order.port;
        let ready = self.ready().await;
        let took = begun.elapsed();
        let said = self.output().get(before..).unwrap_or_default().to_owned();
        let status = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        match (ready, status) {
            (Ok(()), _) => Ok(Start { ended: None, said, took }),
            (Err(_), Some(status)) => Ok(Start { ended: Some(status), said, took }),
            (Err(why), None) => Err(why),
        }
    }

    /// Ends it and removes all it leaves behind.
    pub(super) async fn stop(mut self) {
        for mut child in self.child.take().into_iter().chain(self.beside.take()) {
            drop(child.kill().await);
        }
    }

    /// Kills it without warning, and starts it again on the same port and with
    /// the same state.
    pub(super) async fn kill_and_restart(&mut self) -> Result<(), String> {
        self.kill().await?;
        self.restart().await
    }

    /// Kills it without warning.
    pub(super) async fn kill(&mut self) -> Result<(), String> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill().await.map_err(|error| format!("cannot kill the gateway: {error}"))
    }

    /// Starts it again after [`kill`](Self::kill).
    pub(super) async fn restart(&mut self) -> Result<(), String> {
        let order = Order::usual(&self.site);
        self.child = Some(spawn(&self.launch, &Layout(self.root.path()), &self.site, &order)?);
        self.ready().await
    }

    /// The same on a machine without faults.
    pub(super) async fn kill_and_restart_healthy(&mut self) -> Result<(), String> {
        self.launch.surroundings = Surroundings::default();
        self.kill_and_restart().await
    }

    async fn ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.exited() {
                return Err(format!("the gateway ended at once ({status}): {}", self.last_words()));
            }
            if self.site.port == 0 {
                self.site.port = self.picked_port().unwrap_or_default();
            }
            // Whoever does not speak TLS is told so as soon as it is spoken.
            let secure = self.launch.fixture.config["gateway"]["tls"]["enabled"] == true;
            let ready = if secure { 400 } else { 200 };
            if self.readiness().await.is_some_and(|status| status == ready) {
                return Ok(());
            }
            if deadline < Instant::now() {
                return Err(format!("the gateway is not ready: {}", self.last_words()));
            }
            // There is no event for it: the port is all one can ask.
            time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What `/readyz` says, if anything.
    pub(super) async fn readiness(&self) -> Option<u16> {
        let connection = Connection::open(&self.site, None).await.ok()?;
        let headers = [("Host", self.site.host(None)), ("Connection", "close".to_owned())]
            .map(|(name, value)| (name.to_owned(), value));
        connection.send(&http::request("GET", "/readyz", "HTTP/1.1", &headers, &[])).await;
        connection.wait(Duration::from_secs(5), |seen| !matches!(seen.answer(), Ok(None))).await;
        let seen = connection.seen();
        Some(seen.answer().ok()??.status)
    }

    /// How it ended, if it has.
    pub(super) fn exited(&mut self) -> Option<String> {
        match self.child.as_mut().map(Child::try_wait) {
            Some(Ok(None)) => None,
            Some(Ok(Some(status))) => Some(status.to_string()),
            Some(Err(error)) => Some(error.to_string()),
            None => Some("it does not run".to_owned()),
        }
    }

    /// Its process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    /// Everything it owns: its home and its temporary directory.
    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where it keeps its state, as the gateway sees it.
    pub(super) fn state(&self) -> PathBuf {
        Layout(self.root.path()).state()
    }

    /// Its configuration.
    pub(super) fn config_file(&self) -> PathBuf {
        self.state().join("openclaw.json")
    }

    /// Has this be its configuration.
    pub(super) fn write_config(&mut self, text: Vec<u8>) -> Result<(), String> {
        let written = fs::write(self.config_file(), &text);
        self.config = text;
        written.map_err(|error| format!("cannot write a configuration: {error}"))
    }

    /// What somebody else last wrote there.
    pub(super) fn written_config(&self) -> &[u8] {
        &self.config
    }

    /// Its database.
    pub(super) fn database(&self) -> PathBuf {
        self.state().join("state/openclaw-gateway.sqlite")
    }

    /// Its temporary directory.
    pub(super) fn temporary(&self) -> PathBuf {
        Layout(self.root.path()).temporary()
    }

    /// How often its memory group killed something, if it is in one.
    pub(super) fn killed_for_memory(&self) -> Option<u64> {
        self.launch.surroundings.killed_for_memory()
    }

    /// The bytes of memory that are its own, as opposed to mapped files.
    pub(super) fn memory(&self) -> Option<u64> {
        memory(self.pid()?)
    }

    /// How many files and sockets it has open.
    pub(super) fn open_files(&self) -> Option<usize> {
        Some(fs::read_dir(format!("/proc/{}/fd", self.pid()?)).ok()?.count())
    }

    /// Everything it printed and logged.
    pub(super) fn log(&self) -> Vec<u8> {
        let mut log = fs::read(Layout(self.root.path()).output()).unwrap_or_default();
        for path in files(self.root.path()) {
            if path.extension().is_some_and(|extension| extension == "log" || extension == "jsonl")
                && path != Layout(self.root.path()).output()
            {
                log.extend(fs::read(path).unwrap_or_default());
            }
        }
        log
    }

    /// Everything it printed.
    pub(super) fn output(&self) -> String {
        let output = fs::read(Layout(self.root.path()).output()).unwrap_or_default();
        String::from_utf8_lossy(&output).into_owned()
    }

    /// Where it says that it listens.
    fn picked_port(&self) -> Option<u16> {
        let output = self.output();
        let (_, place) = output.rsplit_once("listening on ws://127.0.0.1:")?;
        place.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
    }

    fn last_words(&self) -> String {
        let log = self.output();
        let mut lines: Vec<&str> = log.lines().rev().take(5).collect();
        lines.reverse();
        lines.join(" | ")
    }
}

/// The anonymous memory of a process, in bytes.
pub(super) fn memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// Every file under `root`.
pub(super) fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => files.push(entry.path()),
            }
        }
    }
    files
}

/// What lies where under the root of a gateway.
struct Layout<'a>(&'a Path);

impl Layout<'_> {
    fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    fn state(&self) -> PathBuf {
        self.home().join(".openclaw")
    }

    fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }

    fn output(&self) -> PathBuf {
        self.0.join("output.log")
    }
}

fn spawn(
    launch: &Launch,
    layout: &Layout<'_>,
    site: &Site,
    order: &Order,
) -> Result<Child, String> {
    let io = |error: io::Error| format!("cannot start {}: {error}", launch.binary.display());
    let output = fs::File::options().create(true).append(true).open(layout.output()).map_err(io)?;
    let mut command: Command = match &site.machine {
        None => launch.surroundings.command(&launch.binary, layout.0),
        Some(machine) => machine.command(&launch.binary),
    };
    command
        .args(&order.arguments)
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", layout.home())
        .env("TMPDIR", layout.temporary())
        .envs(launch.surroundings.variables(layout.0))
        .envs(launch.fixture.variables(layout.0))
        .envs(order.tells_port.then(|| ("OPENCLAW_GATEWAY_PORT", order.port.to_string())))
        .current_dir(layout.home())
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(io)?)
        .stderr(output)
        .kill_on_drop(true)
        .spawn()
        .map_err(io)
}

/// Makes a home for a gateway.
fn home(launch: &Launch) -> Result<tempfile::TempDir, String> {
    let root = tempfile::Builder::new().prefix("bad-input-").tempdir();
    let root = root.map_err(|error| format!("no temporary directory: {error}"))?;
    let io = |error: io::Error| format!("cannot prepare a home: {error}");
    let layout = Layout(root.path());
    fs::create_dir_all(layout.state()).map_err(io)?;
    fs::create_dir_all(layout.temporary()).map_err(io)?;
    if !launch.fixture.is_blank {
        let config = json!({ "gateway": { "auth": { "token": TOKEN } } });
        let config = merged(config, &launch.fixture.config).to_string();
        fs::write(layout.state().join("openclaw.json"), config).map_err(io)?;
    }
    for (name, content) in &launch.fixture.files {
        let path = layout.state().join(name);
        fs::create_dir_all(path.parent().unwrap_or(root.path())).map_err(io)?;
        fs::write(path, content).map_err(io)?;
    }
    launch.surroundings.prepare(root.path())?;
    launch.fixture.prepare(root.path())?;
    Ok(root)
}

/// A port that nobody has.
pub(super) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|it| it.local_addr());
    Ok(listener.map_err(|error| format!("no free port: {error}"))?.port())
}
