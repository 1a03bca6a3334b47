//! The wizard: which question comes next, given what was answered
//! (`gateway-reference.md` 4.9), and what the answers amount to.
//!
//! The flow is a function of the answers so far. Whoever was interrupted puts the
//! answers in again and is where he was; a flag of the command line is an answer
//! given before the question.

mod choices;
mod flow;
mod plan;
mod step;

pub use choices::{KnownProvider, PROVIDERS};
pub use flow::{Check, Circumstances, Next, Scope, Section, next};
pub use plan::{Plan, ProviderPlan, RemotePlan, Secret};
pub use step::{Answers, BadAnswer, Choice, Kind, Step, Value, id};
