//! Lists of sessions.

use std::fmt::Write;

use ports::driven::{SessionPage, SessionQuery, StoreError};
use rusqlite::{Connection, Row, params_from_iter, types::Value};

use crate::{
    damage::{Damage, Spot},
    error::{is_damage, store_error},
    row::{self, RowError, SessionRow, millis},
};

/// Lists longer than this are not read where others wait.
const LONG: usize = 1_000;

/// Whether the answer may take long: when many sessions are asked for, or all of
/// them have to be looked at.
pub(crate) fn is_long(query: &SessionQuery) -> bool {
    query.search.is_some() || query.limit.is_none_or(|limit| LONG < limit)
}

/// The sessions `query` asks for, the newest first. Damaged ones are left out
/// and reported.
pub(crate) fn sessions(
    connection: &Connection,
    damage: &Damage,
    query: &SessionQuery,
) -> Result<SessionPage, StoreError> {
    let listed = match by_index(connection, damage, query) {
        Err(error) if is_damage(&error) => one_by_one(connection, damage, query),
        listed => listed,
    };
    listed.map_err(|error| store_error("session", error))
}

fn by_index(
    connection: &Connection,
    damage: &Damage,
    query: &SessionQuery,
) -> rusqlite::Result<SessionPage> {
    let (sql, params) = statement(query, None);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(params))?;
    let mut list = Listing::new(damage, query);
    while let Some(row) = rows.next()? {
        if list.is_full(row)? {
            break;
        }
    }
    Ok(list.page)
}

/// The same without trust in the table: the index says which sessions there are,
/// and each is read alone. Takes as long as all sessions take.
fn one_by_one(
    connection: &Connection,
    damage: &Damage,
    query: &SessionQuery,
) -> rusqlite::Result<SessionPage> {
    const NUMBERS: &str =
        "SELECT number FROM session INDEXED BY session_updated ORDER BY updated_at DESC";
    let mut numbers = connection.prepare_cached(NUMBERS)?;
    let mut numbers = numbers.query(())?;
    let mut list = Listing::new(damage, query);
    while let Some(number) = numbers.next()? {
        let number: i64 = number.get(0)?;
        let mut read = || {
            let (sql, params) = statement(query, Some(number));
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(params))?;
            rows.next()?.map_or(Ok(false), |row| list.is_full(row))
        };
        match read() {
            Ok(true) => break,
            Ok(false) => (),
            Err(error) if is_damage(&error) => damage.found(Spot::Session(number)),
            Err(error) => return Err(error),
        }
    }
    Ok(list.page)
}

/// The rows that fit, but for the search; or this one, if it fits.
fn statement(query: &SessionQuery, number: Option<i64>) -> (String, Vec<Value>) {
    let mut sql = super::select(row::SESSION, "FROM session WHERE true");
    let mut params = Vec::new();
    let mut filter = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            params.push(value);
            // Writing to a text does not fail.
            let _ = write!(sql, " AND {condition} ?{}", params.len());
        }
    };
    let text = |text: &str| Value::Text(text.to_owned());
    filter("agent =", query.agent.as_ref().map(|agent| text(agent.as_str())));
    filter("label =", query.label.as_deref().map(text));
    filter("spawned_by =", query.spawned_by.as_ref().map(|key| text(key.as_str())));
    filter("updated_at >=", query.updated_since.map(|since| Value::Integer(millis(since))));
    filter("number =", number.map(Value::Integer));
    if !query.include_special {
        sql.push_str(" AND key NOT IN ('global', 'unknown')");
    }
    sql.push_str(" ORDER BY updated_at DESC");
    (sql, params)
}

/// A list while it is being made.
struct Listing<'a> {
    damage: &'a Damage,
    /// What to look for, in lower case.
    search: Option<String>,
    limit: usize,
    page: SessionPage,
}

impl<'a> Listing<'a> {
    fn new(damage: &'a Damage, query: &SessionQuery) -> Self {
        Self {
            damage,
            search: query.search.as_deref().map(str::to_lowercase),
            limit: query.limit.unwrap_or(usize::MAX),
            page: SessionPage::default(),
        }
    }

    /// Adds the session in `row` if it fits. Returns whether it had no room.
    fn is_full(&mut self, row: &Row<'_>) -> rusqlite::Result<bool> {
        let read = SessionRow::read(row).and_then(|row| match self.fits(&row) {
            false => Ok(None),
            true if self.limit <= self.page.sessions.len() => Ok(Some(None)),
            true => row.session().map(|session| Some(Some(session))),
        });
        match read {
            Ok(None) => Ok(false),
            Ok(Some(None)) => {
                self.page.more = true;
                Ok(true)
            }
            Ok(Some(Some(session))) => {
                self.page.sessions.push(session);
                Ok(false)
            }
            Err(RowError::Damaged(_)) => {
                self.damage.found(Spot::Session(row.get(0)?));
                Ok(false)
            }
            Err(RowError::Sql(error)) => Err(error),
        }
    }

    fn fits(&self, row: &SessionRow<'_>) -> bool {
        let has = |part: &str| {
            let texts = [Some(row.key), Some(row.id), row.label, row.title];
            texts.into_iter().flatten().any(|text| text.to_lowercase().contains(part))
        };
        self.search.as_deref().is_none_or(has)
    }
}
