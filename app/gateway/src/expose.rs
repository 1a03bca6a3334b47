//! Others are brought to the gateway for as long as it runs.

use std::{error::Error, sync::Arc};

use domain::exposure::Exposure;
use ports::driven::Tailnet;
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

/// Asks for it, and takes it back when the gateway stops. A gateway that cannot
/// be reached that way is still reached the others.
pub(crate) async fn run(tailnet: Arc<dyn Tailnet>, serving: Serving, stop: CancellationToken) {
    let Serving { how, port, reset_on_exit } = serving;
    match tailnet.expose(how, port).await {
        Ok(exposed) => {
            let url = &exposed.url;
            let host = url.trim_start_matches("https://").trim_end_matches('/');
            info!(target: "tailscale", "{how} enabled: {url} (WS via wss://{host})");
            if exposed.public && how == Exposure::Serve {
                warn!(target: "tailscale", "a funnel is open there: the whole internet comes in");
            }
        }
        Err(error) => {
            warn!(target: "tailscale", error = &error as &dyn Error, "{how} is not enabled");
            return;
        }
    }
    if !reset_on_exit {
        return;
    }
    stop.cancelled().await;
    match tailnet.withdraw(how).await {
        Ok(()) => info!(target: "tailscale", "{how} is taken back"),
        Err(error) => {
            warn!(target: "tailscale", error = &error as &dyn Error, "{how} is not taken back");
        }
    }
}

#[cfg(test)]
mod tests {
    use ports::driven::{Exposed, MockTailnet, TailnetError};

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
    async fn what_was_refused_is_not_taken_back() {
        let mut tailnet = MockTailnet::new();
        tailnet.expect_expose().once().returning(|_, _| Err(TailnetError::Absent));
        run(Arc::new(tailnet), serving(true), CancellationToken::new()).await;
    }
}
