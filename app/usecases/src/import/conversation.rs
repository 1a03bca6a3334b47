//! One conversation while it is taken over.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
};

use domain::{
    session::{Session, SessionKey, preview_of, title_of},
    spending::Spending,
};
use ports::{
    driven::{
        Archive, Change, CommitError, ForeignConversation, ForeignKind, ForeignRecord,
        HistoryQuery, Record, StoreError, Urgency,
    },
    view::Billed,
};

use super::{Deps, ImportError, ImportReport, write};

/// So many records are handed to the store at once, and so many bytes. It holds
/// them until they are on disk.
const BATCH_RECORDS: usize = 256;
const BATCH_BYTES: usize = 1 << 20;

/// A conversation of which records are still to come.
#[derive(Debug)]
pub(super) struct Conversation {
    session: Session,
    /// Whether the store has it already, and under which key it had to go.
    known: bool,
    moved_from: Option<SessionKey>,
    /// Whether the store has records of it already.
    begun: bool,
    /// The names of its records, as hashes: there may be many.
    seen: HashSet<u64>,
    hasher: RandomState,
    waiting: Vec<Record>,
    /// What the answers among them used, and whether the next one answers somebody.
    spent: Vec<Spending>,
    asked: bool,
    waiting_bytes: usize,
    appended: u64,
}

impl Conversation {
    /// Looks where in the store the conversation belongs, if it has a place there.
    ///
    /// Where its key belongs to another conversation here, it gets one of its
    /// own, and so does one that did not go on in the other gateway.
    pub(super) async fn begin(
        archive: &dyn Archive,
        found: ForeignConversation,
    ) -> Result<Option<Self>, StoreError> {
        let ForeignConversation { mut session, current } = found;
        let is_another = |there: &Option<Session>, session: &Session| {
            there.as_ref().is_some_and(|there| there.id != session.id)
        };
        let mut moved_from = None;
        let mut there = archive.session(&session.key).await?;
        if is_another(&there, &session) || !current {
            let Some(aside) = aside(&session) else { return Ok(None) };
            there = archive.session(&aside).await?;
            if is_another(&there, &session) {
                return Ok(None);
            }
            let key = std::mem::replace(&mut session.key, aside);
            moved_from = current.then_some(key);
        }
        let known = there.as_ref().is_some_and(|there| there.id == session.id);
        if let Some(there) = there.filter(|_| known) {
            session = there;
        }
        let any = HistoryQuery { before: None, from: 0, limit: 1, max_bytes: 1 };
        let begun = !archive.history(&session.id, any).await?.records.is_empty();
        Ok(Some(Self {
            session,
            known,
            moved_from,
            begun,
            seen: HashSet::new(),
            hasher: RandomState::new(),
            waiting: Vec::new(),
            spent: Vec::new(),
            asked: false,
            waiting_bytes: 0,
            appended: 0,
        }))
    }

    /// Takes over one record, unless it is there.
    pub(super) async fn take(
        &mut self,
        deps: &Deps,
        found: ForeignRecord,
        report: &mut ImportReport,
    ) -> Result<(), ImportError> {
        if !self.seen.insert(self.hasher.hash_one(found.id())) {
            let why = "another record of this transcript has the same id";
            report.leave_out(ForeignKind::Message, found.at, why.to_owned());
            return Ok(());
        }
        let known =
            self.begun && deps.archive.record(&self.session.id, found.id()).await?.is_some();
        if known {
            report.messages.existing += 1;
            return Ok(());
        }
        self.remember(&found);
        self.count(&found);
        report.messages.imported += 1;
        self.waiting_bytes += found.record.message.as_str().len();
        self.waiting.push(found.record);
        if BATCH_RECORDS <= self.waiting.len() || BATCH_BYTES <= self.waiting_bytes {
            let changes = self.appends();
            write(deps, changes).await?;
        }
        Ok(())
    }

    /// What lists show of the conversation.
    fn remember(&mut self, found: &ForeignRecord) {
        self.appended += 1;
        self.session.updated_at = self.session.updated_at.max(found.record.at);
        let Some(text) = found.text.as_deref() else { return };
        if found.by_person && self.session.title.is_none() {
            self.session.title = title_of(text);
        }
        if let Some(preview) = preview_of(text) {
            self.session.preview = Some(preview);
        }
    }

    fn count(&mut self, found: &ForeignRecord) {
        let billed = Billed::read(&found.record.message);
        let Session { key, id, .. } = &self.session;
        self.spent.extend(billed.spending(key, id, self.asked));
        self.asked = billed.is_question();
    }

    fn appends(&mut self) -> Vec<Change> {
        self.waiting_bytes = 0;
        let session = &self.session.id;
        let records = self.waiting.drain(..);
        let appends = records.map(|record| Change::Append { session: session.clone(), record });
        let spent = self.spent.drain(..).map(|spent| Change::Spend(Box::new(spent)));
        appends.chain(spent).collect()
    }

    /// Writes down what is left, and the conversation itself: as long as that is
    /// not there, nobody sees half of it.
    pub(super) async fn conclude(
        mut self,
        deps: &Deps,
        report: &mut ImportReport,
    ) -> Result<(), ImportError> {
        if self.known && self.appended == 0 {
            report.conversations.existing += 1;
            return Ok(());
        }
        let changes = self.appends();
        write(deps, changes).await?;
        if !deps.dry_run {
            self.put(deps, report).await?;
        }
        let tally = &mut report.conversations;
        let count = if self.known { &mut tally.existing } else { &mut tally.imported };
        *count += 1;
        if let Some(from) = self.moved_from.filter(|_| !self.known) {
            let why = format!(
                "another conversation has this key here, so it is {} now",
                self.session.key.as_str()
            );
            report.note(from.to_string(), why);
        }
        Ok(())
    }

    /// A label that is taken is left out, as it only names.
    async fn put(&mut self, deps: &Deps, report: &mut ImportReport) -> Result<(), ImportError> {
        let put = |session: &Session| {
            deps.journal.submit(vec![Change::PutSession(session.clone())], Urgency::Now)
        };
        match put(&self.session).await {
            Ok(_) => Ok(()),
            Err(CommitError::LabelTaken(label)) => {
                let why = format!("its label, \"{label}\", is that of another conversation here");
                report.note(self.session.key.to_string(), why);
                self.session.settings.label = None;
                put(&self.session).await?;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The key of a conversation whose own key is taken.
fn aside(session: &Session) -> Option<SessionKey> {
    let agent = session.key.agent().unwrap_or_else(domain::ids::AgentId::main);
    format!("agent:{agent}:imported:{}", session.id).parse().ok()
}
