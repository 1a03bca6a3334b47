//! The connections of clients.

use domain::client::ClientId;

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
}
