//! The file: how it comes into being and how it is opened.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use ports::driven::StoreError;
use rusqlite::{Connection, OpenFlags};

use crate::{
    directory::{keep_private, private_file},
    error::{BadFile, io_error, store_error},
    schema,
};

/// How long a connection waits for another one. They only meet when the log is
/// begun anew.
const PATIENCE: Duration = Duration::from_secs(5);

/// The log is copied into the file when it has grown to this many pages of 4
/// KiB. After a crash, reading it takes about 3 ms per 1,000.
const LOG_PAGES: u32 = 4_000;

/// What a connection may keep in memory, in KiB: the inner nodes of a large
/// database. The kernel keeps the rest.
const CACHE: i64 = 2_048;

/// Statements a connection keeps prepared.
const STATEMENTS: usize = 32;

/// Opens the database at `path` for the writer, making it if there is none. What
/// is there already is never replaced.
pub(crate) fn open_writer(path: &Path, max_pages: Option<u32>) -> Result<Connection, StoreError> {
    match fs::metadata(path) {
        Ok(_) => check_header(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path)?,
        Err(error) => return Err(io_error(error)),
    }
    for file in [path.to_owned(), beside(path, "-wal"), beside(path, "-shm")] {
        match keep_private(&file, 0o600) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
            _ => (),
        }
    }
    let connection =
        connect_writer(path, max_pages).map_err(|error| store_error("database", error))?;
    schema::migrate(&connection)?;
    Ok(connection)
}

/// Opens the database at `path` for reading.
pub(crate) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection)?;
    Ok(connection)
}

fn connect_writer(path: &Path, max_pages: Option<u32>) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare(&connection)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    if let Some(pages) = max_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(connection)
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "memory")
}

/// Makes an empty database. It is made beside its place and moved there when it
/// is whole, so that a file at `path` is never half made: an empty one has lost
/// what was in it.
fn create(path: &Path) -> Result<(), StoreError> {
    if beside(path, "-wal").exists() {
        // SQLite would take the log for one of the new file.
        return Err(BadFile::Missing.into());
    }
    let unfinished = beside(path, ".new");
    for left_over in ["", "-wal", "-shm"].map(|suffix| beside(&unfinished, suffix)) {
        match fs::remove_file(&left_over) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
            _ => (),
        }
    }
    let file = private_file(&unfinished).map_err(io_error)?;
    fill(&unfinished).map_err(|error| store_error("database", error))?;
    file.sync_all().map_err(io_error)?;
    fs::rename(&unfinished, path).map_err(io_error)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory).and_then(|it| it.sync_all()).map_err(io_error)
}

fn fill(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Synced once, when it is whole.
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    schema::create(&connection)?;
    connection.close().map_err(|(_, error)| error)
}

/// Refuses a file that does not begin like a database, before SQLite touches it:
/// with a log beside it, SQLite might take the beginning from there and go on.
pub(crate) fn check_header(path: &Path) -> Result<(), StoreError> {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";

    let mut start = Vec::new();
    let file = File::open(path).map_err(io_error)?;
    file.take(MAGIC.len() as u64).read_to_end(&mut start).map_err(io_error)?;
    match start.as_slice() {
        [] => Err(BadFile::Empty.into()),
        start if start == MAGIC => Ok(()),
        _ => Err(BadFile::NotADatabase.into()),
    }
}

/// The file beside `path` whose name is longer by `suffix`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
