//! Which trace a request belongs to.

use std::borrow::Cow;

use domain::trace::TraceContext;
use http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Which trace a request with `headers` belongs to, if it says so in a way that
/// is understood. Two answers to that are none.
pub fn trace(headers: &HeaderMap) -> Option<TraceContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (parent, None) = (parents.next()?, parents.next()) else { return None };
    TraceContext::read(parent.to_str().ok()?, notes(headers).as_deref())
}

/// What `tracestate` says, which may be a list in several headers.
fn notes(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut notes = headers.get_all(TRACESTATE).iter();
    let first = Cow::Borrowed(notes.next()?.to_str().ok()?);
    notes.try_fold(first, |all, more| Some(Cow::Owned(format!("{all},{}", more.to_str().ok()?))))
}

#[test]
fn a_trace_is_named_once_or_not_at_all() {
    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// Headers of both names, and the notes of the trace they name.
    type Case<'a> = (&'a [&'a str], &'a [&'a str], Option<Option<&'a str>>);
    #[rustfmt::skip]
    let table: [Case<'_>; 9] = [
        (&[],               &[],                 None),
        (&[PARENT],         &[],                 Some(None)),
        (&[PARENT],         &["a=1"],            Some(Some("a=1"))),
        (&[PARENT],         &["a=1", "b=2,c=3"], Some(Some("a=1,b=2,c=3"))),
        (&[PARENT],         &["a=1", "a=2"],     Some(None)),
        (&[PARENT],         &["a=1", "\u{fc}"],   Some(None)),
        (&[PARENT, PARENT], &[],                 None),
        (&["\u{fc}"],        &[],                 None),
        (&[],               &["a=1"],            None),
    ];
    for (parents, notes, expected) in table {
        let mut headers = HeaderMap::new();
        for (name, values) in [(TRACEPARENT, parents), (TRACESTATE, notes)] {
            for value in values {
                headers.append(&name, value.parse().unwrap());
            }
        }
        let read = trace(&headers).map(|trace| trace.state.map(|state| state.to_string()));
        assert_eq!(read, expected.map(|state| state.map(str::to_owned)), "{parents:?} {notes:?}");
    }
}
