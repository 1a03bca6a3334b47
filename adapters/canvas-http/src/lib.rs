#![doc = include_str!("../README.md")]

mod a2ui;
mod answer;
mod bridge;
mod entry;
mod folder;
mod live;
mod pages;
#[cfg(test)]
mod tests;
mod watching;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::canvas::{Place, is_live};
use http_kit::{Area, handler_of};
use ports::{
    config::Config,
    driven::ConfigSource,
    driving::{Canvas, Doorkeeper},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{live::Live, pages::Pages};

/// Where the pages are, by the configuration.
pub type Root = Arc<dyn Fn(&Config) -> PathBuf + Send + Sync>;

/// What showing the canvas needs.
#[derive(Clone)]
pub struct Deps {
    /// Says whether it is shown, and to whom.
    pub canvas: Arc<dyn Canvas>,
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
    /// Knows who comes without a pass.
    pub door: Arc<dyn Doorkeeper>,
    /// Where the pages are.
    pub root: Root,
    /// Where the connections of pages are spawned.
    pub tasks: TaskTracker,
    /// Ends them.
    pub stop: CancellationToken,
}

/// The pages of the canvas, and what shows A2UI.
pub fn pages(deps: &Deps) -> Area {
    let pages = Arc::new(Pages::new(deps.clone()));
    Area {
        name: "canvas",
        holds: Arc::new(|path| Place::of(path).is_some()),
        handler: handler_of(move |request| {
            let pages = Arc::clone(&pages);
            async move { pages.answer(&request.map(drop)).await }
        }),
    }
}

/// Where pages learn that they changed, over a WebSocket. Whoever asks the
/// handler decides about no `Origin`: that of a page in a sandbox is `null`, so
/// the handler does it itself.
pub fn sockets(deps: &Deps) -> Area {
    let live = Arc::new(Live::new(deps.clone()));
    Area {
        name: "canvas-live",
        holds: Arc::new(is_live),
        handler: handler_of(move |request| {
            let live = Arc::clone(&live);
            async move { live.answer(request).await }
        }),
    }
}

impl Deps {
    /// Whether pages follow their files.
    fn is_live(&self) -> bool {
        self.config.current().canvas_host.live_reload != Some(false)
    }

    fn root(&self) -> PathBuf {
        (self.root)(&self.config.current())
    }
}

/// The name of what is below `root` at `path`, if that is not ignored.
fn is_of_interest(root: &Path, path: &Path) -> bool {
    let Ok(below) = path.strip_prefix(root) else { return false };
    let is_ignored = |name: &std::ffi::OsStr| {
        name.to_str().is_some_and(domain::plain_path::PlainPath::is_ignored)
    };
    !below.iter().any(is_ignored)
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}
