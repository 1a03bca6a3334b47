//! Packing answers that get smaller by it.
//!
//! Only whole answers are packed: a stream would be held up. Those that have a
//! name (`ETag`), are a part, or are packed already are left as they are, for
//! whoever made them knew better.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use http_kit::{Body, Encoding, compute};

/// What is shorter does not get shorter, in bytes: with it, the head of an
/// answer still fits into the same packet.
const SHORT: u64 = 1024;
/// What is longer is not held in memory twice, in bytes.
const LONG: u64 = 8 * 1024 * 1024;

/// What gets smaller.
const TEXT: [&str; 9] = [
    "application/json",
    "application/openmetrics-text",
    "application/javascript",
    "application/manifest+json",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
];

/// How a client that sent `headers` wants its answer packed.
pub(crate) fn wanted(headers: &HeaderMap) -> Option<Encoding> {
    Encoding::choose(headers, &[Encoding::Gzip])
}

/// `response`, packed if that is wanted and makes it smaller.
pub(crate) async fn pack(response: Response<Body>, wanted: Option<Encoding>) -> Response<Body> {
    let Some(size) = worth_it(&response) else { return response };
    let (mut head, body) = response.into_parts();
    head.headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let Some(encoding) = wanted else { return Response::from_parts(head, body) };
    let Ok(whole) = body.collect().await.map(http_body_util::Collected::to_bytes);
    let plain = whole.clone();
    let packed = compute(size, move || gzip(&plain)).await;
    let Some(packed) = packed.filter(|packed| packed.len() < whole.len()) else {
        return Response::from_parts(head, Full::new(whole).boxed_unsync());
    };
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.as_str()));
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Full::new(packed).boxed_unsync())
}

/// How long `response` is, if it may get smaller.
fn worth_it(response: &Response<Body>) -> Option<usize> {
    let headers = response.headers();
    let left_alone =
        [header::CONTENT_ENCODING, header::CONTENT_RANGE, header::ETAG, header::TRANSFER_ENCODING];
    if response.status() == StatusCode::PARTIAL_CONTENT
        || left_alone.iter().any(|name| headers.contains_key(name))
    {
        return None;
    }
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let size = response.body().size_hint().exact()?;
    let fits = (SHORT..=LONG).contains(&size);
    (fits && TEXT.iter().any(|text| text.eq_ignore_ascii_case(kind)))
        .then(|| usize::try_from(size).ok())
        .flatten()
}

fn gzip(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
