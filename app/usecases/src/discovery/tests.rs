use std::{
    net::Ipv4Addr,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::discovery::Reach;
use ports::driven::DiscoveryError;
use tokio::{sync::mpsc, time::Instant};

use super::*;

/// A network that writes down what it is told, and when.
#[derive(Default)]
struct Network {
    start: Option<Instant>,
    told: Mutex<Vec<(u64, String)>>,
    broken: AtomicBool,
    dead: AtomicBool,
    happening: Mutex<Option<mpsc::Sender<AdvertisementChange>>>,
}

impl Network {
    fn new() -> Arc<Self> {
        Arc::new(Self { start: Some(Instant::now()), ..Self::default() })
    }

    fn note(&self, what: impl Into<String>) {
        let seconds = self.start.unwrap().elapsed().as_secs();
        self.told.lock().unwrap().push((seconds, what.into()));
    }

    fn told(&self) -> Vec<(u64, String)> {
        self.told.lock().unwrap().clone()
    }

    fn happens(&self, change: AdvertisementChange) {
        self.happening.lock().unwrap().as_ref().unwrap().try_send(change).unwrap();
    }
}

struct Responder(Arc<Network>);

struct Announced(Arc<Network>, mpsc::Receiver<AdvertisementChange>);

#[async_trait]
impl Advertiser for Responder {
    async fn advertise(&self, beacon: &Beacon) -> Result<Box<dyn Advertisement>, DiscoveryError> {
        if self.0.broken.load(Ordering::Relaxed) {
            self.0.note("tried");
            return Err(DiscoveryError { responder: "test", reason: "broken".into() });
        }
        self.0.note(format!("hello {}", beacon.port));
        self.0.dead.store(false, Ordering::Relaxed);
        let (sender, receiver) = mpsc::channel(4);
        *self.0.happening.lock().unwrap() = Some(sender);
        Ok(Box::new(Announced(Arc::clone(&self.0), receiver)))
    }
}

#[async_trait]
impl Advertisement for Announced {
    async fn change(&mut self) -> AdvertisementChange {
        match self.1.recv().await {
            Some(change) => change,
            None => std::future::pending().await,
        }
    }

    async fn is_alive(&mut self) -> bool {
        !self.0.dead.load(Ordering::Relaxed)
    }

    async fn withdraw(self: Box<Self>) {
        self.0.note("goodbye");
    }
}

fn facts(port: u16) -> BeaconFacts {
    BeaconFacts {
        machine: "here".into(),
        host: None,
        port,
        reach: Reach::of([Ipv4Addr::UNSPECIFIED.into()]).unwrap(),
        tls: false,
        tls_sha256: None,
        tailnet_dns: None,
        canvas_port: None,
        cli_path: None,
        ssh_port: None,
    }
}

/// Announces on `network` while `script` runs, and gives what was told.
async fn told(
    network: &Arc<Network>,
    script: impl AsyncFnOnce(&Network, watch::Sender<BeaconFacts>),
) -> Vec<(u64, String)> {
    let (sender, receiver) = watch::channel(facts(1));
    let deps = Deps {
        advertiser: Arc::new(Responder(Arc::clone(network))),
        clock: crate::testing::clock(),
        facts: receiver,
        detail: Detail::Minimal,
    };
    let stop = CancellationToken::new();
    let script = async {
        script(network, sender).await;
        stop.cancel();
    };
    tokio::join!(advertise(deps, stop.clone()), script);
    network.told()
}

fn told_as(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
    lines.iter().map(|(second, line)| (*second, (*line).to_owned())).collect()
}

async fn seconds(n: u64) {
    time::sleep(Duration::from_secs(n)).await;
}

#[tokio::test(start_paused = true)]
async fn it_says_hello_and_at_the_end_goodbye() {
    let network = Network::new();
    let told = told(&network, async |network, _facts| {
        seconds(1).await;
        let [from, to] = ["here", "here (2)"].map(str::to_owned);
        network.happens(AdvertisementChange::Renamed { from, to });
        seconds(600).await;
    });
    assert_eq!(told.await, told_as(&[(0, "hello 1"), (601, "goodbye")]));
}

#[tokio::test(start_paused = true)]
async fn new_facts_are_announced_at_once() {
    let network = Network::new();
    let told = told(&network, async |_, sender| {
        seconds(5).await;
        sender.send_replace(facts(2));
        seconds(1).await;
        drop(sender);
        seconds(100).await;
    });
    let expected = [(0, "hello 1"), (5, "goodbye"), (5, "hello 2"), (106, "goodbye")];
    assert_eq!(told.await, told_as(&expected));
}

#[tokio::test(start_paused = true)]
async fn a_responder_that_died_is_replaced_but_not_again_and_again() {
    let network = Network::new();
    let told = told(&network, async |network, _facts| {
        seconds(2).await;
        network.happens(AdvertisementChange::Lost { reason: "gone".into() });
        seconds(30).await;
        network.happens(AdvertisementChange::Lost { reason: "gone".into() });
        seconds(100).await;
    });
    #[rustfmt::skip]
    let expected = [
        (0, "hello 1"), (2, "goodbye"), (30, "hello 1"), (32, "goodbye"),
        (60, "hello 1"), (132, "goodbye"),
    ];
    assert_eq!(told.await, told_as(&expected));
}

#[tokio::test(start_paused = true)]
async fn silence_is_noticed_within_a_minute() {
    let network = Network::new();
    let told = told(&network, async |network, _facts| {
        seconds(70).await;
        network.dead.store(true, Ordering::Relaxed);
        seconds(60).await;
    });
    let expected = [(0, "hello 1"), (120, "goodbye"), (120, "hello 1"), (130, "goodbye")];
    assert_eq!(told.await, told_as(&expected));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_announced_is_tried_once_a_minute() {
    let network = Network::new();
    network.broken.store(true, Ordering::Relaxed);
    let told = told(&network, async |network, _facts| {
        seconds(130).await;
        network.broken.store(false, Ordering::Relaxed);
        seconds(60).await;
    });
    let expected =
        [(0, "tried"), (60, "tried"), (120, "tried"), (180, "hello 1"), (190, "goodbye")];
    assert_eq!(told.await, told_as(&expected));
}
