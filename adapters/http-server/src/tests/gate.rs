//! Names and pages.

use std::sync::Arc;

use http::StatusCode;
use http_kit::{Area, handler_of, text};

use super::house::{House, status};

#[tokio::test]
async fn foreign_names_and_pages_stay_outside() {
    let house = House::open();
    #[rustfmt::skip]
    let table = [
        // method  headers                                                              status
        ("GET",  "Host: localhost:18789\r\n",                                           "200"),
        ("GET",  "Host: localhost.:18789\r\n",                                          "200"),
        ("GET",  "Host: [::1]:18789\r\n",                                               "200"),
        ("GET",  "Host: localhost:99999\r\n",                                           "400"),
        ("GET",  "Host: \r\n",                                                          "400"),
        ("GET",  "Host: evil.example:18789\r\n",                                        "403"),
        ("GET",  "Host: 127.0.0.1.evil.example\r\n",                                    "403"),
        ("GET",  "Origin: https://evil.example\r\n",                                    "200"),
        ("HEAD", "Sec-Fetch-Site: cross-site\r\n",                                      "200"),
        ("POST", "Origin: http://localhost\r\n",                                        "405"),
        ("POST", "Origin: https://chat.example\r\nSec-Fetch-Site: cross-site\r\n",      "405"),
        ("POST", "Origin: https://evil.example\r\n",                                    "403"),
        ("POST", "Origin: null\r\n",                                                    "403"),
        ("POST", "Origin: http://127.0.0.1.evil.example\r\n",                           "403"),
        ("POST", "Sec-Fetch-Site: cross-site\r\n",                                      "403"),
        ("POST", "Sec-Fetch-Site: same-origin\r\n",                                     "405"),
        ("GET",  "Upgrade: websocket\r\nOrigin: http://localhost\r\n",                  "418"),
        ("GET",  "Upgrade: websocket\r\nOrigin: https://evil.example\r\n",              "403"),
        ("GET",  "Upgrade: h2c, WebSocket\r\nOrigin: https://evil.example\r\n",         "403"),
    ];
    for (method, headers, expected) in table {
        let answer = house.request(method, "/hello", headers).await;
        assert_eq!(status(&answer), expected, "{method} {headers:?}: {answer}");
    }
    let rebound = "Host: evil.example\r\nOrigin: http://evil.example\r\nUpgrade: websocket\r\n";
    let answer = house.request("GET", "/", rebound).await;
    assert!(answer.ends_with("host not allowed"), "{answer}");
    let old = house.ask("GET /hello HTTP/1.0\r\n\r\n").await;
    assert_eq!(status(&old), "200", "HTTP/1.0 knows no Host");
}

/// A page in a sandbox is of no origin; whoever answers there knows about it.
#[tokio::test]
async fn some_sockets_decide_about_their_pages_themselves() {
    let handler = handler_of(|_| async { text(StatusCode::IM_A_TEAPOT, "own") });
    let own = Area { name: "own", holds: Arc::new(|path| path == "/own"), handler };
    let house = House::with(|deps| deps.sockets = Some(own));
    let socket = "Upgrade: websocket\r\n";
    #[rustfmt::skip]
    let table = [
        ("/own",   "Origin: null\r\n",                  "own"),
        ("/own",   "Host: evil.example\r\n",            "host not allowed"),
        ("/other", "Origin: null\r\n",                  "origin not allowed"),
        ("/other", "",                                  "upgrade"),
    ];
    for (path, headers, expected) in table {
        let answer = house.request("GET", path, &format!("{socket}{headers}")).await;
        assert!(answer.ends_with(expected), "{path} {headers:?}: {answer}");
    }
    let plain = house.request("GET", "/own", "").await;
    assert_eq!(status(&plain), "404", "only sockets are answered there");
}
