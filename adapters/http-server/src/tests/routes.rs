//! What is answered at which path.

use std::sync::{Arc, Mutex};

use http::StatusCode;
use http_kit::{Area, areas, handler_of, text};
use ports::driven::{Answered, EndedRun, Meter};

use super::house::{House, status};

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

/// Keeps what it is told.
#[derive(Default)]
struct Slate(Mutex<Vec<(&'static str, &'static str, u16)>>);

impl Meter for Slate {
    fn answered(&self, answered: Answered) {
        let Answered { route, method, status, .. } = answered;
        self.0.lock().unwrap().push((route, method, status));
    }

    fn run_ended(&self, _: &EndedRun<'_>) {}
}

#[tokio::test]
async fn answers_are_counted_under_the_names_of_the_tables() {
    let slate = Arc::new(Slate::default());
    let area = Area {
        name: "hooks",
        holds: Arc::new(|path| path.starts_with("/hooks/")),
        handler: handler_of(|_| async { text(StatusCode::ACCEPTED, "taken") }),
    };
    let house = House::with(|deps| {
        deps.meter = slate.clone();
        deps.fallback = Some(areas(vec![area]));
    });
    #[rustfmt::skip]
    let table = [
        ("GET",    "/hello?who=ada",  ("/hello", "GET", 200)),
        ("HEAD",   "/hello",          ("/hello", "HEAD", 200)),
        ("BREW",   "/hello",          ("/hello", "other", 405)),
        ("GET",    "/panic",          ("/panic", "GET", 500)),
        ("POST",   "/hooks/anything", ("hooks", "POST", 202)),
        ("GET",    "/whatever/comes", ("none", "GET", 404)),
    ];
    for (method, target, counted) in table {
        house.request(method, target, "").await;
        assert_eq!(slate.0.lock().unwrap().pop(), Some(counted), "{method} {target}");
    }
    house.request("GET", "/hello", "Host: evil.example\r\n").await;
    assert_eq!(slate.0.lock().unwrap().pop(), Some(("none", "GET", 403)));
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
