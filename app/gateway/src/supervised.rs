//! Telling whoever started the gateway how it goes. Where nobody wants to know,
//! nothing happens.

use std::{io, net::SocketAddr};

use service_manager::supervisor;
use tokio::time::{self, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::debug;

/// Says that connections are accepted.
pub(crate) fn ready(addresses: &[SocketAddr]) {
    let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    told(supervisor::ready(&format!("listening on {}", addresses.join(", "))));
}

/// Says that it ends.
pub(crate) fn stopping() {
    told(supervisor::stopping());
}

/// Says again and again that the thread that serves everybody is not stuck,
/// until `over`.
pub(crate) async fn keep_telling(over: CancellationToken) {
    let Some(every) = supervisor::heartbeat() else { return };
    let mut beats = time::interval(every);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while over.run_until_cancelled(beats.tick()).await.is_some() {
        told(supervisor::alive());
    }
}

/// One that cannot be told will notice by itself.
fn told(outcome: io::Result<()>) {
    if let Err(error) = outcome {
        debug!(%error, "the service manager could not be told");
    }
}
