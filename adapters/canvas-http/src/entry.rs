//! Who may look.

use domain::access::Scope;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_kit::{Body, bearer, caller};
use ports::driving::{Canvas, Doorkeeper};

use crate::answer::{elsewhere, with_query, words};

/// How somebody got in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// By a pass in the address, which whatever the page refers to has as well.
    Pass,
    /// By showing who they are, or by being known without.
    Known,
}

/// Lets whoever made `request` in, or says with which answer they are sent away.
///
/// Being on this machine is not enough: every page in every browser here is. A
/// browser that is let in for what it is goes on to an address with a pass,
/// because a page in a sandbox is of no origin, and its requests show nothing.
pub(crate) async fn entry<B>(
    canvas: &dyn Canvas,
    door: &dyn Doorkeeper,
    request: &Request<B>,
    pass: Option<&str>,
) -> Result<Entry, Box<Response<Body>>> {
    if pass.is_some_and(|pass| canvas.is_good(pass)) {
        return Ok(Entry::Pass);
    }
    let secret = bearer(request.headers());
    let is_ambient = secret.is_none();
    if caller(door, request, secret, Scope::Read).await.is_err() {
        return Err(Box::new(unauthorized()));
    }
    if is_ambient && is_navigation(request) {
        let path = request.uri().path();
        let path = pass.map_or(path, |pass| behind(path, pass));
        let place = domain::canvas::with_pass("", &canvas.issue()) + path;
        let place = with_query(request, place);
        return Err(Box::new(elsewhere(StatusCode::TEMPORARY_REDIRECT, &place)));
    }
    Ok(Entry::Known)
}

/// What comes behind `pass` in `path`.
fn behind<'a>(path: &'a str, pass: &str) -> &'a str {
    let begin = domain::canvas::with_pass("", pass);
    path.strip_prefix(&*begin).unwrap_or(path)
}

fn unauthorized() -> Response<Body> {
    let mut response = words(StatusCode::UNAUTHORIZED, "Unauthorized");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Whether a browser is about to show what it asks for. Those that are asked for
/// it over plain HTTP from elsewhere do not say so, except by what they accept.
fn is_navigation<B>(request: &Request<B>) -> bool {
    let says = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    let accepts_pages = || says("accept").is_some_and(|it| it.starts_with(b"text/html"));
    *request.method() == Method::GET
        && says("sec-fetch-mode").map_or_else(accepts_pages, |mode| mode == b"navigate")
}

#[test]
fn browsers_say_that_they_are_about_to_show_something() {
    #[rustfmt::skip]
    let table = [
        ("GET",  None,              None,                      false),
        ("GET",  None,              Some("*/*"),               false),
        ("GET",  None,              Some("text/html,*/*"),     true),
        ("GET",  Some("navigate"),  Some("text/html,*/*"),     true),
        ("GET",  Some("no-cors"),   Some("text/html,*/*"),     false),
        ("HEAD", Some("navigate"),  None,                      false),
    ];
    for (method, mode, accept, expected) in table {
        let mut request = Request::builder().method(method);
        for (name, value) in [("sec-fetch-mode", mode), ("accept", accept)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        assert_eq!(is_navigation(&request.body(()).unwrap()), expected, "{mode:?} {accept:?}");
    }
}

#[test]
fn an_outdated_pass_is_taken_out_of_the_path() {
    let path = "/__openclaw__/cap/T/__openclaw__/canvas/x";
    assert_eq!(behind(path, "T"), "/__openclaw__/canvas/x");
}
