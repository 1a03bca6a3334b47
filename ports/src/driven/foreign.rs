//! What another gateway left behind.

use domain::{ids::MessageId, pairing::Device, session::Session};

use super::Record;
use crate::{BoxError, view::ApprovalsFile};

/// The state of another gateway, item by item.
///
/// # Contract
///
/// - Nothing of it is touched: neither changed nor added to.
/// - Records come in the order in which they were written, after the
///   conversation they belong to and before the next one.
/// - What cannot be read is an item as well ([`ForeignItem::LeftOut`]); only
///   what it is about is lost.
/// - However much there is, only little of it is held in memory.
/// - Reading again gives the same items under the same names.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait ForeignState: Send {
    /// What comes next, until there is nothing left.
    fn next(&mut self) -> Option<ForeignItem>;
}

/// Something another gateway left behind.
#[derive(Clone, Debug, PartialEq)]
pub enum ForeignItem {
    /// Its configuration, as it was written.
    Config {
        /// The name of the file.
        name: String,
        /// The text, which may hold secrets.
        text: Vec<u8>,
    },
    /// Which commands may run on this machine.
    Approvals(Box<ApprovalsFile>),
    /// A device that was let in. What the gateway knows instead of its token is
    /// computed anew, so the token it had is worth nothing here.
    Device(Box<Device>),
    /// A conversation; what was said in it follows.
    Conversation(Box<ForeignConversation>),
    /// A record of the conversation before.
    Record(ForeignRecord),
    /// Something there is no place for yet, as it was written.
    Keepsake {
        /// What it is called, as a relative path.
        name: String,
        /// What is in it.
        content: Vec<u8>,
    },
    /// Something that is not taken over.
    LeftOut(LeftOut),
}

/// A conversation of another gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignConversation {
    /// What is known about it.
    pub session: Session,
    /// Whether it goes on under its key. Otherwise another one does by now.
    pub current: bool,
}

/// Something that was said in another gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignRecord {
    /// The record.
    pub record: Record,
    /// Where it was found, as in `agents/main/sessions/x.jsonl:7`.
    pub at: String,
    /// Whether a person said it.
    pub by_person: bool,
    /// Its text, if it has any.
    pub text: Option<String>,
}

impl ForeignRecord {
    /// The name of the record.
    pub fn id(&self) -> &MessageId {
        &self.record.id
    }
}

/// What is not taken over, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What kind of thing.
    pub what: ForeignKind,
    /// Where it was found, as in `agents/main/sessions/x.jsonl:7`.
    pub at: String,
    /// Why, for a person. Holds nothing of what was said, and no secret.
    pub why: String,
}

/// The kinds of things a gateway leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForeignKind {
    /// A conversation.
    Conversation,
    /// Something that was said.
    Message,
    /// A device that was let in.
    Device,
    /// Which commands may run.
    Approvals,
    /// The configuration.
    Config,
    /// Anything else.
    Other,
}

/// Where things of another gateway are put that are files here as well.
///
/// # Contract
///
/// - What is there already stays as it is.
/// - When a call returns, the file is on disk, whole, for its owner only.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Shelf: Send + Sync {
    /// Keeps `content` under `name` until there is a place for it.
    fn keep(&self, name: &str, content: &[u8]) -> Result<Shelved, BoxError>;

    /// Makes `text` the configuration of this gateway, unless it has one.
    fn adopt_config(&self, text: &[u8]) -> Result<Shelved, BoxError>;
}

/// What became of something that was put on a [`Shelf`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelved {
    /// It is there now.
    New,
    /// The same was there already.
    Same,
    /// Something else is there, and stays.
    Taken,
}
