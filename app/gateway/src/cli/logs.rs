//! `openclaw logs`: the gateway's log, through the gateway, or from the file
//! when it does not run.

use std::time::Duration;

use clap::Args;
use ports::driven::{ConfigSource, LogPage, LogQuery, LogSource};
use serde::Deserialize;
use serde_json::{Value, json};
use telemetry::LogFile;
use tokio::time::sleep;
use ws_client::Client;

use crate::cli::{
    connect::{Destination, Rpc},
    context::Context,
    failure::Failure,
    output,
};

/// How much of the log.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// May be said or not.
    #[arg(value_parser = ["tail"], hide = true)]
    word: Option<String>,
    /// Keep printing new lines.
    #[arg(long, short)]
    follow: bool,
    /// At most so many lines at once.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5000))]
    limit: u32,
    /// At most so many bytes at once.
    #[arg(long, default_value_t = 250_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    max_bytes: u64,
    /// How often to look for new lines, in milliseconds.
    #[arg(long, default_value_t = 1000, value_name = "MS", value_parser = clap::value_parser!(u64).range(10..))]
    interval: u64,
    /// Text without colours.
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    rpc: Rpc,
}

/// Where lines come from.
enum Source {
    Gateway(Box<Client>),
    File(LogFile),
}

/// A page as the gateway tells it.
#[derive(Deserialize)]
struct Page {
    file: String,
    cursor: u64,
    size: u64,
    lines: Vec<String>,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    reset: bool,
}

pub(crate) async fn logs(context: &Context, asked: &Logs) -> Result<(), Failure> {
    let mut source = open(context, asked).await?;
    let mut place: Option<(String, u64)> = None;
    loop {
        let cursor = place.as_ref().map(|(_, cursor)| *cursor);
        let mut page = source.read(asked, cursor).await?;
        if place.as_ref().is_some_and(|(file, _)| *file != page.file) && !page.reset {
            // Another file, already longer than the old one was.
            page = Page { reset: true, ..source.read(asked, Some(0)).await? };
        }
        print(context, asked, &page, cursor.is_none())?;
        place = Some((page.file, page.cursor));
        if !asked.follow {
            break;
        }
        sleep(Duration::from_millis(asked.interval)).await;
    }
    if let Source::Gateway(client) = source {
        client.close().await;
    }
    Ok(())
}

/// The gateway; when there is none and none was named, the file.
async fn open(context: &Context, asked: &Logs) -> Result<Source, Failure> {
    let destination = Destination::choose(context, &asked.rpc)?;
    let patience = Duration::from_millis(asked.rpc.timeout);
    match destination.connect(context, patience).await {
        Ok(client) => Ok(Source::Gateway(Box::new(client))),
        Err(error) if asked.rpc.url.is_some() => Err(destination.explain(context, &error)),
        Err(error) => {
            let logging = &context.config.current().logging;
            let file = LogFile::configured(&context.paths.log_dir, logging);
            if !context.json {
                output::note(&format!("{error}; reading {} instead", file.path()))?;
            }
            Ok(Source::File(file))
        }
    }
}

impl Source {
    async fn read(&mut self, asked: &Logs, cursor: Option<u64>) -> Result<Page, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(format!("logs.tail: {error}"));
        match self {
            Self::Gateway(client) => {
                let mut params = json!({ "limit": asked.limit, "maxBytes": asked.max_bytes });
                if let Some(cursor) = cursor {
                    params["cursor"] = cursor.into();
                }
                let page = client.call("logs.tail", &params).await.map_err(|e| failed(&e))?;
                serde_json::from_str(page.as_str()).map_err(|e| failed(&e))
            }
            Self::File(file) => {
                let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
                let query = LogQuery { cursor, limit, max_bytes: asked.max_bytes };
                Ok(file.tail(query).map_err(|e| failed(&e))?.into())
            }
        }
    }
}

impl From<LogPage> for Page {
    fn from(page: LogPage) -> Self {
        let LogPage { file, cursor, size, lines, truncated, reset } = page;
        Self { file, cursor, size, lines, truncated, reset }
    }
}

fn print(context: &Context, asked: &Logs, page: &Page, first: bool) -> Result<(), Failure> {
    let notice = match (page.reset, page.truncated) {
        (true, _) => Some("the log was rotated or ran ahead; some lines may be missing"),
        (false, true) if !first => Some("some lines were left out"),
        _ => None,
    };
    if context.json {
        if first {
            let meta = json!({
                "type": "meta", "file": page.file, "cursor": page.cursor, "size": page.size,
            });
            output::json_line(&meta)?;
        }
        if let Some(message) = notice {
            output::json_line(&json!({ "type": "notice", "message": message }))?;
        }
        for line in &page.lines {
            output::json_line(&record(line))?;
        }
        return Ok(());
    }
    if let Some(message) = notice {
        output::note(message)?;
    }
    for line in &page.lines {
        output::line(&output_line(line, asked.plain))?;
    }
    Ok(())
}

/// A line as an object.
fn record(line: &str) -> Value {
    match parts(line) {
        Some([time, level, subsystem, message]) => json!({
            "type": "log", "time": time, "level": level, "subsystem": subsystem,
            "message": message, "raw": line,
        }),
        None => json!({ "type": "raw", "raw": line }),
    }
}

/// A line for people.
fn output_line(line: &str, plain: bool) -> String {
    let Some([time, level, subsystem, message]) = parts(line) else { return output::tame(line) };
    let (tint, end) = match level.as_str() {
        _ if plain => ("", ""),
        "error" => ("\x1b[31m", "\x1b[0m"),
        "warn" => ("\x1b[33m", "\x1b[0m"),
        _ => ("", ""),
    };
    let [time, level, subsystem, message] =
        [time, level, subsystem, message].map(|part| output::tame(&part));
    format!("{time} {tint}{level}{end} [{subsystem}] {tint}{message}{end}")
}

/// Time, level, subsystem and text of a line that is one of ours.
fn parts(line: &str) -> Option<[String; 4]> {
    let record: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| record[name].as_str().map(str::to_owned);
    let message = text("0").or_else(|| text("message"))?;
    Some([text("time")?, text("level")?, text("subsystem").unwrap_or_default(), message])
}

#[test]
fn lines_for_people_and_for_programs() {
    let line = r#"{"0":"listening port=1","time":"T","level":"warn","subsystem":"gateway","message":"listening"}"#;
    assert_eq!(output_line(line, true), "T warn [gateway] listening port=1");
    assert!(output_line(line, false).contains("\x1b[33m"));
    assert_eq!(output_line("a\u{1b}[2J panic", true), "a[2J panic");
    assert_eq!(record(line)["type"], "log");
    assert_eq!(record("half a li"), json!({ "type": "raw", "raw": "half a li" }));
}
