//! Running a command.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, Command},
    time,
};
use tokio_util::sync::CancellationToken;

use crate::output::Output;

/// How much of each stream is kept, in characters. A character has at most four
/// bytes.
const MAX_OUTPUT: usize = 200_000;
const MAX_BYTES: usize = 4 * MAX_OUTPUT;
/// How long a command may take to clean up when it is told to end.
const GRACE: Duration = Duration::from_secs(2);
/// How often a command that was told to end is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long its output is waited for when it has ended. Somebody it left behind
/// may hold the other end.
const LEFTOVERS: Duration = Duration::from_millis(500);

/// A command that is to be run.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The program, by its path.
    pub program: PathBuf,
    /// Its name for itself, and its arguments.
    pub argv: Vec<String>,
    /// Where.
    pub cwd: PathBuf,
    /// Every variable it gets.
    pub env: Vec<(String, String)>,
    /// What it reads. It need not.
    pub input: Vec<u8>,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether it took too long and was ended.
    pub timed_out: bool,
    /// Whether it was ended because nobody wanted it any more.
    pub cancelled: bool,
    /// What it wrote.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
    /// Whether it wrote more than that.
    pub truncated: bool,
}

/// Why a command did not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It has no name.
    #[error("command required")]
    Empty,
    /// The system does not run it.
    #[error("the command cannot be run: {}", .0.kind())]
    Spawn(#[source] io::Error),
    /// The system lost it.
    #[error("the command was lost: {}", .0.kind())]
    Lost(#[source] io::Error),
}

/// Runs a command to its end, its deadline or `cancel`, whatever comes first.
/// Together with it ends whatever it started and did not put elsewhere.
///
/// Dropping the future ends it at once.
pub async fn run(errand: Errand, cancel: &CancellationToken) -> Result<Finished, RunError> {
    let (name, arguments) = errand.argv.split_first().ok_or(RunError::Empty)?;
    let mut command = Command::new(&errand.program);
    command
        .arg0(name)
        .args(arguments)
        .current_dir(&errand.cwd)
        .env_clear()
        .envs(errand.env)
        .stdin(if errand.input.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn().map_err(RunError::Spawn)?;
    let mut group = Group::of(child);
    let stdin = group.child.stdin.take();
    let (stdout, stderr) = (group.child.stdout.take(), group.child.stderr.take());

    let (mut said, mut complained) = (Output::new(MAX_BYTES), Output::new(MAX_BYTES));
    let (why, status) = {
        let telling = tell(stdin, &errand.input);
        let reading = async { tokio::join!(said.fill(stdout), complained.fill(stderr), telling) };
        let deadline = async {
            match errand.timeout {
                Some(timeout) => time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(reading, deadline);
        let mut is_read = false;
        let why = loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break Why::Cancelled,
                () = &mut deadline => break Why::TimedOut,
                _ = group.child.wait() => break Why::Ended,
                _ = &mut reading, if !is_read => is_read = true,
            }
        };
        let status = match why {
            Why::Ended => group.left().await,
            Why::Cancelled | Why::TimedOut => group.end().await,
        };
        if !is_read {
            let _ = time::timeout(LEFTOVERS, reading).await;
        }
        (why, status.map_err(RunError::Lost)?)
    };
    let (stdout, more) = said.text(MAX_OUTPUT);
    let (stderr, more_too) = complained.text(MAX_OUTPUT);
    Ok(Finished {
        code: status.code(),
        signal: status.signal(),
        timed_out: why == Why::TimedOut,
        cancelled: why == Why::Cancelled,
        stdout,
        stderr,
        truncated: more || more_too,
    })
}

/// Gives a command what it reads. One that does not want it, or all of it, is
/// right as well.
async fn tell(stdin: Option<ChildStdin>, input: &[u8]) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input).await;
        let _ = stdin.shutdown().await;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Ended,
    TimedOut,
    Cancelled,
}

/// A command and whatever it started: they end together.
struct Group {
    child: Child,
    // Invariant: the group of a child that was not waited for, so that the
    // number is nobody else's.
    pid: Option<Pid>,
}

impl Group {
    fn of(child: Child) -> Self {
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Self { child, pid }
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid {
            // Whoever is gone already cannot be told.
            let _ = kill_process_group(pid, signal);
        }
    }

    /// How it ended by itself. What it left behind lives on.
    async fn left(&mut self) -> io::Result<ExitStatus> {
        self.pid = None;
        self.child.wait().await
    }

    /// Tells all of it to end, and after a while makes it.
    async fn end(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        let patience = time::Instant::now() + GRACE;
        while self.is_running() && time::Instant::now() < patience {
            time::sleep(LOOK_AGAIN).await;
        }
        // Before it is waited for, so that the number still means this group.
        self.signal(Signal::KILL);
        self.pid = None;
        self.child.wait().await
    }

    /// Whether the command itself has not ended. Looks, and does not wait for
    /// it, so that its number stays taken.
    fn is_running(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        self.pid.is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), look), Ok(None)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
