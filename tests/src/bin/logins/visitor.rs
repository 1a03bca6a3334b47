//! Somebody at the other end of a socket who writes bytes that were made before,
//! so that it is the gateway that is measured.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    time::Duration,
};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use serde_json::{Value, json};

use crate::gateway::TOKEN;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest answer that is read.
const LONGEST: usize = 1 << 20;

/// Addresses of this machine, one after the other, 60,000 of them.
#[derive(Debug)]
pub(crate) struct Strangers {
    block: u8,
    next: u16,
}

impl Strangers {
    /// Those of `127.<block>.0.0/16`.
    pub(crate) const fn new(block: u8) -> Self {
        Self { block, next: 0 }
    }

    /// Connects the next one.
    pub(crate) fn connect(&mut self, port: u16) -> io::Result<Visitor> {
        self.next = self.next % 60_000 + 1;
        let [high, low] = self.next.to_be_bytes();
        Visitor::connect(Ipv4Addr::new(127, self.block, high, low), port)
    }

    /// Connects the next one and reads the challenge.
    pub(crate) fn visit(&mut self, port: u16) -> io::Result<Visitor> {
        let mut visitor = self.connect(port)?;
        visitor.upgrade()?;
        Ok(visitor)
    }
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Visitor {
    stream: BufReader<TcpStream>,
}

impl Visitor {
    fn connect(from: Ipv4Addr, port: u16) -> io::Result<Self> {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
        bind(&socket, &SocketAddrV4::new(from, 0))?;
        connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// The honest client, logged in.
    pub(crate) fn log_in(port: u16) -> io::Result<Self> {
        let mut honest = Self::connect(Ipv4Addr::LOCALHOST, port)?;
        honest.upgrade()?;
        match honest.call("connect", &login(TOKEN))? {
            answer if answer["ok"] == true => Ok(honest),
            answer => Err(io::Error::other(answer.to_string())),
        }
    }

    /// Asks for `/healthz`.
    pub(crate) fn look(&mut self) -> io::Result<()> {
        let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        self.stream.get_mut().write_all(request)?;
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer)?;
        if answer.starts_with("HTTP/1.1 200") {
            return Ok(());
        }
        Err(io::Error::other(answer))
    }

    /// Becomes a WebSocket and reads the challenge.
    pub(crate) fn upgrade(&mut self) -> io::Result<()> {
        let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n\
            connection: upgrade\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
            sec-websocket-version: 13\r\n\r\n";
        self.stream.get_mut().write_all(request)?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if self.stream.read_until(b'\n', &mut head)? == 0 || LONGEST < head.len() {
                break;
            }
        }
        if !head.starts_with(b"HTTP/1.1 101") {
            return Err(io::Error::other(String::from_utf8_lossy(&head).into_owned()));
        }
        match self.hear()? {
            Some(challenge) if challenge["event"] == "connect.challenge" => Ok(()),
            other => Err(io::Error::other(format!("no challenge: {other:?}"))),
        }
    }

    /// Shows a wrong token, and gives the code it is refused with when the
    /// gateway has closed the connection.
    pub(crate) fn guess(&mut self) -> io::Result<String> {
        let answer = self.call("connect", &login("a-guess"))?;
        while self.hear()?.is_some() {}
        match answer["error"]["details"]["code"].as_str() {
            Some(code) => Ok(code.to_owned()),
            None => Err(io::Error::other(format!("it was not refused: {answer}"))),
        }
    }

    /// Calls `health`.
    pub(crate) fn health(&mut self) -> io::Result<()> {
        match self.call("health", &json!({}))? {
            answer if answer["ok"] == true => Ok(()),
            answer => Err(io::Error::other(answer.to_string())),
        }
    }

    fn call(&mut self, method: &str, params: &Value) -> io::Result<Value> {
        let frame = json!({ "type": "req", "id": "1", "method": method, "params": params });
        self.say(&frame.to_string())?;
        loop {
            match self.hear()? {
                Some(frame) if frame["type"] == "res" => return Ok(frame),
                Some(_) => (),
                None => return Err(ErrorKind::UnexpectedEof.into()),
            }
        }
    }

    /// Sends a text, under a mask of zeros.
    fn say(&mut self, text: &str) -> io::Result<()> {
        let mut frame = vec![0x81];
        match u16::try_from(text.len()).map_err(io::Error::other)? {
            len @ ..126 => frame.push(0x80 | len.to_be_bytes()[1]),
            len => {
                frame.push(0x80 | 0x7e);
                frame.extend(len.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.get_mut().write_all(&frame)
    }

    /// The next text. None when the connection was closed.
    fn hear(&mut self) -> io::Result<Option<Value>> {
        loop {
            let mut head = [0; 2];
            match self.stream.read_exact(&mut head) {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                read => read?,
            }
            let len = match head[1] {
                127 => {
                    let mut len = [0; 8];
                    self.stream.read_exact(&mut len)?;
                    usize::try_from(u64::from_be_bytes(len)).unwrap_or(usize::MAX)
                }
                126 => {
                    let mut len = [0; 2];
                    self.stream.read_exact(&mut len)?;
                    u16::from_be_bytes(len).into()
                }
                len => len.into(),
            };
            if LONGEST < len {
                return Err(io::Error::other("too long a frame"));
            }
            let mut payload = vec![0; len];
            self.stream.read_exact(&mut payload)?;
            match head[0] & 0xf {
                1 => return serde_json::from_slice(&payload).map(Some).map_err(io::Error::other),
                8 => return Ok(None),
                _ => (),
            }
        }
    }
}

fn login(token: &str) -> Value {
    json!({
        "minProtocol": 4, "maxProtocol": 4,
        "client": { "id": "gateway-client", "version": "1.0.0", "platform": "linux", "mode": "backend" },
        "role": "operator", "scopes": ["operator.read"], "auth": { "token": token },
    })
}
