#![doc = include_str!("../README.md")]

mod answer;
mod directory;
mod files;
mod place;
mod portraits;

use std::{fmt, path::PathBuf, sync::Arc};

use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_kit::{Area, Body, Handler, handler_of, json};
use hyper::body::Incoming;
use ports::{
    config::Config,
    driven::{ConfigSource, Digests},
    driving::{Appearance, Doorkeeper, Presenter},
};
use serde::Serialize;

pub use crate::portraits::{WorkspacePortraits, Workspaces};
use crate::{
    directory::Directory,
    place::{Place, Shown, base},
};

/// The directory with the dashboard that is shown instead of ours, by the
/// configuration.
pub type Root = Arc<dyn Fn(&Config) -> Option<PathBuf> + Send + Sync>;

/// What serving the dashboard needs.
#[derive(Clone)]
pub struct Deps {
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
    /// Knows how the assistant presents itself.
    pub presenter: Arc<dyn Presenter>,
    /// Knows who may see the pictures of agents.
    pub door: Arc<dyn Doorkeeper>,
    /// Names what is in a page of somebody else's.
    pub digests: Arc<dyn Digests>,
    /// Where another dashboard is.
    pub root: Root,
    /// The version of the gateway.
    pub version: &'static str,
}

/// The paths of the dashboard, wherever the configuration puts them. It answers
/// wherever nobody else does, so it comes last.
pub fn area(deps: Deps) -> Area {
    let (config, root) = (Arc::clone(&deps.config), Arc::clone(&deps.root));
    let served = Arc::new(Served { directory: Directory::new(Arc::clone(&deps.digests)), deps });
    Area {
        name: "control-ui",
        holds: Arc::new(move |path| {
            let config = config.current();
            let ui = &config.gateway.control_ui;
            let shown = if root(&config).is_some() { Shown::Directory } else { Shown::Own };
            let place = Place::of(shown, &base(ui.base_path.as_deref()), path);
            ui.enabled.unwrap_or(true) && !matches!(place, Place::Elsewhere)
        }),
        handler: handler_of(move |request| {
            let served = Arc::clone(&served);
            async move { answer::guarded(served.answer(&request.map(drop)).await) }
        }),
    }
}

/// What is served.
struct Served {
    deps: Deps,
    directory: Directory,
}

/// `sockets`, which answers at `/`, under the dashboard's own path as well: a
/// proxy in front of the gateway may hand on nothing else.
pub fn below_base(config: Arc<dyn ConfigSource>, sockets: Handler) -> Handler {
    Arc::new(move |mut request: Request<Incoming>| {
        let base = base(config.current().gateway.control_ui.base_path.as_deref());
        let path = request.uri().path();
        let is_here = path.strip_prefix(&base).is_some_and(|rest| matches!(rest, "" | "/"));
        if is_here && !base.is_empty() {
            *request.uri_mut() = Uri::from_static("/");
        }
        sockets(request)
    })
}

impl Served {
    async fn answer(&self, request: &Request<()>) -> Response<Body> {
        let config = self.deps.config.current();
        let base = base(config.gateway.control_ui.base_path.as_deref());
        let root = (self.deps.root)(&config);
        let (method, headers) = (request.method(), request.headers());
        let is_look = matches!(*method, Method::GET | Method::HEAD);
        let shown = if root.is_some() { Shown::Directory } else { Shown::Own };
        match (Place::of(shown, &base, request.uri().path()), root) {
            (Place::Page(page), _) if is_look && wants_a_page(headers) => {
                answer::file(page, headers)
            }
            (Place::Page(_), _) if !is_look => answer::only_look(),
            // A program hears that there is nothing instead of being shown a page.
            (Place::Page(_) | Place::Elsewhere | Place::Nothing, _) => answer::nothing(),
            (Place::Avatar(agent), _) => {
                let place = format!("{base}/avatar/");
                let (presenter, door) = (&*self.deps.presenter, &*self.deps.door);
                portraits::Asked { presenter, door, place, agent }.answer(request).await
            }
            (_, _) if !is_look => answer::only_look(),
            (Place::InDirectory { path, may_be_page }, Some(root)) => {
                let is_index = path.names().eq([files::INDEX]);
                let is_page = is_index || may_be_page && wants_a_page(headers);
                let asked = directory::Asked { method, headers, path, is_page, base: &base };
                self.directory.answer(&root, asked).await
            }
            // The directory was taken out of the configuration in this moment.
            (Place::InDirectory { .. }, None) => answer::nothing(),
            (Place::Moved(to), _) => answer::moved(&to),
            (Place::File(file), _) => answer::file(file, headers),
            (Place::Bootstrap, _) => self.bootstrap(&base),
        }
    }

