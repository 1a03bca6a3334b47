//! Being found on the local network, and finding others.

use std::time::Duration;

use async_trait::async_trait;
use domain::discovery::{Beacon, Found};

use crate::BoxError;

/// Announces the gateway on the local network.
///
/// # Contract
///
/// - When `advertise` returns, there is somebody who announces the beacon and
///   answers questions about it, or it is an error and nobody does.
/// - The announcement lasts as long as the returned [`Advertisement`].
/// - A name that is taken is no error: another one is chosen and told as
///   [`AdvertisementChange::Renamed`].
/// - Dropping the future withdraws what was announced by then.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Advertiser: Send + Sync {
    /// Announces `beacon`.
    async fn advertise(&self, beacon: &Beacon) -> Result<Box<dyn Advertisement>, DiscoveryError>;
}

/// A gateway that is being announced.
///
/// # Contract
///
/// - Withdrawing it says goodbye: whoever has seen it forgets it within a second
///   or so. Dropping it does the same without waiting.
/// - Dropping the future of `change` or `is_alive` loses nothing.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Advertisement: Send {
    /// What happens to it next. Does not return when nothing does.
    async fn change(&mut self) -> AdvertisementChange;

    /// Whether somebody still answers for it. May take a few seconds.
    async fn is_alive(&mut self) -> bool;

    /// Says goodbye. Returns when that was sent.
    async fn withdraw(self: Box<Self>);
}

/// What happens to an advertisement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdvertisementChange {
    /// It is known on the network now.
    Announced {
        /// By this name.
        instance: String,
        /// Who answers for it.
        responder: &'static str,
    },
    /// A name was taken, so another one is used.
    Renamed {
        /// The name that was taken, of the gateway or of its host.
        from: String,
        /// The one in its place.
        to: String,
    },
    /// Nobody answers for it any more; it has to be advertised anew.
    Lost {
        /// Why.
        reason: String,
    },
}

/// Finds gateways on the local network.
///
/// # Contract
///
/// - Nothing is sent to what is found; only the network is asked.
/// - What is found is bounded, however much strangers announce.
/// - Finding nobody is no error.
/// - Dropping the future ends the search.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Finder: Send + Sync {
    /// Looks for as long as `time` says.
    async fn browse(&self, time: Duration) -> Result<Vec<Found>, DiscoveryError>;
}

/// Why neither announcing nor finding works with some responder. Another one may
/// do.
#[derive(Debug, thiserror::Error)]
#[error("{responder} cannot be used: {reason}")]
pub struct DiscoveryError {
    /// Who cannot be used.
    pub responder: &'static str,
    /// Why not.
    pub reason: BoxError,
}
