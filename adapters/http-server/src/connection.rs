//! One connection, from its first byte to its last.

use std::{
    convert::Infallible,
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::{Duration, Instant},
};

use domain::trace::{TraceContext, TraceState};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_kit::{Answer, Area, AreaName, Body, Ends, Handler, empty, text};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use ports::{
    config::LimitsConfig,
    driven::{Answered, Meter},
    driving::Doorkeeper,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, debug, debug_span, error, field::Empty, info_span};

use crate::{
    first_look::{FirstLook, first_look},
    gate, pack,
    router::{Found, Router},
    secure::{self, Tls},
};

/// What connections of a server share that began under the same manner.
#[derive(Clone)]
pub(crate) struct Building {
    /// How HTTP is spoken.
    pub(crate) http: http1::Builder,
    /// How connections are encrypted, if they are.
    pub(crate) tls: Option<Arc<Tls>>,
    /// How many headers a request may have.
    pub(crate) header_count: usize,
    /// What answers say about encryption.
    pub(crate) strict_transport_security: Option<HeaderValue>,
    /// How long the head of a request may take.
    pub(crate) head_time: Duration,
    /// How long open requests may take to finish after `stop`.
    pub(crate) drain_time: Duration,
    pub(crate) router: Arc<Router>,
    pub(crate) upgrade: Option<Handler>,
    pub(crate) sockets: Option<Area>,
    pub(crate) fallback: Option<Handler>,
    pub(crate) door: Arc<dyn Doorkeeper>,
    pub(crate) meter: Arc<dyn Meter>,
    pub(crate) stop: CancellationToken,
    pub(crate) cut: CancellationToken,
}

/// What a connection may buffer, in either direction. More is no faster, and
/// less than the head of a request is not allowed.
const BUFFER: usize = 64 * 1024;

/// The headers hyper has room for without asking for memory per request.
const USUAL_HEADERS: usize = 100;

/// How HTTP is spoken within `limits`.
pub(crate) fn http(limits: &LimitsConfig) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(limits.http_header_ms))
        .max_header_size(limits.http_header_bytes)
        .max_buf_size(BUFFER.max(limits.http_header_bytes))
        .half_close(false);
    if limits.http_header_count != USUAL_HEADERS {
        http.max_headers(limits.http_header_count);
    }
    http
}

/// Serves `stream` until either end closes it or it is upgraded.
///
/// A socket that says nothing costs no more than this future: the machinery of
/// HTTP is made when the first byte is there.
pub(crate) async fn serve(building: Arc<Building>, mut stream: TcpStream, ends: Ends) {
    if building.tls.is_some() {
        return Box::pin(secure::serve(building, stream, ends)).await;
    }
    let look = tokio::select! {
        biased;
        () = building.stop.cancelled() => return,
        look = tokio::time::timeout(building.head_time, first_look(&stream)) => look,
    };
    match look.unwrap_or(FirstLook::Gone) {
        FirstLook::Fine => Box::pin(talk(building, stream, ends)).await,
        FirstLook::Gone => (),
        FirstLook::Ambiguous => {
            let refusal =
                b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            // Fits into the empty buffer of the socket; who does not read it
            // does not get it.
            let _ = stream.try_write(refusal);
            Box::pin(close(&building, &mut stream)).await;
        }
    }
}

/// Speaks HTTP/1.1 on `stream`.
pub(crate) async fn talk<S>(building: Arc<Building>, stream: S, ends: Ends)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| answer(&building, request, ends).map(Ok::<_, Infallible>));
    let io = TokioIo::new(stream);
    let mut serving = building.http.serve_connection(io, service).with_upgrades();
    let served = tokio::select! {
        biased;
        served = &mut serving => served,
        () = building.stop.cancelled() => {
            std::pin::Pin::new(&mut serving).graceful_shutdown();
            tokio::select! {
                served = &mut serving => served,
                () = tokio::time::sleep(building.drain_time) => return,
                () = building.cut.cancelled() => return,
            }
        }
    };
    if let Err(error) = &served {
        debug!(%error, peer = %ends.peer, "the connection broke");
    }
    let heard = !served.is_err_and(|error| error.is_timeout());
    if let Some(parts) = serving.into_parts().filter(|_| heard) {
        close(&building, &mut parts.io.into_inner()).await;
    }
}

/// How long a client may take to see that it was answered and to hang up.
const LINGER: Duration = Duration::from_secs(2);

/// Closes `stream` so that the last answer arrives: what the client still sends
/// is read and thrown away for a while, for a socket closed with unread bytes
/// resets the connection, and the answer with it.
pub(crate) async fn close<S>(building: &Building, stream: &mut S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let hang_up = async {
        stream.shutdown().await?;
        // Not in the future, which every connection has room for.
        let mut unread = vec![0; 4096];
        while stream.read(&mut unread).await? != 0 {}
        Ok::<_, std::io::Error>(())
    };
    tokio::select! {
        _ = tokio::time::timeout(LINGER, hang_up) => (),
        () = building.stop.cancelled() => (),
    }
}

