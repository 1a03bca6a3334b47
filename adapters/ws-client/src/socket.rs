//! The WebSocket under a client.

use std::time::Duration;

use bytes::Bytes;
use fastwebsockets::{
    FragmentCollectorRead, Frame, OpCode, Payload, Role, WebSocket, WebSocketError, WebSocketWrite,
    handshake::generate_key,
};
use futures_util::{StreamExt, stream};
use http::{Request, StatusCode, header};
use http_body_util::Empty;
use http_client::{Trust, secure};
use hyper::{client::conn::http1, upgrade::Upgraded};
use hyper_util::rt::TokioIo;
use ports::BoxStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf, split},
    net::TcpStream,
};

use crate::{
    error::{CallError, ConnectError},
    target::Target,
};

/// The longest message taken, in bytes. What gateways send is shorter.
const LONGEST: usize = 64 * 1024 * 1024;

/// How long a polite goodbye may take.
const GOODBYE: Duration = Duration::from_millis(500);

type Io = TokioIo<Upgraded>;

/// A message, or why there are no more.
type Message = Result<Bytes, CallError>;

/// Something the other end sent.
enum Received {
    Message(Bytes),
    Ping(Bytes),
    Close(u16, String),
}

/// An open WebSocket.
pub(crate) struct Socket {
    // Invariant: reading is a stream of its own, so that whoever waits for a
    // message may give up and come back without losing half a frame.
    received: BoxStream<Result<Received, CallError>>,
    writer: WebSocketWrite<WriteHalf<Io>>,
}

impl Socket {
    /// Opens one to `target`.
    pub(crate) async fn open(target: &Target) -> Result<Self, ConnectError> {
        let unreachable = |source| ConnectError::Unreachable { target: target.to_string(), source };
        let address = (target.host.as_str(), target.port);
        let tcp = TcpStream::connect(address).await.map_err(unreachable)?;
        tcp.set_nodelay(true).map_err(unreachable)?;
        let io = if target.secure {
            let trust = target.pin.map_or(Trust::Platform, Trust::Pinned);
            let secured = secure(tcp, &target.host, trust).await;
            let failed = |source| ConnectError::Secure { target: target.to_string(), source };
            upgrade(secured.map_err(failed)?, target).await
        } else {
            upgrade(tcp, target).await
        };
        let io = io.ok_or_else(|| ConnectError::NotAGateway(target.to_string()))?;
        let mut websocket = WebSocket::after_handshake(TokioIo::new(io), Role::Client);
        websocket.set_auto_close(false);
        websocket.set_auto_pong(false);
        websocket.set_max_message_size(LONGEST);
        let (reader, writer) = websocket.split(split);
        let reader = FragmentCollectorRead::new(reader);
        let received = stream::unfold(Some(reader), |reader| async {
            let mut reader = reader?;
            let received = receive(&mut reader).await;
            let more = received.is_ok().then_some(reader);
            Some((received, more))
        });
        Ok(Self { received: Box::pin(received), writer })
    }

    /// The next message.
    pub(crate) async fn receive(&mut self) -> Message {
        loop {
            match self.received.next().await.unwrap_or_else(|| Err(lost()))? {
                Received::Message(bytes) => return Ok(bytes),
                Received::Ping(bytes) => {
                    let pong = Frame::pong(Payload::Borrowed(&bytes));
                    self.writer.write_frame(pong).await.map_err(|_| lost())?;
                }
                Received::Close(code, reason) => {
                    // The other end has said its last word; the answer is a
                    // matter of politeness.
                    let _ = self.writer.write_frame(Frame::close(code, &[])).await;
                    return Err(CallError::Closed { code, reason });
                }
            }
        }
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<(), CallError> {
        let frame = Frame::text(Payload::Borrowed(message));
        self.writer.write_frame(frame).await.map_err(|_| lost())
    }

    /// Says goodbye and waits a moment for the answer.
    pub(crate) async fn close(mut self) {
        let goodbye = async {
            let _ = self.writer.write_frame(Frame::close(1000, &[])).await;
            while self.receive().await.is_ok() {}
        };
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
    }
}

/// Asks for the upgrade of `stream` to a WebSocket.
async fn upgrade<S>(stream: S, target: &Target) -> Option<Upgraded>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = Request::get(&target.path)
        .header(header::HOST, target.authority())
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_KEY, generate_key())
        .header(header::USER_AGENT, concat!("openclaw-cli/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let upgrade = async move {
        let response = sender.send_request(request).await.ok()?;
        let switched = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if switched { hyper::upgrade::on(response).await.ok() } else { None }
    };
    // The connection ends when it is handed over, and when nobody wants it.
    let (upgraded, _) = tokio::join!(upgrade, connection.with_upgrades());
    upgraded
}

async fn receive(reader: &mut FragmentCollectorRead<ReadHalf<Io>>) -> Result<Received, CallError> {
    loop {
        // With answers to pings and closes switched off, nothing is sent here.
        let mut nothing = |_: Frame<'_>| async { Ok::<_, WebSocketError>(()) };
        let frame = reader.read_frame(&mut nothing).await.map_err(|_| lost())?;
        let bytes = Bytes::from(Vec::from(frame.payload));
        return Ok(match frame.opcode {
            OpCode::Text | OpCode::Binary => Received::Message(bytes),
            OpCode::Ping => Received::Ping(bytes),
            OpCode::Close => {
                let (code, reason) = match bytes.split_first_chunk() {
                    Some((code, reason)) => (u16::from_be_bytes(*code), reason),
                    None => (1005, &[][..]),
                };
                Received::Close(code, String::from_utf8_lossy(reason).into_owned())
            }
            OpCode::Pong | OpCode::Continuation => continue,
        });
    }
}

/// The connection ended without a word.
fn lost() -> CallError {
    CallError::Closed { code: 1006, reason: "abnormal closure".into() }
}
