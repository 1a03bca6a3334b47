//! A client that says exactly what it is told to say.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// A WebSocket upgrade as clients send it.
pub(super) const UPGRADE: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

pub(super) struct Client {
    stream: BufReader<TcpStream>,
}

/// What the server says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Text(Value),
    Ping,
    Pong(Vec<u8>),
    Close(u16, String),
    /// The socket was closed.
    End,
}

impl Client {
    /// Sends `request` and returns the head of the answer.
    pub(super) async fn http(address: SocketAddr, request: &str) -> (Self, String) {
        let socket = TcpSocket::new_v4().unwrap();
        // So that it does not take much until the server has to wait.
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let stream = BufReader::new(socket.connect(address).await.unwrap());
        let mut client = Self { stream };
        client.raw(request.as_bytes()).await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(patiently(client.stream.read_u8()).await.unwrap());
        }
        (client, String::from_utf8(head).unwrap())
    }

    /// A connection that got its challenge.
    pub(super) async fn open(address: SocketAddr) -> Self {
        let (mut client, head) = Self::http(address, UPGRADE).await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        let challenge = client.json().await;
        assert_eq!(challenge["event"], "connect.challenge", "{challenge}");
        assert!(challenge["payload"]["nonce"].is_string() && challenge["payload"]["ts"].is_u64());
        assert!(challenge.get("seq").is_none());
        client
    }

    /// A client that was let in. `change` goes over the parameters.
    pub(super) async fn login(address: SocketAddr, change: Value) -> Self {
        let mut client = Self::open(address).await;
        client.text(&connect(change)).await;
        let hello = client.json().await;
        assert_eq!(hello["payload"]["type"], "hello-ok", "{hello}");
        client
    }

    pub(super) async fn operator(address: SocketAddr) -> Self {
        Self::login(address, json!({})).await
    }

    pub(super) async fn raw(&mut self, bytes: &[u8]) {
        patiently(self.stream.write_all(bytes)).await.unwrap();
    }

    /// Sends a frame whose first byte is `first`.
    pub(super) async fn frame(&mut self, first: u8, payload: &[u8]) {
        self.raw(&frame(first, payload)).await;
    }

    pub(super) async fn text(&mut self, message: &Value) {
        self.frame(0x81, message.to_string().as_bytes()).await;
    }

    pub(super) async fn request(&mut self, id: &str, method: &str, params: Value) {
        self.text(&json!({ "type": "req", "id": id, "method": method, "params": params })).await;
    }

    /// Calls a method and returns the response.
    pub(super) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.request("call", method, params).await;
        self.json().await
    }

    pub(super) async fn said(&mut self) -> Said {
        match patiently(self.try_said()).await {
            Ok(said) => said,
            Err(_) => Said::End,
        }
    }

    /// The next message.
    pub(super) async fn json(&mut self) -> Value {
        match self.said().await {
            Said::Text(message) => message,
            other => panic!("no message but {other:?}"),
        }
    }

    /// How the connection was closed, ignoring messages before that.
    pub(super) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.said().await {
                Said::Text(_) | Said::Ping | Said::Pong(_) => (),
                Said::Close(code, reason) => return (code, reason),
                Said::End => panic!("closed without a word"),
            }
        }
    }

    async fn try_said(&mut self) -> std::io::Result<Said> {
        let first = self.stream.read_u8().await?;
        let length = match self.stream.read_u8().await? {
            126 => u64::from(self.stream.read_u16().await?),
            127 => self.stream.read_u64().await?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await?;
        Ok(match first {
            0x81 => Said::Text(serde_json::from_slice(&payload).unwrap()),
            0x89 => Said::Ping,
            0x8a => Said::Pong(payload),
            0x88 if payload.is_empty() => Said::Close(1005, String::new()),
            0x88 => Said::Close(
                u16::from_be_bytes([payload[0], payload[1]]),
                String::from_utf8(payload[2..].to_vec()).unwrap(),
            ),
            other => panic!("first byte {other:#x}"),
        })
    }
}

/// A frame as clients send it.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0xa5, 1, 2, 3];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).unwrap()),
        long @ 126..=0xffff => {
            bytes.push(0xfe);
            bytes.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
        huge => {
            bytes.push(0xff);
            bytes.extend((huge as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A `connect` of protocol 4. `change` goes over its parameters.
pub(super) fn connect(change: Value) -> Value {
    let mut params = json!({
        "minProtocol": 3,
        "maxProtocol": 4,
        "client": { "id": "cli", "version": "1", "platform": "linux", "mode": "cli" },
    });
    if let Value::Object(change) = change {
        params.as_object_mut().unwrap().extend(change);
    }
    json!({ "type": "req", "id": "hello", "method": "connect", "params": params })
}

async fn patiently<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(10), future).await.expect("the server says nothing")
}
