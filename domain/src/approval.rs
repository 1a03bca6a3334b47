//! Which commands may run, and who has to be asked first
//! (`gateway-reference.md` 8.3, `ws-protocol.md` 10.3).
//!
//! [`Policy`] is what the owner of a machine wrote down. [`Rules::judge`] says
//! what becomes of a command by it. [`Board`] holds the questions that wait for
//! an answer. [`Binding`] is what exactly an answer is about.

mod binding;
mod board;
mod environment;
mod glob;
mod judge;
mod policy;
mod safe;
mod shell;
mod show;
mod wrapper;

pub use binding::{Binding, FileMark};
pub use board::{Board, Decided, NotOpened, Owner, Pending, UnknownApproval};
pub use environment::{may_inherit, may_set};
pub use judge::{Command, Miss, Program, Verdict};
pub use policy::{AllowEntry, Ask, Decision, Overrides, Policy, Rules, Security};
pub use show::{show, show_within};
