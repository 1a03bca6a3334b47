//! The conversations of one agent, transcript by transcript.

use std::{collections::VecDeque, fmt, path::Path};

use domain::{
    ids::{AgentId, SessionId},
    session::SessionKey,
    time::Timestamp,
};
use ports::driven::{ForeignConversation, ForeignItem, ForeignKind};

use crate::{
    database::AgentDatabase,
    event::{self, Event, NEWEST},
    files,
    root::{Root, left_out},
    session::{self, Entry},
};

/// A conversation that is read when its turn comes.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Its key.
    pub(crate) key: String,
    /// Its transcript.
    pub(crate) id: String,
    /// What is remembered of it; nothing if it does not go on.
    pub(crate) entry: Option<Entry>,
    /// Where its transcript is.
    pub(crate) source: Source,
}

/// Where a transcript is.
#[derive(Debug)]
pub(crate) enum Source {
    /// In a file, which need not exist.
    File(String),
    /// In the database of the agent.
    Database,
}

/// Events of a transcript in order.
pub(crate) trait Events: Send {
    /// The next event and where it stands, or what is wrong with it.
    fn next(&mut self) -> Option<(String, Result<String, String>)>;
}

/// What is being read of an agent.
pub(crate) struct Agent {
    root: Root,
    id: AgentId,
    database: Option<AgentDatabase>,
    planned: VecDeque<Planned>,
    waiting: VecDeque<ForeignItem>,
    transcript: Option<Box<dyn Events>>,
    number: u64,
}

impl Agent {
    /// Looks which conversations the agent in the directory `name` has, and what
    /// of it cannot be read.
    pub(crate) fn open(root: &Root, scratch: &Path, name: &str) -> (Self, Vec<ForeignItem>) {
        let mut findings = Vec::new();
        let mut planned = Vec::new();
        let id = AgentId::normalize(name);
        let database = match AgentDatabase::open(root, scratch, name) {
            Ok(None) => None,
            Ok(Some(database)) => match database.plan(&id) {
                Ok(found) => {
                    planned.extend(found);
                    Some(database)
                }
                Err(why) => {
                    findings.push(left_out(ForeignKind::Other, database.name(), why));
                    None
                }
            },
            Err((at, why)) => {
                findings.push(left_out(ForeignKind::Other, at, why));
                None
            }
        };
        let known = |planned: &[Planned], id: &str| planned.iter().any(|it| it.id == id);
        for found in files::plan(root, name, &id, &mut findings) {
            if !known(&planned, &found.id) {
                planned.push(found);
            }
        }
        let agent = Self {
            root: root.clone(),
            id,
            database,
            planned: planned.into(),
            waiting: VecDeque::new(),
            transcript: None,
            number: 0,
        };
        (agent, findings)
    }

    pub(crate) fn next(&mut self) -> Option<ForeignItem> {
        loop {
            if let Some(item) = self.waiting.pop_front() {
                return Some(item);
            }
            if let Some((at, event)) = self.transcript.as_mut().and_then(|it| it.next()) {
                if let Some(item) = self.event(at, event) {
                    return Some(item);
                }
                continue;
            }
            self.transcript = None;
            let planned = self.planned.pop_front()?;
            self.begin(planned);
        }
    }

    fn event(&mut self, at: String, text: Result<String, String>) -> Option<ForeignItem> {
        self.number += 1;
        match text.and_then(|text| event::read(&text, at.clone(), self.number)) {
            Ok(Event::Said(record)) => Some(ForeignItem::Record(*record)),
            Ok(Event::Header(_) | Event::Aside) => None,
            Err(why) => Some(left_out(ForeignKind::Message, at, why)),
        }
    }

    /// Begins with a transcript. Its first event says in which format it is and
    /// when it began.
    fn begin(&mut self, planned: Planned) {
        let Planned { key, id, entry, source } = planned;
        let (Ok(session_key), Ok(session_id)) = (key.parse(), id.parse()) else {
            let why = "its key or the id of its transcript is not one";
            let at = output_safe(&key);
            self.waiting.push_back(left_out(ForeignKind::Conversation, at, why));
            return;
        };
        self.number = 0;
        let mut began_at = None;
        match self.events(&source, &id) {
            Ok(mut events) => {
                if let Some((at, first)) = events.next() {
                    if let Ok(text) = &first
                        && let Ok(Event::Header(header)) = event::read(text, at.clone(), 1)
                    {
                        if NEWEST < header.version {
                            let found = header.version;
                            let why = format!(
                                "its format is {found}, and this program knows {NEWEST} at most"
                            );
                            self.waiting.push_back(left_out(ForeignKind::Conversation, at, why));
                            return;
                        }
                        began_at = header.began_at;
                        self.number = 1;
                    } else if let Some(item) = self.event(at, first) {
                        self.waiting.push_back(item);
                    }
                }
                self.transcript = Some(events);
            }
            Err(None) => (),
            Err(Some((at, why))) => {
                self.waiting.push_back(left_out(ForeignKind::Conversation, at, why));
            }
        }
        let conversation = conversation(session_key, session_id, entry.as_ref(), began_at);
        self.waiting.push_front(conversation);
        if entry.as_ref().is_some_and(session::grants_machine_access) {
            let why = "what was chosen there about commands is not taken over; choose it here";
            self.waiting.push_back(left_out(ForeignKind::Other, key, why));
        }
    }

    fn events(
        &self,
        source: &Source,
        id: &str,
    ) -> Result<Box<dyn Events>, Option<(String, String)>> {
        match source {
            Source::File(name) => files::events(&self.root, name),
            Source::Database => match &self.database {
                Some(database) => Ok(Box::new(database.events(id))),
                None => Err(None),
            },
        }
    }
}

/// The conversation as its first item.
fn conversation(
    key: SessionKey,
    id: SessionId,
    entry: Option<&Entry>,
    began_at: Option<Timestamp>,
) -> ForeignItem {
    let mut session = match entry {
        Some(entry) => session::session(key, id, entry),
        None => session::bare(key, id, began_at.unwrap_or_default()),
    };
    if let Some(began_at) = began_at {
        session.created_at = session.created_at.min(began_at);
    }
    let current = entry.is_some();
    ForeignItem::Conversation(Box::new(ForeignConversation { session, current }))
}

/// A key that may be anything, as part of a line.
fn output_safe(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(80).collect()
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("id", &self.id).finish_non_exhaustive()
    }
}
