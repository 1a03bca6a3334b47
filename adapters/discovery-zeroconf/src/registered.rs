//! The thread in which a gateway is registered with the system's responder.

use std::{
    ops::ControlFlow,
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use domain::discovery::{Beacon, InstanceName};
use ports::driven::AdvertisementChange;
use tokio::sync::{mpsc, watch};
use zeroconf::{MdnsService, NetworkInterface, TxtRecord, prelude::*};

use crate::{RESPONDER, service};

/// How long one step of the loop takes at most, and so how soon it stops.
const STEP: Duration = Duration::from_millis(200);
/// How many names are tried; somebody who has taken them all will take the next.
const MAX_NAMES: usize = 20;

/// What the thread tells.
pub(crate) enum News {
    /// Something happened.
    Change(AdvertisementChange),
    /// The gateway cannot be registered, or no longer is.
    Ended(String),
}

/// Registers `beacon` on `interface` and keeps it registered until `stop` or
/// until `news` is no longer heard.
pub(crate) fn keep(
    beacon: &Beacon,
    interface: NetworkInterface,
    news: &mpsc::Sender<News>,
    stop: &watch::Receiver<bool>,
) {
    let mut name = beacon.instance.clone();
    for _ in 0..MAX_NAMES {
        let session = Session { beacon, name: &name, interface, news, stop };
        match session.run() {
            Ended::Stopped => return,
            Ended::NameTaken => {
                let next = name.next();
                session.tell(News::Change(AdvertisementChange::Renamed {
                    from: name.to_string(),
                    to: next.to_string(),
                }));
                name = next;
            }
            Ended::Failed(reason) => {
                session.tell(News::Ended(reason));
                return;
            }
        }
    }
    let _ = news.blocking_send(News::Ended(format!("{name} and all names before it are taken")));
}

enum Ended {
    Stopped,
    NameTaken,
    Failed(String),
}

/// One attempt, under one name.
struct Session<'a> {
    beacon: &'a Beacon,
    name: &'a InstanceName,
    interface: NetworkInterface,
    news: &'a mpsc::Sender<News>,
    stop: &'a watch::Receiver<bool>,
}

impl Session<'_> {
    fn run(&self) -> Ended {
        let (mut service, answers) = match self.service() {
            Ok(parts) => parts,
            Err(error) => return Ended::Failed(error.to_string()),
        };
        // Dropped before the service, which it only borrows from.
        let events = match service.register() {
            Ok(events) => events,
            Err(error) => return Ended::Failed(error.to_string()),
        };
        let mut known_as = None;
        loop {
            for answer in answers.try_iter() {
                if let ControlFlow::Break(ended) = self.heed(answer, &mut known_as) {
                    return ended;
                }
            }
            if *self.stop.borrow() || self.news.is_closed() {
                return Ended::Stopped;
            }
            if let Err(error) = events.poll(STEP) {
                return Ended::Failed(error.to_string());
            }
        }
    }

    /// The service to register, and what the responder says about it.
    fn service(&self) -> zeroconf::Result<(MdnsService, Receiver<zeroconf::Result<String>>)> {
        let mut txt = TxtRecord::new();
        for (key, value) in &self.beacon.txt {
            txt.insert(key, value)?;
        }
        let (tell, answers) = channel();
        let mut service = MdnsService::new(service(), self.beacon.port);
        service.set_name(self.name.as_str());
        service.set_network_interface(self.interface);
        service.set_txt_record(txt);
        service.set_registered_callback(Box::new(move |answer, _| {
            // The thread outlives the service, so somebody listens.
            let _ = tell.send(answer.map(|registered| registered.name().clone()));
        }));
        Ok((service, answers))
    }

    fn heed(
        &self,
        answer: zeroconf::Result<String>,
        known_as: &mut Option<String>,
    ) -> ControlFlow<Ended> {
        match answer {
            Ok(name) => {
                let before = known_as.as_deref().unwrap_or(self.name.as_str());
                if name != before {
                    let (from, to) = (before.to_owned(), name.clone());
                    self.tell(News::Change(AdvertisementChange::Renamed { from, to }));
                }
                *known_as = Some(name.clone());
                let responder = RESPONDER;
                let announced = AdvertisementChange::Announced { instance: name, responder };
                self.tell(News::Change(announced));
                ControlFlow::Continue(())
            }
            Err(error) if known_as.is_none() && is_collision(&error) => {
                ControlFlow::Break(Ended::NameTaken)
            }
            Err(error) => ControlFlow::Break(Ended::Failed(error.to_string())),
        }
    }

    fn tell(&self, news: News) {
        // Nobody listens any more when the gateway is withdrawn just now.
        let _ = self.news.blocking_send(news);
    }
}

/// Whether a name is taken on this machine. The library passes on nothing but
/// Avahi's text for it.
fn is_collision(error: &zeroconf::error::Error) -> bool {
    error.to_string().contains("name collision")
}

#[test]
fn a_name_that_is_taken_is_told_from_other_trouble() {
    let table = [
        ("could not register service: `Local name collision`", true),
        ("could not register service: `Not permitted`", false),
        ("could not initialize AvahiClient", false),
    ];
    for (text, taken) in table {
        assert_eq!(is_collision(&text.into()), taken, "{text}");
    }
}