/// What every answer says to browsers unless its handler says otherwise.
const DEFAULT_HEADERS: [(HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
];

/// The answer to `request`. All but the handler's own work is done before the
/// future is made, so that it is small: every connection has room for one.
pub(crate) fn answer(
    building: &Building,
    request: Request<Incoming>,
    ends: Ends,
) -> impl Future<Output = Response<Body>> + use<> {
    let (at, method) = (Instant::now(), known(request.method()));
    // An answer to HEAD says how long the one to GET would be, unpacked.
    let wanted = pack::wanted(request.headers()).filter(|_| *request.method() != Method::HEAD);
    let (route, begun) = begin(building, request, ends);
    let meter = Arc::clone(&building.meter);
    let strict_transport_security = building.strict_transport_security.clone();
    async move {
        let mut response = match begun {
            Begun::Answered(response) => response,
            Begun::Working(answer) => pack::pack(survive(answer).await, wanted).await,
        };
        let headers = response.headers_mut();
        for (name, value) in &DEFAULT_HEADERS {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(value) = strict_transport_security {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
        let route = response.extensions().get().map_or(route, |AreaName(name)| *name);
        let status = response.status().as_u16();
        meter.answered(Answered { route, method, status, took: at.elapsed() });
        response
    }
}

/// What became of a request so far.
enum Begun {
    Answered(Response<Body>),
    Working(Answer),
}

/// What is counted together because no route answered.
const NO_ROUTE: &str = "none";
/// What is counted together because it wants a WebSocket.
const UPGRADE: &str = "websocket";

/// Under which route `request` is counted, and what became of it so far.
fn begin(building: &Building, mut request: Request<Incoming>, ends: Ends) -> (&'static str, Begun) {
    request.extensions_mut().insert(ends);
    if request.version() == Version::HTTP_2 {
        name_host(&mut request);
        if building.header_count < request.headers().len() {
            let refusal = empty(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            return (NO_ROUTE, Begun::Answered(refusal));
        }
    }
    let upgrade = gate::wants_websocket(&request);
    let path = request.uri().path();
    let socket = building.sockets.as_ref().filter(|area| upgrade && (area.holds)(path));
    if let Err(refusal) = gate::pass(&request, upgrade && socket.is_none(), &*building.door) {
        return (NO_ROUTE, Begun::Answered(*refusal));
    }
    let (route, handler) = match (socket, &building.upgrade) {
        (Some(area), _) => (area.name, &area.handler),
        (None, Some(handler)) if upgrade => (UPGRADE, handler),
        _ => match building.router.find(request.method(), request.uri().path()) {
            Found::Handler(route, handler) => (route, handler),
            Found::WrongMethod(route, allow) => {
                return (route, Begun::Answered(wrong_method(allow)));
            }
            Found::Nothing => match &building.fallback {
                Some(handler) => (NO_ROUTE, handler),
                None => {
                    let refusal = text(StatusCode::NOT_FOUND, "Not Found");
                    return (NO_ROUTE, Begun::Answered(refusal));
                }
            },
        },
    };
    let span = span(&request, route);
    // What a handler leaves behind when it panics is its own: it got the
    // request by value, and shares what is built to be shared.
    let begun = panic::catch_unwind(AssertUnwindSafe(|| span.in_scope(|| handler(request))));
    (
        route,
        begun.map_or_else(|_| Begun::Answered(panicked()), |it| Begun::Working(within(span, it))),
    )
}

/// What happens because of `request`, until the head of its answer is known.
/// Most requests belong to no trace, and are told apart only for whoever wants
/// to know that much.
fn span<B>(request: &Request<B>, route: &'static str) -> Span {
    let method = known(request.method());
    match http_kit::trace(request.headers()) {
        None => debug_span!("http", method, route, status = Empty),
        Some(TraceContext { parent, state }) => info_span!(
            "http",
            method,
            route,
            status = Empty,
            trace_id = %parent.trace,
            parent_id = %parent.span,
            traceparent = %parent,
            tracestate = state.as_ref().map(TraceState::as_str),
        ),
    }
}

/// `answer`, worked out in `span`.
fn within(span: Span, answer: Answer) -> Answer {
    if span.is_disabled() {
        return answer;
    }
    let told = async move {
        let response = answer.await;
        Span::current().record("status", response.status().as_u16());
        response
    };
    Box::pin(told.instrument(span))
}

/// What `method` is counted as.
fn known(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 7] = [
        (Method::GET, "GET"),
        (Method::POST, "POST"),
        (Method::HEAD, "HEAD"),
        (Method::DELETE, "DELETE"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    KNOWN.iter().find(|(known, _)| known == method).map_or("other", |(_, name)| name)
}

/// Puts whom a request of HTTP/2 is for where everybody looks for it: it need
/// not have a `Host`, and its `:authority` stands for one (RFC 9113 8.3.1).
fn name_host(request: &mut Request<Incoming>) {
    let Some(authority) = request.uri().authority() else { return };
    if let Ok(host) = HeaderValue::from_str(authority.as_str()) {
        request.headers_mut().entry(header::HOST).or_insert(host);
    }
}

/// The answer of a handler, or of the house when the handler panics.
async fn survive(answer: Answer) -> Response<Body> {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| panicked())
}

fn panicked() -> Response<Body> {
    error!("a handler panicked");
    text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

fn wrong_method(allow: &HeaderValue) -> Response<Body> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    response.headers_mut().insert(header::ALLOW, allow.clone());
    response
}

/// How many bytes a connection that has said nothing takes.
#[cfg(test)]
pub(crate) fn waiting_size() -> usize {
    fn size<Fut: Future>(_: impl FnOnce(Arc<Building>, TcpStream, Ends) -> Fut) -> usize {
        size_of::<Fut>()
    }
    size(serve)
}
