//! Nobody: a build without multicast DNS.

use std::time::Duration;

use async_trait::async_trait;
use domain::discovery::{Beacon, Found};
use ports::driven::{Advertisement, Advertiser, DiscoveryError, Finder};

#[derive(Debug)]
pub(crate) struct Nobody;

const ABSENT: &str = "this openclaw was built without it";

fn absent() -> DiscoveryError {
    DiscoveryError { responder: "multicast DNS", reason: ABSENT.into() }
}

#[async_trait]
impl Advertiser for Nobody {
    async fn advertise(&self, _: &Beacon) -> Result<Box<dyn Advertisement>, DiscoveryError> {
        Err(absent())
    }
}

#[async_trait]
impl Finder for Nobody {
    async fn browse(&self, _: Duration) -> Result<Vec<Found>, DiscoveryError> {
        Err(absent())
    }
}
