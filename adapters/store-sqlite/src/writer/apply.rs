//! Changes as SQL.

use std::collections::HashMap;

use domain::{
    ids::{AgentId, RunId, SessionId},
    run::StopReason,
    session::Session,
    spending::Spending,
};
use ports::{
    Json,
    driven::{Change, CommitError, Committed, Drawer, Record, RunEnd, RunRecord, StoreError},
};
use rusqlite::{Connection, ffi};

use crate::{
    error::{Damaged, Unusable, store_error},
    place::{offset, place, places},
    read,
    row::{self, SessionRow, millis},
};

/// What a submission did.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub(super) committed: Committed,
    /// Whether there are records to clear away.
    pub(super) deleted_transcript: bool,
}

/// Where the transcripts that were written to lately go on.
#[derive(Debug, Default)]
pub(super) struct Heads(HashMap<SessionId, Head>);

#[derive(Clone, Copy, Debug)]
struct Head {
    transcript: i64,
    next: u64,
}

/// How many transcripts are remembered.
const MAX_HEADS: usize = 1_024;

impl Heads {
    /// Forgets the transcripts that `changes` may have touched.
    pub(super) fn forget_those_of(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Append { session: id, .. }
                | Change::DeleteSession { transcript: Some(id), .. } => drop(self.0.remove(id)),
                Change::PutSession(_)
                | Change::DeleteSession { transcript: None, .. }
                | Change::BeginRun(_)
                | Change::EndRun { .. }
                | Change::Spend(_)
                | Change::PutEntry { .. }
                | Change::DropEntry { .. } => (),
            }
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The next place of `session`, which begins if it is new.
    fn advance(&mut self, connection: &Connection, session: &SessionId) -> rusqlite::Result<Head> {
        if let Some(head) = self.0.get_mut(session) {
            let place = *head;
            head.next += 1;
            return Ok(place);
        }
        let head = match read::transcript(connection, session)? {
            Some(transcript) => Head { transcript, next: last(connection, transcript)? + 1 },
            None => {
                connection
                    .prepare_cached("INSERT INTO transcript (id) VALUES (?1)")?
                    .execute([session.as_str()])?;
                Head { transcript: connection.last_insert_rowid(), next: 1 }
            }
        };
        if MAX_HEADS <= self.0.len() {
            self.0.clear();
        }
        self.0.insert(session.clone(), Head { next: head.next + 1, ..head });
        Ok(head)
    }
}

/// Applies `changes` in their order, up to the first that fails.
pub(super) fn apply(
    connection: &Connection,
    heads: &mut Heads,
    changes: &[Change],
) -> Result<Applied, CommitError> {
    let mut applied = Applied::default();
    for change in changes {
        match change {
            Change::PutSession(session) => put_session(connection, session)?,
            Change::DeleteSession { key, transcript } => {
                connection
                    .prepare_cached("DELETE FROM session WHERE key = ?1")
                    .and_then(|mut it| it.execute([key.as_str()]))
                    .map_err(|error| store_error("session", error))?;
                if let Some(id) = transcript {
                    heads.0.remove(id);
                    applied.deleted_transcript |= delete_transcript(connection, id)
                        .map_err(|error| store_error("transcript", error))?;
                }
            }
            Change::Append { session, record } => {
                let offset = append(connection, heads, session, record)?;
                applied.committed.offsets.push(offset);
            }
            Change::BeginRun(run) => begin_run(connection, run)?,
            Change::EndRun { run, end } => end_run(connection, run, end)?,
            Change::Spend(spending) => {
                spend(connection, spending).map_err(|error| store_error("spending", error))?;
            }
            Change::PutEntry { drawer, name, value } => put_entry(connection, *drawer, name, value)
                .map_err(|error| store_error("entry", error))?,
            Change::DropEntry { drawer, name } => connection
                .prepare_cached("DELETE FROM entry WHERE drawer = ?1 AND name = ?2")
                .and_then(|mut it| it.execute([drawer.as_str(), name]))
                .map(drop)
                .map_err(|error| store_error("entry", error))?,
        }
    }
    Ok(applied)
}

fn put_entry(
    connection: &Connection,
    drawer: Drawer,
    name: &str,
    value: &Json,
) -> rusqlite::Result<()> {
    const PUT: &str = "
        INSERT INTO entry (drawer, name, value, crc) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (drawer, name) DO UPDATE SET value = excluded.value, crc = excluded.crc";

    let (drawer, value) = (drawer.as_str(), value.as_str());
    let crc = row::entry_crc(drawer, name, value);
    connection.prepare_cached(PUT)?.execute((drawer, name, value, crc)).map(drop)
}

/// Takes note of what an answer used.
pub(crate) fn spend(connection: &Connection, spending: &Spending) -> rusqlite::Result<()> {
    const SPEND: &str = "INSERT INTO spending (at, session, data, crc) VALUES (?1, ?2, ?3, ?4)";

    let (at, session) = (millis(spending.at), spending.session.as_str());
    let data = Json::of(spending);
    let crc = row::spending_crc(at, session, data.as_str());
    connection.prepare_cached(SPEND)?.execute((at, session, data.as_str(), crc)).map(drop)
}

