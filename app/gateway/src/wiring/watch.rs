//! How the gateway is, and how things are.

use std::sync::Arc;

use domain::time::Timestamp;
use ports::driven::{Archive, Clock, ConfigSource, EventSink, LogSource};
use usecases::{
    agents::Catalogue,
    facts::Facts,
    health::{self, Health},
    models::Models,
    probe::Parts,
    reload::Reload,
    sessions::Sessions,
    status::{self, Status},
    system::System,
    versions::Versions,
};

/// What is looked at.
pub(super) struct Around {
    pub(super) archive: Arc<dyn Archive>,
    pub(super) catalogue: Catalogue,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: Arc<dyn ConfigSource>,
    pub(super) events: Arc<dyn EventSink>,
    pub(super) facts: Arc<Facts>,
    pub(super) log: Arc<dyn LogSource>,
    pub(super) models: Models,
    pub(super) reload: Reload,
    pub(super) sessions: Sessions,
    pub(super) started_at: Timestamp,
    pub(super) system: System,
    pub(super) versions: Arc<Versions>,
}

/// What looks.
pub(super) struct Watch {
    pub(super) health: Health,
    pub(super) parts: Parts,
    pub(super) status: Status,
}

/// Puts it together.
pub(super) fn open(around: Around) -> Watch {
    let Around { archive, catalogue, clock, config, events, facts, log, models, .. } = around;
    let parts = Parts::new(
        Arc::clone(&archive),
        catalogue,
        log,
        Arc::clone(&clock),
        around.reload,
        around.started_at,
    );
    let health = Health::new(health::Deps {
        archive: Arc::clone(&archive),
        clock: Arc::clone(&clock),
        config: Arc::clone(&config),
        events,
        parts: parts.clone(),
        facts: Arc::clone(&facts),
        versions: around.versions,
    });
    let status = Status::new(status::Deps {
        archive,
        clock,
        config,
        facts,
        models,
        sessions: around.sessions,
        system: around.system,
    });
    Watch { health, parts, status }
}
