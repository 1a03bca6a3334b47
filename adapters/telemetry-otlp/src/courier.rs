//! Bringing steps to the collector.

use std::{
    fmt, io,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_client::{CallError, HttpClient, Limits};
use opentelemetry_http::HttpError;
use tokio::runtime::{self, Runtime};
use tracing::{info, warn};

/// How long the collector may take, and how much it may say.
pub(crate) const LIMITS: Limits = Limits {
    idle: Duration::from_secs(5),
    total: Duration::from_secs(10),
    bytes: 1 << 20,
    event: 0,
};

/// Brings steps to the collector, in a thread of its own.
pub(crate) struct Courier {
    client: HttpClient,
    // Until it is dropped.
    runtime: Option<Runtime>,
    /// Whether the log knows that nothing arrives.
    stuck: AtomicBool,
}

impl Courier {
    pub(crate) fn new() -> io::Result<Self> {
        let mut runtime = runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).thread_name("otlp").enable_all().build()?;
        Ok(Self {
            client: HttpClient::new(),
            runtime: Some(runtime),
            stuck: AtomicBool::new(false),
        })
    }

    async fn bring(&self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        let (head, body) = request.into_parts();
        let answer = self.client.post(head.uri, head.headers, body, LIMITS).await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = Response::new(answer.bytes().await?);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    /// Says that nothing arrives, and that it does again, each once.
    fn tell(&self, brought: &Result<Response<Bytes>, CallError>) {
        let trouble = match brought {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(format!("the collector answers {}", response.status())),
            Err(error) => Some(error.to_string()),
        };
        let known = self.stuck.swap(trouble.is_some(), Relaxed);
        match (trouble, known) {
            (Some(error), false) => warn!(target: "traces", %error, "traces do not arrive"),
            (None, true) => info!(target: "traces", "traces arrive again"),
            (Some(_), true) | (None, false) => (),
        }
    }
}

#[async_trait]
impl opentelemetry_http::HttpClient for Courier {
    /// Keeps the thread of the queue waiting, which has nothing else to do.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let runtime = self.runtime.as_ref().ok_or("no traces are sent any more")?;
        let brought = runtime.block_on(self.bring(request));
        self.tell(&brought);
        Ok(brought?)
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        // May be dropped where nobody may wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}
