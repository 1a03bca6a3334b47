//! The whole of it, which a process can have only once.

use std::{error::Error, fs, panic};

use ports::{
    config::LogLevel,
    driven::{LogQuery, LogSource},
};
use serde_json::Value;
use telemetry::{Options, init};
use tracing::{debug, error, info, info_span, warn};

#[test]
fn lines_spans_errors_and_panics_reach_the_file_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        directory: dir.path().join("logs"),
        file: None,
        file_level: LogLevel::Info,
        terminal_level: LogLevel::Silent,
        colour: false,
    };
    let (guard, log) = init(options.clone()).unwrap();
    assert!(init(options).is_err(), "twice is once too often");

    info!(port = 18789, "listening");
    debug!("not told");
    info_span!("connection", conn = "c1").in_scope(|| {
        warn!(user_agent = "x\n".repeat(5000), token = "canary", "odd client");
    });
    let failed = std::io::Error::other("Bearer canary-token-1");
    error!(error = &failed as &dyn Error, "it failed");
    let panicked = panic::catch_unwind(|| panic!("apiKey=canary"));
    assert!(panicked.is_err());
    // Everything is written when this returns.
    drop(guard);

    let page = log.tail(LogQuery { cursor: None, limit: 50, max_bytes: 100_000 }).unwrap();
    let lines: Vec<Value> =
        page.lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["listening", "odd client", "it failed", "panicked: apiKey=***"]);
    assert_eq!(lines[0]["fields"]["port"], "18789");
    assert_eq!(lines[0]["subsystem"], "process");
    assert_eq!(lines[1]["fields"]["conn"], "c1");
    assert_eq!(lines[1]["level"], "warn");
    assert!(lines[3]["fields"]["place"].as_str().unwrap().contains("process.rs"));
    let text = fs::read_to_string(&page.file).unwrap();
    assert!(!text.contains("canary"), "{text}");
    assert!(text.lines().all(|line| line.len() < 2048));
}
