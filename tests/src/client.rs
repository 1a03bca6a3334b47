//! A client that reads like a script.

use std::{collections::VecDeque, net::SocketAddr, time::Duration};

use domain::client::Protocol;
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, handshake};
use http::{Request, header};
use http_body_util::Empty;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time,
};

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a gateway that may do anything its scopes allow.
pub struct Client {
    socket: FragmentCollector<TokioIo<Upgraded>>,
    protocol: Protocol,
    calls: u64,
    events: VecDeque<Value>,
    /// The payload of `connect.challenge`.
    pub challenge: Value,
    /// The payload of `hello-ok`.
    pub hello: Value,
}

/// Why a connection ended: code and reason.
pub type Closed = (u16, String);

impl Client {
    /// Connects to `address` and shows `token`. `scopes` are asked for.
    ///
    /// # Panics
    ///
    /// When it is not let in.
    pub async fn connect(
        address: SocketAddr,
        token: &str,
        protocol: Protocol,
        scopes: &[&str],
    ) -> Self {
        let mut client = Self::knock(address, protocol).await;
        let params = connect_params(token, protocol, scopes);
        client.hello = client.call("connect", params).await.expect("the client is let in");
        client
    }

    /// Connects to `address` and reads the challenge, without logging in.
    pub async fn knock(address: SocketAddr, protocol: Protocol) -> Self {
        Self::knock_with(address, protocol, &[]).await
    }

    /// The same, with these headers besides.
    pub async fn knock_with(
        address: SocketAddr,
        protocol: Protocol,
        headers: &[(&str, &str)],
    ) -> Self {
        let stream = TcpStream::connect(address).await.expect("the gateway listens");
        Self::knock_over(stream, &address.to_string(), protocol, headers).await
    }

    /// The same over `stream`, which leads to `host`.
    pub async fn knock_over<S>(
        stream: S,
        host: &str,
        protocol: Protocol,
        headers: &[(&str, &str)],
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let request = Request::builder()
            .uri("/")
            .header(header::HOST, host)
            .header(header::UPGRADE, "websocket")
            .header(header::CONNECTION, "upgrade")
            .header(header::SEC_WEBSOCKET_KEY, handshake::generate_key())
            .header(header::SEC_WEBSOCKET_VERSION, "13");
        let request = headers.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        let request =
            request.body(Empty::<bytes::Bytes>::new()).expect("the request is well formed");
        let (mut socket, _) = handshake::client(&TokioExecutor::new(), request, stream)
            .await
            .expect("the gateway upgrades");
        socket.set_max_message_size(64 << 20);
        let socket = FragmentCollector::new(socket);
        let (calls, events) = (0, VecDeque::new());
        let (challenge, hello) = (Value::Null, Value::Null);
        let mut client = Self { socket, protocol, calls, events, challenge, hello };
        let (name, challenge) = client.event().await;
        assert_eq!(name, "connect.challenge");
        client.challenge = challenge;
        client
    }

    /// Calls a method and waits for its first answer.
    pub async fn call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        let id = self.begin(method, params).await;
        self.answer(&id).await
    }

    /// Calls a method; [`answer`](Self::answer) waits for what it returns.
    pub async fn begin(&mut self, method: &str, params: Value) -> String {
        self.calls += 1;
        let id = format!("call-{}", self.calls);
        let word = if self.protocol == Protocol::Brief { "request" } else { "req" };
        let frame = json!({ "type": word, "id": id, "method": method, "params": params });
        self.send(&frame.to_string()).await;
        id
    }

    /// The next answer to call `id`.
    pub async fn answer(&mut self, id: &str) -> Result<Value, Value> {
        loop {
            let frame = self.frame().await.expect("the connection is open");
            if !matches!(frame["type"].as_str(), Some("res" | "response")) {
                self.events.push_back(frame);
            } else if frame["id"] == id {
                return match frame["ok"].as_bool() {
                    Some(true) => Ok(frame["payload"].clone()),
                    _ => Err(frame["error"].clone()),
                };
            }
        }
    }

    /// The next event: its name and its payload.
    pub async fn event(&mut self) -> (String, Value) {
        let frame = self.event_frame().await;
        let payload = if frame["data"].is_null() { &frame["payload"] } else { &frame["data"] };
        (frame["event"].as_str().unwrap_or_default().to_owned(), payload.clone())
    }

    /// The next event of this name.
    pub async fn event_named(&mut self, wanted: &str) -> Value {
        loop {
            let (name, payload) = self.event().await;
            if name == wanted {
                return payload;
            }
        }
    }

    /// The next `chat` event of this state.
    pub async fn chat(&mut self, state: &str) -> Value {
        loop {
            let payload = self.event_named("chat").await;
            if payload["state"] == state {
                return payload;
            }
        }
    }

    /// The next event as it came.
    pub async fn event_frame(&mut self) -> Value {
        if let Some(frame) = self.events.pop_front() {
            return frame;
        }
        loop {
            let frame = self.frame().await.expect("the connection is open");
            if matches!(frame["type"].as_str(), Some("event" | "broadcast")) {
                return frame;
            }
        }
    }

    /// Sends a text as it is.
    pub async fn send(&mut self, text: &str) {
        let payload = Payload::Borrowed(text.as_bytes());
        self.socket.write_frame(Frame::text(payload)).await.expect("the connection is open");
    }

    /// Reads on until the gateway closes the connection.
    pub async fn closed(&mut self) -> Closed {
        loop {
            if let Err(closed) = self.frame().await {
                return closed;
            }
        }
    }

    /// The next frame, whatever it is, or why there is none.
    pub async fn frame(&mut self) -> Result<Value, Closed> {
        loop {
            let read = time::timeout(PATIENCE, self.socket.read_frame()).await;
            let frame = match read.expect("the gateway says something in time") {
                Ok(frame) => frame,
                Err(error) => return Err((1006, error.to_string())),
            };
            match frame.opcode {
                OpCode::Text | OpCode::Binary => {
                    return Ok(serde_json::from_slice(&frame.payload).expect("frames are JSON"));
                }
                OpCode::Close => {
                    let code =
                        frame.payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                    let reason = frame.payload.get(2..).unwrap_or_default();
                    return Err((code, String::from_utf8_lossy(reason).into_owned()));
                }
                _ => (),
            }
        }
    }
}

/// What a client says about itself, and the token it shows.
pub fn connect_params(token: &str, protocol: Protocol, scopes: &[&str]) -> Value {
    let number = protocol.number();
    json!({
        "minProtocol": number, "maxProtocol": number,
        "client": { "id": "gateway-client", "version": "1.0.0", "platform": "linux", "mode": "backend" },
        "role": "operator", "scopes": scopes, "auth": { "token": token },
    })
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}
