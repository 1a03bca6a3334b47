//! Changing what is logged while the process runs.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use ports::{
    config::{ConsoleStyle, LogLevel, LoggingConfig, RedactSensitive},
    driven::ConfigIssue,
};
use tracing::{error, info};

use crate::{
    clean::Redaction,
    names::Names,
    patterns::Patterns,
    rotate::{Shared, Storage, Trouble},
};

/// How short the longest file may be chosen, in bytes: room for a few lines.
const SHORTEST: u64 = 64 * 1024;
/// A day.
const DAY: Duration = Duration::from_hours(24);

/// What is logged, as far as the configuration has no say in it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory of the log files, one per day, unless the configuration
    /// names a file.
    pub directory: PathBuf,
    /// How much goes to the file, whatever the configuration says.
    pub file_level: Option<LogLevel>,
    /// How much goes to the terminal, whatever the configuration says.
    pub terminal_level: Option<LogLevel>,
    /// Whether the terminal shows colours.
    pub colour: bool,
}

/// What is done with every line.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) redaction: Redaction,
    pub(crate) style: ConsoleStyle,
}

/// Changes what is logged while the process runs.
#[derive(Clone)]
pub struct LogControl {
    options: Options,
    shared: Shared,
    settings: Arc<ArcSwap<Settings>>,
    levels: Arc<Levels>,
}

impl LogControl {
    pub(crate) fn new(
        options: Options,
        shared: Shared,
        settings: Arc<ArcSwap<Settings>>,
        levels: Arc<Levels>,
    ) -> Self {
        Self { options, shared, settings, levels }
    }

    /// Puts `logging` into force: levels, style, patterns, where the file is,
    /// how long it may be and how long it is kept. Lines that are said from now
    /// on follow it. Says which patterns it cannot use; the others it does.
    pub fn apply(&self, logging: &LoggingConfig) -> Vec<ConfigIssue> {
        let (settings, issues) = settings(logging);
        self.settings.store(Arc::new(settings));
        self.shared.set(storage(&self.options.directory, logging));
        self.levels.want(wanted(&self.options, logging));
        issues
    }
}

impl fmt::Debug for LogControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogControl").field("options", &self.options).finish_non_exhaustive()
    }
}

/// How lines are treated by `logging`, and what it says that is of no use.
pub(crate) fn settings(logging: &LoggingConfig) -> (Settings, Vec<ConfigIssue>) {
    let (patterns, refused) = Patterns::new(&logging.redact_patterns);
    let off = logging.redact_sensitive == RedactSensitive::Off;
    let issues = refused.into_iter().map(|refused| ConfigIssue {
        path: format!("logging.redactPatterns[{}]", refused.index),
        message: format!("not used: {}", refused.why),
        file: None,
        line: None,
    });
    let settings =
        Settings { redaction: Redaction { off, patterns }, style: logging.console_style };
    (settings, issues.collect())
}

/// Where `logging` keeps the log whose directory is otherwise `directory`.
pub(crate) fn storage(directory: &Path, logging: &LoggingConfig) -> Storage {
    let names = match &logging.file {
        Some(path) => Names::Fixed(path.into()),
        None => Names::Daily(directory.to_owned()),
    };
    Storage {
        names,
        longest: logging.max_file_bytes.max(SHORTEST),
        kept: DAY * logging.retention_days,
    }
}

/// How much goes where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) file: LogLevel,
    pub(crate) terminal: LogLevel,
}

pub(crate) fn wanted(options: &Options, logging: &LoggingConfig) -> Wanted {
    let file = options.file_level.or(logging.level).unwrap_or(LogLevel::Info);
    Wanted { file, terminal: options.terminal_level.or(logging.console_level).unwrap_or(file) }
}

/// Sets the level of one place where lines go.
pub(crate) type Tune = Box<dyn Fn(LogLevel) + Send + Sync>;

/// The levels in force. While the file cannot be written, the terminal gets
/// what the file would.
pub(crate) struct Levels {
    state: Mutex<(Wanted, bool)>,
    tune_file: Tune,
    tune_terminal: Tune,
    tune_spans: Tune,
}

