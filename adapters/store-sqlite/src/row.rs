//! Sessions, records and runs as rows, each with a checksum over what was
//! written.

mod data;

use domain::{
    ids::SessionId,
    run::{RunStatus, StopReason},
    session::{Session, SessionKey},
    spending::Spending,
    time::Timestamp,
};
use ports::{
    Json,
    driven::{Entry, Record, RunEnd, RunRecord, StoreError, StoredRecord},
};
use rusqlite::Row;

use crate::{
    checksum::Checksum,
    error::{Damaged, store_error},
    place::offset,
    row::data::Data,
};

/// Why a row could not be read: this row, or all of them.
#[derive(Debug)]
pub(crate) enum RowError {
    /// What is in the row is not what was written.
    Damaged(Damaged),
    /// The row could not be read at all.
    Sql(rusqlite::Error),
}

impl RowError {
    /// The error in the words of the port, when `what` was being read.
    pub(crate) fn about(self, what: &'static str) -> StoreError {
        match self {
            Self::Damaged(why) => StoreError::Corrupt { what, source: why.into() },
            Self::Sql(error) => store_error(what, error),
        }
    }
}

impl From<rusqlite::Error> for RowError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// The columns [`SessionRow::read`] expects.
pub(crate) const SESSION: &str = "number, key, id, updated_at, label, spawned_by, title, data, crc";
/// The columns [`record`] expects.
pub(crate) const RECORD: &str = "place, at, id, crc, message";
/// The columns [`run`] expects.
pub(crate) const RUN: &str =
    "number, run, session, session_id, accepted_at, status, stop, error, ended_at, crc";
/// The columns [`spending`] expects.
pub(crate) const SPENDING: &str = "number, at, session, data, crc";

/// A time as SQLite can hold and compare it.
pub(crate) fn millis(time: Timestamp) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// The columns of a session.
#[derive(Debug)]
pub(crate) struct SessionRow<'a> {
    pub(crate) key: &'a str,
    pub(crate) id: &'a str,
    pub(crate) updated_at: i64,
    pub(crate) label: Option<&'a str>,
    pub(crate) spawned_by: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    pub(crate) data: &'a str,
}

impl<'a> SessionRow<'a> {
    /// The columns of `session`; `data` is what [`session_data`] made of it.
    pub(crate) fn new(session: &'a Session, data: &'a str) -> Self {
        Self {
            key: session.key.as_str(),
            id: session.id.as_str(),
            updated_at: millis(session.updated_at),
            label: session.settings.label.as_deref(),
            spawned_by: session.settings.spawned_by.as_ref().map(SessionKey::as_str),
            title: session.title.as_deref(),
            data,
        }
    }

    /// The row, if it is what was written.
    pub(crate) fn read(row: &'a Row<'_>) -> Result<Self, RowError> {
        let text = |column| text(row, column);
        let maybe = |column| optional(row, column);
        let read = Self {
            key: text(1)?,
            id: text(2)?,
            updated_at: row.get(3)?,
            label: maybe(4)?,
            spawned_by: maybe(5)?,
            title: maybe(6)?,
            data: text(7)?,
        };
        check(row, 8, read.crc())?;
        Ok(read)
    }

    pub(crate) fn crc(&self) -> u32 {
        Checksum::new()
            .text(self.key)
            .text(self.id)
            .number(self.updated_at)
            .optional(self.label)
            .optional(self.spawned_by)
            .optional(self.title)
            .text(self.data)
            .get()
    }

    /// The session that was written down.
    pub(crate) fn session(&self) -> Result<Session, RowError> {
        let bad = |_| RowError::Damaged(Damaged::Name);
        let key = self.key.parse().map_err(|_| RowError::Damaged(Damaged::Name))?;
        let mut session = Session::fresh(key, self.id.parse().map_err(bad)?, time(0));
        let data: Data =
            serde_json::from_str(self.data).map_err(|_| RowError::Damaged(Damaged::Checksum))?;
        data.restore(&mut session);
        session.updated_at = time(self.updated_at);
        session.settings.label = self.label.map(Into::into);
        session.settings.spawned_by = self.spawned_by.and_then(|key| key.parse().ok());
        session.title = self.title.map(Into::into);
        Ok(session)
    }
}

