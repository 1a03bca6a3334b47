//! Finding gateways.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use domain::discovery::{Finds, Found, Sighting};
use ports::driven::{DiscoveryError, Finder};
use tokio::sync::oneshot;
use zeroconf::{BrowserEvent, MdnsBrowser, ServiceDiscovery, prelude::*};

use crate::{System, refused, service};

/// How long one step of a search takes at most.
const STEP: Duration = Duration::from_millis(50);

#[async_trait]
impl Finder for System {
    async fn browse(&self, time: Duration) -> Result<Vec<Found>, DiscoveryError> {
        look(time, |_| false).await.map(Finds::into_list)
    }
}

/// Looks for gateways until `time` is over or `enough` was found.
pub(crate) async fn look(
    time: Duration,
    enough: impl Fn(&Finds) -> bool + Send + 'static,
) -> Result<Finds, DiscoveryError> {
    let (result, found) = oneshot::channel();
    let search = move || {
        let finds = search(time, |finds| enough(finds) || result.is_closed());
        // Nobody is there to be told when the search was given up.
        let _ = result.send(finds);
    };
    let builder = thread::Builder::new().name("mdns-search".to_owned());
    builder.spawn(search).map_err(refused)?;
    found.await.map_err(refused)?.map_err(refused)
}

fn search(time: Duration, enough: impl Fn(&Finds) -> bool) -> zeroconf::Result<Finds> {
    let finds = Arc::new(Mutex::new(Finds::default()));
    let mut browser = MdnsBrowser::new(service());
    let seen = Arc::clone(&finds);
    browser.set_service_callback(Box::new(move |event, _| {
        let mut finds = seen.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(BrowserEvent::Add(service)) => finds.see(sighting(&service)),
            Ok(BrowserEvent::Remove(service)) => finds.lose(service.name()),
            // One that does not resolve; the others still may.
            Err(_) => (),
        }
    }));
    let end = Instant::now() + time;
    let events = browser.browse_services()?;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let done = enough(&finds.lock().unwrap_or_else(PoisonError::into_inner));
        if left.is_zero() || done {
            break;
        }
        events.poll(STEP.min(left))?;
    }
    let mut finds = finds.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *finds))
}

fn sighting(service: &ServiceDiscovery) -> Sighting {
    let txt = service
        .txt()
        .as_ref()
        .map(|txt| txt.iter().map(|(key, value)| (key, value.into_bytes())).collect());
    Sighting {
        instance: service.name().clone(),
        host: service.host_name().clone(),
        port: *service.port(),
        addresses: service.address().parse().into_iter().collect(),
        txt: txt.unwrap_or_default(),
    }
}
