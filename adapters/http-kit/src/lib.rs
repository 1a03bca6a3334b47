#![doc = include_str!("../README.md")]

mod area;
mod base64;
mod body;
mod caller;
mod circumstances;
mod depth;
mod encoding;
#[cfg(feature = "fake")]
pub mod fake;
mod fields;
pub mod files;
mod form;
mod relayed;
mod request_id;
mod secured;
mod straight;
mod target;
mod trace;

pub use area::{Area, AreaName, areas};
pub use base64::decoded_size;
pub use body::{BodyError, Reader, compute};
pub use caller::{NotLetIn, bearer, caller, identify};
pub use circumstances::circumstances;
pub use depth::nests_deeper_than;
pub use encoding::Encoding;
pub use fields::{Field, lost_field};
pub use form::form;
pub use relayed::{Named, passed_on, passed_refusal, retry_after, show_answerer, show_standing};
pub use request_id::request_id;
pub use secured::{Encryption, Secured, SecuredSocket};
pub use straight::{Fork, NoWay, Way, asker, relays};
pub use target::{NoTarget, Target, Wish, is_for_agent};
pub use trace::trace;

use std::{fmt, future::Future, net::SocketAddr, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use serde::Serialize;

/// The body of a response: whole, streamed or empty.
pub type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// The answer to a request, when it comes.
pub type Answer = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Answers a request.
pub type Handler = Arc<dyn Fn(Request<Incoming>) -> Answer + Send + Sync>;

/// The two ends of the connection a request came over. The server puts it into
/// the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The other end.
    pub peer: SocketAddr,
    /// Our end.
    pub local: SocketAddr,
    /// Whether what is said between them is encrypted, by us.
    pub secure: bool,
}

/// One path the server answers.
#[derive(Clone)]
pub struct Route {
    /// The method it answers to. A route for GET answers HEAD as well.
    pub method: Method,
    /// The path, in the syntax of `matchit`: `/v1/models/{*id}`.
    pub path: &'static str,
    /// What answers.
    pub handler: Handler,
    /// What it is for, see [`documented`](Self::documented).
    pub words: Option<&'static str>,
}

/// A method and a path, and where they are described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The method.
    pub method: Method,
    /// The path, in the syntax of `matchit`.
    pub path: &'static str,
    /// A JSON object whose entry `GET /path` is an operation as OpenAPI has it,
    /// and whose entry `schemas`, if there is one, has the shapes it refers to.
    pub words: &'static str,
}

impl Described {
    /// What is said about it: the operation, if there is one.
    pub fn operation(&self) -> Option<serde_json::Map<String, serde_json::Value>> {
        let mut words: serde_json::Value = serde_json::from_str(self.words).ok()?;
        match words.get_mut(format!("{} {}", self.method, self.path))?.take() {
            serde_json::Value::Object(operation) => Some(operation),
            _ => None,
        }
    }
}

impl Route {
    /// A route answered by `handler`.
    pub fn new<F, Fut>(method: Method, path: &'static str, handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Response<Body>> + Send + 'static,
    {
        Self { method, path, handler: handler_of(handler), words: None }
    }

    /// The same, described in `words`, a JSON object as in [`Described::words`].
    #[must_use]
    pub fn documented(self, words: &'static str) -> Self {
        Self { words: Some(words), ..self }
    }

    /// Where it is described, if it is.
    pub fn described(&self) -> Option<Described> {
        let Self { method, path, words, .. } = self;
        words.map(|words| Described { method: method.clone(), path, words })
    }
}

/// `handler` in the form routes keep it.
pub fn handler_of<F, Fut>(handler: F) -> Handler
where
    F: Fn(Request<Incoming>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send + 'static,
{
    Arc::new(move |request| Box::pin(handler(request)))
}

/// A response holding `value` as JSON.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Response<Body> {
    let text = serde_json::to_vec(value).unwrap_or_default();
    with_type(status, "application/json; charset=utf-8", text)
}

/// A response holding `text`.
pub fn text(status: StatusCode, text: impl Into<Bytes>) -> Response<Body> {
    with_type(status, "text/plain; charset=utf-8", text)
}

/// A response without a body.
pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Full::default().boxed_unsync());
    *response.status_mut() = status;
    response
}

fn with_type(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    let mut response = Response::new(Full::new(body.into()).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}
