//! Reading the log back.

use crate::BoxError;

/// Reads the log file.
///
/// # Contract
///
/// The cursor is a byte offset into the current file; what it means when the
/// file was replaced or runs ahead is in `ws-protocol.md` 11.5.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait LogSource: Send + Sync {
    /// Reads at most what `query` asks for. Takes milliseconds.
    fn tail(&self, query: LogQuery) -> Result<LogPage, BoxError>;

    /// Where the log is.
    fn path(&self) -> String;
}

/// What to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// Where the last page ended.
    pub cursor: Option<u64>,
    /// At most so many lines.
    pub limit: usize,
    /// At most so many bytes.
    pub max_bytes: u64,
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPage {
    /// The file.
    pub file: String,
    /// Where the next page begins.
    pub cursor: u64,
    /// How long the file is.
    pub size: u64,
    /// The lines.
    pub lines: Vec<String>,
    /// Whether something before them was left out.
    pub truncated: bool,
    /// Whether the file is another one than the cursor was made for.
    pub reset: bool,
}
