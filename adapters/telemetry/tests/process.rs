//! The whole of it, which a process can have only once.

use std::{error::Error, fs, panic};

use ports::{
    config::{LogLevel, LoggingConfig},
    driven::{LogPage, LogQuery, LogSource},
};
use serde_json::Value;
use telemetry::{Log, LogFile, Options, init};
use tracing::{debug, debug_span, error, info, info_span, warn};

/// Waits until `enough` of the file has been written by the thread that does.
fn page_when(log: &LogFile, enough: impl Fn(&LogPage) -> bool) -> LogPage {
    loop {
        let query = LogQuery { cursor: None, limit: 50, max_bytes: 100_000 };
        let page = log.tail(query).expect("the log can be read");
        if enough(&page) {
            return page;
        }
        std::thread::yield_now();
    }
}

fn ends_with(message: &str) -> impl Fn(&LogPage) -> bool {
    move |page| page.lines.last().is_some_and(|line| line.contains(message))
}

#[test]
fn lines_spans_errors_and_panics_reach_the_file_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        directory: dir.path().join("logs"),
        file_level: None,
        terminal_level: None,
        colour: false,
    };
    let mut logging =
        LoggingConfig { console_level: Some(LogLevel::Silent), ..LoggingConfig::default() };
    let Log { guard, file: log, control, .. } = init(options.clone(), &logging, None).unwrap();
    assert!(init(options, &logging, None).is_err(), "twice is once too often");

    info!(port = 18789, "listening");
    debug!("not told");
    assert!(debug_span!("nobody sees").is_disabled(), "it would cost something");
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    info_span!("connection", conn = "c1", trace_id, traceparent = parent).in_scope(|| {
        assert_eq!(telemetry::trace().unwrap().parent.to_string(), parent);
        warn!(user_agent = "x\n".repeat(5000), token = "canary", "odd client");
    });
    let failed = std::io::Error::other("Bearer canary-token-1");
    error!(error = &failed as &dyn Error, "it failed");
    let panicked = panic::catch_unwind(|| panic!("apiKey=canary"));
    assert!(panicked.is_err());

    let page = page_when(&log, ends_with("panicked"));
    let lines: Vec<Value> =
        page.lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["listening", "odd client", "it failed", "panicked: apiKey=***"]);
    assert_eq!(lines[0]["fields"]["port"], "18789");
    assert_eq!(lines[0]["subsystem"], "process");
    assert_eq!(lines[1]["fields"]["conn"], "c1");
    assert_eq!(lines[1]["fields"]["trace_id"], trace_id);
    assert_eq!(lines[1]["fields"].get("traceparent"), None, "said once is enough");
    assert_eq!(lines[1]["level"], "warn");
    assert!(lines[3]["fields"]["place"].as_str().unwrap().contains("process.rs"));
    let text = fs::read_to_string(&page.file).unwrap();
    assert!(!text.contains("canary"), "{text}");
    assert!(text.lines().all(|line| line.len() < 2048));

    // All of it can be changed while the process runs.
    let elsewhere = dir.path().join("elsewhere/my.log");
    logging.level = Some(LogLevel::Debug);
    logging.file = Some(elsewhere.to_str().unwrap().to_owned());
    logging.redact_patterns = vec!["(".into(), "house-[0-9]+".into()];
    let issues = control.apply(&logging);
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].path, "logging.redactPatterns[0]");
    assert!(!debug_span!("somebody may see").is_disabled());
    debug!(door = "house-12 is open", "told now");
    let page = page_when(&log, ends_with("told now"));
    assert_eq!(page.file, elsewhere.to_str().unwrap());
    assert_eq!(page.lines.len(), 1);
    assert!(page.lines[0].contains("*** is open"), "{page:?}");

    logging.level = Some(LogLevel::Warn);
    control.apply(&logging);
    info!("not told");
    warn!("last");
    let page = page_when(&log, ends_with("last"));
    assert_eq!(page.lines.len(), 2);

    // Everything is written when this returns.
    error!("the end");
    drop(guard);
    assert!(ends_with("the end")(&page_when(&log, |_| true)));
}
