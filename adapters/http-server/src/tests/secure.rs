//! Encrypted connections, with an encryption that encrypts nothing: what the
//! server does around it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Version, header};
use http_body_util::{BodyExt, Empty};
use http_kit::{Encryption, Ends, Route, Secured, SecuredSocket, text};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::TokioIo;
use ports::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_util::task::TaskTracker;

use super::house::{House, PATIENCE, rest, status};
use crate::Deps;

/// The greeting of this encryption is two bytes, of which the second says what
/// becomes of it.
struct Pretence;

const HTTP1: &[u8] = b"\x161";
const HTTP2: &[u8] = b"\x162";
const FAILS: &[u8] = b"\x16x";
const HANGS: &[u8] = b"\x16.";
const LOOKS: &[u8] = b"\x16?";

impl Encryption for Pretence {
    fn accept(&self, mut tcp: TcpStream) -> BoxFuture<io::Result<Option<Secured>>> {
        Box::pin(async move {
            let mut greeting = [0; 2];
            tcp.read_exact(&mut greeting).await?;
            match &greeting[..] {
                HTTP1 => Ok(Some(Secured::new(Box::new(Open(tcp)), false))),
                HTTP2 => Ok(Some(Secured::new(Box::new(Open(tcp)), true))),
                LOOKS => Ok(None),
                HANGS => std::future::pending().await,
                _ => Err(io::ErrorKind::InvalidData.into()),
            }
        })
    }
}

#[derive(Debug)]
struct Open(TcpStream);

impl SecuredSocket for Open {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn poll_write_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_write_ready(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

fn house(change: impl FnOnce(&mut Deps)) -> House {
    House::with(|deps| {
        deps.manner.encryption = Some(Arc::new(Pretence));
        deps.manner.strict_transport_security = Some(HeaderValue::from_static("max-age=1"));
        deps.manner.limits.handshake_ms = 300;
        deps.routes.push(Route::new(Method::GET, "/secure", |request| async move {
            let ends = request.extensions().get::<Ends>().unwrap();
            text(StatusCode::OK, ends.secure.to_string())
        }));
        change(deps);
    })
}

#[tokio::test]
async fn a_request_is_answered_over_an_encrypted_connection_and_knows_it() {
    let house = house(|_| ());
    let mut socket = house.connect().await;
    socket.write_all(HTTP1).await.unwrap();
    let request = b"GET /secure HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    socket.write_all(request).await.unwrap();
    let answer = rest(&mut socket).await;
    assert_eq!(status(&answer), "200", "{answer}");
    assert!(answer.contains("strict-transport-security: max-age=1\r\n"), "{answer}");
    assert!(answer.ends_with("true"), "{answer}");
}

#[tokio::test]
async fn nothing_is_promised_where_nothing_is_encrypted() {
    let house = House::with(|deps| {
        deps.manner.strict_transport_security = Some(HeaderValue::from_static("max-age=1"));
    });
    let answer = house.request("GET", "/hello", "").await;
    assert!(!answer.contains("strict-transport-security"), "{answer}");
}

#[tokio::test]
async fn who_does_not_greet_is_left() {
    let house = house(|_| ());
    let table: [(&[u8], &str); 7] = [
        (FAILS, ""),
        (LOOKS, ""),
        (HANGS, ""),
        (b"", ""),
        (b"\x80\x2e\x01\x00\x02", ""),
        (b"\x00", ""),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"),
    ];
    for (said, expected) in table {
        let mut socket = house.connect().await;
        socket.write_all(said).await.unwrap();
        let answer = rest(&mut socket).await;
        assert_eq!(status(&answer).trim_start_matches("none"), expected, "{said:?}: {answer}");
        assert!(expected.is_empty() || answer.ends_with("this port speaks TLS only"), "{answer}");
    }
}

#[tokio::test]
async fn a_crowd_that_greets_does_not_take_every_place() {
    let house = house(|deps| {
        deps.manner.limits.preauth_connections_per_address = 1;
        deps.manner.limits.handshake_ms = 60_000;
    });
    let mut crowd = Vec::new();
    for _ in 0..4 {
        let mut socket = house.connect().await;
        socket.write_all(HANGS).await.unwrap();
        crowd.push(socket);
    }
    // Connections are accepted in order, so the crowd is inside.
    let mut late = house.connect().await;
    assert_eq!(rest(&mut late).await, "");
    house.stop.cancel();
    for mut socket in crowd {
        assert_eq!(rest(&mut socket).await, "", "a stop ends handshakes");
    }
    house.closed().await;
}

type Sender = SendRequest<Empty<Bytes>>;

/// A connection of HTTP/2, served on `tasks`.
async fn speak(house: &House, tasks: &TaskTracker) -> Sender {
    let mut socket = house.connect().await;
    socket.write_all(HTTP2).await.unwrap();
    let executor = hyper_util::rt::TokioExecutor::new();
    let (sender, connection) = http2::handshake(executor, TokioIo::new(socket)).await.unwrap();
    tasks.spawn(connection);
    sender
}

async fn ask(sender: &mut Sender, request: http::request::Builder) -> (StatusCode, String) {
    let request = request.version(Version::HTTP_2).body(Empty::new()).unwrap();
    let response = timeout(PATIENCE, sender.send_request(request)).await.unwrap().unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn http2_is_spoken_where_it_was_agreed_on_within_the_same_limits() {
    let house = house(|deps| deps.manner.limits.http_header_count = 10);
    let tasks = TaskTracker::new();
    let mut sender = speak(&house, &tasks).await;
    let get = |path: &str| Request::get(format!("https://localhost{path}"));
    assert_eq!(ask(&mut sender, get("/secure")).await, (StatusCode::OK, "true".to_owned()));
    assert_eq!(ask(&mut sender, get("/nothing")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ask(&mut sender, get("/panic")).await.0, StatusCode::INTERNAL_SERVER_ERROR);
    // The same house, however it is addressed.
    let foreign = Request::get("https://rebound.example/hello");
    assert_eq!(ask(&mut sender, foreign).await.0, StatusCode::FORBIDDEN);
    let two_hosts = get("/hello").header(header::HOST, "localhost:1");
    assert_eq!(ask(&mut sender, two_hosts).await.0, StatusCode::BAD_REQUEST);
    let page = get("/hello").header(header::ORIGIN, "https://evil.example");
    assert_eq!(ask(&mut sender, page.method(Method::POST)).await.0, StatusCode::FORBIDDEN);
    let many = (0..10).fold(get("/hello"), |request, i| request.header(format!("x-{i}"), "y"));
    assert_eq!(ask(&mut sender, many).await.0, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let long = get("/hello").header("x", "y".repeat(17 * 1024));
    let request = long.version(Version::HTTP_2).body(Empty::new()).unwrap();
    let refused = timeout(PATIENCE, sender.send_request(request)).await.unwrap();
    assert!(refused.map_or(true, |answer| answer.status().is_client_error()));

    house.stop.cancel();
    house.closed().await;
}

#[tokio::test]
async fn a_connection_of_http2_without_requests_is_ended() {
    let house = house(|deps| deps.manner.limits.http_header_ms = 100);
    let tasks = TaskTracker::new();
    let sender = speak(&house, &tasks).await;
    tasks.close();
    timeout(PATIENCE, tasks.wait()).await.expect("the server hangs up");
    assert!(sender.is_closed());
}
