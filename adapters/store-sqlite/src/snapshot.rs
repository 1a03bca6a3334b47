//! Copies of the database, made while somebody else writes to it.

use std::path::Path;

use ports::driven::StoreError;
use rusqlite::{Connection, OpenFlags, backup::Backup};

use crate::{
    database::{beside, check_header, open_reader},
    directory::private_file,
    error::{BadFile, io_error, store_error},
    schema,
};

/// Copies the database at `path` to `target`, which is new, as it is at one
/// moment: everything that was acknowledged before the call is in it. Whoever
/// has the store open goes on writing meanwhile.
///
/// This opens the database beside its owner, only for reading and through
/// SQLite, which knows how to share it; nothing is moved from the log to the
/// file, and neither is removed.
pub fn snapshot(path: &Path, target: &Path) -> Result<(), StoreError> {
    check_header(path)?;
    let file = private_file(target).map_err(io_error)?;
    let copy = || {
        let from = open_reader(path)?;
        let mut to = Connection::open_with_flags(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Synced once, when it is whole.
        to.pragma_update(None, "synchronous", "off")?;
        // All pages at once: between two portions a writer could have it begin
        // anew, again and again. The log keeps growing until it is done.
        Backup::new(&from, &mut to)?.step(-1)?;
        to.close().map_err(|(_, error)| error)
    };
    copy().map_err(|error| store_error("database", error))?;
    for left_over in ["-wal", "-shm"] {
        // There are none unless SQLite begins to make some.
        let _ = std::fs::remove_file(beside(target, left_over));
    }
    file.sync_all().map_err(io_error)
}

/// Whether the copy at `path`, which nobody has open, is a whole database of
/// ours that this version can read. Writes nothing, not even beside it.
pub fn check_snapshot(path: &Path) -> Result<(), StoreError> {
    check_header(path)?;
    let error = |error| store_error("database", error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(immutable(path), flags).map_err(error)?;
    schema::check(&connection)?;
    let found: String =
        connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0)).map_err(error)?;
    if found == "ok" { Ok(()) } else { Err(BadFile::Damaged(found).into()) }
}

/// The address of a database that nobody changes, so that SQLite writes nothing
/// beside it.
fn immutable(path: &Path) -> String {
    use std::{fmt::Write, os::unix::ffi::OsStrExt};

    let mut address = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            // Writing to a text cannot fail.
            byte => drop(write!(address, "%{byte:02X}")),
        }
    }
    address + "?immutable=1"
}
