//! Running a command of the tool that installed the program.

use std::{
    collections::VecDeque,
    env, io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use domain::update::UpdateCommand;
use ports::view::{StepLog, UpdateStep};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::{self, Instant},
};

use crate::Redact;

/// How much of the end of what a command says is kept, in bytes.
const TAIL: usize = 8 * 1024;
/// How long a command that was told to end may take to do so.
const GRACE: Duration = Duration::from_secs(10);
/// How long what a command left behind may go on writing.
const LEFTOVERS: Duration = Duration::from_secs(1);
/// Where commands run.
const PLACE: &str = "/";

/// What a command gets to know of the environment. Other variables may hold
/// secrets.
const PASSED_ON: [&str; 21] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SHELL",
    "CARGO_HOME",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "NPM_CONFIG_PREFIX",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_CACHE_HOME",
];

/// Runs `command` for at most `limit`. Whatever happens is told by the step.
pub(crate) async fn run(command: &UpdateCommand, limit: Duration, redact: Redact) -> UpdateStep {
    let begin = Instant::now();
    let (mut said, mut complained) = (Tail::default(), Tail::default());
    let exit_code = match execute(command, limit, &mut said, &mut complained).await {
        Ok(Some(status)) => status.code(),
        Ok(None) => {
            complained.add(format!("\nit had to be ended after {limit:?}\n").as_bytes());
            None
        }
        Err(error) => {
            complained.add(format!("it cannot be run: {}\n", error.kind()).as_bytes());
            None
        }
    };
    UpdateStep {
        name: command.name.to_owned(),
        command: command.line(),
        cwd: PLACE.to_owned(),
        duration_ms: u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX),
        log: StepLog {
            stdout_tail: redact(&said.text()),
            stderr_tail: redact(&complained.text()),
            exit_code,
        },
    }
}

/// How it ended; nothing if it had to be made to.
async fn execute(
    command: &UpdateCommand,
    limit: Duration,
    said: &mut Tail,
    complained: &mut Tail,
) -> io::Result<Option<ExitStatus>> {
    let (program, arguments) = command.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(PLACE)
        .env_clear()
        .envs(PASSED_ON.iter().filter_map(|name| Some((name, env::var_os(name)?))))
        // Nobody is there to answer what apt might ask.
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let reading = async { tokio::join!(said.fill(stdout), complained.fill(stderr)) };
    tokio::pin!(reading);
    let ended = async {
        tokio::select! {
            biased;
            ended = child.wait() => ended.map(Some),
            () = time::sleep(limit) => {
                end(&mut child).await?;
                Ok(None)
            }
        }
    };
    tokio::pin!(ended);
    let status = tokio::select! {
        status = &mut ended => status,
        _ = &mut reading => return ended.await,
    };
    // What it left running may hold on to the pipes.
    let _ = time::timeout(LEFTOVERS, reading).await;
    status
}

/// Tells a command and what it started to end, and after a while makes them.
async fn end(child: &mut Child) -> io::Result<()> {
    // Not waited for yet, so the number is still that of this group.
    let Some(group) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else {
        return Ok(());
    };
    let _ = kill_process_group(group, Signal::TERM);
    if time::timeout(GRACE, child.wait()).await.is_err() {
        let _ = kill_process_group(group, Signal::KILL);
        child.wait().await?;
    }
    Ok(())
}

/// The end of what a stream carries.
#[derive(Debug, Default)]
struct Tail(VecDeque<u8>);

impl Tail {
    fn add(&mut self, bytes: &[u8]) {
        let kept = &bytes[bytes.len().saturating_sub(TAIL)..];
        let too_many = (self.0.len() + kept.len()).saturating_sub(TAIL);
        self.0.drain(..too_many);
        self.0.extend(kept);
    }

    /// Reads a stream to its end. What was read stays when the future is dropped.
    async fn fill(&mut self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(mut stream) = stream else { return };
        let mut buffer = vec![0; 16 * 1024];
        // A stream that breaks has ended.
        while let Ok(length @ 1..) = stream.read(&mut buffer).await {
            self.add(&buffer[..length]);
        }
    }

    /// The text; a line whose beginning is lost is left out, because it could
    /// be the end of a secret.
    fn text(&mut self) -> String {
        let full = self.0.len() == TAIL;
        let text = String::from_utf8_lossy(self.0.make_contiguous());
        match text.split_once('\n') {
            Some((_, rest)) if full => rest.to_owned(),
            None if full => String::new(),
            _ => text.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> UpdateCommand {
        UpdateCommand::new("try", &["sh", "-c", script])
    }

    fn shout(text: &str) -> String {
        text.to_uppercase()
    }

    #[tokio::test]
    async fn what_a_command_says_and_how_it_ends() {
        let step = run(&shell("echo out; echo err >&2; exit 3"), GRACE, shout).await;
        assert_eq!((step.name.as_str(), step.cwd.as_str()), ("try", "/"));
        assert_eq!(step.command, "sh -c echo out; echo err >&2; exit 3");
        let log = StepLog {
            stdout_tail: "OUT\n".into(),
            stderr_tail: "ERR\n".into(),
            exit_code: Some(3),
        };
        assert_eq!(step.log, log);
    }

    #[tokio::test]
    async fn a_command_that_is_not_there_is_told_by_the_step() {
        let command = UpdateCommand::new("try", &["/nowhere/at/all", "x"]);
        let step = run(&command, GRACE, str::to_owned).await;
        assert_eq!(step.log.exit_code, None);
        assert_eq!(step.log.stderr_tail, "it cannot be run: entity not found\n");
    }

    #[tokio::test]
    async fn a_command_that_takes_too_long_is_ended_with_what_it_started() {
        let script = "sleep 1000 & echo $!; wait";
        let step = run(&shell(script), Duration::from_millis(200), str::to_owned).await;
        assert_eq!(step.log.exit_code, None);
        assert!(step.log.stderr_tail.contains("it had to be ended after 200ms"), "{step:?}");
        let started: i32 = step.log.stdout_tail.trim().parse().unwrap();
        // Whoever is told to end needs a moment for it.
        let goes = async {
            let is_there = || {
                let pid = Pid::from_raw(started).unwrap();
                let stat = std::fs::read_to_string(format!("/proc/{started}/stat"));
                rustix::process::test_kill_process(pid).is_ok()
                    && !stat.unwrap_or_default().contains(") Z ")
            };
            while is_there() {
                tokio::task::yield_now().await;
            }
        };
        assert!(tokio::time::timeout(GRACE, goes).await.is_ok(), "it goes on");
    }

    #[tokio::test]
    async fn nothing_of_the_environment_but_what_tools_need() {
        let step = run(&shell("env"), GRACE, str::to_owned).await;
        let own = ["PWD", "SHLVL", "_", "OLDPWD", "DEBIAN_FRONTEND"];
        for line in step.log.stdout_tail.lines() {
            let (name, _) = line.split_once('=').unwrap();
            assert!(PASSED_ON.contains(&name) || own.contains(&name), "{line}");
        }
        assert!(step.log.stdout_tail.contains("PATH="));
    }

    #[test]
    fn of_much_text_whole_lines_of_the_end_are_kept() {
        let mut tail = Tail::default();
        for line in 0..10_000 {
            tail.add(format!("line {line}\n").as_bytes());
        }
        let text = tail.text();
        assert!(text.starts_with("line ") && text.ends_with("line 9999\n"), "{text}");
        assert!(text.len() <= TAIL);
        tail.add("x".repeat(3 * TAIL).as_bytes());
        assert_eq!(tail.text(), "");
    }
}
