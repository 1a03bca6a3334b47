//! What is stored, and what becomes of it when it changes.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, btree_map::Entry},
    ops::Bound::{Excluded, Included},
};

use domain::{
    ids::{MessageId, RunId, SessionId},
    session::{Session, SessionKey},
    spending::Spending,
};
use ports::{
    Json,
    driven::{
        self, Change, CommitError, Committed, Drawer, HistoryPage, HistoryQuery, Record, RunEnd,
        RunRecord, SessionPage, SessionQuery, SpendingPage, SpendingPlace, SpendingQuery,
        StoreStats, StoredRecord,
    },
};

/// Everything that was submitted.
#[derive(Debug, Default)]
pub(crate) struct State {
    sessions: BTreeMap<SessionKey, Session>,
    // Invariant: holds exactly the labels that appear in `sessions`.
    labels: BTreeMap<Box<str>, SessionKey>,
    transcripts: BTreeMap<SessionId, Vec<Record>>,
    runs: BTreeMap<RunId, RunRecord>,
    entries: BTreeMap<(Drawer, Box<str>), Json>,
    spendings: BTreeMap<SpendingPlace, Spending>,
}

/// How to take a change back.
#[derive(Debug)]
enum Undo {
    Session(SessionKey, Option<Box<Session>>),
    Transcript(SessionId, Vec<Record>),
    Append(SessionId),
    Run(RunId, Option<Box<RunRecord>>),
    Entry((Drawer, Box<str>), Option<Json>),
    Spending(SpendingPlace),
}

impl State {
    /// Applies all changes, or none.
    pub(crate) fn apply(&mut self, changes: Vec<Change>) -> Result<Committed, CommitError> {
        let mut committed = Committed::default();
        let mut done = Vec::new();
        for change in changes {
            if let Err(refused) = self.change(change, &mut committed, &mut done) {
                done.into_iter().rev().for_each(|undo| self.undo(undo));
                return Err(refused);
            }
        }
        Ok(committed)
    }

    fn change(
        &mut self,
        change: Change,
        committed: &mut Committed,
        done: &mut Vec<Undo>,
    ) -> Result<(), CommitError> {
        match change {
            Change::PutSession(session) => {
                if let Some(label) = &session.settings.label
                    && self.labels.get(label).is_some_and(|owner| *owner != session.key)
                {
                    return Err(CommitError::LabelTaken(label.clone()));
                }
                let key = session.key.clone();
                let before = self.put(&key, Some(session));
                done.push(Undo::Session(key, before.map(Box::new)));
            }
            Change::DeleteSession { key, transcript } => {
                let before = self.put(&key, None);
                done.push(Undo::Session(key, before.map(Box::new)));
                if let Some(id) = transcript
                    && let Some(records) = self.transcripts.remove(&id)
                {
                    done.push(Undo::Transcript(id, records));
                }
            }
            Change::Append { session, record } => {
                let records = self.transcripts.entry(session.clone()).or_default();
                records.push(record);
                committed.offsets.push(records.len() as u64);
                done.push(Undo::Append(session));
            }
            Change::BeginRun(run) => match self.runs.entry(run.run.clone()) {
                Entry::Occupied(known) => {
                    return Err(CommitError::KnownRun(Box::new(known.get().clone())));
                }
                Entry::Vacant(vacant) => {
                    done.push(Undo::Run(run.run.clone(), None));
                    vacant.insert(run);
                }
            },
            Change::EndRun { run, end } => self.end(run, end, done),
            Change::Spend(spending) => {
                let number = self.spendings.len() as u64 + 1;
                let place = SpendingPlace { at: spending.at, number };
                self.spendings.insert(place, *spending);
                done.push(Undo::Spending(place));
            }
            Change::PutEntry { drawer, name, value } => {
                let before = self.put_entry((drawer, name.clone()), Some(value));
                done.push(Undo::Entry((drawer, name), before));
            }
            Change::DropEntry { drawer, name } => {
                let before = self.put_entry((drawer, name.clone()), None);
                done.push(Undo::Entry((drawer, name), before));
            }
        }
        Ok(())
    }

