//! Which tools may be used, and what a page of the web says.
//!
//! A tool is known by its name in lower case. What may be used is narrowed step
//! by step ([`PolicyChain`]); a step never gives back what another one took.

mod catalog;
mod direct;
mod pattern;
mod policy;
mod readable;

pub use catalog::{GROUPS, Profile, canonical, is_native, natives};
pub use direct::{DENIED_DIRECTLY, is_denied_directly};
pub use pattern::ToolList;
pub use policy::{Policies, PolicyChain, PolicyPlace, PolicyStep, ToolPolicy};
pub use readable::{Form, Page, read_page};
