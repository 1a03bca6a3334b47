//! Which spans are steps of a trace, and what a collector gets to know of them.

use opentelemetry::trace::{SpanKind, Status};
use tracing::Metadata;

/// A span that is a step of a trace.
#[derive(Debug)]
pub(crate) struct Step {
    /// Its name.
    name: &'static str,
    /// The crate it is made in.
    home: &'static str,
    /// Which side of a question it is.
    pub(crate) kind: SpanKind,
    /// Its fields, and what OpenTelemetry calls them.
    attributes: &'static [(&'static str, &'static str)],
}

const STEPS: [Step; 6] = [
    Step {
        name: "http",
        home: "http_server",
        kind: SpanKind::Server,
        attributes: &[
            ("method", "http.request.method"),
            ("route", "http.route"),
            ("status", "http.response.status_code"),
        ],
    },
    Step { name: "ws", home: "ws_server", kind: SpanKind::Server, attributes: &[] },
    Step {
        name: "rpc",
        home: "rpc",
        kind: SpanKind::Internal,
        attributes: &[("method", "rpc.method")],
    },
    Step {
        name: "run",
        home: "usecases",
        kind: SpanKind::Internal,
        attributes: &[("run", "openclaw.run"), ("outcome", "openclaw.outcome")],
    },
    Step {
        name: "hook",
        home: "usecases",
        kind: SpanKind::Internal,
        attributes: &[("path", "openclaw.hook")],
    },
    Step {
        name: "model",
        home: "usecases",
        kind: SpanKind::Client,
        attributes: &[("model", "gen_ai.request.model"), ("failure", "error.type")],
    },
];

impl Step {
    /// The step that a span is.
    pub(crate) fn of(about: &Metadata<'_>) -> Option<&'static Self> {
        if !about.is_span() {
            return None;
        }
        let home = about.target().split("::").next();
        STEPS.iter().find(|step| step.name == about.name() && Some(step.home) == home)
    }

    /// What a collector calls the field `name`, if it gets to know it.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static str> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, attribute)| *attribute)
    }
}

/// How a step went whose `attribute` is `value`, if it went badly.
pub(crate) fn failure(attribute: &str, value: &str) -> Option<Status> {
    let failed = match attribute {
        "error.type" => true,
        "openclaw.outcome" => value == "error",
        "http.response.status_code" => value.starts_with('5'),
        _ => false,
    };
    failed.then(|| Status::error(""))
}
