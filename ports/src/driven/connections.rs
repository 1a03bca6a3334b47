//! The connections of clients.

use domain::{access::Proof, client::ClientId};

/// Ends connections.
///
/// # Contract
///
/// - Nothing here waits. The client is told with a close frame; what waited for
///   it is not sent any more, and no further call of it begins.
/// - Closing a client that has left does nothing.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Connections: Send + Sync {
    /// Ends the connection of `client` with a close code and its reason.
    fn close(&self, client: ClientId, code: u16, reason: &str);

    /// Ends the connections of everybody who was let in for that proof, and says
    /// how many there were.
    fn close_proven_by(&self, proof: Proof, code: u16, reason: &str) -> usize;
}
