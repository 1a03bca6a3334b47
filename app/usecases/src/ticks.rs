//! The pulse that tells clients the gateway is alive.

use std::{sync::Arc, time::Duration};

use ports::{
    config::{LimitsConfig, Live},
    driven::{Clock, EventSink},
    event::{Body, Event},
};
use tokio::time::{self, Instant};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether the interval is still the same.
const LOOK: Duration = Duration::from_secs(5);

/// Publishes `tick` in the rhythm of `limits`, the first after one interval,
/// until `stop`. A shorter interval holds at once, a longer one after the next.
pub async fn tick(
    limits: Live<LimitsConfig>,
    clock: Arc<dyn Clock>,
    events: Arc<dyn EventSink>,
    stop: CancellationToken,
) {
    let ticks = async {
        loop {
            let begun = Instant::now();
            loop {
                let interval = Duration::from_millis(limits.get().tick_interval_ms);
                let left = interval.saturating_sub(begun.elapsed());
                if left.is_zero() {
                    break;
                }
                time::sleep(left.min(LOOK)).await;
            }
            events.publish(Event::new(Body::Tick(clock.now())));
        }
    };
    stop.run_until_cancelled(ticks).await;
}

#[tokio::test(start_paused = true)]
async fn it_ticks_until_it_is_stopped() {
    let told = Arc::new(crate::testing::Told::default());
    let stop = CancellationToken::new();
    let limits = Live::new(LimitsConfig { tick_interval_ms: 30_000, ..LimitsConfig::default() });
    let ticking = tick(limits.clone(), crate::testing::clock(), told.clone(), stop.clone());
    let stopping = async {
        time::sleep(Duration::from_secs(95)).await;
        assert_eq!(told.count(), 3);
        limits.set(LimitsConfig { tick_interval_ms: 1000, ..LimitsConfig::default() });
        time::sleep(Duration::from_secs(11)).await;
        stop.cancel();
    };
    tokio::join!(ticking, stopping);
    assert!(8 < told.count(), "{}", told.count());
}