fn put_session(connection: &Connection, session: &Session) -> Result<(), CommitError> {
    /// Most of the time little changes, and then most indexes stay as they are.
    const TOUCH: &str = "
        UPDATE session SET updated_at = ?2, title = ?3, data = ?4, crc = ?5
        WHERE key = ?1 AND id = ?6 AND label IS ?7 AND spawned_by IS ?8";
    const PUT: &str = "
        INSERT INTO session (key, updated_at, title, data, crc, id, label, spawned_by, agent)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (key) DO UPDATE SET
            updated_at = excluded.updated_at, title = excluded.title, data = excluded.data,
            crc = excluded.crc, id = excluded.id, label = excluded.label,
            spawned_by = excluded.spawned_by";

    let data = row::session_data(session);
    let row = SessionRow::new(session, &data);
    let SessionRow { key, id, updated_at, label, spawned_by, title, data } = row;
    let crc = row.crc();
    let put = || {
        let touched = connection
            .prepare_cached(TOUCH)?
            .execute((key, updated_at, title, data, crc, id, label, spawned_by))?;
        if touched == 0 {
            let agent = session.key.agent();
            let agent = agent.as_ref().map(AgentId::as_str);
            connection
                .prepare_cached(PUT)?
                .execute((key, updated_at, title, data, crc, id, label, spawned_by, agent))?;
        }
        Ok(())
    };
    put().map_err(|error: rusqlite::Error| match (error.sqlite_error(), label) {
        // The key cannot be what is taken: it has `ON CONFLICT`.
        (Some(code), Some(label)) if code.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE => {
            CommitError::LabelTaken(label.into())
        }
        _ => store_error("session", error).into(),
    })
}

/// Takes the name of a transcript away, which takes no longer when it is large.
/// Returns whether there was one.
fn delete_transcript(connection: &Connection, id: &SessionId) -> rusqlite::Result<bool> {
    let named = connection
        .prepare_cached("UPDATE transcript SET id = NULL WHERE id = ?1")?
        .execute([id.as_str()])?;
    Ok(named != 0)
}

fn append(
    connection: &Connection,
    heads: &mut Heads,
    session: &SessionId,
    record: &Record,
) -> Result<u64, StoreError> {
    const APPEND: &str =
        "INSERT INTO record (place, at, id, crc, message) VALUES (?1, ?2, ?3, ?4, ?5)";

    let error = |error| store_error("transcript", error);
    let Head { transcript, next } = heads.advance(connection, session).map_err(error)?;
    let place = place(transcript, next).ok_or(Unusable::TranscriptFull)?;
    let (at, id, message) = (millis(record.at), record.id.as_str(), record.message.as_str());
    let crc = row::record_crc(place, at, id, message);
    connection
        .prepare_cached(APPEND)
        .and_then(|mut it| it.execute((place, at, id, crc, message)))
        .map_err(error)?;
    Ok(next)
}

/// The last place of a transcript that is taken, or 0.
fn last(connection: &Connection, transcript: i64) -> rusqlite::Result<u64> {
    let places = places(transcript);
    let last: Option<i64> = connection
        .prepare_cached("SELECT max(place) FROM record WHERE place BETWEEN ?1 AND ?2")?
        .query_row([places.start(), places.end()], |row| row.get(0))?;
    Ok(last.map_or(0, offset))
}

fn begin_run(connection: &Connection, run: &RunRecord) -> Result<(), CommitError> {
    const BEGIN: &str = "
        INSERT INTO run (run, session, session_id, accepted_at, status, stop, error, ended_at, crc)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (run) DO NOTHING";

    let end = run.end.as_ref();
    let begun = connection
        .prepare_cached(BEGIN)
        .and_then(|mut it| {
            it.execute((
                run.run.as_str(),
                run.session.as_str(),
                run.session_id.as_str(),
                millis(run.accepted_at),
                end.map(|end| end.status.as_str()),
                end.and_then(|end| end.stop).map(StopReason::as_str),
                end.and_then(|end| end.error.as_deref()),
                end.map(|end| millis(end.at)),
                row::run_crc(run),
            ))
        })
        .map_err(|error| store_error("run", error))?;
    if begun == 1 {
        return Ok(());
    }
    match known_run(connection, &run.run)? {
        Some(known) => Err(CommitError::KnownRun(Box::new(known))),
        // The index knows it and the table does not.
        None => {
            let gone = StoreError::Corrupt { what: "run", source: Damaged::Missing.into() };
            Err(gone.into())
        }
    }
}

/// Remembers the end of a run. The first one counts.
fn end_run(connection: &Connection, run: &RunId, end: &RunEnd) -> Result<(), StoreError> {
    const END: &str = "
        UPDATE run SET status = ?2, stop = ?3, error = ?4, ended_at = ?5, crc = ?6 WHERE run = ?1";

    let Some(known) = known_run(connection, run)?.filter(|known| known.end.is_none()) else {
        return Ok(());
    };
    let ended = RunRecord { end: Some(end.clone()), ..known };
    connection
        .prepare_cached(END)
        .and_then(|mut it| {
            it.execute((
                run.as_str(),
                end.status.as_str(),
                end.stop.map(StopReason::as_str),
                end.error.as_deref(),
                millis(end.at),
                row::run_crc(&ended),
            ))
        })
        .map_err(|error| store_error("run", error))?;
    Ok(())
}

fn known_run(connection: &Connection, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
    read::run(connection, run).map_err(|error| error.about("run"))
}
