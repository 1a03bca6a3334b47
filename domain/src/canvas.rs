//! The canvas: pages that agents write and people see.
//!
//! Whoever prompts an agent decides what such a page says, so nothing here
//! trusts one: where it may lie on the disk is decided by
//! [`PlainPath`](crate::plain_path::PlainPath), and who may look at it by a pass
//! in its address ([`Place`]).

mod place;

pub use place::{Place, Room, is_live, pass_in, with_pass};
