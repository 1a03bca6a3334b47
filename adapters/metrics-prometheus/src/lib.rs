#![doc = include_str!("../README.md")]

mod families;
mod page;
mod process;
mod reading;
mod rpc;

use std::{fmt, sync::Arc};

use ports::driven::{Answered, EndedRun, Meter};
use prometheus_client::registry::Registry;

use self::{
    families::{Http, Runs},
    reading::Readings,
};
pub use self::{
    page::{Deps, routes},
    reading::{Kind, Reading},
    rpc::CountedRpc,
};

/// What has been counted. Cloning gives the same counters.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    registry: Registry,
    http: Http,
    runs: Runs,
    rpc: rpc::Families,
}

impl Metrics {
    /// Nothing counted yet, by the gateway of this `version`. `readings` are
    /// looked up whenever somebody asks.
    pub fn new(version: &str, readings: impl Fn() -> Vec<Reading> + Send + Sync + 'static) -> Self {
        let mut registry = Registry::default();
        families::build_info(&mut registry, version);
        let http = Http::new(&mut registry);
        let runs = Runs::new(&mut registry);
        let rpc = rpc::Families::new(&mut registry);
        registry.register_collector(Box::new(Readings::new(readings)));
        registry.register_collector(Box::new(Readings::new(process::readings)));
        Self(Arc::new(Inner { registry, http, runs, rpc }))
    }

    /// Everything, in the text format of OpenMetrics.
    fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

impl Meter for Metrics {
    fn answered(&self, answered: Answered) {
        self.0.http.answered(answered);
    }

    fn run_ended(&self, run: &EndedRun<'_>) {
        self.0.runs.ended(run);
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
