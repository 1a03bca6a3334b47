//! What was asked of a gateway, what it promised, and whether it kept its word.
//!
//! An operation is written down before it is sent ([`Ledger::intend`]) and again
//! when its answer arrives ([`Ledger::acknowledge`]). After a crash the gateway
//! is read back and compared: whatever was acknowledged is there exactly once
//! and in the order of the acknowledgements, and whatever was asked but never
//! answered is there once or not at all.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

/// A text that occurs nowhere else; what is looked for in a history. That of a
/// message sent is its idempotency key and its run as well.
pub type Marker = String;

/// One thing asked about one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Make the session.
    Create,
    /// Say something, which starts a run.
    Send(Marker),
    /// Write a note into the history; it has no idempotency key.
    Inject(Marker),
    /// Give the session a label.
    Label(String),
    /// Begin an empty history.
    Reset,
    /// Remove the session and its history.
    Delete,
}

/// Stands for an operation that has been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

/// How the gateway shows one session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// It has a row in `sessions.list`.
    pub exists: bool,
    /// The label of the row.
    pub label: Option<String>,
    /// Markers of sent and injected messages, in the order of the history.
    pub messages: Vec<Marker>,
    /// Markers of the messages that were answered, in the order of the answers.
    pub answers: Vec<Marker>,
    /// The row or the history says that a run was cut off.
    pub interrupted: bool,
}

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The session it happened to.
    pub session: String,
    /// What kind of thing went wrong.
    pub kind: ViolationKind,
    /// What exactly, for the person who has to find out why.
    pub what: String,
}

/// The ways to break a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViolationKind {
    /// Acknowledged and not there.
    Lost,
    /// There more than once.
    Doubled,
    /// There, but not in the order in which they were asked for.
    Reordered,
    /// There, and never asked for or long gone.
    Unasked,
    /// A run neither ended nor was marked as cut off.
    Unmarked,
}

/// The book. Shared by everyone who asks something.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    book: Mutex<Book>,
}

#[derive(Debug)]
struct Book {
    // The operating system outlives the gateway in every scenario here, so a
    // plain write is as safe as a synchronous one and disturbs the gateway's
    // own syncing less.
    file: File,
    next: u64,
    acknowledged: u64,
    asked: HashMap<Ticket, String>,
    pages: BTreeMap<String, Page>,
}

/// What is known about one session.
#[derive(Clone, Debug, Default)]
struct Page {
    exists: bool,
    label: Option<String>,
    messages: Vec<Marker>,
    // When each of them was asked for, since the last time all was compared.
    // Acknowledgements may overtake each other (`ws-protocol.md` 1.6); messages
    // may not.
    tickets: HashMap<Marker, Ticket>,
    /// Acknowledged sends whose answer has not been seen.
    unanswered: Vec<Marker>,
    /// Asked, and neither acknowledged nor refused.
    doubts: Vec<(Ticket, Op)>,
    /// Something was asked since the session was last compared.
    touched: bool,
}

impl Ledger {
    /// Opens an empty book at `path`.
    pub fn create(path: &Path) -> io::Result<Self> {
        let book = Book {
            file: File::create(path)?,
            next: 0,
            acknowledged: 0,
            asked: HashMap::new(),
            pages: BTreeMap::new(),
        };
        Ok(Self { path: path.to_owned(), book: Mutex::new(book) })
    }

    /// Where the book can be read afterwards.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A remark for the reader of the book.
    pub fn note(&self, what: &str) {
        self.book().write(&json!({ "note": what }));
    }

    /// Writes down that `op` is about to be asked.
    pub fn intend(&self, session: &str, op: Op) -> Ticket {
        let mut book = self.book();
        let ticket = Ticket(book.next);
        book.next += 1;
        let line =
            json!({ "n": ticket.0, "session": session, "op": name(&op), "what": subject(&op) });
        book.write(&line);
        book.asked.insert(ticket, session.to_owned());
        let page = book.pages.entry(session.to_owned()).or_default();
        page.touched = true;
        page.doubts.push((ticket, op));
        ticket
    }

