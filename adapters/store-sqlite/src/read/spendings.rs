//! What answers used, in the order of time.

use domain::session::SessionKey;
use ports::driven::{SpendingPage, SpendingPlace, SpendingQuery, StoreError};
use rusqlite::Connection;

use crate::{
    damage::{Damage, Spot},
    error::store_error,
    row::{self, RowError, millis},
};

/// The answers `query` asks for. Damaged ones are left out and reported.
pub(crate) fn spendings(
    connection: &Connection,
    damage: &Damage,
    query: &SpendingQuery,
) -> Result<SpendingPage, StoreError> {
    const ALL: &str = "FROM spending
        WHERE (at, number) > (?1, ?2) AND at <= ?3
        ORDER BY at, number LIMIT ?4";
    const OF_ONE: &str = "FROM spending
        WHERE session = ?5 AND (at, number) > (?1, ?2) AND at <= ?3
        ORDER BY at, number LIMIT ?4";

    let session = query.session.as_ref().map(SessionKey::as_str);
    let sql = super::select(row::SPENDING, if session.is_some() { OF_ONE } else { ALL });
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (at, number) = (millis(query.after.at), whole(query.after.number));
    let (until, limit) = (millis(query.until), whole(query.limit as u64));
    let read = || {
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = match session {
            Some(session) => statement.query((at, number, until, limit, session))?,
            None => statement.query((at, number, until, limit))?,
        };
        let (mut page, mut seen, mut last) = (SpendingPage::default(), 0, query.after);
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            last = SpendingPlace { at: row::time(row.get(1)?), number: number.unsigned_abs() };
            seen += 1;
            match row::spending(row) {
                Ok(spending) => page.spendings.push(spending),
                Err(RowError::Damaged(_)) => damage.found(Spot::Spending(number)),
                Err(RowError::Sql(error)) => return Err(error),
            }
        }
        page.next = (query.limit <= seen).then_some(last);
        Ok(page)
    };
    read().map_err(|error| store_error("spending", error))
}
