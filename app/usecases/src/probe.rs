//! Whether the gateway can do its work.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use domain::time::Timestamp;
use ports::{
    driven::{Archive, Clock, LogQuery, LogSource},
    driving::{Part, Probe, Readiness},
};
use tokio::time;

use crate::{agents::Catalogue, reload::Reload};

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Looks at the parts of the gateway.
#[derive(Clone)]
pub struct Parts(Arc<Inner>);

struct Inner {
    archive: Arc<dyn Archive>,
    catalogue: Catalogue,
    log: Arc<dyn LogSource>,
    clock: Arc<dyn Clock>,
    reload: Reload,
    started_at: Timestamp,
    draining: AtomicBool,
}

impl Parts {
    /// The parts of a gateway that has been running since `started_at`.
    pub fn new(
        archive: Arc<dyn Archive>,
        catalogue: Catalogue,
        log: Arc<dyn LogSource>,
        clock: Arc<dyn Clock>,
        reload: Reload,
        started_at: Timestamp,
    ) -> Self {
        let draining = AtomicBool::new(false);
        Self(Arc::new(Inner { archive, catalogue, log, clock, reload, started_at, draining }))
    }

    /// From now on the gateway is stopping.
    pub fn drain(&self) {
        self.0.draining.store(true, Relaxed);
    }

    /// Each part by name, and what is wrong with it.
    pub async fn look(&self) -> Vec<Part> {
        let (store, bearable) = match time::timeout(PATIENCE, self.0.archive.stats()).await {
            // Everything else can be read.
            Ok(Ok(stats)) => (damage(stats.damaged), true),
            Ok(Err(error)) => (Some(error.to_string()), false),
            Err(_) => (Some("does not answer".to_owned()), false),
        };
        let model = self
            .0
            .catalogue
            .now()
            .providers
            .is_empty()
            .then(|| "no provider is configured".to_owned());
        let query = LogQuery { cursor: None, limit: 1, max_bytes: 1 };
        let log = self.0.log.tail(query).err().map(|_| "cannot be read".to_owned());
        vec![
            Part { name: "store", problem: store, bearable },
            Part { name: "model", problem: model, bearable: false },
            Part { name: "log", problem: log, bearable: false },
            // A section that cannot be used has what was in force before.
            Part { name: "config", problem: self.0.reload.problem(), bearable: true },
        ]
    }
}

/// What there is to say about so much damage.
fn damage(records: u64) -> Option<String> {
    match records {
        0 => None,
        1 => Some("1 stored record is damaged and was set aside".to_owned()),
        more => Some(format!("{more} stored records are damaged and were set aside")),
    }
}

#[async_trait]
impl Probe for Parts {
    async fn readiness(&self) -> Readiness {
        let uptime = self.0.clock.now().since(self.0.started_at);
        Readiness {
            parts: self.look().await,
            uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX),
            draining: self.0.draining.load(Relaxed),
        }
    }
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("draining", &self.0.draining).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ports::driven::{
        LogPage, MockArchive, MockLogSource, MockModelProvider, ModelProvider, StoreError,
        StoreStats,
    };

    use super::*;
    use crate::{reload, testing::clock};

    fn parts(store: Result<StoreStats, ()>, providers: usize) -> Parts {
        let mut archive = MockArchive::new();
        let full = || StoreError::Full("disk".into());
        archive.expect_stats().returning(move || store.map_err(|()| full()));
        let mut log = MockLogSource::new();
        log.expect_tail().returning(|_| {
            Ok(LogPage {
                file: String::new(),
                cursor: 0,
                size: 0,
                lines: Vec::new(),
                truncated: false,
                reset: false,
            })
        });
        let provider = || {
            let mut provider = MockModelProvider::new();
            provider.expect_name().return_const("fake".to_owned());
            Arc::new(provider) as Arc<dyn ModelProvider>
        };
        let providers = (0..providers).map(|_| provider()).collect();
        let catalogue = Catalogue::new(providers, Vec::new());
        let reload = reload::tests::invalid(&[]);
        Parts::new(
            Arc::new(archive),
            catalogue,
            Arc::new(log),
            clock(),
            reload,
            Timestamp::default(),
        )
    }

    #[tokio::test]
    async fn a_gateway_is_ready_when_every_part_is_and_it_is_not_stopping() {
        let healthy = parts(Ok(StoreStats::default()), 1);
        assert!(healthy.readiness().await.is_ready());
        healthy.drain();
        assert!(!healthy.readiness().await.is_ready());
    }

    #[tokio::test]
    async fn damaged_records_are_told_and_keep_nobody_from_work() {
        let damaged = parts(Ok(StoreStats { sessions: 1, damaged: 2 }), 1).readiness().await;
        assert!(damaged.is_ready());
        let problem = damaged.parts[0].problem.as_deref();
        assert_eq!(problem, Some("2 stored records are damaged and were set aside"));
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_by_name() {
        let readiness = parts(Err(()), 0).readiness().await;
        let problems: Vec<_> = readiness
            .parts
            .iter()
            .filter_map(|part| Some((part.name, part.problem.as_deref()?)))
            .collect();
        assert_eq!(
            problems,
            [("store", "storage is full"), ("model", "no provider is configured")]
        );
        assert!(!readiness.is_ready());
    }
}
