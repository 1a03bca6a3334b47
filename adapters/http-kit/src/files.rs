//! Files below a root, as answers.

mod conditions;
mod content;
mod folder;
mod kind;

use std::io;

use http::{HeaderValue, Response, StatusCode, header};

use crate::{Body, empty};

pub use self::{
    conditions::{Conditions, Wanted},
    content::Content,
    folder::{Found, Lost, find},
    kind::{HTML, kind},
};

/// What is answered with `content`, which is called `tag` and of that `kind`, to
/// who asks under `conditions`.
pub fn answer(
    content: Content,
    tag: &str,
    kind: &'static str,
    conditions: &Conditions,
) -> io::Result<Response<Body>> {
    let whole = content.length();
    let range = |range: &str| HeaderValue::try_from(format!("bytes {range}/{whole}")).ok();
    let (status, length, body, range) = match conditions.wanted(tag, whole) {
        Wanted::Nothing => (StatusCode::NOT_MODIFIED, None, None, None),
        Wanted::Beyond => (StatusCode::RANGE_NOT_SATISFIABLE, Some(0), None, range("*")),
        Wanted::Whole => (StatusCode::OK, Some(whole), Some(content.into_body()?), None),
        Wanted::Part(part) => {
            let says = range(&format!("{}-{}", part.start, part.end - 1));
            let length = part.end - part.start;
            (StatusCode::PARTIAL_CONTENT, Some(length), Some(content.part(part).into_body()?), says)
        }
    };
    let mut response = empty(status);
    if let Some(body) = body {
        *response.body_mut() = body;
    }
    let headers = response.headers_mut();
    let lengths = length.map(HeaderValue::from);
    let tag = HeaderValue::try_from(tag).ok();
    let kind = (status.is_success()).then(|| HeaderValue::from_static(kind));
    let values = [
        (header::ETAG, tag.filter(|_| status != StatusCode::RANGE_NOT_SATISFIABLE)),
        (header::ACCEPT_RANGES, Some(HeaderValue::from_static("bytes"))),
        (header::CONTENT_LENGTH, lengths),
        (header::CONTENT_RANGE, range),
        (header::CONTENT_TYPE, kind),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    Ok(response)
}
