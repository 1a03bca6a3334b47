//! Runs: one question to an agent, and what becomes of it.

mod dedupe;
mod delta;
mod queue;
mod stop;

pub use dedupe::Dedupe;
pub use delta::{Delta, DeltaBuffer};
pub use queue::{Aborted, QueueFull, RunQueue, Submitted};
pub use stop::is_stop_word;

use crate::words::words;

words! {
    /// Why a run was stopped before its end.
    pub enum StopReason {
        /// A client called `chat.abort`.
        Rpc = "rpc",
        /// Somebody said a stop word.
        Stop = "stop",
        /// It took too long.
        Timeout = "timeout",
        /// Whoever asked for it has left.
        Disconnected = "disconnected",
        /// The gateway is stopping.
        Shutdown = "shutdown",
        /// The gateway died while it ran.
        Interrupted = "interrupted",
    }
}

words! {
    /// Where a run stands, as clients are told.
    pub enum RunStatus {
        /// Accepted: waiting or running.
        Accepted = "accepted",
        /// It ended well.
        Ok = "ok",
        /// It failed.
        Error = "error",
        /// It was stopped.
        Aborted = "aborted",
    }
}

/// Tokens one run used, as the model counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Read.
    pub input: u64,
    /// Written.
    pub output: u64,
    /// Read from the provider's cache; part of `input`.
    pub cache_read: u64,
    /// Written to the provider's cache.
    pub cache_write: u64,
}

impl Usage {
    /// All tokens.
    pub const fn total(self) -> u64 {
        self.input + self.output
    }
}
