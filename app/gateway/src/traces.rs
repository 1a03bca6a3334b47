//! Which trace work belongs to, and what becomes of it.

use std::sync::Arc;

use config_file::ConfigFile;
use domain::trace::{SpanId, TraceContext};
use ports::{
    BoxError,
    config::Config,
    driven::{Entropy, Traces},
};
use telemetry::Listener;

use crate::clock::SystemEntropy;

/// Which trace work belongs to, and what becomes of it. Cloning gives the same
/// one. The process has one, like its log, and every gateway in it uses that.
#[derive(Clone, Debug, Default)]
pub struct Tracing {
    entropy: Arc<SystemEntropy>,
    #[cfg(feature = "otlp")]
    exporter: telemetry_otlp::Exporter,
}

impl Tracing {
    /// What has to hear of every span, in a build with the feature `otlp`.
    pub fn listener(&self) -> Option<Listener> {
        #[cfg(feature = "otlp")]
        return Some(self.exporter.listener());
        #[cfg(not(feature = "otlp"))]
        None
    }

    /// Puts `diagnostics.otel` of `config` into force, with the variables of `file`.
    #[cfg(feature = "otlp")]
    pub fn apply(&self, config: &Config, file: &ConfigFile) -> Result<(), BoxError> {
        Ok(self.exporter.apply(&config.diagnostics, |name| file.variable(name))?)
    }

    /// Says that `diagnostics.otel` cannot be put into force.
    #[cfg(not(feature = "otlp"))]
    pub fn apply(&self, config: &Config, _: &ConfigFile) -> Result<(), BoxError> {
        let diagnostics = &config.diagnostics;
        let off = [diagnostics.enabled, diagnostics.otel.traces].contains(&Some(false));
        match diagnostics.otel.enabled {
            Some(true) if !off => {
                Err("diagnostics.otel: no traces are sent, this build is without `otlp`".into())
            }
            _ => Ok(()),
        }
    }

    /// Sends what is left, for two seconds at most, and nothing afterwards.
    pub fn stop(&self) {
        #[cfg(feature = "otlp")]
        self.exporter.stop();
    }
}

impl Traces for Tracing {
    /// The step that is sent to the collector, if there is one; else a step of the
    /// trace that came in, which nobody records.
    fn outgoing(&self) -> Option<TraceContext> {
        #[cfg(feature = "otlp")]
        if let Some(step) = self.exporter.outgoing() {
            return Some(step);
        }
        let came_in = telemetry::trace()?;
        Some(came_in.child(SpanId::of_uuid(&self.entropy.uuid())?))
    }
}
