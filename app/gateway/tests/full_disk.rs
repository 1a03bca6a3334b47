//! A gateway whose log cannot be written.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// `/dev/full` takes nothing, as a full disk does.
const CONFIG: &str = r#"{
    "gateway": { "port": 0 },
    "logging": { "file": "/dev/full", "consoleLevel": "silent" }
}"#;

#[test]
fn a_full_disk_does_not_stop_the_gateway_and_its_lines_go_to_the_error_stream() {
    let home = tempfile::tempdir().unwrap();
    let state = home.path().join(".openclaw");
    fs::create_dir(&state).unwrap();
    fs::write(state.join("openclaw.json"), CONFIG).unwrap();
    let openclaw = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openclaw"));
        command.args(arguments).env_clear().env("HOME", home.path()).stdin(Stdio::null());
        command
    };
    let mut gateway = openclaw(&["gateway", "run"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(gateway.stderr.take().unwrap()).lines().map_while(Result::ok);
    let first = lines.next().unwrap();
    assert!(first.contains("error the log file cannot be written"), "{first}");
    // Written down where the command line looks for it, in the same moment.
    while !openclaw(&["health"]).output().unwrap().status.success() {
        assert_eq!(gateway.try_wait().unwrap(), None, "it goes on without a log");
    }
    assert!(openclaw(&["gateway", "stop"]).status().unwrap().success());
    assert!(gateway.wait().unwrap().success());
    let rest: Vec<_> = lines.collect();
    assert!(rest.iter().any(|line| line.ends_with("stopped")), "{rest:?}");
    assert!(!rest.iter().any(|line| line.contains("cannot be written")), "said once: {rest:?}");
}
