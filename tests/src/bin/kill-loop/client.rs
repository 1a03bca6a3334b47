//! A protocol-4 client of a few lines: calls, answers, and no interest in events.

use std::{
    collections::HashMap,
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use fastwebsockets::{
    FragmentCollectorRead, Frame, OpCode, Payload, Role, WebSocket, WebSocketWrite,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tests::ledger::{Ledger, Ticket};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf},
    net::TcpStream,
    sync::oneshot,
    task::JoinSet,
};

/// No call here takes longer than this unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

type Stream = BufReader<TcpStream>;

#[derive(Debug)]
pub(crate) enum CallError {
    /// The gateway answered, and the answer was no.
    Refused { code: String, message: String },
    /// The connection is gone, and nobody knows.
    Gone,
}

impl CallError {
    /// A no that may turn out to be a yes: the contract allows such an answer
    /// for an operation that was stored.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code != "UNAVAILABLE")
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, message } => write!(f, "{code}: {message}"),
            Self::Gone => f.write_str("the connection is gone"),
        }
    }
}

type Waiting =
    HashMap<String, (oneshot::Sender<Result<Value, CallError>>, Option<Acknowledgement>)>;

/// What to write down when the answer is `ok`, at the moment it arrives.
#[derive(Debug)]
struct Acknowledgement {
    ledger: Arc<Ledger>,
    ticket: Ticket,
}

#[derive(Debug)]
pub(crate) struct Client {
    writer: tokio::sync::Mutex<Writer>,
    waiting: Arc<Mutex<Waiting>>,
    gone: Arc<AtomicBool>,
    next: AtomicU64,
    // Ends the reader with the client.
    _reader: JoinSet<()>,
}

struct Writer(WebSocketWrite<WriteHalf<Stream>>);

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

/// The part of a frame that says what it is.
#[derive(Deserialize)]
struct Head<'a> {
    r#type: &'a str,
}

#[derive(Deserialize)]
struct Response {
    id: String,
    ok: bool,
    #[serde(default)]
    payload: Value,
    #[serde(default)]
    error: Value,
}

impl Client {
    /// Upgrades, waits for the challenge, logs in.
    pub(crate) async fn connect(addr: SocketAddr, token: &str) -> io::Result<Self> {
        let stream = upgrade(addr).await?;
        let (reader, writer) =
            WebSocket::after_handshake(stream, Role::Client).split(tokio::io::split);
        let waiting = Arc::<Mutex<Waiting>>::default();
        let gone = Arc::<AtomicBool>::default();
        let mut tasks = JoinSet::new();
        let (challenged, challenge) = oneshot::channel();
        let ears = (Arc::clone(&waiting), Arc::clone(&gone));
        tasks.spawn(async move {
            read(FragmentCollectorRead::new(reader), &ears.0, challenged).await;
            // In this order, so that a call is either let go here or sees the mark.
            ears.1.store(true, Ordering::SeqCst);
            lock(&ears.0).clear();
        });
        let client = Self {
            writer: tokio::sync::Mutex::new(Writer(writer)),
            waiting,
            gone,
            next: AtomicU64::new(0),
            _reader: tasks,
        };
        challenge.await.map_err(io::Error::other)?;
        let connect = json!({
            "minProtocol": 4, "maxProtocol": 4,
            "client": { "id": "gateway-client", "version": "1", "platform": "linux", "mode": "backend" },
            "role": "operator", "scopes": ["operator.admin", "operator.read", "operator.write"],
            "auth": { "token": token },
        });
        client
            .call("connect", connect)
            .await
            .map_err(|error| io::Error::other(error.to_string()))?;
        Ok(client)
    }

    /// The connection has ended.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    pub(crate) async fn call(&self, method: &str, params: Value) -> Result<Value, CallError> {
        self.ask(method, params, None).await?.answer().await
    }

    /// Sends a call whose acknowledgement belongs in the ledger. The answer can
    /// be awaited later, so that several calls are under way.
    pub(crate) async fn promise(
        &self,
        method: &str,
        params: Value,
        ledger: &Arc<Ledger>,
        ticket: Ticket,
    ) -> Result<Call, CallError> {
        self.ask(method, params, Some(Acknowledgement { ledger: Arc::clone(ledger), ticket })).await
    }

    async fn ask(
        &self,
        method: &str,
        params: Value,
        promise: Option<Acknowledgement>,
    ) -> Result<Call, CallError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let frame =
            json!({ "type": "req", "id": id, "method": method, "params": params }).to_string();
        let (sender, receiver) = oneshot::channel();
        lock(&self.waiting).insert(id, (sender, promise));
        if self.is_gone() {
            return Err(CallError::Gone);
        }
        let mut writer = self.writer.lock().await;
        writer
            .0
            .write_frame(Frame::text(Payload::Owned(frame.into_bytes())))
            .await
            .map_err(|_| CallError::Gone)?;
        Ok(Call(receiver))
    }
}

/// An answer that will come, or not.
#[derive(Debug)]
pub(crate) struct Call(oneshot::Receiver<Result<Value, CallError>>);

impl Call {
    pub(crate) async fn answer(self) -> Result<Value, CallError> {
        match tokio::time::timeout(PATIENCE, self.0).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) | Err(_) => Err(CallError::Gone),
        }
    }
}

async fn upgrade(addr: SocketAddr) -> io::Result<Stream> {
    let stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let request = format!(
        "GET / HTTP/1.1\r\nhost: {addr}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    if !line.starts_with("HTTP/1.1 101") {
        return Err(io::Error::other(format!("not upgraded: {}", line.trim())));
    }
    while !line.trim().is_empty() {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(stream)
}

/// Hears until the connection ends.
async fn read(
    mut reader: FragmentCollectorRead<ReadHalf<Stream>>,
    waiting: &Mutex<Waiting>,
    challenged: oneshot::Sender<()>,
) {
    let mut challenged = Some(challenged);
    // Pongs are not sent: no connection here lives long enough to be missed.
    let mut no_pong = |_| async { Ok::<(), io::Error>(()) };
    while let Ok(frame) = reader.read_frame(&mut no_pong).await {
        match frame.opcode {
            OpCode::Text | OpCode::Binary => {}
            OpCode::Close => break,
            _ => continue,
        }
        let Ok(head) = serde_json::from_slice::<Head<'_>>(&frame.payload) else { continue };
        if head.r#type == "event" {
            // The first frame is the challenge.
            if let Some(challenged) = challenged.take() {
                let _ = challenged.send(());
            }
            continue;
        }
        let Ok(response) = serde_json::from_slice::<Response>(&frame.payload) else { continue };
        let Some((sender, promise)) = lock(waiting).remove(&response.id) else { continue };
        let _ = sender.send(if response.ok {
            if let Some(promise) = promise {
                promise.ledger.acknowledge(promise.ticket);
            }
            Ok(response.payload)
        } else {
            let text = |field: &str| response.error[field].as_str().unwrap_or_default().to_owned();
            Err(CallError::Refused { code: text("code"), message: text("message") })
        });
    }
}

fn lock(waiting: &Mutex<Waiting>) -> std::sync::MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
