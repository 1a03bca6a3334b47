//! Which trace the work at hand belongs to, where another process said so.

use std::fmt;

use domain::trace::TraceContext;
use tracing::{
    Metadata, Subscriber, dispatcher,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterFn, filter_fn},
    layer::Context,
    registry::LookupSpan,
};

/// The field of a span in which a trace begins here.
const PARENT: &str = "traceparent";
/// The field with the notes that came with it.
const STATE: &str = "tracestate";
/// The fields that say it to other programs. No line shows them.
pub(crate) const HIDDEN: [&str; 2] = [PARENT, STATE];
/// The spans that take a trace along into a task of their own.
const CARRIERS: [&str; 2] = ["run", "hook"];

/// What was said about the trace of a span.
struct Said(TraceContext);

/// The trace of whoever calls this, if it came from another process: it is that
/// of the innermost span with a field `traceparent`.
pub fn trace() -> Option<TraceContext> {
    dispatcher::get_default(|log| {
        let spans = log.downcast_ref::<Registry>()?;
        let current = spans.current_span();
        let mut around = LookupSpan::span(spans, current.id()?)?.scope();
        around.find_map(|span| span.extensions().get::<Said>().map(|said| said.0.clone()))
    })
}

/// Remembers what was said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remember;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Remember {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !begins(attributes.metadata()) {
            return;
        }
        let mut texts = Texts::default();
        attributes.record(&mut texts);
        let said = texts.parent.and_then(|it| TraceContext::read(&it, texts.state.as_deref()));
        if let (Some(said), Some(span)) = (said, context.span(id)) {
            span.extensions_mut().insert(Said(said));
        }
    }
}

/// Lets the spans be made in which a trace begins, and those that take it along,
/// however little is logged.
pub(crate) fn filter() -> FilterFn {
    let wanted: fn(&Metadata<'_>) -> bool = |about| begins(about) || carries(about);
    filter_fn(wanted).with_max_level_hint(LevelFilter::INFO)
}

fn begins(about: &Metadata<'_>) -> bool {
    about.is_span() && about.fields().field(PARENT).is_some()
}

fn carries(about: &Metadata<'_>) -> bool {
    about.is_span() && CARRIERS.contains(&about.name())
}

#[derive(Default)]
struct Texts {
    parent: Option<String>,
    state: Option<String>,
}

impl Visit for Texts {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            PARENT => self.parent = Some(format!("{value:?}")),
            STATE => self.state = Some(format!("{value:?}")),
            _ => (),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            PARENT => self.parent = Some(value.to_owned()),
            STATE => self.state = Some(value.to_owned()),
            _ => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::{debug_span, info_span, subscriber::with_default};
    use tracing_subscriber::{layer::SubscriberExt, registry};

    use super::*;

    const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn told() -> Option<(String, Option<String>)> {
        let told = trace()?;
        Some((told.parent.to_string(), told.state.map(|state| state.to_string())))
    }

    /// Nothing else listens, so this is how it is when hardly anything is logged.
    fn quietly(test: impl FnOnce()) {
        with_default(registry().with(Remember.with_filter(filter())), test);
    }

    #[test]
    fn a_trace_holds_for_what_happens_in_it_and_for_what_is_taken_out_of_it() {
        quietly(|| {
            assert_eq!(told(), None);
            let request = info_span!("http", traceparent = CALLER, tracestate = Some("a=1"));
            let run = request.in_scope(|| debug_span!("rpc").in_scope(|| info_span!("run")));
            let caller = Some((CALLER.to_owned(), Some("a=1".to_owned())));
            assert_eq!(request.in_scope(told), caller);
            drop(request);
            assert_eq!(run.in_scope(told), caller);
            assert_eq!(told(), None);
        });
    }

    #[test]
    fn hardly_anything_is_made_for_what_belongs_to_none() {
        quietly(|| {
            for span in [info_span!("http", status = 1), info_span!("rpc"), info_span!("model")] {
                assert!(span.is_disabled(), "{span:?}");
            }
            assert_eq!(info_span!("run").in_scope(told), None);
            let odd = info_span!("http", traceparent = "00-what-is-this");
            assert_eq!(odd.in_scope(told), None);
        });
    }
}
