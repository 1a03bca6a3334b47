//! Bodies: too long, too slow, or not what they should be.

use super::house::{BODY, House, rest, status, until};
use tokio::io::AsyncWriteExt;

const POST: &str = "POST /read HTTP/1.1\r\nHost: localhost\r\n";

#[tokio::test]
async fn bodies_are_read_within_limits() {
    let house = House::open();
    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(BODY - 8));
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let with = |headers: &str, body: &str| {
        let length = body.len();
        format!("{POST}Connection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
    };
    let chunked =
        |body: &str| format!("{POST}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let chunk = format!("{:x}\r\n{}\r\n", BODY, "x".repeat(BODY));
    #[rustfmt::skip]
    let table = [
        (with("", "{\"a\":1}"),                      "200", "{\"a\":1}"),
        (with("", ""),                               "200", "{}"),
        (with("", &fits),                            "200", fits.as_str()),
        (with("", &"x".repeat(BODY + 1)),            "413", "Payload too large"),
        (chunked("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),   "200", "{}"),
        (chunked("0\r\n\r\n"),                       "200", "{}"),
        (chunked(&format!("{chunk}1\r\nx\r\n0\r\n\r\n")), "413", "Payload too large"),
        (chunked("zz\r\n"),                          "400", "Request body could not be read"),
        (with("", "{"),                              "400", "Invalid JSON: EOF while parsing an object at line 1 column 1"),
        (with("", &deep),                            "400", "Invalid JSON: recursion limit exceeded at line 1 column 128"),
        (with("Content-Encoding: gzip\r\n", "{}"),   "415", "Unsupported Content-Encoding"),
        (with("Content-Encoding: identity\r\n", "{}"), "200", "{}"),
        (with("Content-Type: text/plain\r\n", "{}"), "200", "{}"),
    ];
    for (request, expected, body) in table {
        let answer = house.ask(&request).await;
        assert_eq!(status(&answer), expected, "{request}: {answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_announces_to_be_endless_is_refused_unread() {
    let house = House::open();
    let answer = house.ask(&format!("{POST}Content-Length: 10737418240\r\n\r\n")).await;
    assert_eq!(status(&answer), "413");
}

#[tokio::test]
async fn who_still_sends_a_long_body_gets_to_read_why_it_was_refused() {
    let house = House::open();
    let length = 16 * 1024 * 1024;
    let request = format!("{POST}Content-Length: {length}\r\n\r\n{}", "x".repeat(length));
    assert_eq!(status(&house.ask(&request).await), "413");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let house = House::open();
    let mut socket = house.connect().await;
    socket.write_all(format!("{POST}Content-Length: 10\r\n\r\n{{").as_bytes()).await.unwrap();
    let answer = rest(&mut socket).await;
    assert_eq!(status(&answer), "408", "{answer}");
}

#[tokio::test]
async fn who_asks_first_is_told_to_go_on() {
    let house = House::open();
    let mut socket = house.connect().await;
    let head = format!("{POST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    socket.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(until(&mut socket, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"{}").await.unwrap();
    assert_eq!(status(&until(&mut socket, "{}").await), "200");
}