    /// Remembers the end of a run. The first one counts.
    fn end(&mut self, run: RunId, end: RunEnd, done: &mut Vec<Undo>) {
        if let Some(record) = self.runs.get_mut(&run)
            && record.end.is_none()
        {
            done.push(Undo::Run(run, Some(Box::new(record.clone()))));
            record.end = Some(end);
        }
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Session(key, before) => drop(self.put(&key, before.map(|it| *it))),
            Undo::Transcript(id, records) => drop(self.transcripts.insert(id, records)),
            Undo::Append(id) => drop(self.transcripts.get_mut(&id).and_then(Vec::pop)),
            Undo::Run(run, Some(before)) => drop(self.runs.insert(run, *before)),
            Undo::Run(run, None) => drop(self.runs.remove(&run)),
            Undo::Spending(place) => drop(self.spendings.remove(&place)),
            Undo::Entry(place, before) => drop(self.put_entry(place, before)),
        }
    }

    /// Puts `session` under `key`, or nothing, and hands out what was there.
    fn put(&mut self, key: &SessionKey, session: Option<Session>) -> Option<Session> {
        let before = self.sessions.remove(key);
        if let Some(label) = before.as_ref().and_then(|it| it.settings.label.as_ref()) {
            self.labels.remove(label);
        }
        if let Some(session) = session {
            if let Some(label) = &session.settings.label {
                self.labels.insert(label.clone(), key.clone());
            }
            self.sessions.insert(key.clone(), session);
        }
        before
    }

    /// Puts `value` in `place`, or nothing, and hands out what was there.
    fn put_entry(&mut self, place: (Drawer, Box<str>), value: Option<Json>) -> Option<Json> {
        match value {
            Some(value) => self.entries.insert(place, value),
            None => self.entries.remove(&place),
        }
    }

    pub(crate) fn spendings(&self, query: &SpendingQuery) -> SpendingPage {
        let last = SpendingPlace { at: query.until, number: u64::MAX };
        let mut page = SpendingPage::default();
        if last <= query.after {
            return page;
        }
        for (place, spending) in self.spendings.range((Excluded(query.after), Included(last))) {
            if query.session.as_ref().is_some_and(|session| *session != spending.session) {
                continue;
            }
            page.spendings.push(spending.clone());
            if query.limit <= page.spendings.len() {
                page.next = Some(*place);
                break;
            }
        }
        page
    }

    pub(crate) fn entries(&self, drawer: Drawer) -> Vec<driven::Entry> {
        let inside = self.entries.iter().filter(|((place, _), _)| *place == drawer);
        let entry = |((_, name), value): (&(Drawer, Box<str>), &Json)| driven::Entry {
            name: name.clone(),
            value: value.clone(),
        };
        inside.map(entry).collect()
    }

    pub(crate) fn session(&self, key: &SessionKey) -> Option<Session> {
        self.sessions.get(key).cloned()
    }

    pub(crate) fn session_by_id(&self, id: &SessionId) -> Option<Session> {
        self.sessions.values().find(|session| session.id == *id).cloned()
    }

    pub(crate) fn sessions(&self, query: &SessionQuery) -> SessionPage {
        let search = query.search.as_deref().map(str::to_lowercase);
        let fits = |session: &&Session| fits(session, query, search.as_deref());
        let mut found: Vec<_> = self.sessions.values().filter(fits).collect();
        found.sort_by_key(|session| Reverse(session.updated_at));
        let limit = query.limit.unwrap_or(usize::MAX);
        let more = limit < found.len();
        SessionPage { sessions: found.into_iter().take(limit).cloned().collect(), more }
    }

    pub(crate) fn history(&self, session: &SessionId, query: HistoryQuery) -> HistoryPage {
        let mut page = HistoryPage::default();
        let records = self.transcripts.get(session).map_or(&[][..], Vec::as_slice);
        let mut bytes = 0usize;
        let newest = (1..=records.len() as u64).rev();
        for (offset, record) in newest.zip(records.iter().rev()) {
            if offset < query.from {
                break;
            }
            if query.before.is_some_and(|before| before <= offset) {
                continue;
            }
            bytes = bytes.saturating_add(record.message.as_str().len());
            let heavy = query.max_bytes < bytes && !page.records.is_empty();
            if heavy || query.limit <= page.records.len() {
                page.more = true;
                break;
            }
            page.records.push(StoredRecord { offset, record: record.clone() });
        }
        page.records.reverse();
        page
    }

    pub(crate) fn record(&self, session: &SessionId, id: &MessageId) -> Option<StoredRecord> {
        let mut records = (1..).zip(self.transcripts.get(session)?);
        let (offset, record) = records.find(|(_, record)| record.id == *id)?;
        Some(StoredRecord { offset, record: record.clone() })
    }

    pub(crate) fn run(&self, run: &RunId) -> Option<RunRecord> {
        self.runs.get(run).cloned()
    }

    pub(crate) fn open_runs(&self) -> Vec<RunRecord> {
        let mut open: Vec<_> =
            self.runs.values().filter(|run| run.end.is_none()).cloned().collect();
        open.sort_by_key(|run| run.accepted_at);
        open
    }

    pub(crate) fn stats(&self) -> StoreStats {
        StoreStats { sessions: self.sessions.len() as u64, damaged: 0 }
    }
}

/// Whether `session` is one of those that are asked for. `search` is the text to
/// look for in lower case.
fn fits(session: &Session, query: &SessionQuery, search: Option<&str>) -> bool {
    let settings = &session.settings;
    let has = |text: &str, part: &str| text.to_lowercase().contains(part);
    let found = |part: &str| {
        has(session.key.as_str(), part)
            || has(session.id.as_str(), part)
            || settings.label.as_deref().is_some_and(|label| has(label, part))
            || session.title.as_deref().is_some_and(|title| has(title, part))
    };
    let special = matches!(session.key.as_str(), "global" | "unknown");
    (query.include_special || !special)
        && query.agent.as_ref().is_none_or(|agent| session.key.agent().as_ref() == Some(agent))
        && query.label.as_deref().is_none_or(|label| settings.label.as_deref() == Some(label))
        && query.spawned_by.as_ref().is_none_or(|key| settings.spawned_by.as_ref() == Some(key))
        && query.updated_since.is_none_or(|since| since <= session.updated_at)
        && search.is_none_or(found)
}
