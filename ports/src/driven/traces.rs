//! Which trace the work at hand belongs to.

use std::fmt;

use domain::trace::TraceContext;

/// Knows which trace the work at hand belongs to.
///
/// # Contract
///
/// - A trace begins in a span with a field `traceparent`, and perhaps one named
///   `tracestate`, and holds for everything that happens in it, spawned tasks
///   included if they took a span along.
/// - Nothing here waits, and nothing here fails.
pub trait Traces: fmt::Debug + Send + Sync {
    /// What a process that is called now is told: the trace, and a step of it
    /// that is ours. Nothing where there is no trace.
    fn outgoing(&self) -> Option<TraceContext>;
}
