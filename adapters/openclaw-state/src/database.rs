//! Databases of the other gateway, opened so that nothing is written beside
//! them.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::SystemTime,
};

use domain::ids::AgentId;
use rusqlite::{Connection, OpenFlags, Row};

use crate::{
    agent::{Events, Planned, Source},
    files::whole,
    root::{NoFile, Root},
};

/// The newest versions of the tables that are known: of an agent, and of the
/// gateway.
const AGENT_VERSION: i64 = 23;
const GLOBAL_VERSION: i64 = 18;

/// So many events are read at once.
const PAGE: i64 = 64;

/// Where something is wrong, and what.
pub(crate) type Trouble = (String, String);

/// A database of the other gateway.
pub(crate) struct Foreign {
    name: String,
    connection: Connection,
    // Dropped after the connection.
    _copy: Option<Copy>,
}

impl Foreign {
    /// The database of the gateway itself, if there is one.
    pub(crate) fn global(root: &Root, scratch: &Path) -> Result<Option<Self>, Trouble> {
        Self::open(root, scratch, "state/openclaw.sqlite", GLOBAL_VERSION)
    }

    fn open(root: &Root, scratch: &Path, name: &str, newest: i64) -> Result<Option<Self>, Trouble> {
        let trouble = |why: String| (name.to_owned(), why);
        let path = match root.file(name) {
            Ok(path) => path,
            Err(NoFile::Absent) => return Ok(None),
            Err(NoFile::Unreadable(why)) => return Err(trouble(why)),
        };
        let log = beside(&path, "-wal");
        let is_logged = fs::symlink_metadata(&log).is_ok_and(|about| about.len() != 0);
        let copy =
            if is_logged { Some(Copy::make(&path, &log, scratch).map_err(trouble)?) } else { None };
        let connection = match &copy {
            Some(copy) => Connection::open(&copy.database),
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                Connection::open_with_flags(immutable(&path), flags)
            }
        };
        let unreadable = |_| trouble("it is not a database that can be read".to_owned());
        let connection = connection.map_err(unreadable)?;
        let version: i64 = connection
            .query_row("PRAGMA user_version", (), |row| row.get(0))
            .map_err(unreadable)?;
        if newest < version {
            let why = format!("its version is {version}, and this program knows {newest} at most");
            return Err(trouble(why));
        }
        Ok(Some(Self { name: name.to_owned(), connection, _copy: copy }))
    }

    /// What `read` makes of the rows of `query`.
    pub(crate) fn rows<T>(
        &self,
        query: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Trouble> {
        let rows = || {
            let mut statement = self.connection.prepare(query)?;
            statement.query_map((), read)?.collect::<rusqlite::Result<Vec<T>>>()
        };
        rows().map_err(|error: rusqlite::Error| (self.name.clone(), cause(&error)))
    }
}

/// The database of an agent: conversations and what was said in them.
pub(crate) struct AgentDatabase(Arc<Mutex<Foreign>>, String);

impl AgentDatabase {
    /// The database of the agent in the directory `agent`, if there is one.
    pub(crate) fn open(root: &Root, scratch: &Path, agent: &str) -> Result<Option<Self>, Trouble> {
        let name = format!("agents/{agent}/agent/openclaw-agent.sqlite");
        let database = Foreign::open(root, scratch, &name, AGENT_VERSION)?;
        Ok(database.map(|it| Self(Arc::new(Mutex::new(it)), name)))
    }

    /// Where it is.
    pub(crate) fn name(&self) -> String {
        self.1.clone()
    }

