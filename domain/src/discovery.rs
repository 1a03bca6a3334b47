//! Being found on the local network, and finding others: DNS service discovery
//! over multicast DNS (RFC 6762, RFC 6763).

mod beacon;
mod found;
mod harmless;
mod names;
mod reach;
mod watchdog;

pub use beacon::{Beacon, BeaconFacts, Detail};
pub use found::{Claims, Finds, Found, Place, Sighting, UnverifiedFingerprint};
pub use harmless::harmless;
pub use names::{HostLabel, InstanceName};
pub use reach::Reach;
pub use watchdog::Watchdog;

/// What gateways are called on the network.
pub const SERVICE: &str = "_openclaw-gw._tcp";
/// Where they are looked for.
pub const DOMAIN: &str = "local";
