//! From a method and a path to a handler.
//!
//! The path is taken as it was sent. `/v1/%6dodels` and `//v1/models` are not
//! `/v1/models` but paths that nobody has, so there is one way to every route.

use std::collections::BTreeMap;

use http::{HeaderValue, Method};
use http_kit::{Handler, Route};

/// Finds handlers.
pub(crate) struct Router(matchit::Router<Place>);

/// What answers at one path.
struct Place {
    path: &'static str,
    handlers: Vec<(Method, Handler)>,
    allow: HeaderValue,
}

/// What is found.
pub(crate) enum Found<'a> {
    /// The route, and what answers.
    Handler(&'static str, &'a Handler),
    /// The route answers to other methods, and these are.
    WrongMethod(&'static str, &'a HeaderValue),
    /// There is no such path.
    Nothing,
}

impl Router {
    /// Finds `routes`, whatever their order.
    pub(crate) fn new(routes: Vec<Route>) -> Result<Self, matchit::InsertError> {
        let mut paths: BTreeMap<&'static str, Vec<(Method, Handler)>> = BTreeMap::new();
        for Route { method, path, handler, .. } in routes {
            paths.entry(path).or_default().push((method, handler));
        }
        let mut places = matchit::Router::new();
        for (path, handlers) in paths {
            let allow = allow(&handlers);
            places.insert(path, Place { path, handlers, allow })?;
        }
        Ok(Self(places))
    }

    /// What answers to `method` at `path`.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Found<'_> {
        let Ok(found) = self.0.at(path) else { return Found::Nothing };
        let Place { path, handlers, allow } = found.value;
        let handler = handlers.iter().find(|(own, _)| answers(own, method));
        match handler {
            Some((_, handler)) => Found::Handler(path, handler),
            None => Found::WrongMethod(path, allow),
        }
    }
}

fn answers(own: &Method, asked: &Method) -> bool {
    own == asked || (own == Method::GET && asked == Method::HEAD)
}

fn allow(handlers: &[(Method, Handler)]) -> HeaderValue {
    let names: Vec<_> = handlers
        .iter()
        .map(|(method, _)| if method == Method::GET { "GET, HEAD" } else { method.as_str() })
        .collect();
    HeaderValue::from_str(&names.join(", ")).expect("methods are tokens")
}

#[test]
fn routes_are_found_by_the_path_as_it_was_sent() {
    use http::StatusCode;

    let route =
        |method, path| Route::new(method, path, |_| async { http_kit::empty(StatusCode::OK) });
    let router = Router::new(vec![
        route(Method::GET, "/v1/models"),
        route(Method::GET, "/v1/models/{*id}"),
        route(Method::POST, "/v1/models"),
        route(Method::POST, "/v1/chat/completions"),
    ])
    .unwrap();
    let find = |method, path| match router.find(&method, path) {
        Found::Handler(..) => "yes",
        Found::WrongMethod(_, allow) => allow.to_str().unwrap(),
        Found::Nothing => "no",
    };

    assert_eq!(find(Method::GET, "/v1/models"), "yes");
    assert_eq!(find(Method::HEAD, "/v1/models"), "yes");
    assert_eq!(find(Method::POST, "/v1/models"), "yes");
    assert_eq!(find(Method::PUT, "/v1/models"), "GET, HEAD, POST");
    assert_eq!(find(Method::GET, "/v1/models/openclaw/main"), "yes");
    assert_eq!(find(Method::HEAD, "/v1/chat/completions"), "POST");
    for path in [
        "/",
        "/v1",
        "/v1/models/",
        "/V1/models",
        "//v1/models",
        "/v1//models",
        "/v1/%6dodels",
        "/%76%31/models",
        "/v1/./models",
        "/x/../v1/models",
        "/v1/models;x",
        "/v1%2fmodels",
        "*",
        "/v1/chat/completions/",
        "/v1/chat%2Fcompletions",
    ] {
        assert_eq!(find(Method::GET, path), "no", "{path}");
    }
}
