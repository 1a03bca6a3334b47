//! Between `tracing` and the writers.

use std::{fmt, io::Write, sync::Arc};

use arc_swap::ArcSwap;
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_appender::non_blocking::NonBlocking;
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, Scope},
};

use crate::{
    control::Settings,
    line::{Fields, Line},
    render::Render,
};

/// Remembers the fields of spans.
#[derive(Debug)]
pub(crate) struct Spans {
    settings: Arc<ArcSwap<Settings>>,
}

impl Spans {
    pub(crate) fn new(settings: Arc<ArcSwap<Settings>>) -> Self {
        Self { settings }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields.cleaned(&self.settings.load().redaction));
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(&mut fields.cleaned(&self.settings.load().redaction));
        }
    }
}

/// Hands lines to a writer, which never makes it wait.
pub(crate) struct Lines<R> {
    writer: NonBlocking,
    render: R,
    settings: Arc<ArcSwap<Settings>>,
}

impl<R> Lines<R> {
    pub(crate) fn new(writer: NonBlocking, render: R, settings: Arc<ArcSwap<Settings>>) -> Self {
        Self { writer, render, settings }
    }
}

impl<S, R> Layer<S> for Lines<R>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    R: Render + 'static,
{
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut around = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                around.extend(fields);
            }
        }
        let settings = self.settings.load();
        let line = Line::new(event, around, &settings.redaction);
        let text = self.render.render(&line, settings.style);
        // Full means that the line is dropped, which is what we want.
        let _ = self.writer.clone().write_all(text.as_bytes());
    }
}

impl<R> fmt::Debug for Lines<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").finish_non_exhaustive()
    }
}
