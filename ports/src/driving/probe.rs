//! Saying how the gateway is.

use async_trait::async_trait;

/// Says whether the gateway can do its work.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Looks at every part. Takes milliseconds at most.
    async fn readiness(&self) -> Readiness;
}

/// How the parts of the gateway are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Each part by name.
    pub parts: Vec<Part>,
    /// How long the gateway has been running, in milliseconds.
    pub uptime_ms: u64,
    /// Whether it is stopping.
    pub draining: bool,
}

/// One part of the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// As in `store`.
    pub name: &'static str,
    /// What is wrong with it, if anything is.
    pub problem: Option<String>,
    /// Whether the gateway can do its work all the same.
    pub bearable: bool,
}

impl Readiness {
    /// Whether it can do its work.
    pub fn is_ready(&self) -> bool {
        !self.draining && self.parts.iter().all(|part| part.bearable || part.problem.is_none())
    }
}
