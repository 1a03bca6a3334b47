//! Connections that are encrypted, and HTTP/2 on them.

use std::{
    convert::Infallible,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use domain::limits::{NoSeat, SeatLimits, Seats};
use futures_util::FutureExt;
use http_body::{Frame, SizeHint};
use http_kit::{Body, Encryption, Ends, Secured};
use hyper::{rt::Executor, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use ports::config::LimitsConfig;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;
use tracing::debug;

use crate::connection::{Building, answer, close, talk};

/// How many requests of one connection are answered at once.
const STREAMS: u32 = 100;
/// How long a connection of HTTP/2 may be silent until it is asked whether it is
/// still there, and how long it may take to say so.
const SILENCE: Duration = Duration::from_mins(1);
const ANSWER: Duration = Duration::from_secs(20);
/// What waits to be sent on one stream, in bytes, as on a connection of
/// HTTP/1.1.
const BUFFER: usize = 64 * 1024;
/// How many handshakes of one address go on at once, for each connection that
/// may be there before login: handshakes are short, and every request of a
/// browser or a script may begin with one.
const HANDSHAKES: usize = 4;

/// How connections are encrypted.
pub(crate) struct Tls {
    encryption: Arc<dyn Encryption>,
    /// How long a handshake may take.
    time: Duration,
    http2: http2::Builder<Spawner>,
    handshakes: Mutex<Seats>,
}

impl Tls {
    pub(crate) fn new(
        encryption: Arc<dyn Encryption>,
        limits: &LimitsConfig,
        tasks: TaskTracker,
    ) -> Self {
        let seats = SeatLimits {
            per_address: limits.preauth_connections_per_address.saturating_mul(HANDSHAKES),
            total: limits.preauth_connections,
            ..SeatLimits::default()
        };
        let mut http2 = http2::Builder::new(Spawner(tasks));
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(u32::try_from(limits.http_header_bytes).unwrap_or(u32::MAX))
            .max_send_buf_size(BUFFER)
            .keep_alive_interval(SILENCE)
            .keep_alive_timeout(ANSWER);
        Self {
            encryption,
            time: Duration::from_millis(limits.handshake_ms),
            http2,
            handshakes: Mutex::new(Seats::new(seats)),
        }
    }

    fn handshakes(&self) -> MutexGuard<'_, Seats> {
        self.handshakes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a handshake for as long as what is returned lives.
    fn begin(&self, address: IpAddr) -> Result<Handshake<'_>, NoSeat> {
        self.handshakes().take(address)?;
        Ok(Handshake { tls: self, address })
    }
}

/// A handshake that goes on.
struct Handshake<'a> {
    tls: &'a Tls,
    address: IpAddr,
}

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        self.tls.handshakes().leave(self.address);
    }
}

/// What became of a greeting.
enum Greeted {
    Secured(Secured),
    /// The client began with this byte, which is not how TLS begins.
    Unencrypted(TcpStream, u8),
    /// There is nobody to talk to.
    Nobody,
}

/// Serves `stream`, encrypted, until either end closes it or it is upgraded.
pub(crate) async fn serve(building: Arc<Building>, stream: TcpStream, ends: Ends) {
    let Some(tls) = &building.tls else { return };
    let Ok(handshake) = tls.begin(ends.peer.ip()) else {
        debug!(peer = %ends.peer, "too many handshakes");
        return;
    };
    let greeted = Box::pin(greet(tls, stream, ends));
    let greeted = tokio::select! {
        biased;
        () = building.stop.cancelled() => return,
        greeted = tokio::time::timeout(tls.time, greeted) => greeted,
    };
    drop(handshake);
    match greeted.unwrap_or(Greeted::Nobody) {
        Greeted::Secured(secured) if secured.speaks_http2() => {
            Box::pin(talk_http2(building, secured, ends)).await;
        }
        Greeted::Secured(secured) => Box::pin(talk(building, secured, ends)).await,
        Greeted::Unencrypted(mut stream, b'A'..=b'Z') => {
            // Fits into the empty buffer of the socket.
            let _ = stream.try_write(UNENCRYPTED);
            Box::pin(close(&building, &mut stream)).await;
        }
        Greeted::Unencrypted(..) => debug!(peer = %ends.peer, "neither TLS nor HTTP"),
        Greeted::Nobody => (),
    }
}

/// The answer to a request that is not encrypted.
const UNENCRYPTED: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
    content-type: text/plain; charset=utf-8\r\ncontent-length: 25\r\n\r\n\
    this port speaks TLS only";

async fn greet(tls: &Tls, stream: TcpStream, ends: Ends) -> Greeted {
    match begins_with(&stream).await {
        Some(HANDSHAKE) => match tls.encryption.accept(stream).await {
            Ok(Some(secured)) => Greeted::Secured(secured),
            Ok(None) => Greeted::Nobody,
            Err(error) => {
                debug!(%error, peer = %ends.peer, "no handshake");
                Greeted::Nobody
            }
        },
        Some(first) => Greeted::Unencrypted(stream, first),
        None => Greeted::Nobody,
    }
}

/// The first byte of whoever wants to speak TLS.
const HANDSHAKE: u8 = 0x16;

/// The first byte that comes, which is left where it is.
async fn begins_with(stream: &TcpStream) -> Option<u8> {
    let mut first = [0];
    let read = stream.peek(&mut first).await;
    read.is_ok_and(|read| read == 1).then_some(first[0])
}

/// Speaks HTTP/2 on `secured`.
async fn talk_http2(building: Arc<Building>, secured: Secured, ends: Ends) {
    let Some(tls) = &building.tls else { return };
    // Counts requests. Whoever is at one holds a clone.
    let requests = Arc::new(AtomicUsize::new(0));
    let service = service_fn(|request| {
        requests.fetch_add(1, Relaxed);
        let held = Arc::clone(&requests);
        let answer = answer(&building, request, ends);
        answer.map(|response| Ok::<_, Infallible>(response.map(|body| Held { body, _held: held })))
    });
    let mut serving = tls.http2.serve_connection(TokioIo::new(secured), service);
    let served = tokio::select! {
        biased;
        served = &mut serving => served,
        () = building.stop.cancelled() => {
            Pin::new(&mut serving).graceful_shutdown();
            tokio::select! {
                served = &mut serving => served,
                () = tokio::time::sleep(building.drain_time) => return,
                () = building.cut.cancelled() => return,
            }
        }
        () = boredom(&requests, building.head_time) => {
            Pin::new(&mut serving).graceful_shutdown();
            match tokio::time::timeout(ANSWER, &mut serving).await {
                Ok(served) => served,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = &served {
        debug!(%error, peer = %ends.peer, "the connection broke");
    }
}

/// A body that keeps something until it was sent or given up.
struct Held {
    body: Body,
    _held: Arc<AtomicUsize>,
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Resolves when no request came for a while and none is being answered. The
/// first may take no longer than the head of a request may in HTTP/1.1.
async fn boredom(requests: &Arc<AtomicUsize>, first: Duration) {
    let mut seen = 0;
    let mut patience = first;
    loop {
        tokio::time::sleep(patience).await;
        patience = SILENCE;
        let now = requests.load(Relaxed);
        if now == seen && Arc::strong_count(requests) == 1 {
            return;
        }
        seen = now;
    }
}

/// Spawns what a connection of HTTP/2 has beside itself where somebody waits for
/// it.
#[derive(Clone, Debug)]
struct Spawner(TaskTracker);

impl<F> Executor<F> for Spawner
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}
