//! From a request for a page to its answer.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    canvas::{Place, Room},
    plain_path::{NoPath, PlainPath},
};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_kit::{
    Body,
    files::{Conditions, Content, Found, HTML, Lost, answer, find, kind},
};
use tokio::sync::Semaphore;
use tracing::warn;

use crate::{
    Deps, a2ui,
    answer::{elsewhere, no_index, not_found, stamp, with_query, words, wrong_method},
    bridge,
    entry::entry,
    folder,
};

/// How many files are looked for at a time: a disk that hangs holds up pages,
/// and nothing else that is done on the same threads.
const AT_ONCE: usize = 32;

pub(crate) struct Pages {
    deps: Deps,
    seats: Semaphore,
    /// The root that was made last.
    made: Arc<Mutex<Option<PathBuf>>>,
}

impl Pages {
    pub(crate) fn new(deps: Deps) -> Self {
        Self { deps, seats: Semaphore::new(AT_ONCE), made: Arc::default() }
    }

    pub(crate) async fn answer(&self, request: &Request<()>) -> Response<Body> {
        let canvas = &*self.deps.canvas;
        let place = Place::of(request.uri().path()).filter(|_| canvas.is_shown());
        let Some(Place { pass, room }) = place else { return stamp(not_found(), None) };
        if room == Room::Live {
            return stamp(self.no_socket(), None);
        }
        if let Some(refusal) = wrong_method(request.method()) {
            return stamp(refusal, None);
        }
        let entry = match entry(canvas, &*self.deps.door, request, pass).await {
            Ok(entry) => entry,
            Err(refusal) => return stamp(*refusal, None),
        };
        let response = match room {
            Room::Live => self.no_socket(),
            Room::Canvas("") | Room::A2ui("") => as_folder(request),
            Room::A2ui(path) => a2ui::answer(path, request.headers(), self.deps.is_live()).await,
            Room::Canvas(path) => self.page(path, request).await,
        };
        stamp(response, Some(entry))
    }

    /// The answer to who asks for a page where only sockets are answered.
    fn no_socket(&self) -> Response<Body> {
        if !self.deps.is_live() {
            return not_found();
        }
        let mut response = words(StatusCode::UPGRADE_REQUIRED, "upgrade required");
        response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        response
    }

    async fn page(&self, path: &str, request: &Request<()>) -> Response<Body> {
        let path = match PlainPath::parse(path) {
            Ok(path) => path,
            Err(NoPath::Malformed) => return words(StatusCode::BAD_REQUEST, "malformed path"),
            Err(NoPath::Forbidden) => return not_found(),
        };
        let conditions = Conditions::of(request.headers(), *request.method() == Method::GET);
        let (root, is_live) = (self.deps.root(), self.deps.is_live());
        let made = Arc::clone(&self.made);
        let Ok(_seat) = self.seats.acquire().await else { return not_found() };
        let looking = tokio::task::spawn_blocking(move || {
            make(&made, &root);
            show(find(&root, &path)?, &conditions, is_live)
        });
        match looking.await {
            Ok(Ok(response)) => response,
            Ok(Err(Lost::Folder)) => as_folder(request),
            Ok(Err(Lost::NoIndex)) => no_index(),
            Ok(Err(Lost::Nothing)) => not_found(),
            Ok(Err(Lost::Disk(error))) => {
                warn!(%error, "a file of the canvas cannot be read");
                words(StatusCode::INTERNAL_SERVER_ERROR, "error")
            }
            // Panics go on where they belong; nobody cancels this task.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// Makes `root`, unless it was made before.
fn make(made: &Mutex<Option<PathBuf>>, root: &Path) {
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    if made.as_deref() != Some(root) {
        folder::prepare(root);
        *made = Some(root.to_owned());
    }
}

/// Sends whoever asks for a folder to where it says that it is one, so that what
/// its page refers to is found.
fn as_folder(request: &Request<()>) -> Response<Body> {
    let place = format!("{}/", request.uri().path());
    elsewhere(StatusCode::PERMANENT_REDIRECT, &with_query(request, place))
}

/// What is answered with a file.
fn show(found: Found, conditions: &Conditions, is_live: bool) -> Result<Response<Body>, Lost> {
    let Found { file, length, version, extension } = found;
    let kind = kind(extension.as_deref());
    let (content, tag) = if kind == HTML {
        let script = bridge::script(is_live);
        (bridge::page(file, length, script)?, format!("\"{version}-{:x}\"", script.len()))
    } else {
        (Content::new(file, length), format!("\"{version}\""))
    };
    Ok(answer(content, &tag, kind, conditions)?)
}
