#![doc = include_str!("../README.md")]

mod find;
mod inspect;
mod output;
mod run;
mod transform;

pub use find::{find, path_of};
pub use inspect::{InspectError, inspect};
pub use run::{Errand, Finished, RunError, run};
pub use transform::HookTransforms;
