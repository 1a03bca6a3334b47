//! Questions as SQL.

mod history;
mod sessions;
mod spendings;

use domain::{
    ids::{MessageId, RunId, SessionId},
    session::{Session, SessionKey},
};
use ports::driven::{Drawer, Entry, RunRecord, StoreError, StoreStats, StoredRecord};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::{
    checksum::Checksum,
    damage::{Damage, Spot},
    error::{is_damage, store_error},
    place::OFFSET_BITS,
    row::{self, RowError, SessionRow},
};

pub(crate) use history::history;
pub(crate) use sessions::{is_long, sessions};
pub(crate) use spendings::spendings;

/// The session under `key`.
pub(crate) fn session(
    connection: &Connection,
    damage: &Damage,
    key: &SessionKey,
) -> Result<Option<Session>, StoreError> {
    let sql = select(row::SESSION, "FROM session WHERE key = ?1");
    one_session(connection, damage, &sql, key.as_str())
}

/// The session whose current transcript is `id`, the newest if there are more.
pub(crate) fn session_by_id(
    connection: &Connection,
    damage: &Damage,
    id: &SessionId,
) -> Result<Option<Session>, StoreError> {
    let rest = "FROM session WHERE id = ?1 ORDER BY updated_at DESC LIMIT 1";
    one_session(connection, damage, &select(row::SESSION, rest), id.as_str())
}

/// A damaged session is an error and not nothing: nothing could be taken as a
/// reason to begin a new one in its place.
fn one_session(
    connection: &Connection,
    damage: &Damage,
    sql: &str,
    name: &str,
) -> Result<Option<Session>, StoreError> {
    let read = |row: &Row<'_>| SessionRow::read(row)?.session();
    let session = first(connection, sql, [name], read, |number| {
        damage.found(Spot::Session(number));
    });
    session.map_err(|error| error.about("session"))
}

/// One record of a transcript, the first if there are more of this name.
pub(crate) fn record(
    connection: &Connection,
    damage: &Damage,
    session: &SessionId,
    id: &MessageId,
) -> Result<Option<StoredRecord>, StoreError> {
    let rest = format!("FROM record WHERE place >> {OFFSET_BITS} = ?1 AND id = ?2 LIMIT 1");
    let sql = select(row::RECORD, &rest);
    let found = transcript(connection, session).map_err(RowError::Sql).and_then(|transcript| {
        let Some(transcript) = transcript else { return Ok(None) };
        first(connection, &sql, (transcript, id.as_str()), row::record, |place| {
            damage.found(Spot::Record(place));
        })
    });
    found.map_err(|error| error.about("record"))
}

/// The run `run`.
pub(crate) fn run(connection: &Connection, run: &RunId) -> Result<Option<RunRecord>, RowError> {
    let sql = select(row::RUN, "FROM run WHERE run = ?1");
    first(connection, &sql, [run.as_str()], row::run, |_| ())
}

/// The run `run`, for those who read.
pub(crate) fn checked_run(
    connection: &Connection,
    damage: &Damage,
    name: &RunId,
) -> Result<Option<RunRecord>, StoreError> {
    let sql = select(row::RUN, "FROM run WHERE run = ?1");
    let found = first(connection, &sql, [name.as_str()], row::run, |number| {
        damage.found(Spot::Run(number));
    });
    found.map_err(|error| error.about("run"))
}

/// The runs that have not ended. A damaged one is left out.
pub(crate) fn open_runs(
    connection: &Connection,
    damage: &Damage,
) -> Result<Vec<RunRecord>, StoreError> {
    let sql = select(row::RUN, "FROM run WHERE ended_at IS NULL ORDER BY accepted_at, number");
    let read = || {
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query(())?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            match row::run(row) {
                Ok(run) => runs.push(run),
                Err(RowError::Damaged(_)) => damage.found(Spot::Run(row.get(0)?)),
                Err(RowError::Sql(error)) => return Err(error),
            }
        }
        Ok(runs)
    };
    read().map_err(|error| store_error("run", error))
}

/// Everything in `drawer`. A damaged entry is left out.
pub(crate) fn entries(
    connection: &Connection,
    damage: &Damage,
    drawer: Drawer,
) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = "SELECT name, value, crc FROM entry WHERE drawer = ?1 ORDER BY name";

    let drawer = drawer.as_str();
    let read = || {
        let mut statement = connection.prepare_cached(SQL)?;
        let mut rows = statement.query([drawer])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            match row::entry(drawer, row) {
                Ok(entry) => entries.push(entry),
                Err(RowError::Damaged(_)) => {
                    let name = row.get_ref(0)?.as_bytes().unwrap_or_default();
                    let place = Checksum::new().text(drawer).bytes(name);
                    damage.found(Spot::Entry(place.get()));
                }
                Err(RowError::Sql(error)) => return Err(error),
            }
        }
        Ok(entries)
    };
    read().map_err(|error| store_error("entry", error))
}

/// How much is stored.
pub(crate) fn stats(connection: &Connection, damage: &Damage) -> Result<StoreStats, StoreError> {
    let sessions: i64 = connection
        .prepare_cached("SELECT value FROM kept WHERE name = 'sessions'")
        .and_then(|mut it| it.query_row((), |row| row.get(0)))
        .map_err(|error| store_error("count", error))?;
    Ok(StoreStats { sessions: u64::try_from(sessions).unwrap_or(0), damaged: damage.count() })
}

/// The number of a transcript.
pub(crate) fn transcript(connection: &Connection, id: &SessionId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT number FROM transcript WHERE id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()
}

/// The first row `sql` finds, read by `read`. A damaged one is reported to
/// `damaged` by the number in its first column.
fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, RowError>,
    damaged: impl FnOnce(i64),
) -> Result<Option<T>, RowError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let found = read(row);
    if is_damaged(&found) {
        damaged(row.get(0)?);
    }
    found.map(Some)
}

fn is_damaged<T>(found: &Result<T, RowError>) -> bool {
    match found {
        Ok(_) => false,
        Err(RowError::Damaged(_)) => true,
        Err(RowError::Sql(error)) => is_damage(error),
    }
}

fn select(columns: &str, rest: &str) -> String {
    format!("SELECT {columns} {rest}")
}