/// What is remembered about a session and has no column, as JSON.
pub(crate) fn session_data(session: &Session) -> String {
    serde_json::to_string(&Data::of(session)).expect("keys are texts")
}

/// The checksum of a record.
pub(crate) fn record_crc(place: i64, at: i64, id: &str, message: &str) -> u32 {
    Checksum::new().number(place).number(at).text(id).text(message).get()
}

/// The record that was written down.
pub(crate) fn record(row: &Row<'_>) -> Result<StoredRecord, RowError> {
    let (place, at): (i64, i64) = (row.get(0)?, row.get(1)?);
    let (id, message) = (text(row, 2)?, text(row, 4)?);
    check(row, 3, record_crc(place, at, id, message))?;
    let record = Record {
        id: id.parse().map_err(|_| RowError::Damaged(Damaged::Name))?,
        at: time(at),
        message: Json::parse(message.to_owned())
            .map_err(|_| RowError::Damaged(Damaged::Checksum))?,
    };
    Ok(StoredRecord { offset: offset(place), record })
}

/// The checksum of a run.
pub(crate) fn run_crc(run: &RunRecord) -> u32 {
    let begun = Checksum::new()
        .text(run.run.as_str())
        .text(run.session.as_str())
        .text(run.session_id.as_str())
        .number(millis(run.accepted_at));
    match &run.end {
        None => begun.get(),
        Some(end) => begun
            .text(end.status.as_str())
            .optional(end.stop.map(StopReason::as_str))
            .optional(end.error.as_deref())
            .number(millis(end.at))
            .get(),
    }
}

/// The run that was written down.
pub(crate) fn run(row: &Row<'_>) -> Result<RunRecord, RowError> {
    let name = || RowError::Damaged(Damaged::Name);
    let session_id: Result<SessionId, _> = text(row, 3)?.parse();
    let end = match row.get::<_, Option<i64>>(8)? {
        None => None,
        Some(ended_at) => Some(RunEnd {
            status: text(row, 5)?.parse::<RunStatus>().map_err(|_| name())?,
            stop: optional(row, 6)?.and_then(|word| word.parse().ok()),
            error: optional(row, 7)?.map(str::to_owned),
            at: time(ended_at),
        }),
    };
    let run = RunRecord {
        run: text(row, 1)?.parse().map_err(|_| name())?,
        session: text(row, 2)?.parse().map_err(|_| name())?,
        session_id: session_id.map_err(|_| name())?,
        accepted_at: time(row.get(4)?),
        end,
    };
    check(row, 9, run_crc(&run))?;
    Ok(run)
}

pub(crate) fn spending_crc(at: i64, session: &str, data: &str) -> u32 {
    Checksum::new().number(at).text(session).text(data).get()
}

/// What an answer used.
pub(crate) fn spending(row: &Row<'_>) -> Result<Spending, RowError> {
    let (at, session, data) = (row.get(1)?, text(row, 2)?, text(row, 3)?);
    check(row, 4, spending_crc(at, session, data))?;
    serde_json::from_str(data).map_err(|_| RowError::Damaged(Damaged::Checksum))
}

pub(crate) fn entry_crc(drawer: &str, name: &str, value: &str) -> u32 {
    Checksum::new().text(drawer).text(name).text(value).get()
}

/// An entry of `drawer`.
pub(crate) fn entry(drawer: &str, row: &Row<'_>) -> Result<Entry, RowError> {
    let (name, value) = (text(row, 0)?, text(row, 1)?);
    check(row, 2, entry_crc(drawer, name, value))?;
    let value = Json::parse(value.to_owned()).map_err(|_| RowError::Damaged(Damaged::Checksum))?;
    Ok(Entry { name: name.into(), value })
}

fn check(row: &Row<'_>, column: usize, crc: u32) -> Result<(), RowError> {
    if row.get::<_, i64>(column)? == i64::from(crc) {
        return Ok(());
    }
    Err(RowError::Damaged(Damaged::Checksum))
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, RowError> {
    optional(row, column)?.ok_or(RowError::Damaged(Damaged::Checksum))
}

fn optional<'a>(row: &'a Row<'_>, column: usize) -> Result<Option<&'a str>, RowError> {
    // Neither another type nor bytes that are no text are ever written.
    row.get_ref(column)?.as_str_or_null().map_err(|_| RowError::Damaged(Damaged::Checksum))
}
