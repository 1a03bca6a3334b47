//! Counting what happens, for whoever watches the gateway.

use std::time::Duration;

use domain::{
    agent::ModelRef,
    run::{RunStatus, Usage},
};

/// Counts what happens.
///
/// # Contract
///
/// - Nothing here waits, and nothing here fails.
/// - What is counted takes a bounded amount of memory, whatever clients and
///   models are called.
pub trait Meter: Send + Sync {
    /// The head of an answer over HTTP is on its way.
    fn answered(&self, answered: Answered);

    /// A run ended.
    fn run_ended(&self, run: &EndedRun<'_>);
}

/// An answer over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The route, as it is written in the table of routes, and not the path,
    /// of which there is no end.
    pub route: &'static str,
    /// The method of the request.
    pub method: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// How long it took until there was a status.
    pub took: Duration,
}

/// A run that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedRun<'a> {
    /// Which model answered, if it came to that.
    pub model: Option<&'a ModelRef>,
    /// Well or not.
    pub status: RunStatus,
    /// What it used.
    pub usage: Usage,
    /// How long it took since it began.
    pub took: Duration,
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMeter;

impl Meter for NoMeter {
    fn answered(&self, _: Answered) {}

    fn run_ended(&self, _: &EndedRun<'_>) {}
}
