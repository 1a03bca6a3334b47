//! Which answers are packed.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt, StreamBody};
use http_kit::{Route, handler_of, text};

use super::house::House;

#[tokio::test]
async fn what_gets_smaller_is_packed_for_whoever_likes_that() {
    let long = "All work and no play makes Jack a dull boy. ".repeat(50);
    let bodies = |kind: &'static str, size: usize| {
        let body: String = long.chars().take(size).collect();
        handler_of(move |_| {
            let mut response = text(StatusCode::OK, body.clone());
            response.headers_mut().insert("content-type", kind.parse().unwrap());
            async move { response }
        })
    };
    let route = |path, handler| Route {
        handler,
        ..Route::new(Method::GET, path, |_| async { unreachable!() })
    };
    let named = handler_of(|_| async {
        let mut response = text(StatusCode::OK, "a".repeat(2000));
        response.headers_mut().insert("etag", "\"1\"".parse().unwrap());
        response
    });
    let streamed = handler_of(|_| async {
        let frames = futures_util::stream::iter(["a".repeat(2000)]);
        let frames = frames.map(|text| Ok(http_body::Frame::data(Bytes::from(text))));
        Response::new(StreamBody::new(frames).boxed_unsync())
    });
    let house = House::with(|deps| {
        deps.routes = vec![
            route("/long", bodies("application/json; charset=utf-8", 2000)),
            route("/short", bodies("application/json", 1000)),
            route("/picture", bodies("image/png", 2000)),
            route("/events", bodies("text/event-stream", 2000)),
            route("/named", named),
            route("/streamed", streamed),
        ];
    });
    #[rustfmt::skip]
    let table = [
        ("GET",  "/long",     "gzip, br",   true),
        ("GET",  "/long",     "br",         false),
        ("GET",  "/long",     "gzip;q=0",   false),
        ("HEAD", "/long",     "gzip",       false),
        ("GET",  "/short",    "gzip",       false),
        ("GET",  "/picture",  "gzip",       false),
        ("GET",  "/events",   "gzip",       false),
        ("GET",  "/named",    "gzip",       false),
        ("GET",  "/streamed", "gzip",       false),
    ];
    for (method, path, accepted, packed) in table {
        let accepted = format!("Accept-Encoding: {accepted}\r\n");
        let answer = house.bytes(method, path, &accepted).await;
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]);
        assert_eq!(head.contains("content-encoding: gzip"), packed, "{method} {path}: {head}");
        assert_eq!(head.contains("vary: accept-encoding"), path == "/long", "{head}");
        if packed {
            let mut plain = String::new();
            GzDecoder::new(&answer[end + 4..]).read_to_string(&mut plain).unwrap();
            assert_eq!(plain, long[..2000]);
        }
    }
}
