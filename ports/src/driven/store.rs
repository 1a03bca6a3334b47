//! Keeping things.

use async_trait::async_trait;
use domain::{
    ids::{AgentId, MessageId, RunId, SessionId},
    run::{RunStatus, StopReason},
    session::{Session, SessionKey},
    spending::Spending,
    time::Timestamp,
};

use crate::{BoxError, BoxFuture, Json};

/// Writes down what happened.
///
/// # Contract
///
/// - The changes of one submission are applied all or not at all; submissions
///   are applied in the order in which they are submitted.
/// - When the receipt says yes, the changes survive `kill -9` and loss of power.
///   Receipts of submissions that wait at the same time share one sync.
/// - [`Urgency::Lazy`] may wait a few milliseconds for company.
/// - Dropping the receipt does not take the submission back.
/// - After an error nothing of the submission was kept.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Journal: Send + Sync {
    /// Hands in `changes`.
    fn submit(
        &self,
        changes: Vec<Change>,
        urgency: Urgency,
    ) -> BoxFuture<Result<Committed, CommitError>>;
}

/// How soon a submission has to be on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits for the receipt.
    Now,
    /// Nobody does.
    Lazy,
}

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// Remembers a session, in place of what was remembered under its key. A
    /// label that another session has makes the submission fail.
    PutSession(Session),
    /// Forgets a session, and what was said in it unless that shall stay.
    DeleteSession {
        /// The session.
        key: SessionKey,
        /// Its transcript, if that goes too.
        transcript: Option<SessionId>,
    },
    /// Adds a record at the end of a transcript.
    Append {
        /// The transcript.
        session: SessionId,
        /// The record.
        record: Record,
    },
    /// Takes note that a run was accepted. A run of this name that was accepted
    /// before makes the submission fail.
    BeginRun(RunRecord),
    /// Takes note that a run ended.
    EndRun {
        /// The run.
        run: RunId,
        /// How.
        end: RunEnd,
    },
    /// Takes note of what an answer used. Nothing takes that back, neither starting
    /// a conversation over nor deleting it: it was spent.
    Spend(Box<Spending>),
    /// Remembers an entry, in place of what was remembered under its name.
    PutEntry {
        /// Where.
        drawer: Drawer,
        /// Under which name.
        name: Box<str>,
        /// What.
        value: Json,
    },
    /// Forgets an entry, if it is there.
    DropEntry {
        /// Where it is.
        drawer: Drawer,
        /// Under which name.
        name: Box<str>,
    },
}

/// Where small things are kept by name: things of which there are few, which are
/// read once and then held in memory by whoever owns the drawer. Each drawer has
/// one owner, which also decides what its entries look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Drawer {
    /// Devices that were let in.
    Devices,
    /// Devices that wait for somebody's decision.
    DeviceRequests,
    /// Setup codes that were made.
    SetupCodes,
    /// What nodes may be asked for.
    Nodes,
    /// Nodes that wait for somebody's decision.
    NodeRequests,
    /// Work that waits for nodes to come back.
    NodeWork,
    /// Decisions about commands.
    Approvals,
    /// Webhooks that were called.
    HookDeliveries,
    /// Answers that can be asked for again.
    Responses,
    /// What models asked without an agent used.
    RelayUsage,
}

impl Drawer {
    /// Every drawer.
    pub const ALL: &'static [Self] = &[
        Self::Devices,
        Self::DeviceRequests,
        Self::SetupCodes,
        Self::Nodes,
        Self::NodeRequests,
        Self::NodeWork,
        Self::Approvals,
        Self::HookDeliveries,
        Self::Responses,
        Self::RelayUsage,
    ];

    /// The name of the drawer, as stores write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::DeviceRequests => "device-requests",
            Self::SetupCodes => "setup-codes",
            Self::Nodes => "nodes",
            Self::NodeRequests => "node-requests",
            Self::NodeWork => "node-work",
            Self::Approvals => "approvals",
            Self::HookDeliveries => "hook-deliveries",
            Self::Responses => "responses",
            Self::RelayUsage => "relay-usage",
        }
    }
}

/// An entry of a drawer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: Box<str>,
    /// What was remembered under it.
    pub value: Json,
}

/// One entry of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Names it.
    pub id: MessageId,
    /// When it was written.
    pub at: Timestamp,
    /// The message as clients see it.
    pub message: Json,
}

/// A run that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Names it; the idempotency key of the call that started it.
    pub run: RunId,
    /// The conversation.
    pub session: SessionKey,
    /// Its transcript at that time.
    pub session_id: SessionId,
    /// When.
    pub accepted_at: Timestamp,
    /// How it ended, if it has.
    pub end: Option<RunEnd>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// Well or not.
    pub status: RunStatus,
    /// Why it was stopped, if it was.
    pub stop: Option<StopReason>,
    /// Why it failed, for a person.
    pub error: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A receipt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The places the appended records got in their transcripts, in the order
    /// of the submission. Places grow by one, beginning at 1.
    pub offsets: Vec<u64>,
}

