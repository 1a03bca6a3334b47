//! Pages of a transcript, read from the end.

use domain::ids::SessionId;
use ports::driven::{HistoryPage, HistoryQuery, StoreError};
use rusqlite::{Connection, Row};

use crate::{
    damage::{Damage, Spot},
    error::{is_damage, store_error},
    place::{place, places},
    row::{self, RowError},
};

/// The newest records that `query` lets through, oldest first. Damaged ones are
/// left out and reported.
pub(crate) fn history(
    connection: &Connection,
    damage: &Damage,
    session: &SessionId,
    query: HistoryQuery,
) -> Result<HistoryPage, StoreError> {
    let read = || {
        let Some(transcript) = super::transcript(connection, session)? else {
            return Ok(HistoryPage::default());
        };
        let Some(from) = place(transcript, query.from) else {
            // No transcript is that long.
            return Ok(HistoryPage::default());
        };
        let places = places(transcript);
        let before = query.before.and_then(|before| place(transcript, before));
        let mut reading = Reading {
            connection,
            damage,
            query,
            first: from.max(*places.start()),
            end: before.unwrap_or(places.end() + 1),
            inside: false,
            bytes: 0,
            page: HistoryPage::default(),
        };
        reading.read()?;
        reading.page.records.reverse();
        Ok(reading.page)
    };
    read().map_err(|error| store_error("transcript", error))
}

/// A page while it is being read, newest first.
struct Reading<'a> {
    connection: &'a Connection,
    damage: &'a Damage,
    query: HistoryQuery,
    first: i64,
    // Invariant: what is at `end` and after it has been looked at.
    end: i64,
    /// Whether there is a record at `end`. Then there is one at every place
    /// before it, or it is lost.
    inside: bool,
    bytes: usize,
    page: HistoryPage,
}

/// What became of a row.
#[derive(Clone, Copy, Debug)]
enum Taken {
    Kept,
    Damaged,
    Full,
}

/// How many lost records are counted one by one.
const MAX_LOST: usize = 4_096;

impl Reading<'_> {
    /// Reads until the page is full or there is no more.
    fn read(&mut self) -> rusqlite::Result<()> {
        loop {
            match self.scan() {
                Ok(Taken::Full) => return Ok(()),
                // In a transcript that is whole this is where it ends.
                Ok(_) if self.end <= self.first => return Ok(()),
                Err(error) if !is_damage(&error) => return Err(error),
                // Something is missing, or nothing is left.
                Ok(_) | Err(_) => (),
            }
            let readable = self.last_readable()?;
            self.lost_after(readable);
            if readable < self.first || matches!(self.take_one(readable)?, Some(Taken::Full)) {
                return Ok(());
            }
        }
    }

    /// Reads on as long as SQLite finds its way.
    fn scan(&mut self) -> rusqlite::Result<Taken> {
        const SCAN: &str = "FROM record WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC";

        let mut statement = self.connection.prepare_cached(&super::select(row::RECORD, SCAN))?;
        let mut rows = statement.query([self.first, self.end - 1])?;
        while let Some(row) = rows.next()? {
            if let Taken::Full = self.take(row)? {
                return Ok(Taken::Full);
            }
        }
        Ok(Taken::Kept)
    }

    /// Adds the record in `row` to the page, if it is sound and there is room.
    fn take(&mut self, row: &Row<'_>) -> rusqlite::Result<Taken> {
        let place = row.get(0)?;
        let stored = match row::record(row) {
            Ok(stored) => stored,
            Err(RowError::Sql(error)) => return Err(error),
            Err(RowError::Damaged(_)) => {
                // Its place may be damaged, too. After a sound record the gap
                // tells.
                if !self.inside {
                    self.damage.found(Spot::Record(place));
                }
                return Ok(Taken::Damaged);
            }
        };
        self.lost_after(place);
        self.bytes = self.bytes.saturating_add(stored.record.message.as_str().len());
        let heavy = self.query.max_bytes < self.bytes && !self.page.records.is_empty();
        if heavy || self.query.limit <= self.page.records.len() {
            self.page.more = true;
            return Ok(Taken::Full);
        }
        self.page.records.push(stored);
        self.end = place;
        self.inside = true;
        Ok(Taken::Kept)
    }

    /// Takes note that what belongs between `place` and `end` is not there.
    fn lost_after(&self, place: i64) {
        if self.inside {
            let lost = (place + 1..self.end).take(MAX_LOST);
            lost.for_each(|lost| self.damage.found(Spot::Record(lost)));
        }
    }

    /// The last place before `end` that can be read, looked for back in growing
    /// steps and then forth to the border; or the one before the first.
    fn last_readable(&self) -> rusqlite::Result<i64> {
        let mut unreadable = self.end;
        let mut step = 1;
        let mut readable = loop {
            let next = unreadable - step;
            if next < self.first {
                break self.first - 1;
            }
            if self.is_readable(next)? {
                break next;
            }
            unreadable = next;
            step *= 2;
        };
        while readable + 1 < unreadable {
            let middle = readable + (unreadable - readable) / 2;
            if self.is_readable(middle)? {
                readable = middle;
            } else {
                unreadable = middle;
            }
        }
        Ok(readable)
    }

    fn is_readable(&self, place: i64) -> rusqlite::Result<bool> {
        match at(self.connection, place, row::record) {
            Ok(found) => Ok(found.is_some_and(|read| read.is_ok())),
            Err(error) if is_damage(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn take_one(&mut self, place: i64) -> rusqlite::Result<Option<Taken>> {
        let connection = self.connection;
        at(connection, place, |row| self.take(row))?.transpose()
    }
}

/// What `read` makes of the record at `place`.
fn at<T>(
    connection: &Connection,
    place: i64,
    read: impl FnOnce(&Row<'_>) -> T,
) -> rusqlite::Result<Option<T>> {
    let one = super::select(row::RECORD, "FROM record WHERE place = ?1");
    let mut statement = connection.prepare_cached(&one)?;
    Ok(statement.query([place])?.next()?.map(read))
}
