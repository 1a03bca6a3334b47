//! What answers used that were given before a file kept that: read once from the
//! transcripts that are there.

use domain::{ids::SessionId, session::SessionKey};
use ports::view::Billed;
use rusqlite::Connection;
use tracing::warn;

use crate::{
    error::is_damage,
    place::places,
    row::{self, RowError},
    writer,
};

/// Writes down what the answers in current transcripts used. What is damaged is
/// left out.
pub(super) fn write_down(connection: &Connection) -> rusqlite::Result<()> {
    const CURRENT: &str =
        "SELECT session.key, session.id, transcript.number FROM session JOIN transcript USING (id)";

    let mut current = connection.prepare(CURRENT)?;
    let found = current.query_map((), |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    for found in found {
        let written = found.and_then(|(key, id, number)| match (key.parse(), id.parse()) {
            (Ok(key), Ok(id)) => write_down_one(connection, &key, &id, number),
            _ => Ok(()),
        });
        match written {
            Err(error) if is_damage(&error) => {
                warn!(%error, "what the answers of a damaged conversation used is not counted");
            }
            written => written?,
        }
    }
    Ok(())
}

fn write_down_one(
    connection: &Connection,
    key: &SessionKey,
    id: &SessionId,
    number: i64,
) -> rusqlite::Result<()> {
    const SAID: &str = "FROM record WHERE place BETWEEN ?1 AND ?2 ORDER BY place";

    let mut said = connection.prepare_cached(&format!("SELECT {} {SAID}", row::RECORD))?;
    let places = places(number);
    let mut rows = said.query([places.start(), places.end()])?;
    let mut asked = false;
    while let Some(row) = rows.next()? {
        let billed = match row::record(row) {
            Ok(stored) => Billed::read(&stored.record.message),
            Err(RowError::Damaged(_)) => continue,
            Err(RowError::Sql(error)) => return Err(error),
        };
        if let Some(spending) = billed.spending(key, id, asked) {
            writer::spend(connection, &spending)?;
        }
        asked = billed.is_question();
    }
    Ok(())
}
