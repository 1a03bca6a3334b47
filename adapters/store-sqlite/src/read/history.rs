//! Pages of a transcript, read from the end.

use domain::ids::SessionId;
use ports::driven::{HistoryPage, HistoryQuery, StoreError};
use rusqlite::Connection;

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
        while let Err(error) = reading.go_on() {
            if !is_damage(&error) {
                return Err(error);
            }
            reading.skip_unreadable()?;
        }
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

/// How many lost records are counted one by one.
const MAX_LOST: usize = 4_096;

impl Reading<'_> {
    /// Reads until the page is full or there is no more.
    fn go_on(&mut self) -> rusqlite::Result<()> {
        let sql = super::select(
            row::RECORD,
            "FROM record WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC",
        );
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query([self.first, self.end - 1])?;
        while let Some(row) = rows.next()? {
            if self.query.limit <= self.page.records.len() {
                self.page.more = true;
                return Ok(());
            }
            let place = row.get(0)?;
            self.lost_from(place + 1);
            match row::record(row) {
                Ok(stored) => {
                    self.bytes = self.bytes.saturating_add(stored.record.message.as_str().len());
                    if self.query.max_bytes < self.bytes && !self.page.records.is_empty() {
                        self.page.more = true;
                        return Ok(());
                    }
                    self.page.records.push(stored);
                }
                Err(RowError::Damaged(_)) => self.damage.found(Spot::Record(place)),
                Err(RowError::Sql(error)) => return Err(error),
            }
            self.end = place;
            self.inside = true;
        }
        self.lost_from(self.first);
        Ok(())
    }

    /// Takes note that what belongs between `place` and `end` is not there.
    fn lost_from(&self, place: i64) {
        if self.inside {
            (place..self.end).take(MAX_LOST).for_each(|lost| self.damage.found(Spot::Record(lost)));
        }
    }

    /// Moves `end` to where SQLite can read again: forward in growing steps, and
    /// then back to the border.
    fn skip_unreadable(&mut self) -> rusqlite::Result<()> {
        let mut unreadable = self.end - 1;
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
            let middle = readable.midpoint(unreadable);
            match self.is_readable(middle)? {
                true => readable = middle,
                false => unreadable = middle,
            }
        }
        // If this is the end of the transcript, nobody knows how much was there.
        self.damage.found(Spot::Record(unreadable));
        self.lost_from(unreadable);
        self.end = unreadable;
        Ok(())
    }

    /// Whether the last record up to `place` can be read.
    fn is_readable(&self, place: i64) -> rusqlite::Result<bool> {
        let sql = super::select(
            row::RECORD,
            "FROM record WHERE place BETWEEN ?1 AND ?2 ORDER BY place DESC LIMIT 1",
        );
        let read = || {
            let mut statement = self.connection.prepare_cached(&sql)?;
            statement.query([self.first, place])?.next().map(drop)
        };
        match read() {
            Ok(()) => Ok(true),
            Err(error) if is_damage(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
