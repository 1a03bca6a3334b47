//! Requests that are not quite HTTP (`bad-inputs.json`, surface http).

use super::house::{House, rest, status, until};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn what_is_not_http_is_refused_and_the_connection_closed() {
    let house = House::open();
    let post = "POST /read HTTP/1.1\r\nHost: localhost\r\n";
    let long = "a".repeat(64 * 1024);
    let many = "X-A: b\r\n".repeat(101);
    #[rustfmt::skip]
    let table = [
        ("UPG-011", "GET /hello HTTP/1.1\r\n\r\n".to_owned(),                                "400"),
        ("UPG-013", "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "400"),
        ("HTP-013", format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-A: {long}\r\n\r\n"),     "431"),
        ("HTP-014", format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),              "431"),
        ("HTP-015", format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),              "431"),
        ("HTP-016", format!("{post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), "400"),
        ("HTP-017", format!("{post}Content-Length: 2\r\nContent-Length: 20\r\n\r\n{{}}"),    "400"),
        ("HTP-018", format!("{post}Content-Length: +2\r\n\r\n{{}}"),                         "400"),
        ("HTP-019", format!("{post}Content-Length: -1\r\n\r\n"),                             "400"),
        ("HTP-020", format!("{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),           "400"),
        ("HTP-024", "GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n c\r\n\r\n".to_owned(),  "400"),
        ("HTP-025", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n".to_owned(),                 "400"),
        ("HTP-028", "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nConnection: close\r\n\r\n".to_owned(), "400"),
        ("binary",  "\u{1}\u{2}\r\n\r\n".to_owned(),                                         "400"),
        ("no name", "GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n".to_owned(),           "400"),
        ("two hosts", "GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n".to_owned(), "400"),
    ];
    for (case, request, expected) in table {
        let mut socket = house.connect().await;
        socket.write_all(request.as_bytes()).await.unwrap();
        // What parses and is refused by us leaves the connection usable.
        let answer = if case.starts_with("UPG") || case == "two hosts" {
            until(&mut socket, "Bad Request").await
        } else {
            rest(&mut socket).await
        };
        assert_eq!(status(&answer), expected, "{case}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{case}: {answer}");
    }
}

#[tokio::test]
async fn a_request_of_two_lengths_is_the_last_of_its_connection() {
    let house = House::open();
    let mut socket = house.connect().await;
    socket.write_all(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until(&mut socket, "hello").await;
    let smuggling = "POST /read HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\
        Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
    socket.write_all(smuggling.as_bytes()).await.unwrap();
    let answer = rest(&mut socket).await;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    assert!(!answer.contains("hello"), "{answer}");
}

#[tokio::test]
async fn who_says_nothing_or_says_it_slowly_is_not_waited_for() {
    let house = House::open();
    let begun = std::time::Instant::now();
    for beginning in ["", "G", "GET /hello HTTP/1.1\r\nHost: loc"] {
        assert_eq!(house.ask(beginning).await, "", "{beginning:?}");
    }
    // Neither is one who was served and then says nothing more.
    let mut socket = house.connect().await;
    socket.write_all(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(rest(&mut socket).await.ends_with("hello"));
    assert!(begun.elapsed() < super::house::PATIENCE);
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_order() {
    let house = House::open();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
    let pipelined = format!(
        "{}\r\n{}\r\n{}Connection: close\r\n\r\n",
        get("/hello"),
        get("/nope"),
        get("/hello")
    );
    let answers = house.ask(&pipelined).await;
    let statuses: Vec<_> = answers.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"]);
}
