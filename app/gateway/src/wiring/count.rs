//! What is counted, and what is looked up when somebody asks.

use std::sync::Arc;

use metrics_prometheus::{CountedRpc, Kind, Metrics, Reading};
use ports::{driven::EventSink, driving::Rpc};
use store_sqlite::SqliteStore;
use ws_server::Hub;

/// Counts from now on.
pub(super) fn open(hub: &Hub, store: &Arc<SqliteStore>) -> Metrics {
    let (hub, store) = (hub.clone(), Arc::clone(store));
    Metrics::new(env!("CARGO_PKG_VERSION"), move || readings(&hub, &store))
}

/// Counts the calls of `rpc` as well.
pub(super) fn calls(rpc: Arc<dyn Rpc>, metrics: &Metrics) -> Arc<dyn Rpc> {
    Arc::new(CountedRpc::new(rpc, rpc::all().map(|method| method.name), metrics))
}

#[allow(clippy::cast_precision_loss, reason = "figures of Prometheus are floating")]
fn readings(hub: &Hub, store: &SqliteStore) -> Vec<Reading> {
    let (told, written) = (hub.counters(), store.counters());
    let reading = |kind, name, help, value: u64| Reading { name, help, kind, value: value as f64 };
    let counter = |name, help, value| reading(Kind::Counter, name, help, value);
    let gauge = |name, help, value| reading(Kind::Gauge, name, help, value);
    vec![
        gauge("openclaw_ws_clients", "Clients that are connected", hub.clients() as u64),
        counter("openclaw_ws_events_encoded", "Events written as JSON", told.encodes),
        counter("openclaw_ws_events_delivered", "Events handed to clients", told.deliveries),
        counter("openclaw_ws_events_dropped", "Events slow clients did not get", told.dropped),
        counter("openclaw_ws_events_coalesced", "Events a newer one replaced", told.coalesced),
        counter("openclaw_ws_slow_closed", "Clients that could not keep up", told.slow_closed),
        counter("openclaw_store_commits", "Transactions synced to disk", written.commits),
        counter("openclaw_store_submissions", "Changes that were in them", written.submissions),
        gauge("openclaw_store_damaged_records", "Records set aside", store.damaged()),
    ]
}
