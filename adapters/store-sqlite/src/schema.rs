//! The tables, and how older files get them.

mod past;

use ports::driven::StoreError;
use rusqlite::Connection;

use crate::error::{BadFile, store_error};

/// Says that a file is ours: `OClw`.
const APPLICATION: i64 = 0x4f43_6c77;

/// What turns each version into the next. The version of a file is the number of
/// these it has seen. Only ever add to the end.
const MIGRATIONS: &[&str] =
    &[include_str!("schema/v1.sql"), include_str!("schema/v2.sql"), include_str!("schema/v3.sql")];

/// The first version that keeps what answers used.
const KEEPS_SPENDINGS: usize = 3;

/// Makes the tables of an empty file.
pub(crate) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    migrate_from(connection, 0)
}

/// Refuses files of others and of newer versions, and brings older ones up to
/// date.
pub(crate) fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let version = check(connection)?;
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    migrate_from(connection, version).map_err(|error| store_error("database", error))
}

/// Refuses files of others and of newer versions. Returns the version.
pub(crate) fn check(connection: &Connection) -> Result<usize, StoreError> {
    let read = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|error| store_error("database", error))
    };
    if read("application_id")? != APPLICATION {
        return Err(BadFile::Foreign.into());
    }
    let version = read("user_version")?;
    match usize::try_from(version) {
        Ok(version) if version <= MIGRATIONS.len() => Ok(version),
        _ => Err(BadFile::Newer { found: version, known: MIGRATIONS.len() }.into()),
    }
}

fn migrate_from(connection: &Connection, version: usize) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    for migration in &MIGRATIONS[version..] {
        transaction.execute_batch(migration)?;
    }
    if 0 < version && version < KEEPS_SPENDINGS {
        past::write_down(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", MIGRATIONS.len().cast_signed())?;
    transaction.commit()
}
