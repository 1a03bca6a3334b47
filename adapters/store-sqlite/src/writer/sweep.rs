//! Clearing away the records of deleted transcripts, a little at a time, so that
//! nobody has to wait for the end of a large one.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};

use crate::place::places;

/// Where the sweeping stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sweep {
    /// There may be something to clear away.
    Look,
    /// There is more.
    Goes,
    /// Everything is clear.
    Done,
    /// It did not work. It is tried again when the next transcript is deleted.
    Failed,
}

/// How long a slice takes, and how many records are deleted between two looks at
/// the clock.
const SLICE: Duration = Duration::from_millis(5);
const STEP: i64 = 64;

/// Clears away a slice.
pub(super) fn slice(connection: &Connection) -> rusqlite::Result<Sweep> {
    let gone: Option<i64> = connection
        .prepare_cached("SELECT number FROM transcript WHERE id IS NULL LIMIT 1")?
        .query_row((), |row| row.get(0))
        .optional()?;
    let Some(transcript) = gone else {
        return Ok(Sweep::Done);
    };
    let places = places(transcript);
    let until = Instant::now() + SLICE;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    loop {
        let first: Option<i64> = connection
            .prepare_cached("SELECT min(place) FROM record WHERE place BETWEEN ?1 AND ?2")?
            .query_row([places.start(), places.end()], |row| row.get(0))?;
        let Some(first) = first else {
            connection
                .prepare_cached("DELETE FROM transcript WHERE number = ?1")?
                .execute([transcript])?;
            break;
        };
        let last = *places.end().min(&(first + STEP - 1));
        connection
            .prepare_cached("DELETE FROM record WHERE place BETWEEN ?1 AND ?2")?
            .execute([first, last])?;
        if until <= Instant::now() {
            break;
        }
    }
    connection.execute_batch("COMMIT")?;
    Ok(Sweep::Goes)
}
