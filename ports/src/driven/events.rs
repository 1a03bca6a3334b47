//! Telling clients.

use domain::client::ClientId;

use crate::event::{Event, Topic};

/// Tells clients.
///
/// # Contract
///
/// - Nothing here waits.
/// - Events reach a client in the order in which they were published, after the
///   `hello-ok` of that client and never before it.
/// - Who sees an event is decided by its rule, its audience and what the client
///   holds. An event without a rule is delivered to nobody.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait EventSink: Send + Sync {
    /// Tells everybody whom it concerns.
    fn publish(&self, event: Event);

    /// From now on, `client` gets what is published about `topic`.
    fn subscribe(&self, client: ClientId, topic: Topic);

    /// From now on, it does not.
    fn unsubscribe(&self, client: ClientId, topic: &Topic);

    /// How many clients there are.
    fn clients(&self) -> usize;
}
