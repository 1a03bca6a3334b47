#![doc = include_str!("../README.md")]

mod clean;
mod control;
mod layer;
mod line;
mod names;
mod patterns;
mod render;
mod rotate;
mod tail;
mod trace;

pub use control::{LogControl, Options};
pub use tail::LogFile;
pub use trace::trace;

use std::{io, panic, sync::Arc};

use arc_swap::ArcSwap;
use ports::{
    config::{LogLevel, LoggingConfig},
    driven::ConfigIssue,
};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    layer::SubscriberExt as _,
    registry,
    reload::{self, Handle},
};

use crate::{
    control::{Levels, Tune},
    layer::{Lines, Spans},
    render::{Json, Terminal},
    rotate::{RotatedFile, Shared},
    trace::Remember,
};

/// How many lines may wait for the disk or the terminal.
const WAITING: usize = 8192;

/// Libraries that have much to say about themselves, little of it for us.
const CHATTY: [&str; 5] = ["hyper", "hyper_util", "rustls", "h2", "mio"];

/// The log of this process.
#[derive(Debug)]
pub struct Log {
    /// Writes what is still waiting when dropped. Keep it until the end of `main`.
    pub guard: Guard,
    /// Reads it back.
    pub file: Arc<LogFile>,
    /// Changes it.
    pub control: LogControl,
    /// What the configuration says about it that is of no use.
    pub issues: Vec<ConfigIssue>,
}

/// Writes what is still waiting when dropped.
#[must_use = "dropping it ends the log"]
#[derive(Debug)]
pub struct Guard {
    _file: WorkerGuard,
    _terminal: WorkerGuard,
}

/// Something else that listens to what the process says, and decides itself what
/// of it.
pub type Listener = Box<dyn Layer<Registry> + Send + Sync>;

/// Somebody was faster.
#[derive(Debug, thiserror::Error)]
#[error("the process has a log already")]
pub struct LogTwice;

/// Begins to log everything the process says through `tracing`, its panics
/// included. A file that cannot be written is no reason not to begin: the error
/// stream then gets what the file would. `listener` hears it all as well.
pub fn init(
    options: Options,
    logging: &LoggingConfig,
    listener: Option<Listener>,
) -> Result<Log, LogTwice> {
    let (settings, issues) = control::settings(logging);
    let settings = Arc::new(ArcSwap::from_pointee(settings));
    let shared = Shared::new(control::storage(&options.directory, logging));
    let wanted = control::wanted(&options, logging);
    let (file_filter, file_handle) = reload::Layer::new(filter(wanted.file));
    let (terminal_filter, terminal_handle) = reload::Layer::new(filter(wanted.terminal));
    // What no line can show is not remembered either: without a filter of their
    // own, spans of every level would be made, and every library be asked about
    // each of its events.
    let (span_filter, span_handle) = reload::Layer::new(filter(wanted.file.max(wanted.terminal)));
    let levels = Levels::new(wanted, tune(file_handle), tune(terminal_handle), tune(span_handle));
    let levels = Arc::new(levels);

    let file = RotatedFile::new(shared.clone(), Arc::clone(&levels));
    let queue =
        |name| NonBlockingBuilder::default().buffered_lines_limit(WAITING).thread_name(name);
    let (to_file, file_guard) = queue("log-file").finish(file);
    let (to_terminal, terminal_guard) = queue("log-terminal").finish(io::stderr());

    let terminal = Terminal { colour: options.colour };
    let lines = Lines::new(to_file, Json, Arc::clone(&settings));
    let shown = Lines::new(to_terminal, terminal, Arc::clone(&settings));
    let subscriber = registry()
        .with(listener)
        .with(Remember.with_filter(trace::filter()))
        .with(Spans::new(Arc::clone(&settings)).with_filter(span_filter))
        .with(lines.with_filter(file_filter))
        .with(shown.with_filter(terminal_filter));
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogTwice)?;
    panic::set_hook(Box::new(log_panic));
    Ok(Log {
        guard: Guard { _file: file_guard, _terminal: terminal_guard },
        file: Arc::new(LogFile::of(shared.clone())),
        control: LogControl::new(options, shared, settings, levels),
        issues,
    })
}

fn tune<S: 'static>(handle: Handle<Targets, S>) -> Tune {
    // It fails only when there is no subscriber any more, and so no line.
    Box::new(move |level| drop(handle.reload(filter(level))))
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

/// `text` with everything hidden that looks like a secret, and otherwise as it
/// is: for what other programs say.
pub fn hide_secrets(text: &str) -> String {
    clean::redact(text)
}
