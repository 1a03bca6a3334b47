#![doc = include_str!("../README.md")]

mod answer;
mod files;
mod place;

use std::{fmt, sync::Arc};

use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_kit::{Area, Body, Handler, handler_of, json};
use hyper::body::Incoming;
use ports::{
    driven::ConfigSource,
    driving::{Appearance, Presenter},
};
use serde::Serialize;

use crate::place::{Place, base};

/// What serving the dashboard needs.
#[derive(Clone)]
pub struct Deps {
    /// The configuration, looked up for every request.
    pub config: Arc<dyn ConfigSource>,
    /// Knows how the assistant presents itself.
    pub presenter: Arc<dyn Presenter>,
    /// The version of the gateway.
    pub version: &'static str,
}

/// The paths of the dashboard, wherever the configuration puts them. It answers
/// wherever nobody else does, so it comes last.
pub fn area(deps: Deps) -> Area {
    let config = Arc::clone(&deps.config);
    Area {
        name: "control-ui",
        holds: Arc::new(move |path| {
            let ui = &config.current().gateway.control_ui;
            let is_on = ui.enabled.unwrap_or(true);
            is_on && !matches!(Place::of(&base(ui.base_path.as_deref()), path), Place::Elsewhere)
        }),
        handler: handler_of(move |request| {
            let response = answer::guarded(deps.answer(&request));
            async move { response }
        }),
    }
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

impl Deps {
    fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        let base = base(self.config.current().gateway.control_ui.base_path.as_deref());
        let headers = request.headers();
        let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
        match Place::of(&base, request.uri().path()) {
            Place::Page(_) | Place::Moved(_) | Place::File(_) | Place::Bootstrap if !is_look => {
                answer::only_look()
            }
            Place::Page(page) if wants_a_page(headers) => answer::file(page, headers),
            // A program hears that there is nothing instead of being shown a page.
            Place::Page(_) | Place::Elsewhere | Place::Nothing => answer::nothing(),
            Place::Moved(to) => answer::moved(&to),
            Place::File(file) => answer::file(file, headers),
            Place::Bootstrap => self.bootstrap(&base),
        }
    }

    fn bootstrap(&self, base: &str) -> Response<Body> {
        let Appearance { agent_id, name, avatar } = self.presenter.appearance();
        let known = Bootstrap {
            base_path: base,
            assistant_agent_id: &agent_id,
            assistant_name: &name,
            assistant_avatar: &avatar,
            server_version: self.version,
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

#[test]
fn the_dashboard_can_only_be_looked_at() {
    use ports::{config::Config, driven::ConfigSnapshot};

    struct Nobody;

    impl Presenter for Nobody {
        fn appearance(&self) -> Appearance {
            unreachable!("nobody asks who it is")
        }
    }

    struct Unset;

    impl ConfigSource for Unset {
        fn current(&self) -> Arc<Config> {
            Arc::default()
        }

        fn snapshot(&self) -> ConfigSnapshot {
            unreachable!("nobody looks at the file")
        }
    }

    let deps = Deps { config: Arc::new(Unset), presenter: Arc::new(Nobody), version: "1" };
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
        let answer = deps.answer(&request);
        let said = answer.headers().get(header::ALLOW).map(|it| it.to_str().unwrap());
        assert_eq!((answer.status().as_u16(), said), (status, allow), "{method} {path}");
    }
}