/// Why a submission was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A run of this name was accepted before.
    #[error("a run with this id exists already")]
    KnownRun(Box<RunRecord>),
    /// Another session has this label.
    #[error("label already in use: {0}")]
    LabelTaken(Box<str>),
    /// The disk is full, broken, or the store is closed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space is left. Reading still works; writing works again when there is
    /// space.
    #[error("storage is full")]
    Full(#[source] BoxError),
    /// The store cannot be reached or is overloaded; trying later may help.
    #[error("storage is unavailable")]
    Unavailable(#[source] BoxError),
    /// What is stored cannot be read back; trying later will not help.
    #[error("the stored {what} cannot be read")]
    Corrupt {
        /// What was being read.
        what: &'static str,
        /// What is wrong with it.
        source: BoxError,
    },
}

/// Reads what was written down.
///
/// # Contract
///
/// - Sees every submission whose receipt was given before the call.
/// - How long a call takes does not depend on how much is stored, but on how
///   much is returned.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Archive: Send + Sync {
    /// The session under `key`.
    async fn session(&self, key: &SessionKey) -> Result<Option<Session>, StoreError>;

    /// The session whose current transcript is `id`.
    async fn session_by_id(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// Sessions, the newest first.
    async fn sessions(&self, query: SessionQuery) -> Result<SessionPage, StoreError>;

    /// The newest records of a transcript that `query` lets through, in the
    /// order in which they were written.
    async fn history(
        &self,
        session: &SessionId,
        query: HistoryQuery,
    ) -> Result<HistoryPage, StoreError>;

    /// One record of a transcript.
    async fn record(
        &self,
        session: &SessionId,
        id: &MessageId,
    ) -> Result<Option<StoredRecord>, StoreError>;

    /// A run that was accepted.
    async fn run(&self, run: &RunId) -> Result<Option<RunRecord>, StoreError>;

    /// The runs that were accepted and have not ended, the oldest first.
    async fn open_runs(&self) -> Result<Vec<RunRecord>, StoreError>;

    /// What answers used, the oldest first.
    async fn spendings(&self, query: SpendingQuery) -> Result<SpendingPage, StoreError>;

    /// Everything in a drawer, by name.
    async fn entries(&self, drawer: Drawer) -> Result<Vec<Entry>, StoreError>;

    /// How much is stored. Cheap.
    async fn stats(&self) -> Result<StoreStats, StoreError>;
}

/// Which sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionQuery {
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// With exactly this label.
    pub label: Option<String>,
    /// Started by this session.
    pub spawned_by: Option<SessionKey>,
    /// With this text in label, title, key or transcript name, whatever the
    /// case.
    pub search: Option<String>,
    /// Changed since.
    pub updated_since: Option<Timestamp>,
    /// Whether `global` and `unknown` count.
    pub include_special: bool,
    /// At most so many.
    pub limit: Option<usize>,
}

/// Some sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionPage {
    /// The newest first.
    pub sessions: Vec<Session>,
    /// Whether there are more that fit the query.
    pub more: bool,
}

/// Which part of a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Only records before this place.
    pub before: Option<u64>,
    /// Only records from this place on.
    pub from: u64,
    /// At most so many.
    pub limit: usize,
    /// Stop when the messages together are longer than this, but return one at
    /// least.
    pub max_bytes: usize,
}

/// A part of a transcript.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// The oldest first.
    pub records: Vec<StoredRecord>,
    /// Whether there are older ones that fit the query.
    pub more: bool,
}

/// Which answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpendingQuery {
    /// Given after this one.
    pub after: SpendingPlace,
    /// Given at this time or before.
    pub until: Timestamp,
    /// In this conversation.
    pub session: Option<SessionKey>,
    /// At most so many.
    pub limit: usize,
}

/// Where in the order of time an answer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpendingPlace {
    /// When it was given.
    pub at: Timestamp,
    /// Tells those of one moment apart. Grows from 1 in the order of writing.
    pub number: u64,
}

/// What some answers used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpendingPage {
    /// The oldest first.
    pub spendings: Vec<Spending>,
    /// The place of the last one, where there may be more.
    pub next: Option<SpendingPlace>,
}

/// A record and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its place in the transcript.
    pub offset: u64,
    /// The record.
    pub record: Record,
}

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreStats {
    /// Sessions.
    pub sessions: u64,
    /// Records that were found damaged and set aside.
    pub damaged: u64,
}
