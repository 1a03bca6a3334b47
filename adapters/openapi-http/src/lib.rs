#![doc = include_str!("../README.md")]

mod document;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_kit::{Described, Route, text};

pub use document::document;

/// Where the document is.
const PATH: &str = "/openapi.json";

const WORDS: &str = include_str!("openapi.json");

/// The route that says what `described` is, and itself.
pub fn route(version: &'static str, described: Vec<Described>) -> Route {
    let made: Arc<OnceLock<Bytes>> = Arc::default();
    let itself = Described { method: Method::GET, path: PATH, words: WORDS };
    let described: Arc<[Described]> = described.into_iter().chain([itself]).collect();
    Route::new(Method::GET, PATH, move |_| {
        let (made, described) = (Arc::clone(&made), Arc::clone(&described));
        async move {
            let document = made.get_or_init(|| document(version, &described).to_string().into());
            let mut response = text(StatusCode::OK, document.clone());
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        }
    })
    .documented(WORDS)
}
