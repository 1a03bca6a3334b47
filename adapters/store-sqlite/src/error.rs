//! What went wrong, in the words of the port.

use ports::driven::StoreError;
use rusqlite::{ErrorCode, ffi};

/// Why the file is not one this store can use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadFile {
    #[error("the database is corrupt: it does not begin like a database")]
    NotADatabase,
    #[error("the database is corrupt: it is empty")]
    Empty,
    #[error("the database is corrupt: it is missing, but its log is there")]
    Missing,
    #[error("the database is corrupt: {0}")]
    Damaged(String),
    #[error("the file belongs to another program")]
    Foreign,
    #[error("it was written by a newer version: its format is {found}, this program knows {known}")]
    Newer { found: i64, known: usize },
}

/// Why the store cannot be used at the moment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("another gateway uses this state directory (pid {0})")]
    Locked(String),
    #[error("the state directory is shared with other users")]
    Shared,
    #[error("the store is closed")]
    Closed,
    #[error("the disk failed to sync; what was written since the last sync is uncertain")]
    SyncFailed,
    #[error("too much is waiting to be {0}")]
    Overloaded(&'static str),
    #[error("the transcript has no places left")]
    TranscriptFull,
}

/// What is stored differs from what was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damaged {
    #[error("its checksum is wrong")]
    Checksum,
    #[error("a name in it is not one")]
    Name,
    #[error("it is missing")]
    Missing,
}

impl From<Unusable> for StoreError {
    fn from(why: Unusable) -> Self {
        Self::Unavailable(why.into())
    }
}

impl From<BadFile> for StoreError {
    fn from(why: BadFile) -> Self {
        Self::Corrupt { what: "database", source: why.into() }
    }
}

/// The error of SQLite in the words of the port. `what` was being read or
/// written.
pub(crate) fn store_error(what: &'static str, error: rusqlite::Error) -> StoreError {
    if is_damage(&error) {
        return StoreError::Corrupt { what, source: error.into() };
    }
    let extended = error.sqlite_error().map_or(0, |it| it.extended_code);
    match (error.sqlite_error_code(), extended) {
        // A quota or a limit of the file's size shows as a failed write.
        (Some(ErrorCode::DiskFull), _)
        | (_, ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE) => {
            StoreError::Full(error.into())
        }
        _ => StoreError::Unavailable(error.into()),
    }
}

/// Whether the error says that a sync failed. What the kernel had in hand then
/// may be gone, and asking again would be told that all is well.
pub(crate) fn is_lost_sync(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map_or(0, |it| it.extended_code);
    matches!(extended, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
}

/// Whether the error says that what is stored is not what was written.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => true,
        error => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
    }
}

/// The error of a system call in the words of the port.
pub(crate) fn io_error(error: std::io::Error) -> StoreError {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};

    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => StoreError::Full(error.into()),
        _ => StoreError::Unavailable(error.into()),
    }
}
