//! How connections end, or become something else.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, StreamBody};
use http_kit::{Body, Ends, Route, empty, handler_of, text};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Notify, mpsc, oneshot},
    time::timeout,
};

use super::house::{House, PATIENCE, rest, until};

const HELLO: &[u8] = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn idle_connections_close_at_once_and_open_requests_finish() {
    let (begun, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
        handler_of(move |_| {
            let (begun, finish) = (Arc::clone(&begun), Arc::clone(&finish));
            async move {
                begun.notify_one();
                finish.notified().await;
                text(StatusCode::OK, "finished")
            }
        })
    };
    let house = House::with(|deps| {
        deps.manner.limits.http_header_ms = 60_000;
        deps.routes.push(Route {
            handler,
            ..Route::new(Method::GET, "/slow", |_| async { unreachable!() })
        });
    });
    let mut silent = house.connect().await;
    let mut idle = house.connect().await;
    idle.write_all(HELLO).await.unwrap();
    until(&mut idle, "hello").await;
    let mut busy = house.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    begun.notified().await;

    house.stop.cancel();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(house.address).await.is_err(), "nobody listens any more");
    finish.notify_one();
    let answer = rest(&mut busy).await;
    assert!(answer.contains("connection: close") && answer.ends_with("finished"), "{answer}");
    house.closed().await;
}

#[tokio::test]
async fn nothing_outlives_the_deadline_or_the_cut() {
    for cut in [false, true] {
        let begun = Arc::new(Notify::new());
        let handler = {
            let begun = Arc::clone(&begun);
            handler_of(move |_| {
                begun.notify_one();
                std::future::pending()
            })
        };
        let house = House::with(|deps| {
            deps.manner.limits.drain_ms = if cut { 60_000 } else { 50 };
            deps.routes.push(Route {
                handler,
                ..Route::new(Method::GET, "/never", |_| async { unreachable!() })
            });
        });
        let mut busy = house.connect().await;
        busy.write_all(b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        begun.notified().await;
        house.stop.cancel();
        if cut {
            house.cut.cancel();
        }
        assert_eq!(rest(&mut busy).await, "");
        house.closed().await;
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_drops_the_work_done_for_it() {
    let (tell, mut begun) = mpsc::channel(2);
    let waiting = {
        let tell = tell.clone();
        handler_of(move |_| {
            let (still_there, gone) = oneshot::channel::<()>();
            tell.try_send(gone).unwrap();
            async move {
                let () = std::future::pending().await;
                drop(still_there);
                empty(StatusCode::OK)
            }
        })
    };
    let streaming = handler_of(move |_| {
        let (still_there, gone) = oneshot::channel::<()>();
        tell.try_send(gone).unwrap();
        async move {
            let endless = stream::unfold(Some(still_there), |still_there| async {
                if still_there.is_some() {
                    let more = Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"more")));
                    return Some((more, still_there));
                }
                None
            });
            Response::new(StreamBody::new(endless).boxed_unsync())
        }
    });
    let house = House::with(|deps| {
        deps.routes.push(Route {
            handler: waiting,
            ..Route::new(Method::GET, "/wait", |_| async { unreachable!() })
        });
        deps.routes.push(Route {
            handler: streaming,
            ..Route::new(Method::GET, "/stream", |_| async { unreachable!() })
        });
    });
    for path in ["/wait", "/stream"] {
        let mut socket = house.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let gone = begun.recv().await.unwrap();
        drop(socket);
        let dropped = timeout(PATIENCE, gone).await.expect("the work is dropped");
        assert!(dropped.is_err(), "{path}");
    }
}

#[tokio::test]
async fn an_upgraded_connection_is_handed_over_and_outlives_the_server() {
    let (hand_over, handed_over) = oneshot::channel();
    let hand_over = std::sync::Mutex::new(Some(hand_over));
    let upgrade = handler_of(move |mut request: Request<Incoming>| {
        let hand_over = hand_over.lock().unwrap().take().unwrap();
        async move {
            assert!(request.extensions().get::<Ends>().unwrap().peer.ip().is_loopback());
            assert_eq!(request.uri().path(), "/any/path");
            hand_over.send(hyper::upgrade::on(&mut request)).unwrap();
            switching()
        }
    });
    let house = House::with(|deps| deps.upgrade = Some(upgrade));
    let mut client = house.connect().await;
    let request = "GET /any/path HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nping";
    client.write_all(request.as_bytes()).await.unwrap();
    let upgraded = handed_over.await.unwrap().await.unwrap();
    let mut parts = upgraded.downcast::<TokioIo<TcpStream>>().unwrap();
    assert_eq!(&parts.read_buf[..], b"ping");

    house.stop.cancel();
    house.closed().await;
    let head = until(&mut client, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let server = parts.io.inner_mut();
    server.write_all(b"pong").await.unwrap();
    until(&mut client, "pong").await;
    client.write_all(b"x").await.unwrap();
    assert_eq!(timeout(PATIENCE, server.read_u8()).await.unwrap().unwrap(), b'x');
}

fn switching() -> Response<Body> {
    let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, "upgrade".parse().unwrap());
    headers.insert(header::UPGRADE, "websocket".parse().unwrap());
    response
}

#[test]
fn a_silent_connection_is_small() {
    let size = crate::connection::waiting_size();
    assert!(size < 1024, "{size} bytes");
}
