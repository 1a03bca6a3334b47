//! A service that says what a test tells it, byte by byte, so that it can also
//! say what no HTTP library would.

use std::{collections::VecDeque, fmt::Write as _, net::SocketAddr, sync::Arc};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
    task::JoinSet,
};

/// What the service does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Writes these bytes.
    Say(Vec<u8>),
    /// Says nothing until the caller hangs up.
    Hang,
    /// Says these bytes until the caller hangs up.
    Repeat(Vec<u8>),
    /// Breaks the connection.
    Break,
}

/// What happened at the service.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// Somebody asked something.
    Asked {
        /// Which connection it came over, counted from zero.
        connection: usize,
        /// The request line and the headers, names in lower case.
        head: String,
        /// The body, if it is JSON.
        body: Value,
    },
    /// The caller hung up on an answer.
    HungUp,
}

/// A service on a free port of this machine. Dropping it ends it.
#[derive(Debug)]
pub struct FakeService {
    address: SocketAddr,
    happened: mpsc::UnboundedReceiver<Happened>,
    _serving: JoinSet<()>,
}

type Script = Arc<Mutex<VecDeque<Vec<Step>>>>;

impl FakeService {
    /// A service that gives `answers`, one to each request, in order.
    pub async fn start(answers: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let script: Script = Arc::new(Mutex::new(answers.into_iter().collect()));
        let (tell, happened) = mpsc::unbounded_channel();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, number, Arc::clone(&script), tell.clone()));
                number += 1;
            }
        });
        Self { address, happened, _serving: serving }
    }

    /// The address of `path` at this service.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for something to happen.
    pub async fn happened(&mut self) -> Happened {
        self.happened.recv().await.expect("the service runs as long as this exists")
    }

    /// Waits for a request and returns its head and body.
    pub async fn asked(&mut self) -> (String, Value) {
        match self.happened().await {
            Happened::Asked { head, body, .. } => (head, body),
            Happened::HungUp => panic!("the caller hung up"),
        }
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    script: Script,
    tell: mpsc::UnboundedSender<Happened>,
) {
    stream.set_nodelay(true).expect("a TCP socket");
    while let Some((head, body)) = request(&mut stream).await {
        let body = serde_json::from_slice(&body).unwrap_or_default();
        // Nobody may be listening any more, here and below.
        let _ = tell.send(Happened::Asked { connection, head, body });
        let steps =
            script.lock().await.pop_front().unwrap_or_else(|| status(599, &[], "no answer"));
        for step in steps {
            let written = match step {
                Step::Say(bytes) => stream.write_all(&bytes).await,
                Step::Repeat(bytes) => loop {
                    if let Err(error) = stream.write_all(&bytes).await {
                        break Err(error);
                    }
                },
                Step::Hang => {
                    while stream.read_u8().await.is_ok() {}
                    Ok(())
                }
                Step::Break => {
                    // Resets rather than closes.
                    let _ = stream.set_zero_linger();
                    return;
                }
            };
            if written.is_err() {
                break;
            }
        }
        if stream.write_all(b"").await.is_err() || hung_up(&mut stream).await {
            let _ = tell.send(Happened::HungUp);
            return;
        }
    }
}

/// Whether the other end is gone, rather than about to ask again.
async fn hung_up(stream: &mut TcpStream) -> bool {
    matches!(stream.peek(&mut [0]).await, Ok(0) | Err(_))
}

async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

/// An answer of `status` with `headers` and `body`.
pub fn status(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<Step> {
    let mut answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        let _ = write!(answer, "{name}: {value}\r\n");
    }
    vec![Step::Say(format!("{answer}\r\n{body}").into_bytes())]
}

/// A good answer of JSON.
pub fn json(body: &str) -> Vec<Step> {
    status(200, &[("content-type", "application/json")], body)
}

/// A good answer of server-sent events, begun and not ended.
pub fn begun(events: &str) -> Vec<Step> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
                transfer-encoding: chunked\r\n\r\n";
    vec![Step::Say([head.as_bytes(), &chunk(events.as_bytes())].concat())]
}

/// A good answer of server-sent events.
pub fn events(events: &str) -> Vec<Step> {
    let mut steps = begun(events);
    steps.push(Step::Say(b"0\r\n\r\n".to_vec()));
    steps
}

/// A good answer of server-sent events in these pieces, each written alone.
pub fn events_in_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Step> {
    let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    let mut steps = begun(":\n");
    steps.extend(pieces.map(|piece| Step::Say(chunk(piece))));
    steps.push(Step::Say(b"0\r\n\r\n".to_vec()));
    steps
}

/// `bytes` as one piece of a body of unknown length.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
