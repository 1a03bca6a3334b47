//! The command `tailscale`, for machines whose tailscaled has no socket for us
//! (`gateway-reference.md` 5.5).

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use domain::exposure::Exposure;
use ports::driven::{TailnetError, TailnetUser};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process,
    sync::OnceCell,
};

use crate::{
    Options,
    answer::{self, LONGEST, Status, complaint, object_in},
    in_time,
};

/// How long the command may take to say its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(3);
/// How long it may take to answer a question, and searching the disk for it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it may take to change something.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(15);
/// Where the application is on a Mac.
const MAC: &str = "/Applications/Tailscale.app/Contents/MacOS/Tailscale";

/// The command, once it was found.
#[derive(Debug)]
pub(crate) struct Command {
    given: Option<PathBuf>,
    socket: Option<PathBuf>,
    sudo: OsString,
    found: OnceCell<PathBuf>,
}

/// How a command ended.
struct Ended {
    well: bool,
    output: String,
    complaint: String,
}

impl Command {
    /// The command that is given, or the one that will be found.
    pub(crate) fn new(options: &Options) -> Self {
        let Options { command, socket, sudo, .. } = options.clone();
        let sudo = sudo.map_or_else(|| "sudo".into(), PathBuf::into_os_string);
        Self { given: command, socket, sudo, found: OnceCell::new() }
    }

    pub(crate) async fn status(&self) -> Result<Status, TailnetError> {
        let output = self.run(&["status", "--json"], ANSWER_TIMEOUT).await?;
        let garbled = TailnetError::Garbled("its status");
        Status::read(&object_in(&output).ok_or(garbled)?)
    }

