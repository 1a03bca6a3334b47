//! The pulse that tells clients the gateway is alive.

use std::{sync::Arc, time::Duration};

use ports::{
    driven::{Clock, EventSink},
    event::{Body, Event},
};
use tokio::time;
use tokio_util::sync::CancellationToken;

/// Publishes `tick` every `interval`, the first after one interval, until
/// `stop`.
pub async fn tick(
    interval: Duration,
    clock: Arc<dyn Clock>,
    events: Arc<dyn EventSink>,
    stop: CancellationToken,
) {
    let ticks = async {
        loop {
            time::sleep(interval).await;
            events.publish(Event::new(Body::Tick(clock.now())));
        }
    };
    stop.run_until_cancelled(ticks).await;
}

#[tokio::test(start_paused = true)]
async fn it_ticks_until_it_is_stopped() {
    let told = Arc::new(crate::testing::Told::default());
    let stop = CancellationToken::new();
    let ticking =
        tick(Duration::from_secs(30), crate::testing::clock(), told.clone(), stop.clone());
    let stopping = async {
        time::sleep(Duration::from_secs(95)).await;
        stop.cancel();
    };
    tokio::join!(ticking, stopping);
    assert_eq!(told.count(), 3);
}
