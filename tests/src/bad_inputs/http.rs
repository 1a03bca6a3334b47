//! HTTP/1.1 requests and answers, by hand.

use std::time::Instant;

/// An answer that arrived.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// How many bytes it took, or would take if it were complete.
    pub(super) length: usize,
    /// When its last byte came.
    pub(super) at: Instant,
}

impl Answer {
    /// The first header of that name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The body as text, as well as that works.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The beginning of an answer.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    /// Where the body begins.
    pub(super) length: usize,
}

/// Writes a request. `headers` come in this order, `Host` and `Content-Length`
/// only if they are among them.
pub(super) fn request(
    method: &str,
    target: &str,
    version: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Vec<u8> {
    let mut request = format!("{method} {target} {version}\r\n");
    for (name, value) in headers {
        request.push_str(name);
        request.push_str(": ");
        request.push_str(value);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    let mut request = request.into_bytes();
    request.extend(body);
    request
}

/// Reads the head of the first answer in `bytes`, past any `100 Continue`.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = text.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| format!("not an HTTP answer: {status_line:?}"))?;
    if status == 100 {
        let Some(head) = head(&bytes[end + 4..])? else { return Ok(None) };
        return Ok(Some(Head { length: head.length + end + 4, ..head }));
    }
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Ok(Some(Head { status, headers, length: end + 4 }))
}

/// Reads the first answer in `bytes`, if all of it is there. `ended` says
/// whether more can come.
pub(super) fn answer(bytes: &[u8], ended: bool, at: Instant) -> Result<Option<Answer>, String> {
    let Some(head) = head(bytes)? else { return Ok(None) };
    let rest = &bytes[head.length..];
    let has = |name| header(&head.headers, name);
    let body = if matches!(head.status, 101 | 204 | 304) {
        Some((Vec::new(), 0))
    } else if has("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        chunks(rest)
    } else if let Some(length) = has("content-length") {
        let length = length.parse().map_err(|_| format!("content-length {length:?}"))?;
        rest.get(..length).map(|body| (body.to_vec(), length))
    } else {
        ended.then(|| (rest.to_vec(), rest.len()))
    };
    Ok(body.map(|(body, length)| Answer {
        status: head.status,
        headers: head.headers,
        body,
        length: head.length + length,
        at,
    }))
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
    Some(value)
}

/// A chunked body without its chunks, and how many bytes it was with them.
fn chunks(bytes: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let line = bytes.get(at..)?.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + line]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        let begin = at + line + 2;
        body.extend(bytes.get(begin..begin + size)?);
        at = begin + size + 2;
        if size == 0 {
            return (at <= bytes.len()).then_some((body, at));
        }
    }
}

#[test]
fn answers() {
    let read = |text: &str, ended| {
        let answer = answer(text.as_bytes(), ended, Instant::now()).unwrap()?;
        Some((answer.status, answer.text(), answer.length == text.len()))
    };
    let whole = |status, body: &str| Some((status, body.to_owned(), true));

    assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false), whole(200, "hi"));
    assert_eq!(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", true), None);
    assert_eq!(read("HTTP/1.1 400 Bad\r\n\r\nhi", true), whole(400, "hi"));
    assert_eq!(read("HTTP/1.1 400 Bad\r\n\r\nhi", false), None);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
    assert_eq!(read(chunked, false), whole(200, "hi"));
    assert_eq!(read(&chunked[..chunked.len() - 1], false), None);
    let continued = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n";
    assert_eq!(read(continued, false), whole(204, ""));
    assert!(head(b"garbage\r\n\r\n").is_err());
}
