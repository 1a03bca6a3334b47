//! Gives memory back when a crowd has left, of sockets or of readers of streams.

use std::time::Duration;

use http_server::Server;
use ports::driven::EventSink;
use tokio::time;
use tokio_util::sync::CancellationToken;
use ws_server::Hub;

/// How often the crowd is counted.
const LOOK: Duration = Duration::from_secs(2);
/// How many have to leave before it is worth the walk over the heap.
const CROWD: usize = 200;

/// Watches how many clients and connections there are, until `stop`.
pub(crate) async fn run(hub: Hub, server: Server, stop: CancellationToken) {
    let watch = async {
        let mut peak = 0;
        let mut last = 0;
        loop {
            time::sleep(LOOK).await;
            let now = hub.clients() + server.open();
            // While they still leave, the next look is soon enough.
            if last <= now && now + CROWD <= peak {
                heap::give_back();
                peak = now;
            }
            peak = peak.max(now);
            last = now;
        }
    };
    stop.run_until_cancelled(watch).await;
}
