//! What is answered at which path.

use super::house::{House, status};
use http::StatusCode;
use http_kit::{handler_of, text};

#[tokio::test]
async fn every_answer_has_a_status_a_body_and_the_default_headers() {
    let house = House::open();
    #[rustfmt::skip]
    let table = [
        ("GET",     "/hello",    "200", "hello"),
        ("HEAD",    "/hello",    "200", ""),
        ("GET",     "/hello?x",  "200", "hello"),
        ("POST",    "/hello",    "405", "Method Not Allowed"),
        ("GET",     "/read",     "405", "Method Not Allowed"),
        ("OPTIONS", "/read",     "405", "Method Not Allowed"),
        ("GET",     "/",         "404", "Not Found"),
        ("GET",     "//hello",   "404", "Not Found"),
        ("GET",     "/%68ello",  "404", "Not Found"),
        ("GET",     "/hello/",   "404", "Not Found"),
        ("OPTIONS", "*",         "404", "Not Found"),
        ("GET",     "/panic",    "500", "Internal Server Error"),
        ("GET",     "/panic/early", "500", "Internal Server Error"),
        ("GET",     "/healthz",  "200", r#"{"ok":true,"status":"live"}"#),
    ];
    for (method, target, expected, body) in table {
        let answer = house.request(method, target, "").await;
        assert_eq!(status(&answer), expected, "{method} {target}: {answer}");
        let (head, said) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(said, body, "{method} {target}");
        for header in [
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "permissions-policy: ",
        ] {
            assert!(head.contains(header), "{method} {target}: {head}");
        }
    }
    let answer = house.request("GET", "/read", "").await;
    assert!(answer.contains("\r\nallow: POST\r\n"), "{answer}");
    let answer = house.request("HEAD", "/hello", "").await;
    assert!(answer.contains("\r\ncontent-length: 5\r\n"), "{answer}");
}

#[tokio::test]
async fn paths_nobody_has_go_to_the_fallback() {
    let page = handler_of(|_| async { text(StatusCode::OK, "page") });
    let house = House::with(|deps| deps.fallback = Some(page));
    assert!(house.request("GET", "/anything", "").await.ends_with("page"));
    assert!(house.request("GET", "/hello", "").await.ends_with("hello"));
}

#[tokio::test]
async fn probes_tell_those_near_more() {
    let house = House::open();
    let near = house.request("GET", "/readyz", "").await;
    assert_eq!(status(&near), "503");
    assert!(near.contains("\r\ncache-control: no-store\r\n"), "{near}");
    let details = r#"{"ready":false,"failing":["store"],"parts":{"models":{"ok":true},"store":{"ok":false,"problem":"the disk is full"}},"uptimeMs":7}"#;
    assert!(near.ends_with(details), "{near}");

    let far = house.request("GET", "/ready", "X-Forwarded-For: 192.0.2.1\r\n").await;
    assert!(far.ends_with("\r\n\r\n{\"ready\":false}"), "{far}");
    let startup = house.request("GET", "/startupz", "").await;
    assert!(startup.ends_with(r#"{"ok":false,"status":"starting"}"#), "{startup}");
    assert_eq!(status(&house.request("POST", "/health", "").await), "405");
}
