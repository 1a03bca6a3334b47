#![doc = include_str!("../README.md")]

mod courier;
mod layer;
mod settings;
mod steps;

pub use settings::ExportError;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use arc_swap::ArcSwapOption;
use domain::trace::{SpanId, TraceContext, TraceId, TraceParent};
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider},
};
use ports::{config::diagnostics::DiagnosticsConfig, driven::Traces};
use tracing::{Subscriber, callsite, dispatcher, info};
use tracing_subscriber::{Layer, Registry, registry::LookupSpan};

use crate::{
    courier::{Courier, LIMITS},
    layer::{Steps, Taking, Wanted},
    settings::Settings,
};

/// How many steps may wait to be sent.
const WAITING: usize = 2048;
/// How long sending what is left may take at the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Sends traces to a collector, as the configuration says. Cloning gives the same
/// one.
#[derive(Clone, Default)]
pub struct Exporter(Arc<Shared>);

#[derive(Default)]
struct Shared {
    active: ArcSwapOption<Active>,
    /// What is in force.
    settings: Mutex<Option<Settings>>,
}

/// What is there while traces are sent.
struct Active {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Exporter {
    /// What has to hear of every span. It is there for the whole life of the
    /// process, and costs nothing while no traces are sent.
    pub fn listener(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let wanted = Wanted(Arc::clone(&self.0));
        Box::new(Steps(Arc::clone(&self.0)).with_filter(wanted))
    }

    /// Puts `config` into force: what is left of the traces before is sent as that
    /// said. Without traces to send, nothing is left running. It waits for nobody.
    pub fn apply(
        &self,
        config: &DiagnosticsConfig,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(), ExportError> {
        let settings = Settings::read(config, variable)?;
        let mut in_force = self.0.settings.lock().unwrap_or_else(PoisonError::into_inner);
        if *in_force == settings {
            return Ok(());
        }
        let active = settings.as_ref().map(Active::new).transpose()?;
        if let Some(settings) = &settings {
            let service = &settings.service_name;
            info!(target: "traces", service, share = settings.sample_rate, "traces are sent");
        }
        if let Some(before) = self.0.replace(active) {
            let end = thread::Builder::new().name("otlp-end".to_owned());
            // Without a thread for it, what is left is lost.
            let _ = end.spawn(move || before.end());
        }
        *in_force = settings;
        Ok(())
    }

    /// Sends what is left, for two seconds at most, and nothing afterwards.
    pub fn stop(&self) {
        let mut in_force = self.0.settings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = self.0.replace(None) {
            before.end();
        }
        *in_force = None;
    }
}

impl Shared {
    fn replace(&self, active: Option<Active>) -> Option<Arc<Active>> {
        let before = self.active.swap(active.map(Arc::new));
        // Which spans are made is remembered beside each of them.
        callsite::rebuild_interest_cache();
        before
    }
}

impl Active {
    fn new(settings: &Settings) -> Result<Self, ExportError> {
        let courier = Courier::new().map_err(|error| ExportError::Unavailable(error.into()))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(courier)
            .with_endpoint(&settings.endpoint)
            .with_headers(settings.headers.clone())
            .with_timeout(LIMITS.total)
            .build()
            .map_err(|error| ExportError::Unavailable(error.into()))?;
        let queue = BatchConfigBuilder::default()
            .with_max_queue_size(WAITING)
            .with_scheduled_delay(settings.interval)
            .build();
        let sampler = Sampler::TraceIdRatioBased(settings.sample_rate);
        let resource = Resource::builder()
            .with_service_name(settings.service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(
                BatchSpanProcessor::builder(exporter).with_batch_config(queue).build(),
            )
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .with_resource(resource.build())
            .build();
        let tracer = provider.tracer("openclaw");
        Ok(Self { provider, tracer })
    }

    fn end(&self) {
        // What cannot be sent in that time is lost, and the log knows why.
        let _ = self.provider.shutdown_with_timeout(LAST_WORDS);
    }
}

impl Traces for Exporter {
    fn outgoing(&self) -> Option<TraceContext> {
        dispatcher::get_default(|log| {
            let spans = log.downcast_ref::<Registry>()?;
            let current = spans.current_span();
            let mut around = LookupSpan::span(spans, current.id()?)?.scope();
            around.find_map(|span| span.extensions().get::<Taking>().and_then(said))
        })
    }
}

/// What a process that is asked in this step is told.
fn said(taking: &Taking) -> Option<TraceContext> {
    let context = taking.context();
    let trace = TraceId::new(u128::from_be_bytes(context.trace_id().to_bytes()))?;
    let span = SpanId::new(u64::from_be_bytes(context.span_id().to_bytes()))?;
    let state = context.trace_state().header().parse().ok();
    Some(TraceContext { parent: TraceParent::new(trace, span, context.is_sampled()), state })
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let active = self.0.active.load().is_some();
        f.debug_struct("Exporter").field("active", &active).finish_non_exhaustive()
    }
}
