//! One line of the log before it is written down.

use std::{error::Error, fmt};

use jiff::Timestamp;
use tracing::{
    Event, Level,
    field::{Field, Visit},
};

use crate::{clean::Redaction, trace::HIDDEN};

/// How long a value may be, in bytes.
const VALUE: usize = 300;
/// How long the message may be, in bytes.
const MESSAGE: usize = 1000;
/// How long all values of a line may be together, in bytes.
const VALUES: usize = 1500;

/// One line.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) time: Timestamp,
    pub(crate) level: Level,
    pub(crate) subsystem: String,
    pub(crate) message: String,
    pub(crate) fields: Fields,
}

/// Names and clean values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) message: Option<String>,
    pub(crate) values: Vec<(&'static str, String)>,
    bytes: usize,
}

impl Line {
    /// What `event` says, with the fields of the spans it happened in.
    pub(crate) fn new(event: &Event<'_>, spans: Fields, redaction: &Redaction) -> Self {
        let mut fields = spans;
        event.record(&mut fields.cleaned(redaction));
        let about = event.metadata();
        Self {
            time: Timestamp::now(),
            level: *about.level(),
            subsystem: subsystem(about.target()),
            message: fields.message.take().unwrap_or_default(),
            fields,
        }
    }
}

/// `ws_server::connection` as people call it.
fn subsystem(target: &str) -> String {
    target.replace("::", "/").replace('_', "-")
}

impl Fields {
    /// Adds those of an inner span.
    pub(crate) fn extend(&mut self, inner: &Self) {
        for (name, value) in &inner.values {
            self.set(name, value.clone());
        }
    }

    /// Takes what is recorded, cleaned.
    pub(crate) fn cleaned<'a>(&'a mut self, redaction: &'a Redaction) -> Cleaned<'a> {
        Cleaned { fields: self, redaction }
    }

    /// Sets one, unless the line has become too long.
    pub(crate) fn set(&mut self, name: &'static str, value: String) {
        if VALUES < self.bytes + value.len() {
            return;
        }
        self.bytes += value.len();
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name, value));
    }
}

/// Cleans values on their way into a line.
#[derive(Debug)]
pub(crate) struct Cleaned<'a> {
    fields: &'a mut Fields,
    redaction: &'a Redaction,
}

impl Cleaned<'_> {
    fn add(&mut self, field: &Field, value: &str) {
        match field.name() {
            name if HIDDEN.contains(&name) => (),
            "message" => self.fields.message = Some(self.redaction.clean(value, MESSAGE)),
            name => self.fields.set(name, self.redaction.clean_field(name, value, VALUE)),
        }
    }
}

impl Visit for Cleaned<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    /// An error with everything that led to it.
    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source.filter(|_| text.len() < VALUE) {
            text = format!("{text}: {error}");
            source = error.source();
        }
        self.add(field, &text);
    }
}