impl Levels {
    pub(crate) fn new(
        wanted: Wanted,
        tune_file: Tune,
        tune_terminal: Tune,
        tune_spans: Tune,
    ) -> Self {
        Self { state: Mutex::new((wanted, false)), tune_file, tune_terminal, tune_spans }
    }

    pub(crate) fn want(&self, wanted: Wanted) {
        self.change(|state| state.0 = wanted);
    }

    fn file_is_broken(&self, broken: bool) {
        self.change(|state| state.1 = broken);
    }

    fn change(&self, change: impl FnOnce(&mut (Wanted, bool))) {
        // Held until all are set, so that they belong together.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let (Wanted { file, terminal }, broken) = *state;
        (self.tune_spans)(file.max(terminal));
        (self.tune_file)(file);
        (self.tune_terminal)(if broken { file.max(terminal) } else { terminal });
    }
}

impl Trouble for Arc<Levels> {
    fn begins(&mut self, path: &Path, error: &io::Error) {
        self.file_is_broken(true);
        let path = path.display();
        error!(target: "logging", %path, error = error as &dyn std::error::Error,
            "the log file cannot be written; until it can, the error stream gets its lines");
    }

    fn ends(&mut self, path: &Path, lines: u64) {
        self.file_is_broken(false);
        info!(target: "logging", path = %path.display(), missing = lines, "the log file can be written again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_decides_how_much_is_logged() {
        use LogLevel::{Debug, Error, Info, Silent, Warn};
        #[rustfmt::skip]
        let table = [
            // options             configuration          in force
            ((None, None),         (None, None),          (Info, Info)),
            ((None, None),         (Some(Warn), None),    (Warn, Warn)),
            ((None, None),         (None, Some(Silent)),  (Info, Silent)),
            ((Some(Debug), None),  (Some(Warn), None),    (Debug, Debug)),
            ((Some(Debug), Some(Error)), (Some(Warn), Some(Silent)), (Debug, Error)),
        ];
        for (of_options, of_config, (file, terminal)) in table {
            let options = Options {
                directory: "/logs".into(),
                file_level: of_options.0,
                terminal_level: of_options.1,
                colour: false,
            };
            let logging = LoggingConfig {
                level: of_config.0,
                console_level: of_config.1,
                ..LoggingConfig::default()
            };
            assert_eq!(wanted(&options, &logging), Wanted { file, terminal });
        }
    }

    #[test]
    fn the_terminal_stands_in_for_a_broken_file() {
        let set = Arc::new(Mutex::new(Vec::new()));
        let tune = |name: &'static str| -> Tune {
            let set = Arc::clone(&set);
            Box::new(move |level| set.lock().unwrap().push((name, level)))
        };
        let wanted = Wanted { file: LogLevel::Debug, terminal: LogLevel::Warn };
        let levels = Levels::new(wanted, tune("file"), tune("terminal"), tune("spans"));
        levels.file_is_broken(true);
        levels.want(Wanted { file: LogLevel::Info, terminal: LogLevel::Silent });
        levels.file_is_broken(false);
        let expected = [
            ("spans", LogLevel::Debug),
            ("file", LogLevel::Debug),
            ("terminal", LogLevel::Debug),
            ("spans", LogLevel::Info),
            ("file", LogLevel::Info),
            ("terminal", LogLevel::Info),
            ("spans", LogLevel::Info),
            ("file", LogLevel::Info),
            ("terminal", LogLevel::Silent),
        ];
        assert_eq!(*set.lock().unwrap(), expected);
    }

    #[test]
    fn a_pattern_that_is_none_is_named_and_a_short_file_has_room_for_lines() {
        let logging = LoggingConfig {
            redact_patterns: vec!["ok".into(), "(".into()],
            max_file_bytes: 1,
            retention_days: 2,
            ..LoggingConfig::default()
        };
        let (_, issues) = settings(&logging);
        assert_eq!(issues.len(), 1);
        assert_eq!(issues[0].path, "logging.redactPatterns[1]");
        let storage = storage(Path::new("/logs"), &logging);
        assert_eq!((storage.longest, storage.kept), (SHORTEST, 2 * DAY));
    }
}
