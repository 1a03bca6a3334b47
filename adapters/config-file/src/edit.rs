//! Changes of what a text says.

mod change;
mod path;
mod rewrite;
mod style;

pub(crate) use change::{Change, get, get_mut};
pub(crate) use path::spell_path;
pub use path::{PathError, parse_path};
pub(crate) use rewrite::rewrite;