    /// The gateway said `ok`. To be called in the order in which the answers arrive.
    pub fn acknowledge(&self, ticket: Ticket) {
        let mut book = self.book();
        book.write(&json!({ "ack": ticket.0 }));
        book.acknowledged += 1;
        if let Some((page, op)) = book.take(ticket) {
            if let Op::Send(marker) | Op::Inject(marker) = &op {
                page.tickets.insert(marker.clone(), ticket);
            }
            page.apply(op);
        }
    }

    /// The gateway said that it will not do it.
    pub fn refuse(&self, ticket: Ticket, why: &str) {
        let mut book = self.book();
        book.write(&json!({ "refused": ticket.0, "why": why }));
        let _ = book.take(ticket);
    }

    /// How many operations were acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.book().acknowledged
    }

    /// Every session anything was ever asked about.
    pub fn sessions(&self) -> Vec<String> {
        self.book().pages.keys().cloned().collect()
    }

    /// The sessions something was asked about since they were last settled.
    pub fn touched(&self) -> Vec<String> {
        self.book()
            .pages
            .iter()
            .filter(|(_, page)| page.touched)
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Whether the session is there, as far as the acknowledgements say.
    pub fn exists(&self, session: &str) -> bool {
        self.book().pages.get(session).is_some_and(|page| page.exists)
    }

    /// What `seen` says about the promises made for `session`.
    pub fn compare(&self, session: &str, seen: &Seen) -> Vec<Violation> {
        let page = self.book().pages.get(session).cloned().unwrap_or_default();
        page.compare(seen)
            .into_iter()
            .map(|(kind, what)| Violation { session: session.to_owned(), kind, what })
            .collect()
    }

    /// Takes what was seen as the truth from now on, and gives back the sends
    /// that were never answered: they can be asked again under their own key.
    pub fn settle(&self, session: &str, seen: &Seen) -> Vec<Marker> {
        let mut book = self.book();
        book.write(&json!({ "settled": session, "messages": seen.messages.len() }));
        let page = book.pages.entry(session.to_owned()).or_default();
        let doubts = std::mem::take(&mut page.doubts);
        *page = Page {
            exists: seen.exists,
            label: seen.label.clone(),
            messages: once(&seen.messages),
            ..Page::default()
        };
        let mut open = Vec::new();
        for (ticket, op) in doubts {
            book.asked.remove(&ticket);
            if let Op::Send(marker) = op {
                open.push(marker);
            }
        }
        open
    }

    /// A send that was in doubt has been asked again and answered with `ok`.
    pub fn repeated(&self, session: &str, marker: &Marker) {
        let mut book = self.book();
        book.write(&json!({ "repeated": marker }));
        let page = book.pages.entry(session.to_owned()).or_default();
        page.exists = true;
        page.touched = true;
        if !page.messages.contains(marker) {
            page.messages.push(marker.clone());
            page.unanswered.push(marker.clone());
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn write(&mut self, line: &Value) {
        writeln!(self.file, "{line}").expect("the ledger's disk has room");
    }

    fn take(&mut self, ticket: Ticket) -> Option<(&mut Page, Op)> {
        let session = self.asked.remove(&ticket)?;
        let page = self.pages.get_mut(&session)?;
        let at = page.doubts.iter().position(|(other, _)| *other == ticket)?;
        let (_, op) = page.doubts.remove(at);
        Some((page, op))
    }
}

impl Page {
    fn apply(&mut self, op: Op) {
        self.exists = true;
        match op {
            Op::Create => {}
            Op::Send(marker) => {
                self.unanswered.push(marker.clone());
                self.messages.push(marker);
            }
            Op::Inject(marker) => self.messages.push(marker),
            Op::Label(label) => self.label = Some(label),
            Op::Reset => {
                self.messages.clear();
                self.unanswered.clear();
            }
            Op::Delete => {
                self.exists = false;
                self.label = None;
                self.messages.clear();
                self.unanswered.clear();
            }
        }
    }

    fn compare(&self, seen: &Seen) -> Vec<(ViolationKind, String)> {
        let mut found = Vec::new();
        for (what, markers) in [("message", &seen.messages), ("answer to", &seen.answers)] {
            for marker in twice(markers) {
                found.push((ViolationKind::Doubled, format!("{what} {marker}")));
            }
        }
        found.extend(self.compare_messages(seen));
        found.extend(self.compare_row(seen));
        found.extend(self.compare_runs(seen));
        found
    }

    fn compare_messages(&self, seen: &Seen) -> Vec<(ViolationKind, String)> {
        if seen.messages.is_empty() && self.doubted(|op| matches!(op, Op::Reset | Op::Delete)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let shown: BTreeSet<&Marker> = seen.messages.iter().collect();
        let promised: BTreeSet<&Marker> = self.messages.iter().collect();
        for marker in self.messages.iter().filter(|marker| !shown.contains(marker)) {
            found.push((ViolationKind::Lost, format!("message {marker}")));
        }
        for marker in shown.iter().filter(|marker| !promised.contains(*marker)) {
            if !self.doubted(|op| matches!(op, Op::Send(m) | Op::Inject(m) if m == *marker)) {
                found.push((ViolationKind::Unasked, format!("message {marker}")));
            }
        }
        let order = |markers: &[Marker]| -> Vec<Marker> {
            once(markers)
                .into_iter()
                .filter(|m| promised.contains(m) && shown.contains(m))
                .collect()
        };
        let mut asked = self.messages.clone();
        asked.sort_by_key(|marker| self.tickets.get(marker).map_or(0, |ticket| ticket.0));
        let (wanted, shown) = (order(&asked), order(&seen.messages));
        if let Some((wanted, shown)) =
            wanted.iter().zip(&shown).find(|(wanted, shown)| wanted != shown)
        {
            found.push((ViolationKind::Reordered, format!("{shown} stands where {wanted} should")));
        }
        found
    }

    fn compare_row(&self, seen: &Seen) -> Vec<(ViolationKind, String)> {
        let mut found = Vec::new();
        let deleting = self.doubted(|op| matches!(op, Op::Delete));
        if self.exists && !seen.exists && !deleting {
            found.push((ViolationKind::Lost, "the session".to_owned()));
        }
        if !self.exists && seen.exists && self.doubts.is_empty() {
            found.push((ViolationKind::Lost, "the removal of the session".to_owned()));
        }
        let labelled = seen.label == self.label
            || self
                .doubted(|op| matches!(op, Op::Label(label) if Some(label) == seen.label.as_ref()))
            || (deleting && seen.label.is_none());
        if !labelled {
            found.push((
                ViolationKind::Lost,
                format!("label {:?}, found {:?}", self.label, seen.label),
            ));
        }
        found
    }

    fn compare_runs(&self, seen: &Seen) -> Vec<(ViolationKind, String)> {
        if seen.interrupted {
            return Vec::new();
        }
        let doubtful = self.doubts.iter().filter_map(|(_, op)| match op {
            Op::Send(marker) => Some(marker),
            _ => None,
        });
        self.unanswered
            .iter()
            .chain(doubtful)
            .filter(|marker| seen.messages.contains(marker) && !seen.answers.contains(marker))
            .map(|marker| (ViolationKind::Unmarked, format!("the run of {marker}")))
            .collect()
    }

    fn doubted(&self, is_it: impl Fn(&Op) -> bool) -> bool {
        self.doubts.iter().any(|(_, op)| is_it(op))
    }
}

fn name(op: &Op) -> &'static str {
    match op {
        Op::Create => "create",
        Op::Send(_) => "send",
        Op::Inject(_) => "inject",
        Op::Label(_) => "label",
        Op::Reset => "reset",
        Op::Delete => "delete",
    }
}

fn subject(op: &Op) -> Option<&str> {
    match op {
        Op::Send(text) | Op::Inject(text) | Op::Label(text) => Some(text),
        Op::Create | Op::Reset | Op::Delete => None,
    }
}

/// The markers without repetitions, in the order of their first appearance.
fn once(markers: &[Marker]) -> Vec<Marker> {
    let mut known = BTreeSet::new();
    markers.iter().filter(|marker| known.insert(*marker)).cloned().collect()
}

/// The markers that appear more than once.
fn twice(markers: &[Marker]) -> BTreeSet<&Marker> {
    let mut known = BTreeSet::new();
    markers.iter().filter(|marker| !known.insert(*marker)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "agent:main:k";

    fn ledger() -> (tempfile::TempDir, Ledger) {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(&dir.path().join("ledger")).unwrap();
        (dir, ledger)
    }

    fn send(marker: &str) -> Op {
        Op::Send(marker.to_owned())
    }

    fn acknowledged(ops: &[Op]) -> (tempfile::TempDir, Ledger) {
        let (dir, ledger) = ledger();
        for op in ops {
            let ticket = ledger.intend(KEY, op.clone());
            ledger.acknowledge(ticket);
        }
        (dir, ledger)
    }

    fn seen(messages: &[&str]) -> Seen {
        let messages: Vec<Marker> = messages.iter().map(|&m| m.to_owned()).collect();
        Seen { exists: true, answers: messages.clone(), messages, ..Seen::default() }
    }

    fn kinds(ledger: &Ledger, seen: &Seen) -> Vec<ViolationKind> {
        ledger.compare(KEY, seen).into_iter().map(|violation| violation.kind).collect()
    }

    #[test]
    fn what_was_acknowledged_and_is_there_once_is_fine() {
        let (_dir, ledger) = acknowledged(&[Op::Create, send("a"), send("b")]);
        assert_eq!(ledger.compare(KEY, &seen(&["a", "b"])), []);
        assert_eq!(ledger.acknowledged(), 3);
    }

    #[test]
    fn a_lost_message_is_noticed() {
        let (_dir, ledger) = acknowledged(&[send("a"), send("b")]);
        assert_eq!(kinds(&ledger, &seen(&["a"])), [ViolationKind::Lost]);
    }

    #[test]
    fn a_doubled_message_is_noticed() {
        let (_dir, ledger) = acknowledged(&[send("a"), send("b")]);
        let twice = Seen { answers: vec!["a".into(), "b".into()], ..seen(&["a", "b", "a"]) };
        assert_eq!(kinds(&ledger, &twice), [ViolationKind::Doubled]);
    }

    #[test]
    fn a_doubled_message_is_noticed_even_when_it_was_never_acknowledged() {
        let (_dir, ledger) = ledger();
        ledger.intend(KEY, Op::Inject("a".into()));
        let twice = Seen { answers: vec![], ..seen(&["a", "a"]) };
        assert_eq!(kinds(&ledger, &twice), [ViolationKind::Doubled]);
    }

    #[test]
    fn a_doubled_answer_is_noticed() {
        let (_dir, ledger) = acknowledged(&[send("a")]);
        let twice = Seen { answers: vec!["a".into(), "a".into()], ..seen(&["a"]) };
        assert_eq!(kinds(&ledger, &twice), [ViolationKind::Doubled]);
    }

    #[test]
    fn acknowledgements_may_overtake_each_other() {
        let (_dir, ledger) = ledger();
        let tickets = ["a", "b"].map(|marker| ledger.intend(KEY, send(marker)));
        tickets.into_iter().rev().for_each(|ticket| ledger.acknowledge(ticket));
        assert_eq!(kinds(&ledger, &seen(&["a", "b"])), []);
        assert_eq!(kinds(&ledger, &seen(&["b", "a"])), [ViolationKind::Reordered]);
    }

    #[test]
    fn another_order_than_that_of_asking_is_noticed() {
        let (_dir, ledger) = acknowledged(&[send("a"), send("b"), send("c")]);
        assert_eq!(kinds(&ledger, &seen(&["a", "c", "b"])), [ViolationKind::Reordered]);
    }

    #[test]
    fn a_message_that_outlives_an_acknowledged_reset_is_noticed() {
        let (_dir, ledger) = acknowledged(&[send("a"), Op::Reset]);
        assert_eq!(kinds(&ledger, &seen(&["a"])), [ViolationKind::Unasked]);
        assert_eq!(ledger.compare(KEY, &seen(&[])), []);
    }

    #[test]
    fn a_session_that_outlives_its_removal_is_noticed() {
        let (_dir, ledger) = acknowledged(&[Op::Create, Op::Delete]);
        assert_eq!(kinds(&ledger, &seen(&[])), [ViolationKind::Lost]);
        assert_eq!(ledger.compare(KEY, &Seen::default()), []);
    }

    #[test]
    fn a_lost_session_and_a_lost_label_are_noticed() {
        let (_dir, ledger) = acknowledged(&[Op::Label("l".into())]);
        assert_eq!(kinds(&ledger, &seen(&[])), [ViolationKind::Lost]);
        assert_eq!(kinds(&ledger, &Seen::default()), [ViolationKind::Lost, ViolationKind::Lost]);
        assert_eq!(ledger.compare(KEY, &Seen { label: Some("l".into()), ..seen(&[]) }), []);
    }

    #[test]
    fn what_was_never_answered_may_be_there_or_not() {
        let (_dir, ledger) = acknowledged(&[send("a")]);
        ledger.intend(KEY, send("b"));
        ledger.intend(KEY, Op::Label("l".into()));
        assert_eq!(ledger.compare(KEY, &seen(&["a"])), []);
        assert_eq!(ledger.compare(KEY, &Seen { label: Some("l".into()), ..seen(&["a", "b"]) }), []);
    }

    #[test]
    fn a_reset_in_doubt_wipes_all_or_nothing() {
        let (_dir, ledger) = acknowledged(&[send("a"), send("b")]);
        ledger.intend(KEY, Op::Reset);
        assert_eq!(ledger.compare(KEY, &seen(&["a", "b"])), []);
        assert_eq!(ledger.compare(KEY, &seen(&[])), []);
        assert_eq!(kinds(&ledger, &seen(&["b"])), [ViolationKind::Lost]);
    }

    #[test]
    fn a_refused_message_must_not_appear() {
        let (_dir, ledger) = acknowledged(&[Op::Create]);
        let ticket = ledger.intend(KEY, send("a"));
        ledger.refuse(ticket, "no");
        assert_eq!(ledger.compare(KEY, &seen(&[])), []);
        assert_eq!(kinds(&ledger, &seen(&["a"])), [ViolationKind::Unasked]);
    }

    #[test]
    fn a_send_asked_again_is_there_once_from_then_on() {
        let (_dir, ledger) = acknowledged(&[send("a")]);
        ledger.intend(KEY, send("b"));
        assert_eq!(ledger.settle(KEY, &seen(&["a"])), ["b".to_owned()]);
        ledger.repeated(KEY, &"b".to_owned());
        assert_eq!(ledger.compare(KEY, &seen(&["a", "b"])), []);
        assert_eq!(kinds(&ledger, &seen(&["a"])), [ViolationKind::Lost]);
        assert_eq!(
            kinds(&ledger, &Seen { answers: vec![], interrupted: true, ..seen(&["a", "b", "b"]) }),
            [ViolationKind::Doubled]
        );
    }

    #[test]
    fn a_run_without_an_end_must_be_marked() {
        let (_dir, ledger) = acknowledged(&[send("a")]);
        let cut = Seen { answers: vec![], ..seen(&["a"]) };
        assert_eq!(kinds(&ledger, &cut), [ViolationKind::Unmarked]);
        assert_eq!(ledger.compare(KEY, &Seen { interrupted: true, ..cut.clone() }), []);
        ledger.settle(KEY, &cut);
        assert_eq!(ledger.compare(KEY, &cut), [], "once is enough");
    }

    #[test]
    fn the_book_can_be_read() {
        let (_dir, ledger) = acknowledged(&[send("a")]);
        let book = std::fs::read_to_string(ledger.path()).unwrap();
        assert_eq!(book.lines().count(), 2);
        assert!(book.contains(r#""op":"send""#) && book.contains(r#"{"ack":0}"#), "{book}");
    }
}
