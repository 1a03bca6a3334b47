//! Being found: keeps the gateway announced on the local network while it runs.

use std::{fmt, sync::Arc};

use domain::discovery::{Beacon, BeaconFacts, Detail, Watchdog};
use ports::driven::{Advertisement, AdvertisementChange, Advertiser, Clock};
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// What announcing needs.
#[derive(Clone)]
pub struct Deps {
    /// Who announces.
    pub advertiser: Arc<dyn Advertiser>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What there is to tell. When it changes, that is announced instead.
    pub facts: watch::Receiver<BeaconFacts>,
    /// How much of it is told.
    pub detail: Detail,
}

/// Why an advertisement ended.
enum End {
    Stopped,
    FactsChanged,
    Lost,
}

/// Announces the gateway until `stop`, and then says goodbye. When whoever
/// announces it dies, it is announced anew, at most twice a minute.
pub async fn advertise(deps: Deps, stop: CancellationToken) {
    let Deps { advertiser, clock, mut facts, detail } = deps;
    let mut watchdog = Watchdog::default();
    let mut told = false;
    loop {
        watchdog.attempt(clock.now());
        let beacon = Beacon::new(&facts.borrow_and_update(), detail);
        let Some(tried) = stop.run_until_cancelled(advertiser.advertise(&beacon)).await else {
            return;
        };
        let pause = match tried {
            Ok(advertisement) => {
                told = false;
                match attend(advertisement, &mut facts, &stop).await {
                    End::Stopped => return,
                    End::FactsChanged => continue,
                    End::Lost => watchdog.wait(clock.now()),
                }
            }
            Err(error) => {
                // Once is enough for as long as nothing changes.
                if told {
                    debug!(%error, "the gateway cannot be announced on the network");
                } else {
                    warn!(%error, "the gateway cannot be announced on the network");
                }
                told = true;
                Watchdog::LOOK
            }
        };
        if stop.run_until_cancelled(time::sleep(pause)).await.is_none() {
            return;
        }
    }
}

/// Watches an advertisement until there is a reason to end it.
async fn attend(
    mut advertisement: Box<dyn Advertisement>,
    facts: &mut watch::Receiver<BeaconFacts>,
    stop: &CancellationToken,
) -> End {
    let mut look = time::interval_at(time::Instant::now() + Watchdog::LOOK, Watchdog::LOOK);
    look.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let end = loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break End::Stopped,
            () = changed(facts) => break End::FactsChanged,
            change = advertisement.change() => match change {
                AdvertisementChange::Announced { instance, responder } => {
                    info!(%instance, responder, "announced on the network");
                }
                AdvertisementChange::Renamed { from, to } => {
                    warn!(%from, %to, "a name on the network was taken, another one is used");
                }
                AdvertisementChange::Lost { reason } => {
                    warn!(reason, "no longer announced on the network, trying again");
                    break End::Lost;
                }
            },
            _ = look.tick() => {
                let alive = stop.run_until_cancelled(advertisement.is_alive()).await;
                if alive == Some(false) {
                    warn!("nobody on the network hears of the gateway, trying again");
                    break End::Lost;
                }
            }
        }
    };
    advertisement.withdraw().await;
    end
}

/// Waits for other facts; for ever, when nobody has any to tell.
async fn changed(facts: &mut watch::Receiver<BeaconFacts>) {
    if facts.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").field("detail", &self.detail).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
