//! One client for everything the gateway calls.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use domain::trace::TraceContext;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use hyper::rt::Executor;
use hyper_util::{client::legacy, rt::TokioTimer};
use ports::driven::Traces;

use crate::{CallError, Limits, Response, connect::Connector, tasks::Tasks};

/// How long a connection nobody uses is kept.
const IDLE_CONNECTION: Duration = Duration::from_mins(1);

/// How many connections nobody uses are kept to one service.
const IDLE_CONNECTIONS: usize = 32;

/// Calls HTTP services. Cloning is cheap and shares the connections.
///
/// Connections go directly to the service: proxies in the environment are not
/// looked at, redirects are not followed. The connections' tasks belong to the
/// client: they end when the last clone of it and the last answer are gone.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: legacy::Client<Connector, Full<Bytes>>,
    tasks: Tasks,
    traces: Option<Arc<dyn Traces>>,
}

/// What an answer may have waiting here for whoever reads it, in bytes; its head
/// has to fit. Without it that is 400 KiB for each reader who is slow.
const BUFFER: usize = 32 * 1024;

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient {
    /// A client without connections.
    pub fn new() -> Self {
        let tasks = Tasks::default();
        let client = legacy::Client::builder(tasks.clone())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_max_buf_size(BUFFER)
            .build(Connector::new());
        Self { client, tasks, traces: None }
    }

    /// The same client, for services that are told which trace a call belongs to.
    #[must_use]
    pub fn telling(self, traces: Arc<dyn Traces>) -> Self {
        Self { traces: Some(traces), ..self }
    }

    /// The trace a call that is made now belongs to, if the service is told.
    pub(crate) fn trace(&self) -> Option<TraceContext> {
        self.traces.as_ref()?.outgoing()
    }

    /// Sends `body`, which is JSON, and waits for the head of the answer.
    pub async fn post_json(
        &self,
        url: Uri,
        mut headers: HeaderMap,
        body: Bytes,
        limits: Limits,
    ) -> Result<Response, CallError> {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.post(url, headers, body, limits).await
    }

    /// Sends `body`, about which `headers` say what it is, and waits for the head
    /// of the answer.
    pub async fn post(
        &self,
        url: Uri,
        headers: HeaderMap,
        body: Bytes,
        limits: Limits,
    ) -> Result<Response, CallError> {
        self.send(request(Method::POST, url, headers, body), limits).await
    }

    /// Asks for `url` and waits for the head of the answer.
    pub async fn get(
        &self,
        url: Uri,
        headers: HeaderMap,
        limits: Limits,
    ) -> Result<Response, CallError> {
        self.send(request(Method::GET, url, headers, Bytes::new()), limits).await
    }

    async fn send(
        &self,
        request: Request<Full<Bytes>>,
        limits: Limits,
    ) -> Result<Response, CallError> {
        // Boxed, so that whoever waits for an answer does not carry all of it.
        let answered = Box::pin(self.client.request(request));
        match tokio::time::timeout(limits.idle, answered).await {
            Ok(response) => Ok(Response::new(response?, limits, self.clone())),
            Err(_) => Err(CallError::Silent(limits.idle)),
        }
    }

    /// Runs `task` beside everything else, for as long as the client lives.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.execute(task);
    }
}

fn request(method: Method, url: Uri, headers: HeaderMap, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = url;
    *request.headers_mut() = headers;
    let headers = request.headers_mut();
    let agent = HeaderValue::from_static(concat!("openclaw/", env!("CARGO_PKG_VERSION")));
    headers.entry(header::USER_AGENT).or_insert(agent);
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    request
}
