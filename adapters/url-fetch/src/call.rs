//! One request and its answer, over a connection of its own.

use bytes::Bytes;
use domain::outbound::WebAddress;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::{
    body::{Body as _, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use ports::{BoxError, driven::FetchError};

use crate::reach::Stream;

/// What servers are told about who asks.
const AGENT: &str = "OpenClaw-Gateway/1.0";

/// An answer. Of one that is no success, the body is not read.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Asks for `address` over `stream`.
pub(crate) async fn get(
    address: &WebAddress,
    stream: Box<dyn Stream>,
    max_bytes: usize,
) -> Result<Answer, FetchError> {
    let unreachable = |error: BoxError| FetchError::Unreachable(error);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| unreachable(error.into()))?;
    let request = Request::get(address.path())
        .header(header::HOST, address.authority())
        .header(header::USER_AGENT, AGENT)
        .header(header::ACCEPT, "*/*")
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| unreachable(error.into()))?;
    let answering = async {
        let response = sender.send_request(request).await;
        read(response.map_err(|error| unreachable(error.into()))?, max_bytes).await
    };
    tokio::pin!(answering);
    tokio::select! {
        answer = &mut answering => answer,
        // The answer may be read already when the connection ends.
        ended = connection => match ended {
            Ok(()) => answering.await,
            Err(error) => Err(unreachable(error.into())),
        },
    }
}

/// The longest head of an answer.
const MAX_HEAD: usize = 64 * 1024;

async fn read(response: Response<Incoming>, max_bytes: usize) -> Result<Answer, FetchError> {
    let (head, mut body) = response.into_parts();
    let mut answer = Answer { status: head.status, headers: head.headers, body: Vec::new() };
    if answer.status != StatusCode::OK {
        return Ok(answer);
    }
    if (max_bytes as u64) < body.size_hint().lower() {
        return Err(FetchError::TooLarge(max_bytes));
    }
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| FetchError::Unreachable(error.into()))?;
        let Ok(data) = frame.into_data() else { continue };
        if max_bytes < answer.body.len() + data.len() {
            return Err(FetchError::TooLarge(max_bytes));
        }
        answer.body.extend_from_slice(&data);
    }
    Ok(answer)
}
