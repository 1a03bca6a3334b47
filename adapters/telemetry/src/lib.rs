#![doc = include_str!("../README.md")]

mod clean;
mod layer;
mod line;
mod names;
mod render;
mod rotate;
mod tail;

pub use tail::LogFile;

use std::{io, panic, path::PathBuf, sync::Arc};

use ports::config::LogLevel;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _, registry};

use crate::{
    layer::{Lines, Spans},
    names::Names,
    render::{Human, Json},
    rotate::RotatedFile,
};

/// How many lines may wait for the disk or the terminal.
const WAITING: usize = 8192;

/// Libraries that have much to say about themselves, little of it for us.
const CHATTY: [&str; 5] = ["hyper", "hyper_util", "rustls", "h2", "mio"];

/// What is logged, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of the log files, one per day.
    pub directory: PathBuf,
    /// One file instead of the directory.
    pub file: Option<PathBuf>,
    /// How much goes to the file.
    pub file_level: LogLevel,
    /// How much goes to the terminal, or to whatever the error stream is.
    pub terminal_level: LogLevel,
    /// Whether the terminal shows colours.
    pub colour: bool,
}

/// Writes what is still waiting when dropped. Keep it until the end of `main`.
#[must_use = "dropping it ends the log"]
#[derive(Debug)]
pub struct Guard {
    _file: WorkerGuard,
    _terminal: WorkerGuard,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be written.
    #[error("the log {} cannot be written: {}", path.display(), source.kind())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Somebody was faster.
    #[error("the process has a log already")]
    Twice,
}

/// Begins to log everything the process says through `tracing`, its panics
/// included.
pub fn init(options: Options) -> Result<(Guard, Arc<LogFile>), LogError> {
    let names = match options.file {
        Some(path) => Names::Fixed(path),
        None => Names::Daily(options.directory),
    };
    let file = RotatedFile::open(names.clone())
        .map_err(|source| LogError::File { path: names.current(), source })?;
    let queue =
        |name| NonBlockingBuilder::default().buffered_lines_limit(WAITING).thread_name(name);
    let (to_file, file_guard) = queue("log-file").finish(file);
    let (to_terminal, terminal_guard) = queue("log-terminal").finish(io::stderr());

    let human = Human { colour: options.colour };
    let subscriber = registry()
        .with(Spans)
        .with(Lines::new(to_file, Json).with_filter(filter(options.file_level)))
        .with(Lines::new(to_terminal, human).with_filter(filter(options.terminal_level)));
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)?;
    panic::set_hook(Box::new(log_panic));
    let guard = Guard { _file: file_guard, _terminal: terminal_guard };
    Ok((guard, Arc::new(LogFile::new(names))))
}

fn filter(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Silent => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let chatty = level.min(LevelFilter::WARN);
    Targets::new().with_default(level).with_targets(CHATTY.map(|target| (target, chatty)))
}

fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("without a message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    tracing::error!(place, thread = thread.name().unwrap_or_default(), "panicked: {message}");
}
