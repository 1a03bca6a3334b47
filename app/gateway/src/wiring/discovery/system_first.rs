//! The system's responder where it answers, else one of our own.

use std::time::Duration;

use async_trait::async_trait;
use discovery_mdns::Embedded;
use discovery_zeroconf::System;
use domain::discovery::{Beacon, Found};
use ports::driven::{Advertisement, Advertiser, DiscoveryError, Finder};
use tracing::{debug, info};

#[derive(Debug)]
pub(crate) struct SystemFirst;

#[async_trait]
impl Advertiser for SystemFirst {
    async fn advertise(&self, beacon: &Beacon) -> Result<Box<dyn Advertisement>, DiscoveryError> {
        match System.advertise(beacon).await {
            Ok(advertisement) => Ok(advertisement),
            Err(error) => {
                info!(%error, "announcing with the embedded mDNS responder");
                Embedded.advertise(beacon).await
            }
        }
    }
}

#[async_trait]
impl Finder for SystemFirst {
    async fn browse(&self, time: Duration) -> Result<Vec<Found>, DiscoveryError> {
        match System.browse(time).await {
            Ok(found) => Ok(found),
            Err(error) => {
                debug!(%error, "looking with the embedded mDNS responder");
                Embedded.browse(time).await
            }
        }
    }
}
