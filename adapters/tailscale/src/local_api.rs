//! tailscaled's own API: HTTP over a Unix socket.

use std::{io, net::IpAddr, path::PathBuf, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use ports::driven::{TailnetError, TailnetUser};
use serde_json::Value;
use tokio::net::UnixStream;

use crate::{
    answer::{self, LONGEST, Status},
    in_time,
};

/// Where tailscaled listens unless it was told otherwise.
const USUAL_SOCKET: &str = "/var/run/tailscale/tailscaled.sock";
/// The name it wants to be addressed by; like the header below, no page in a
/// browser can say that.
const HOST: &str = "local-tailscaled.sock";
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to the API.
#[derive(Debug)]
pub(crate) struct LocalApi {
    socket: PathBuf,
}

/// What it said.
struct Answer {
    status: StatusCode,
    tag: Option<HeaderValue>,
    body: Bytes,
}

impl LocalApi {
    pub(crate) fn new(socket: Option<PathBuf>) -> Self {
        Self { socket: socket.unwrap_or_else(|| USUAL_SOCKET.into()) }
    }

    pub(crate) async fn status(&self) -> Result<Status, TailnetError> {
        // Without the machines of everybody else.
        let answer = self.get("status?peers=false").await?.or_refused()?;
        Status::read(&answer.json("its status")?)
    }

    pub(crate) async fn whois(&self, address: IpAddr) -> Result<Option<TailnetUser>, TailnetError> {
        let address = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => address.to_string().replace(':', "%3A"),
        };
        let answer = self.get(&format!("whois?addr={address}")).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        answer::user(&answer.or_refused()?.json("a user")?)
    }

    /// What is served, and the tag of that version of it.
    pub(crate) async fn serve_config(&self) -> Result<(Value, Option<HeaderValue>), TailnetError> {
        let answer = self.get("serve-config").await?.or_refused()?;
        Ok((answer.json("what it serves")?, answer.tag))
    }

    /// Replaces what is served, if it still is the version with that tag;
    /// `false` if it is another one.
    pub(crate) async fn put_serve_config(
        &self,
        config: &Value,
        tag: Option<HeaderValue>,
    ) -> Result<bool, TailnetError> {
        let body = Bytes::from(config.to_string());
        let mut request = request(Method::POST, "serve-config", body)?;
        request
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(tag) = tag {
            request.headers_mut().insert(header::IF_MATCH, tag);
        }
        let answer = self.ask(request).await?;
        if answer.status == StatusCode::PRECONDITION_FAILED {
            return Ok(false);
        }
        answer.or_refused().map(|_| true)
    }

    async fn get(&self, what: &str) -> Result<Answer, TailnetError> {
        self.ask(request(Method::GET, what, Bytes::new())?).await
    }

    async fn ask(&self, request: Request<Full<Bytes>>) -> Result<Answer, TailnetError> {
        let asking = async {
            let stream = UnixStream::connect(&self.socket).await.map_err(|e| unreachable(&e))?;
            let (mut sender, connection) =
                http1::handshake(TokioIo::new(stream)).await.map_err(|_| odd())?;
            let exchange = async move {
                let response = sender.send_request(request).await.map_err(|_| odd())?;
                Answer::read(response).await
            };
            // The connection ends when the exchange is over and has let go of it.
            let (answer, _) = tokio::join!(exchange, connection);
            answer
        };
        in_time(PATIENCE, asking).await
    }
}

impl Answer {
    async fn read(response: Response<Incoming>) -> Result<Self, TailnetError> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LONGEST).collect().await.map_err(|_| odd())?.to_bytes();
        Ok(Self { status: head.status, tag: head.headers.get(header::ETAG).cloned(), body })
    }

    fn or_refused(self) -> Result<Self, TailnetError> {
        match self.status {
            status if status.is_success() => Ok(self),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(TailnetError::Denied),
            _ => {
                let said = answer::complaint(&String::from_utf8_lossy(&self.body));
                Err(TailnetError::Refused(said))
            }
        }
    }

    fn json(&self, about: &'static str) -> Result<Value, TailnetError> {
        serde_json::from_slice(&self.body).map_err(|_| TailnetError::Garbled(about))
    }
}

fn request(method: Method, what: &str, body: Bytes) -> Result<Request<Full<Bytes>>, TailnetError> {
    Request::builder()
        .method(method)
        .uri(format!("/localapi/v0/{what}"))
        .header(header::HOST, HOST)
        .header("sec-tailscale", "localapi")
        .body(Full::new(body))
        .map_err(|_| odd())
}

fn unreachable(error: &io::Error) -> TailnetError {
    match error.kind() {
        io::ErrorKind::PermissionDenied => TailnetError::Denied,
        _ => TailnetError::Absent,
    }
}

/// What was said is no HTTP, or too much of it.
fn odd() -> TailnetError {
    TailnetError::Garbled("a question")
}
