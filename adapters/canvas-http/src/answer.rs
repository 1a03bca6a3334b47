//! What every answer says to browsers.

use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_kit::{Body, text};

use crate::entry::Entry;

/// The page may run scripts and send forms, but is of no origin: it can neither
/// read what the Control UI keeps, nor speak to the gateway in its name. Only
/// pages of the gateway may frame it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads \
     allow-pointer-lock; frame-ancestors 'self'; base-uri 'none'",
);
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// An answer in a few words.
pub(crate) fn words(status: StatusCode, words: &'static str) -> Response<Body> {
    text(status, words)
}

/// There is nothing there, or nothing that is shown.
pub(crate) fn not_found() -> Response<Body> {
    words(StatusCode::NOT_FOUND, "not found")
}

/// A folder without a page.
pub(crate) fn no_index() -> Response<Body> {
    const PAGE: &str = "<!doctype html><meta charset=\"utf-8\"><title>Canvas</title>\
        <p>There is no <code>index.html</code> here yet.";
    let mut response = words(StatusCode::NOT_FOUND, PAGE);
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

/// Pages are only looked at.
pub(crate) fn wrong_method(method: &Method) -> Option<Response<Body>> {
    if *method == Method::GET || *method == Method::HEAD {
        return None;
    }
    let mut response = words(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    Some(response)
}

/// Sends a browser on to `place`, a path of this gateway.
pub(crate) fn elsewhere(status: StatusCode, place: &str) -> Response<Body> {
    let mut response = http_kit::empty(status);
    match HeaderValue::from_str(place) {
        Ok(place) => drop(response.headers_mut().insert(header::LOCATION, place)),
        Err(_) => return not_found(),
    }
    response
}

/// The path of `request` with `path` in place of its own.
pub(crate) fn with_query<B>(request: &Request<B>, mut path: String) -> String {
    if let Some(query) = request.uri().query() {
        path.push('?');
        path.push_str(query);
    }
    path
}

/// Puts on what every answer says. What was reached with a pass may be used by
/// the page it was written for, which is of no origin; the rest by nobody else.
pub(crate) fn stamp(mut response: Response<Body>, entry: Option<Entry>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    if entry == Some(Entry::Pass) {
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    }
    response
}
