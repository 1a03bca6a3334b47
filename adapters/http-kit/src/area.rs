//! Paths the configuration decides about.

use std::{fmt, sync::Arc};

use http::{Request, StatusCode};
use hyper::body::Incoming;

use crate::{Handler, handler_of, text};

/// Paths of which one learns only when a request comes whether somebody answers
/// there, because the configuration says so. Routes come before them.
#[derive(Clone)]
pub struct Area {
    /// What it is counted as.
    pub name: &'static str,
    /// Whether a path, as it was sent, is one of these.
    pub holds: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// What answers there.
    pub handler: Handler,
}

/// The name of the area an answer comes from, among the extensions of the
/// answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AreaName(pub &'static str);

/// What answers in the first of `areas` that holds the path of a request. Where
/// none does, there is nothing.
pub fn areas(areas: Vec<Area>) -> Handler {
    let nothing = handler_of(|_| async { text(StatusCode::NOT_FOUND, "Not Found") });
    Arc::new(move |request: Request<Incoming>| {
        let path = request.uri().path();
        let Some(area) = areas.iter().find(|area| (area.holds)(path)) else {
            return nothing(request);
        };
        let (name, answer) = (area.name, (area.handler)(request));
        Box::pin(async move {
            let mut response = answer.await;
            response.extensions_mut().insert(AreaName(name));
            response
        })
    })
}

impl fmt::Debug for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Area").field("name", &self.name).finish_non_exhaustive()
    }
}
