//! Commands that end well, badly, late or not at all.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use process::{Errand, Finished, RunError, run};
use tokio_util::sync::CancellationToken;

fn shell(line: &str, cwd: &Path) -> Errand {
    Errand {
        program: PathBuf::from("/bin/sh"),
        argv: ["sh", "-c", line].map(str::to_owned).into(),
        cwd: cwd.to_owned(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        input: Vec::new(),
        timeout: Some(Duration::from_secs(20)),
    }
}

async fn finish(errand: Errand) -> Finished {
    run(errand, &CancellationToken::new()).await.expect("it runs")
}

#[tokio::test]
async fn a_command_says_how_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let done = finish(shell("pwd; echo $0 >&2; exit 3", dir.path())).await;
    let here = std::fs::canonicalize(dir.path()).unwrap();
    assert_eq!(done.stdout, format!("{}\n", here.display()));
    assert_eq!((done.stderr.as_str(), done.code), ("sh\n", Some(3)));
    assert!(!done.timed_out && !done.truncated && !done.cancelled);
}

#[tokio::test]
async fn a_command_gets_the_variables_it_is_given_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let done =
        finish(Errand { env: vec![("A".into(), "1".into())], ..shell("/usr/bin/env", dir.path()) });
    let done = done.await;
    let names: Vec<_> = done.stdout.lines().filter_map(|line| line.split('=').next()).collect();
    // The shell itself adds where it is.
    assert!(
        names.contains(&"A") && !names.contains(&"HOME") && !names.contains(&"CARGO"),
        "{names:?}"
    );
}

#[tokio::test]
async fn the_words_of_a_command_are_not_looked_into() {
    let dir = tempfile::tempdir().unwrap();
    let argv = ["echo", "$(touch x)", "; touch y", "*"].map(str::to_owned).into();
    let done = finish(Errand { program: "/bin/echo".into(), argv, ..shell("", dir.path()) }).await;
    assert_eq!(done.stdout, "$(touch x) ; touch y *\n");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn too_much_output_is_cut_and_the_command_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let line = "head -c 3000000 /dev/zero | tr '\\0' x; touch done";
    let done = finish(shell(line, dir.path())).await;
    assert_eq!((done.stdout.len(), done.truncated, done.code), (200_000, true, Some(0)));
    assert!(dir.path().join("done").exists());
}

/// Whatever a command started ends with it when its time is over, even what
/// does not want to.
#[tokio::test]
async fn a_command_that_takes_too_long_ends_with_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let line =
        "trap '' TERM; echo begun; (trap '' TERM; echo $$ > pid; exec sleep 1000) & sleep 1000";
    let errand = Errand { timeout: Some(Duration::from_millis(300)), ..shell(line, dir.path()) };
    let begun = Instant::now();
    let done = finish(errand).await;
    assert!(done.timed_out && done.code.is_none() && done.signal == Some(9), "{done:?}");
    assert_eq!(done.stdout, "begun\n");
    assert!(begun.elapsed() < Duration::from_secs(10));
    let sleeping =
        std::process::Command::new("pgrep").args(["-f", "^sleep 1000$"]).output().unwrap();
    for pid in String::from_utf8(sleeping.stdout).unwrap().split_whitespace() {
        let cwd = std::fs::read_link(format!("/proc/{pid}/cwd"));
        assert_ne!(cwd.ok().as_deref(), Some(dir.path()), "{pid} is left over");
    }
}

#[tokio::test]
async fn a_command_nobody_wants_any_more_is_told_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let cancel = CancellationToken::new();
    let errand = shell("trap 'echo bye; exit 5' TERM; : > ready; sleep 1000 & wait", dir.path());
    let cancelling = async {
        while !dir.path().join("ready").exists() {
            tokio::task::yield_now().await;
        }
        cancel.cancel();
    };
    let (done, ()) = tokio::join!(run(errand, &cancel), cancelling);
    let done = done.unwrap();
    assert!(done.cancelled, "{done:?}");
    assert_eq!((done.code, done.stdout.as_str()), (Some(5), "bye\n"));
}

#[tokio::test]
async fn whoever_is_left_behind_does_not_hold_us_up() {
    let dir = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let done = finish(shell("sleep 30 & echo started", dir.path())).await;
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "started\n"));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn what_cannot_run_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let none = Errand { program: dir.path().join("nobody"), ..shell("", dir.path()) };
    let spawn = run(none, &CancellationToken::new()).await;
    assert!(matches!(spawn, Err(RunError::Spawn(_))));
    let empty = Errand { argv: Vec::new(), ..shell("", dir.path()) };
    assert!(matches!(run(empty, &CancellationToken::new()).await, Err(RunError::Empty)));
}
