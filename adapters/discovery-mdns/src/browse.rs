//! Finding gateways.

use std::time::Duration;

use async_trait::async_trait;
use domain::discovery::{Finds, Found, Sighting};
use mdns_sd::{ResolvedService, ServiceEvent};
use ports::driven::{DiscoveryError, Finder};
use tokio::time;

use crate::{Embedded, Responder, instance, refused, service};

#[async_trait]
impl Finder for Embedded {
    async fn browse(&self, time: Duration) -> Result<Vec<Found>, DiscoveryError> {
        let responder = Responder::start()?;
        let events = responder.0.browse(&service()).map_err(refused)?;
        let mut finds = Finds::default();
        let look = async {
            while let Ok(event) = events.recv_async().await {
                match event {
                    ServiceEvent::ServiceResolved(service) => finds.see(sighting(&service)),
                    ServiceEvent::ServiceRemoved(_, fullname) => finds.lose(instance(&fullname)),
                    _ => (),
                }
            }
        };
        // The responder goes on for ever; an early end means that it gave up, or
        // that strangers announce faster than anybody can listen.
        let early = time::timeout(time, look).await.is_ok();
        let found = finds.into_list();
        if early && found.is_empty() {
            return Err(refused(mdns_sd::Error::DaemonShutdown));
        }
        Ok(found)
    }
}

fn sighting(service: &ResolvedService) -> Sighting {
    let entry =
        |it: &mdns_sd::TxtProperty| (it.key().to_owned(), it.val().unwrap_or_default().to_owned());
    Sighting {
        instance: instance(&service.fullname).to_owned(),
        host: service.host.clone(),
        port: service.port,
        addresses: service.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).collect(),
        txt: service.txt_properties.iter().map(entry).collect(),
    }
}