    pub(crate) async fn whois(&self, address: IpAddr) -> Result<Option<TailnetUser>, TailnetError> {
        let asked = self.run(&["whois", "--json", &address.to_string()], ANSWER_TIMEOUT).await;
        match asked {
            Ok(output) => answer::user(&object_in(&output).ok_or(TailnetError::Garbled("a user"))?),
            Err(TailnetError::Refused(said)) if is_nobody(&said) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is served.
    pub(crate) async fn serve_config(&self, how: Exposure) -> Result<Value, TailnetError> {
        let output = self.run(&[how.word(), "status", "--json"], ANSWER_TIMEOUT).await?;
        match object_in(&output) {
            Some(config) => Ok(config),
            // Both are ways to say that nothing is.
            None if matches!(output.trim(), "null" | "No serve config") => Ok(Value::Null),
            None => Err(TailnetError::Garbled("what it serves")),
        }
    }

    pub(crate) async fn expose(&self, how: Exposure, target: &str) -> Result<(), TailnetError> {
        self.run(&[how.word(), "--bg", "--yes", target], CHANGE_TIMEOUT).await.map(drop)
    }

    /// Ends everything that is served.
    pub(crate) async fn reset(&self, how: Exposure) -> Result<(), TailnetError> {
        self.run(&[how.word(), "reset"], CHANGE_TIMEOUT).await.map(drop)
    }

    /// Runs the command, and again as somebody else where permissions are the
    /// trouble.
    async fn run(&self, arguments: &[&str], limit: Duration) -> Result<String, TailnetError> {
        let program = self.found.get_or_try_init(|| self.find()).await?;
        let mut line: Vec<OsString> = vec![program.into()];
        if let Some(socket) = &self.socket {
            line.extend(["--socket".into(), socket.into()]);
        }
        line.extend(arguments.iter().map(OsString::from));
        let running = async {
            let ended = execute(&line).await?;
            if ended.well || !ended.is_about_permissions() {
                return ended.into_output();
            }
            line.splice(..0, [self.sudo.clone(), "-n".into()]);
            match execute(&line).await {
                Ok(ended) if ended.well => Ok(ended.output),
                // What a sudo that wants a password says helps nobody.
                Ok(_) | Err(TailnetError::Absent) => Err(TailnetError::Denied),
                Err(error) => Err(error),
            }
        };
        in_time(limit, running).await
    }

    /// The first of the places where the command may be at which it says its
    /// version.
    async fn find(&self) -> Result<PathBuf, TailnetError> {
        let candidates = match &self.given {
            Some(given) => vec![given.clone()],
            None => places(env::var_os("PATH").as_deref()),
        };
        for candidate in candidates {
            if works(&candidate).await {
                return Ok(candidate);
            }
        }
        if cfg!(target_os = "macos") && self.given.is_none() {
            for candidate in search_mac().await {
                if works(&candidate).await {
                    return Ok(candidate);
                }
            }
        }
        Err(TailnetError::Absent)
    }
}

impl Ended {
    fn is_about_permissions(&self) -> bool {
        let said = format!("{} {}", self.complaint, self.output).to_lowercase();
        ["permission", "access denied", "operator"].iter().any(|word| said.contains(word))
    }

    fn into_output(self) -> Result<String, TailnetError> {
        if self.well {
            return Ok(self.output);
        }
        let said = if self.complaint.trim().is_empty() { &self.output } else { &self.complaint };
        if said.contains("failed to connect to local") || said.contains("appear to be running") {
            return Err(TailnetError::Absent);
        }
        Err(TailnetError::Refused(complaint(said)))
    }
}

/// Where the command is looked for: along `PATH`, as `which` does, then where
/// the application of a Mac has it.
fn places(path: Option<&OsStr>) -> Vec<PathBuf> {
    env::split_paths(path.unwrap_or_default())
        // A relative directory would mean another one with every start.
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join("tailscale"))
        .chain([PathBuf::from(MAC)])
        .filter(|place| place.is_file())
        .collect()
}

/// Where a Mac may have the application besides.
async fn search_mac() -> Vec<PathBuf> {
    let inside = "*/Tailscale.app/Contents/MacOS/Tailscale";
    let find = ["find", "/Applications", "-maxdepth", "3", "-name", "Tailscale", "-path", inside];
    let applications = lines(&["locate", "Tailscale.app"]).await;
    let located = applications.into_iter().map(|it| it.join("Contents/MacOS/Tailscale"));
    lines(&find).await.into_iter().chain(located).filter(|place| place.is_file()).collect()
}

/// The places a search prints, one on each line.
async fn lines(line: &[&str]) -> Vec<PathBuf> {
    let line: Vec<OsString> = line.iter().map(OsString::from).collect();
    let searched = in_time(ANSWER_TIMEOUT, execute(&line)).await;
    searched.map(|ended| ended.output.lines().map(PathBuf::from).collect()).unwrap_or_default()
}

async fn works(program: &Path) -> bool {
    let line = [program.into(), "--version".into()];
    in_time(VERSION_TIMEOUT, execute(&line)).await.is_ok_and(|ended| ended.well)
}

/// Runs a command line to its end. Dropping the future kills it.
async fn execute(line: &[OsString]) -> Result<Ended, TailnetError> {
    let Some((program, arguments)) = line.split_first() else { return Err(TailnetError::Absent) };
    let mut command = process::Command::new(program);
    command
        .args(arguments)
        // The gateway's environment may hold secrets.
        .env_clear()
        .envs(["PATH", "HOME"].iter().filter_map(|name| Some((name, env::var_os(name)?))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => TailnetError::Denied,
        _ => TailnetError::Absent,
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (output, complaint) = tokio::try_join!(read(stdout), read(stderr))?;
    let status = child.wait().await.map_err(|_| TailnetError::Garbled("how a command ended"))?;
    Ok(Ended { well: status.success(), output, complaint })
}

/// All that is written there, unless it is more than anybody would read.
async fn read(from: Option<impl AsyncRead + Unpin>) -> Result<String, TailnetError> {
    let too_much = || TailnetError::Garbled("a question");
    let mut bytes = Vec::new();
    if let Some(from) = from {
        let mut from = from.take(LONGEST as u64 + 1);
        from.read_to_end(&mut bytes).await.map_err(|_| too_much())?;
    }
    if LONGEST < bytes.len() {
        return Err(too_much());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether that is how the command says that an address is nobody's.
fn is_nobody(said: &str) -> bool {
    ["peer not found", "no match", "not found"].iter().any(|words| said.contains(words))
}

#[test]
fn the_command_is_looked_for_along_the_path_and_not_in_relative_directories() {
    let home = tempfile::tempdir().unwrap();
    let (first, second) = (home.path().join("a"), home.path().join("b"));
    for directory in [&first, &second] {
        std::fs::create_dir(directory).unwrap();
    }
    std::fs::write(second.join("tailscale"), "").unwrap();
    let path = env::join_paths([Path::new("."), &first, &second]).unwrap();
    assert_eq!(places(Some(&path)), [second.join("tailscale")]);
    assert!(places(None).is_empty());
}
