//! Others are brought to the gateway for as long as it runs.

use std::{error::Error, sync::Arc, time::Duration};

use domain::exposure::Exposure;
use ports::driven::{Exposed, Tailnet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// What Tailscale is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Serving {
    /// Whom it brings.
    pub(crate) how: Exposure,
    /// To which port.
    pub(crate) port: u16,
    /// Whether it stops when the gateway does.
    pub(crate) reset_on_exit: bool,
}

/// How long to wait before asking again, at first.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// How long to wait at most.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Asks for it, and takes it back when the gateway stops. A gateway that cannot
/// be reached that way is still reached the others.
pub(crate) async fn run(tailnet: Arc<dyn Tailnet>, serving: Serving, stop: CancellationToken) {
    let Serving { how, port, reset_on_exit } = serving;
    let Some(exposed) = expose(&*tailnet, how, port, &stop).await else { return };
    let url = &exposed.url;
    let host = url.trim_start_matches("https://").trim_end_matches('/');
    info!(target: "tailscale", "{how} enabled: {url} (WS via wss://{host})");
    if exposed.public && how == Exposure::Serve {
        warn!(target: "tailscale", "a funnel is open there: the whole internet comes in");
    }
    if !reset_on_exit {
        return;
    }
    stop.cancelled().await;
    withdraw(&*tailnet, how).await;
}

/// Takes it back.
pub(crate) async fn withdraw(tailnet: &dyn Tailnet, how: Exposure) {
    match tailnet.withdraw(how).await {
        Ok(()) => info!(target: "tailscale", "{how} is taken back"),
        Err(error) => {
            warn!(target: "tailscale", error = &error as &dyn Error, "{how} is not taken back");
        }
    }
}

/// Asks until it is done, refused, or no longer wanted: a machine that has just
/// been switched on may start the gateway before Tailscale.
async fn expose(
    tailnet: &dyn Tailnet,
    how: Exposure,
    port: u16,
    stop: &CancellationToken,
) -> Option<Exposed> {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match tailnet.expose(how, port).await {
            Ok(exposed) => return Some(exposed),
            Err(error) => error,
        };
        let again = error.may_pass();
        if pause == FIRST_PAUSE || !again {
            warn!(target: "tailscale", error = &error as &dyn Error, again, "{how} is not enabled");
        }
        if !again || timeout(pause, stop.cancelled()).await.is_ok() {
            return None;
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

#[cfg(test)]
mod tests {
    use ports::driven::{MockTailnet, TailnetError};
    use tokio::time::Instant;

    use super::*;

    fn serving(reset_on_exit: bool) -> Serving {
        Serving { how: Exposure::Serve, port: 18789, reset_on_exit }
    }

    fn exposing() -> MockTailnet {
        let mut tailnet = MockTailnet::new();
        tailnet
            .expect_expose()
            .withf(|how, port| (*how, *port) == (Exposure::Serve, 18789))
            .once()
            .returning(|_, _| {
                Ok(Exposed { url: "https://host.tailnet.ts.net/".to_owned(), public: false })
            });
        tailnet
    }

    #[tokio::test]
    async fn what_is_asked_for_is_taken_back_at_the_end_and_not_before() {
        let mut tailnet = exposing();
        tailnet.expect_withdraw().withf(|how| *how == Exposure::Serve).once().returning(|_| Ok(()));
        let stop = CancellationToken::new();
        let mut running = Box::pin(run(Arc::new(tailnet), serving(true), stop.clone()));
        assert!(futures_util::poll!(&mut running).is_pending(), "it waits for the end");
        stop.cancel();
        running.await;
    }

    #[tokio::test]
    async fn without_the_option_it_stays() {
        run(Arc::new(exposing()), serving(false), CancellationToken::new()).await;
    }

    #[tokio::test]
    async fn what_was_refused_is_not_asked_again_nor_taken_back() {
        let mut tailnet = MockTailnet::new();
        tailnet.expect_expose().once().returning(|_, _| Err(TailnetError::Denied));
        run(Arc::new(tailnet), serving(true), CancellationToken::new()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_tailscale_that_comes_later_is_waited_for() {
        let mut tailnet = MockTailnet::new();
        let starting = || Err(TailnetError::NotConnected("Starting".to_owned()));
        tailnet.expect_expose().times(7).returning(move |_, _| starting());
        tailnet.expect_expose().once().returning(|_, _| {
            Ok(Exposed { url: "https://host.tailnet.ts.net/".to_owned(), public: false })
        });
        let begin = Instant::now();
        run(Arc::new(tailnet), serving(false), CancellationToken::new()).await;
        assert_eq!(begin.elapsed().as_secs(), 2 + 4 + 8 + 16 + 32 + 60 + 60);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_it_any_longer_than_the_gateway_runs() {
        let mut tailnet = MockTailnet::new();
        tailnet.expect_expose().once().returning(|_, _| Err(TailnetError::Absent));
        let stop = CancellationToken::new();
        let mut running = Box::pin(run(Arc::new(tailnet), serving(true), stop.clone()));
        assert!(futures_util::poll!(&mut running).is_pending());
        stop.cancel();
        running.await;
    }
}
