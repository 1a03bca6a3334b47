//! Figures that are looked up when somebody asks.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What it is called, for counters without `_total`.
    pub name: &'static str,
    /// What it is, for a person.
    pub help: &'static str,
    /// Whether it can go down.
    pub kind: Kind,
    /// How much it is.
    pub value: f64,
}

/// Whether a figure can go down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only goes up.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// What looks figures up.
pub(crate) struct Readings<F>(F);

impl<F: Fn() -> Vec<Reading> + Send + Sync + 'static> Readings<F> {
    pub(crate) fn new(look: F) -> Self {
        Self(look)
    }
}

impl<F: Fn() -> Vec<Reading> + Send + Sync + 'static> Collector for Readings<F> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Reading { name, help, kind, value } in (self.0)() {
            let metric: &dyn EncodeMetric = match kind {
                Kind::Counter => &ConstCounter::new(value),
                Kind::Gauge => &ConstGauge::new(value),
            };
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        Ok(())
    }
}

impl<F> fmt::Debug for Readings<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readings").finish_non_exhaustive()
    }
}
