//! What was answered.

use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub struct Said {
    /// Its status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// What it says, put together.
    pub body: String,
}

impl Said {
    pub(super) fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head[9..12].parse().expect("a status");
        let chunked = head.contains("transfer-encoding: chunked");
        let body = if chunked { unchunk(body) } else { body.to_owned() };
        Self { status, head: head.to_owned(), body }
    }

    /// What it says, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

fn unchunk(mut text: &str) -> String {
    let mut body = String::new();
    while let Some((length, rest)) = text.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("a length");
        body.push_str(&rest[..length]);
        text = &rest[length + 2..];
    }
    body
}
