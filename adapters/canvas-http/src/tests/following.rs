//! Pages that learn that they changed.

use std::time::Duration;

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role as Side, WebSocket};
use tokio::time::timeout;

use super::*;

const LIVE: &str = "/__openclaw/ws";
const UPGRADE: &str = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/// As long as a test may take.
const PATIENCE: Duration = Duration::from_secs(20);

type Page = FragmentCollector<TcpStream>;

impl House {
    /// A page at `target` that listens, or the status it got instead.
    async fn listen(&self, target: &str, headers: &str) -> Result<Page, u16> {
        let request = format!("GET {target} HTTP/1.1\r\nhost: house\r\n{headers}{UPGRADE}\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        match Answer::read(&head).status {
            101 => Ok(FragmentCollector::new(WebSocket::after_handshake(stream, Side::Client))),
            status => Err(status),
        }
    }
}

/// What a page hears next, besides pings.
async fn hear(page: &mut Page) -> (OpCode, Vec<u8>) {
    loop {
        let frame = timeout(PATIENCE, page.read_frame()).await.unwrap().unwrap();
        if frame.opcode != OpCode::Ping {
            return (frame.opcode, frame.payload.to_vec());
        }
    }
}

#[tokio::test]
async fn pages_are_told_when_a_file_changed() {
    let house = House::open().await;
    house.put("index.html", "one");
    let mut with_pass =
        house.listen("/__openclaw__/cap/P/__openclaw__/ws", "origin: null\r\n").await.unwrap();
    let mut with_token = house.listen(LIVE, TOKEN).await.unwrap();
    // Many changes are told once.
    for text in ["two", "three", "four"] {
        house.put("index.html", text);
    }
    for page in [&mut with_pass, &mut with_token] {
        assert_eq!(hear(page).await, (OpCode::Text, b"reload".to_vec()));
    }
    house.put("new/style.css", "");
    assert_eq!(hear(&mut with_pass).await, (OpCode::Text, b"reload".to_vec()));
}

#[tokio::test]
async fn a_page_can_listen_before_there_is_a_canvas() {
    let house = House::open().await;
    let mut page = house.listen(LIVE, TOKEN).await.unwrap();
    house.put("index.html", "one");
    assert_eq!(hear(&mut page).await, (OpCode::Text, b"reload".to_vec()));
}

#[tokio::test]
async fn a_page_can_ask_whether_somebody_is_there() {
    let house = House::open().await;
    house.put("index.html", "one");
    let mut page = house.listen(LIVE, TOKEN).await.unwrap();
    let ping = Frame::new(true, OpCode::Ping, None, Payload::Borrowed(b"there?"));
    page.write_frame(ping).await.unwrap();
    assert_eq!(hear(&mut page).await, (OpCode::Pong, b"there?".to_vec()));
}

#[tokio::test]
async fn only_pages_of_the_canvas_listen() {
    let house = House::open().await;
    house.put("index.html", "one");
    #[rustfmt::skip]
    let table = [
        (LIVE,                                    "",                                   401),
        (LIVE,                                    "origin: null\r\n",                   401),
        ("/__openclaw__/cap/Q/__openclaw__/ws",   "origin: null\r\n",                   401),
        ("/__openclaw__/cap/P/__openclaw__/ws",   "origin: http://evil.example\r\n",    403),
    ];
    for (target, headers, status) in table {
        assert_eq!(house.listen(target, headers).await.err(), Some(status), "{target} {headers}");
    }
    let own = format!("{TOKEN}origin: http://house\r\n");
    assert!(house.listen("/__moltbot/ws", &own).await.is_ok());
}

#[tokio::test]
async fn who_does_not_ask_for_a_socket_is_told_to() {
    let house = House::open().await;
    let answer = house.get(LIVE).await;
    assert_eq!((answer.status, answer.header("upgrade")), (426, Some("websocket")));
    house.configure(|config| config.canvas_host.live_reload = Some(false));
    assert_eq!(house.get(LIVE).await.status, 404);
    assert_eq!(house.listen(LIVE, TOKEN).await.err(), Some(404));
}

#[tokio::test]
async fn pages_let_go_when_the_gateway_stops() {
    let house = House::open().await;
    house.put("index.html", "one");
    let mut page = house.listen(LIVE, TOKEN).await.unwrap();
    house.stop.cancel();
    let (opcode, payload) = hear(&mut page).await;
    assert_eq!((opcode, &payload[..2]), (OpCode::Close, &1001_u16.to_be_bytes()[..]));
    house.tasks.close();
    timeout(PATIENCE, house.tasks.wait()).await.unwrap();
}

#[tokio::test]
async fn only_so_many_pages_listen_at_a_time() {
    let house = House::open().await;
    house.put("index.html", "one");
    let mut pages = Vec::new();
    for _ in 0..64 {
        pages.push(house.listen(LIVE, TOKEN).await.unwrap());
    }
    assert_eq!(house.listen(LIVE, TOKEN).await.err(), Some(503));
}

#[tokio::test]
async fn a_page_whose_pass_is_not_good_any_more_is_not_let_in_again() {
    let house = House::open().await;
    house.put("index.html", "one");
    house.canvas.is_good.store(false, Ordering::Relaxed);
    let refused = house.listen("/__openclaw__/cap/P/__openclaw__/ws", "").await;
    assert_eq!(refused.err(), Some(401));
}
