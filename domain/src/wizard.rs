//! The wizard: which question comes next, given what was answered
//! (`gateway-reference.md` 4.9), and what the answers amount to.
//!
//! The flow is a function of the answers so far. Whoever was interrupted puts the
//! answers in again and is where he was; a flag of the command line is an answer
//! given before the question.

mod answers;
mod choices;
mod circumstances;
mod flags;
mod flow;
mod plan;
mod questions;
mod reset;
mod step;

pub use answers::Answers;
pub use choices::{FOREIGN, ForeignProvider, KnownProvider, PROVIDERS};
pub use circumstances::{Check, Circumstances, InForce, Scope, Section};
pub use flags::{Contradiction, Flags, flag};
pub use flow::{Next, next};
pub use plan::{Plan, ProviderPlan, RemotePlan, Secret};
pub use questions::{Part, menu};
pub use reset::Reset;
pub use step::{BadAnswer, Choice, Kind, Step, Value, id};

#[cfg(test)]
mod tests;
