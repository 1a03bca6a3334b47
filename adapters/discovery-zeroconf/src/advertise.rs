//! Announcing a gateway.

use std::{thread, time::Duration};

use async_trait::async_trait;
use domain::discovery::{Beacon, Found, HostLabel, Reach};
use ports::driven::{Advertisement, AdvertisementChange, Advertiser, DiscoveryError};
use tokio::{
    sync::{mpsc, watch},
    time,
};
use zeroconf::NetworkInterface;

use crate::{
    RESPONDER, System, browse, refused,
    registered::{self, News},
};

/// How long the responder may take to announce a gateway: it asks three times
/// whether the name is free, and as often for every name that is not.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it is looked for on the network until it counts as lost.
const LOOK: Duration = Duration::from_secs(3);

#[async_trait]
impl Advertiser for System {
    async fn advertise(&self, beacon: &Beacon) -> Result<Box<dyn Advertisement>, DiscoveryError> {
        if beacon.host_is_chosen {
            return Err(refused("it announces the machine under the machine's name only"));
        }
        let announced = register(beacon).await?;
        match announced.host().await {
            Some(host) if host != beacon.host => {
                announced.end().await;
                Ok(Box::new(register(&beacon.on_host(host)).await?))
            }
            _ => Ok(Box::new(announced)),
        }
    }
}

async fn register(beacon: &Beacon) -> Result<Announced, DiscoveryError> {
    let interface = interface(&beacon.reach)?;
    let (tell, news) = mpsc::channel(16);
    let (stop, stopped) = watch::channel(false);
    let beacon = beacon.clone();
    let builder = thread::Builder::new().name("mdns-service".to_owned());
    let keep = move || registered::keep(&beacon, interface, &tell, &stopped);
    builder.spawn(keep).map_err(refused)?;

    let mut announced = Announced { news, stop, before: Vec::new(), known_as: None };
    match time::timeout(PATIENCE, announced.established()).await {
        Ok(Ok(())) => Ok(announced),
        Ok(Err(reason)) => Err(refused(reason)),
        Err(late) => Err(refused(late)),
    }
}

/// Where the responder is to announce: everywhere, or on the one interface that
/// leads to the gateway. (It announces on one or on all.)
fn interface(reach: &Reach) -> Result<NetworkInterface, DiscoveryError> {
    if reach.is_everywhere() {
        return Ok(NetworkInterface::Unspec);
    }
    let interfaces = if_addrs::get_if_addrs().map_err(refused)?;
    let here = interfaces.into_iter().find(|interface| reach.covers(interface.ip()));
    let index = here.and_then(|interface| interface.index);
    index
        .map(NetworkInterface::AtIndex)
        .ok_or_else(|| refused("no interface has the address of the gateway"))
}

struct Announced {
    news: mpsc::Receiver<News>,
    // Tells the thread to stop; so does dropping `news`.
    stop: watch::Sender<bool>,
    // What happened before anybody asked.
    before: Vec<AdvertisementChange>,
    known_as: Option<String>,
}

impl Announced {
    /// Waits until the gateway is announced.
    async fn established(&mut self) -> Result<(), String> {
        while self.known_as.is_none() {
            match self.next().await {
                AdvertisementChange::Lost { reason } => return Err(reason),
                change => self.before.push(change),
            }
        }
        self.before.reverse();
        Ok(())
    }

    /// What the machine is called on the network: its own name, unless that was
    /// taken.
    async fn host(&self) -> Option<HostLabel> {
        let found = self.look().await?;
        Some(HostLabel::of(&found.place.host))
    }

    /// The gateway as others see it.
    async fn look(&self) -> Option<Found> {
        let name = self.known_as.clone()?;
        let seen = name.clone();
        let finds = browse::look(LOOK, move |finds| finds.get(&seen).is_some()).await.ok()?;
        finds.get(&name).cloned()
    }

    async fn end(mut self) {
        self.stop.send_replace(true);
        // The thread has said goodbye when nobody is left to send news.
        while self.news.recv().await.is_some() {}
    }

    async fn next(&mut self) -> AdvertisementChange {
        match self.news.recv().await {
            Some(News::Change(change)) => {
                if let AdvertisementChange::Announced { instance, .. } = &change {
                    self.known_as = Some(instance.clone());
                }
                change
            }
            Some(News::Ended(reason)) => AdvertisementChange::Lost { reason },
            None => AdvertisementChange::Lost { reason: format!("{RESPONDER} was given up") },
        }
    }
}

#[async_trait]
impl Advertisement for Announced {
    async fn change(&mut self) -> AdvertisementChange {
        match self.before.pop() {
            Some(change) => change,
            None => self.next().await,
        }
    }

    async fn is_alive(&mut self) -> bool {
        self.look().await.is_some()
    }

    async fn withdraw(self: Box<Self>) {
        self.end().await;
    }
}

#[tokio::test]
async fn a_chosen_host_name_is_left_to_somebody_else() {
    use domain::discovery::{BeaconFacts, Detail};

    let facts = BeaconFacts {
        machine: "kitchen".into(),
        host: Some("cellar".into()),
        port: 1,
        reach: Reach::of([[192, 0, 2, 1].into()]).unwrap(),
        tls: false,
        tls_sha256: None,
        tailnet_dns: None,
        canvas_port: None,
        cli_path: None,
        ssh_port: None,
    };
    let Err(error) = System.advertise(&Beacon::new(&facts, Detail::Minimal)).await else {
        panic!("it was announced")
    };
    assert!(error.to_string().contains("machine's name only"), "{error}");
}

#[test]
fn an_address_this_machine_does_not_have_is_announced_nowhere() {
    let reach = |address: [u8; 4]| Reach::of([address.into()]).unwrap();
    assert_eq!(interface(&reach([0, 0, 0, 0])).unwrap(), NetworkInterface::Unspec);
    assert!(interface(&reach([192, 0, 2, 77])).is_err());
}