    /// Its conversations: those that go on, and transcripts that do not.
    pub(crate) fn plan(&self, agent: &AgentId) -> Result<Vec<Planned>, String> {
        const CURRENT: &str = "
            SELECT session_key, current_session_id, entry_json FROM session_nodes
            ORDER BY updated_at";
        const EARLIER: &str = "
            SELECT session_key, session_id FROM session_windows
            WHERE session_id NOT IN (SELECT current_session_id FROM session_nodes)
            ORDER BY created_at";

        let database = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = |text: String| serde_json::from_str(&text).unwrap_or_default();
        let mut planned = database
            .rows(CURRENT, |row| {
                let (key, id): (String, _) = (row.get(0)?, row.get(1)?);
                let (key, entry) = (whole(&key, agent), Some(entry(row.get(2)?)));
                Ok(Planned { key, id, entry, source: Source::Database })
            })
            .map_err(|(_, why)| why)?;
        let earlier = database.rows(EARLIER, |row| {
            let (key, id): (String, _) = (row.get(0)?, row.get(1)?);
            Ok(Planned { key: whole(&key, agent), id, entry: None, source: Source::Database })
        });
        planned.extend(earlier.map_err(|(_, why)| why)?);
        Ok(planned)
    }

    /// The events of the transcript `id`.
    pub(crate) fn events(&self, id: &str) -> RowEvents {
        RowEvents {
            database: Arc::clone(&self.0),
            name: self.1.clone(),
            id: id.to_owned(),
            page: Vec::new(),
            last: -1,
            ended: false,
        }
    }
}

/// The events of a transcript, some at a time.
pub(crate) struct RowEvents {
    database: Arc<Mutex<Foreign>>,
    name: String,
    id: String,
    /// The last one first.
    page: Vec<(i64, Option<String>)>,
    last: i64,
    ended: bool,
}

impl RowEvents {
    fn turn(&mut self) -> rusqlite::Result<()> {
        const EVENTS: &str = "
            SELECT seq, event_json FROM transcript_events WHERE session_id = ?1 AND ?2 < seq
            ORDER BY seq LIMIT ?3";

        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = database.connection.prepare_cached(EVENTS)?;
        let rows = statement
            .query_map((&self.id, self.last, PAGE), |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.page = rows.collect::<rusqlite::Result<_>>()?;
        self.page.reverse();
        Ok(())
    }
}

impl Events for RowEvents {
    fn next(&mut self) -> Option<(String, Result<String, String>)> {
        if self.ended {
            return None;
        }
        if self.page.is_empty()
            && let Err(error) = self.turn()
        {
            self.ended = true;
            return Some((format!("{}#{}", self.name, self.id), Err(cause(&error))));
        }
        let Some((seq, event)) = self.page.pop() else {
            self.ended = true;
            return None;
        };
        self.last = seq;
        let compressed = || "it is compressed, which this program cannot read".to_owned();
        Some((format!("{}#{}:{seq}", self.name, self.id), event.ok_or_else(compressed)))
    }
}

/// A copy of a database and its log, gone when it is dropped.
struct Copy {
    directory: PathBuf,
    database: PathBuf,
}

impl Copy {
    /// Copies both as they were at one moment.
    fn make(database: &Path, log: &Path, scratch: &Path) -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("openclaw-import-{}-{number}", std::process::id());
        let directory = scratch.join(name);
        let failed = |error: io::Error| {
            format!("it cannot be copied to {}: {}", scratch.display(), error.kind())
        };
        DirBuilder::new().mode(0o700).create(&directory).map_err(failed)?;
        let copy = Self { database: directory.join("copy.sqlite"), directory };
        let before = (state(database), state(log));
        fs::copy(database, &copy.database).map_err(failed)?;
        fs::copy(log, beside(&copy.database, "-wal")).map_err(failed)?;
        if before != (state(database), state(log)) {
            return Err("it is being written to: stop the other gateway first".to_owned());
        }
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        // What is left is in a directory for things that may go.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// What changes when a file is written.
fn state(path: &Path) -> Option<(u64, SystemTime)> {
    let about = fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok()?))
}

/// The file beside `path` whose name is longer by `suffix`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// The address of a database that nobody changes, so that SQLite writes nothing
/// beside it.
fn immutable(path: &Path) -> String {
    use std::{fmt::Write, os::unix::ffi::OsStrExt};

    let mut address = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            // Writing to a text cannot fail.
            byte => drop(write!(address, "%{byte:02X}")),
        }
    }
    address + "?immutable=1"
}

/// What is wrong, without anything that is stored.
fn cause(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(code) => format!("it cannot be read: {code:?}"),
        None => "it cannot be read".to_owned(),
    }
}
