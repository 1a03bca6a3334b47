//! Announcing a gateway.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use domain::discovery::{Beacon, DOMAIN, HostLabel};
use mdns_sd::{
    DaemonEvent, DaemonStatus, DnsNameChange, IfKind, IfPredicate, Receiver, ServiceInfo,
};
use ports::driven::{Advertisement, AdvertisementChange, Advertiser, DiscoveryError};
use tokio::time;

use crate::{Embedded, RESPONDER, Responder, instance, refused, service};

/// How long the responder may take to answer us.
const ANSWER: Duration = Duration::from_secs(2);
/// The goodbye is sent a second time after 120 milliseconds, for those who
/// missed the first.
const SECOND_GOODBYE: Duration = Duration::from_millis(150);

#[async_trait]
impl Advertiser for Embedded {
    async fn advertise(&self, beacon: &Beacon) -> Result<Box<dyn Advertisement>, DiscoveryError> {
        let info = info(beacon).map_err(refused)?;
        let fullname = info.get_fullname().to_owned();
        let responder = Responder::start()?;
        let events = responder.0.monitor().map_err(refused)?;
        responder.0.register(info).map_err(refused)?;
        let beacon = beacon.clone();
        Ok(Box::new(Announced {
            responder,
            events,
            fullname,
            beacon,
            told: None,
            renamed: BTreeMap::new(),
        }))
    }
}

/// The records of a beacon: on those interfaces that lead to the gateway, with
/// the addresses of those interfaces.
fn info(beacon: &Beacon) -> mdns_sd::Result<ServiceInfo> {
    let host = format!("{}.{DOMAIN}.", beacon.host.as_str());
    let name = beacon.instance.as_str();
    let mut info =
        ServiceInfo::new(&service(), name, &host, (), beacon.port, beacon.txt.as_slice())?
            .enable_addr_auto();
    let reach = beacon.reach.clone();
    let leads_here = IfPredicate::new(move |interface| reach.covers(interface.ip()));
    info.set_interfaces(vec![IfKind::Predicate(leads_here)]);
    Ok(info)
}

struct Announced {
    responder: Responder,
    events: Receiver<DaemonEvent>,
    fullname: String,
    beacon: Beacon,
    // The name that was told last, and what each taken name became.
    told: Option<String>,
    renamed: BTreeMap<String, String>,
}

impl Announced {
    /// What `event` means to the gateway, if anything.
    fn read(&mut self, event: DaemonEvent) -> Option<AdvertisementChange> {
        match event {
            DaemonEvent::Announce(fullname, _) => {
                let instance = instance(&fullname).to_owned();
                let news = self.told.as_ref() != Some(&instance);
                self.told = Some(instance.clone());
                let responder = RESPONDER;
                news.then_some(AdvertisementChange::Announced { instance, responder })
            }
            DaemonEvent::NameChange(change) => {
                let (from, to) = (short(&change.original), short(&change.new_name));
                // It is told once for every record of that name, and again for
                // those that follow the host to its new name.
                if self.renamed.insert(from.clone(), to.clone()).as_ref() == Some(&to) {
                    return None;
                }
                self.follow(&change);
                Some(AdvertisementChange::Renamed { from, to })
            }
            _ => None,
        }
    }

    /// Tells the new name of the host, if that is what changed, in the TXT record
    /// too.
    fn follow(&mut self, change: &DnsNameChange) {
        let host = self.beacon.host.in_local();
        if short(&change.original) != host {
            return;
        }
        let beacon = self.beacon.on_host(HostLabel::of(&change.new_name));
        if let Ok(info) = info(&beacon)
            && self.responder.0.register(info).is_ok()
        {
            self.beacon = beacon;
        }
    }
}

/// The name of a gateway or a host without what all of them end in.
fn short(name: &str) -> String {
    match name.strip_suffix(&format!(".{}", service())) {
        Some(_) => instance(name).to_owned(),
        None => name.trim_end_matches('.').to_owned(),
    }
}

#[async_trait]
impl Advertisement for Announced {
    async fn change(&mut self) -> AdvertisementChange {
        while let Ok(event) = self.events.recv_async().await {
            if let Some(change) = self.read(event) {
                return change;
            }
        }
        AdvertisementChange::Lost { reason: format!("{RESPONDER} has ended") }
    }

    async fn is_alive(&mut self) -> bool {
        let Ok(status) = self.responder.0.status() else { return false };
        let answer = time::timeout(ANSWER, status.recv_async()).await;
        matches!(answer, Ok(Ok(DaemonStatus::Running)))
    }

    async fn withdraw(self: Box<Self>) {
        if let Ok(done) = self.responder.0.unregister(&self.fullname)
            && let Ok(Ok(_)) = time::timeout(ANSWER, done.recv_async()).await
        {
            time::sleep(SECOND_GOODBYE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::discovery::{BeaconFacts, Detail, Reach};

    use super::*;

    #[test]
    fn the_records_of_a_beacon() {
        let facts = BeaconFacts {
            machine: "Kitchen".into(),
            host: None,
            port: 18789,
            reach: Reach::of([[192, 0, 2, 1].into()]).unwrap(),
            tls: true,
            tls_sha256: None,
            tailnet_dns: None,
            canvas_port: None,
            cli_path: None,
            ssh_port: None,
        };
        let beacon = Beacon::new(&facts, Detail::Minimal);
        let info = info(&beacon).unwrap();
        assert_eq!(info.get_fullname(), "Kitchen (OpenClaw)._openclaw-gw._tcp.local.");
        assert_eq!((info.get_hostname(), info.get_port()), ("kitchen.local.", 18789));
        for (key, value) in &beacon.txt {
            assert_eq!(info.get_property_val_str(key), Some(value.as_str()));
        }
    }

    #[test]
    fn names_are_told_without_what_all_of_them_end_in() {
        assert_eq!(short("Kitchen (2)._openclaw-gw._tcp.local."), "Kitchen (2)");
        assert_eq!(short("kitchen-2.local."), "kitchen-2.local");
    }
}
