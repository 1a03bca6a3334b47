//! From spans to steps of traces.

use std::{fmt, str::FromStr, sync::Arc, time::SystemTime};

use domain::trace::TraceContext;
use opentelemetry::{
    Context as Around, KeyValue, TraceFlags, Value,
    trace::{
        Span as _, SpanBuilder, SpanContext, SpanId, TraceContextExt, TraceId, TraceState,
        Tracer as _,
    },
};
use opentelemetry_sdk::trace::Span;
use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, Filter},
    registry::LookupSpan,
};

use crate::{
    Shared,
    steps::{self, Step},
};

/// A step that is being taken.
pub(crate) struct Taking {
    step: &'static Step,
    span: Span,
    /// When it was last worked on. A span outlives its work where others came of it.
    left: Option<SystemTime>,
}

impl Taking {
    /// What others are told about it.
    pub(crate) fn context(&self) -> &SpanContext {
        self.span.span_context()
    }
}

/// Takes the steps.
pub(crate) struct Steps(pub(crate) Arc<Shared>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Steps {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let (Some(active), Some(step), Some(span)) =
            (&*self.0.active.load(), Step::of(attributes.metadata()), context.span(id))
        else {
            return;
        };
        let mut said = Said::new(step);
        attributes.record(&mut said);
        let above = span.parent().and_then(|above| {
            above.extensions().get::<Taking>().map(|taking| taking.context().clone())
        });
        let above = above.or_else(|| said.caller());
        let around =
            above.map_or_else(Around::new, |above| Around::new().with_remote_span_context(above));
        let mut builder = SpanBuilder::from_name(attributes.metadata().name());
        builder.span_kind = Some(step.kind.clone());
        builder.attributes = Some(said.attributes);
        let taken = active.tracer.build_with_context(builder, &around);
        span.extensions_mut().insert(Taking { step, span: taken, left: None });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(taking) = extensions.get_mut::<Taking>() else { return };
        let mut said = Said::new(taking.step);
        values.record(&mut said);
        for attribute in said.attributes {
            let failure = steps::failure(attribute.key.as_str(), &attribute.value.as_str());
            taking.span.set_attribute(attribute);
            if let Some(failure) = failure {
                taking.span.set_status(failure);
            }
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(taking) = span.extensions_mut().get_mut::<Taking>()
            && taking.span.is_recording()
        {
            taking.left = Some(SystemTime::now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let taking = span.extensions_mut().remove::<Taking>();
        if let Some(Taking { mut span, left, .. }) = taking {
            span.end_with_timestamp(left.unwrap_or_else(SystemTime::now));
        }
    }
}

/// Lets the spans be made that are steps, while somebody wants them.
pub(crate) struct Wanted(pub(crate) Arc<Shared>);

impl Wanted {
    fn wants(&self, about: &Metadata<'_>) -> bool {
        self.0.active.load().is_some() && Step::of(about).is_some()
    }
}

impl<S> Filter<S> for Wanted {
    fn enabled(&self, about: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(about)
    }

    fn callsite_enabled(&self, about: &'static Metadata<'static>) -> Interest {
        if self.wants(about) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let active = self.0.active.load().is_some();
        Some(if active { LevelFilter::DEBUG } else { LevelFilter::OFF })
    }
}

/// What the fields of a span say.
struct Said {
    step: &'static Step,
    attributes: Vec<KeyValue>,
    parent: Option<String>,
    state: Option<String>,
}

impl Said {
    fn new(step: &'static Step) -> Self {
        Self { step, attributes: Vec::new(), parent: None, state: None }
    }

    fn add(&mut self, field: &Field, value: impl Into<Value> + ToString) {
        match field.name() {
            "traceparent" => self.parent = Some(value.to_string()),
            "tracestate" => self.state = Some(value.to_string()),
            name => {
                let attribute = self.step.attribute(name);
                self.attributes.extend(attribute.map(|it| KeyValue::new(it, value)));
            }
        }
    }

    /// The step of another process that asked for this one.
    fn caller(&self) -> Option<SpanContext> {
        let TraceContext { parent, state } =
            TraceContext::read(self.parent.as_deref()?, self.state.as_deref())?;
        let state = state.and_then(|state| TraceState::from_str(state.as_str()).ok());
        Some(SpanContext::new(
            TraceId::from_bytes(parent.trace.to_bytes()),
            SpanId::from_bytes(parent.span.to_bytes()),
            TraceFlags::default().with_sampled(parent.is_sampled()),
            true,
            state.unwrap_or_default(),
        ))
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.cast_signed());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }
}