    fn bootstrap(&self, base: &str) -> Response<Body> {
        let Appearance { agent_id, name, avatar } = self.deps.presenter.appearance();
        let known = Bootstrap {
            base_path: base,
            assistant_agent_id: &agent_id,
            assistant_name: &name,
            assistant_avatar: &avatar,
            server_version: self.deps.version,
        };
        let mut response = json(StatusCode::OK, &known);
        response.headers_mut().insert(header::CACHE_CONTROL, answer::ASK_FIRST);
        response
    }
}

/// What the dashboard has to know before it may ask anything. Everybody who
/// reaches the gateway can read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bootstrap<'a> {
    base_path: &'a str,
    assistant_agent_id: &'a str,
    assistant_name: &'a str,
    assistant_avatar: &'a str,
    server_version: &'a str,
}

/// Whether a browser asks that is about to show what it gets.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|entry| {
        let kind = entry.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

impl fmt::Debug for Deps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deps").finish_non_exhaustive()
    }
}

#[test]
fn programs_are_not_shown_pages() {
    #[rustfmt::skip]
    let table = [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
        ("text/html",                true),
        ("*/*",                      false),
        ("application/json",         false),
        ("text/event-stream",        false),
        ("",                         false),
    ];
    for (accept, expected) in table {
        let accept = http::HeaderValue::from_static(accept);
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept)]);
        assert_eq!(wants_a_page(&headers), expected, "{headers:?}");
    }
}

#[tokio::test]
async fn the_dashboard_can_only_be_looked_at() {
    use domain::{agent::Avatar, ids::AgentId};
    use ports::driven::{MockConfigSource, MockDigests, Portrait};

    struct Nobody;

    #[async_trait::async_trait]
    impl Presenter for Nobody {
        fn appearance(&self) -> Appearance {
            unreachable!("nobody asks who it is")
        }

        fn avatar(&self, _: &AgentId) -> Option<Avatar> {
            unreachable!("nobody asks what it looks like")
        }

        async fn portrait(&self, _: &AgentId) -> Option<(Portrait, &'static str)> {
            unreachable!("nobody asks for its picture")
        }
    }

    let mut config = MockConfigSource::new();
    config.expect_current().returning(Arc::default);
    let digests: Arc<dyn Digests> = Arc::new(MockDigests::new());
    let deps = Deps {
        config: Arc::new(config),
        presenter: Arc::new(Nobody),
        door: Arc::new(http_kit::fake::Door),
        digests: Arc::clone(&digests),
        root: Arc::new(|_| None),
        version: "1",
    };
    let served = Served { deps, directory: Directory::new(digests) };
    let looks = Some("GET, HEAD");
    #[rustfmt::skip]
    let table = [
        ("POST",    "/",                            405, looks),
        ("PUT",     "/index.html",                  405, looks),
        ("POST",    "/control-ui-config.json",      405, looks),
        ("POST",    "/chat",                        405, looks),
        ("DELETE",  "/nodes-and-devices/",          405, looks),
        ("OPTIONS", "/chat/older",                  405, looks),
        ("BREW",    "/chat",                        405, looks),
        // A program hears that there is nothing.
        ("GET",     "/nodes-and-devices",           404, None),
        ("POST",    "/assets/nope.js",              404, None),
        ("POST",    "/v1/nope",                     404, None),
        ("POST",    "/api/nope",                    404, None),
        ("POST",    "/chat/completions",            404, None),
    ];
    for (method, path, status, allow) in table {
        let request = Request::builder().method(method).uri(path).body(()).unwrap();
        let answer = served.answer(&request).await;
        let said = answer.headers().get(header::ALLOW).map(|it| it.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), said), (status, allow), "{method} {path}");
    }
}
