//! What is answered: which form of a file, and what browsers are told about it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use http_kit::{Body, empty, text};

use crate::files::File;

/// Nothing is done by this page that did not come from the gateway itself, and
/// nobody may put it into a page of theirs. Pictures may come from elsewhere,
/// because people ask for them (`web/src/markdown/picture.tsx`).
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; \
     img-src 'self' data: blob: https:; font-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// What every answer says; the server adds what it says of every answer anyway.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    // Whoever is asked for a picture is not shown what the browser keeps for him.
    (HeaderName::from_static("cross-origin-embedder-policy"), "credentialless"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// For what may not be kept without asking whether it is still so.
pub(crate) const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");
/// For what never changes under its name.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A form a file is there in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Brotli,
    Gzip,
    Plain,
}

/// `file`, for somebody who asked with `asked`.
pub(crate) fn file(file: &'static File, asked: &HeaderMap) -> Response<Body> {
    let (form, content) = chosen(file, asked);
    let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| names(known, file.tag));
    let mut response = if is_known {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        Response::new(Full::new(Bytes::from_static(content)).boxed_unsync())
    };
    let headers = response.headers_mut();
    let keep = if file.is_immutable() { FOREVER } else { ASK_FIRST };
    headers.insert(header::CACHE_CONTROL, keep);
    headers.insert(header::ETAG, HeaderValue::from_static(file.tag));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !is_known {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type()));
        match form {
            Form::Brotli => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"))
            }
            Form::Gzip => {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))
            }
            Form::Plain => None,
        };
    }
    response
}

/// Any answer of the dashboard's, with what all of them say that say nothing else
/// about it.
pub(crate) fn guarded(mut response: Response<Body>) -> Response<Body> {
    for (name, value) in HEADERS {
        let value = HeaderValue::from_static(value);
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}

/// That there is nothing.
pub(crate) fn nothing() -> Response<Body> {
    text(StatusCode::NOT_FOUND, "Not Found")
}

/// That one can only look.
pub(crate) fn only_look() -> Response<Body> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// That it is elsewhere.
pub(crate) fn moved(to: &str) -> Response<Body> {
    let mut response = empty(StatusCode::FOUND);
    match HeaderValue::from_str(to) {
        Ok(to) => response.headers_mut().insert(header::LOCATION, to),
        // A configured path that is no header is no path of a request either.
        Err(_) => return nothing(),
    };
    response
}

/// The smallest form that may be sent.
fn chosen(file: &'static File, asked: &HeaderMap) -> (Form, &'static [u8]) {
    let forms = [(Form::Brotli, file.brotli, "br"), (Form::Gzip, file.gzip, "gzip")];
    for (form, content, name) in forms {
        if let Some(content) = content.filter(|_| accepts(asked, name)) {
            return (form, content);
        }
    }
    (Form::Plain, file.plain)
}

/// Whether `coding` is among the encodings that were asked for, and not refused
/// with a weight of zero.
fn accepts(asked: &HeaderMap, coding: &str) -> bool {
    let lists = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|it| it.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let is_it = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map(str::parse::<f32>);
        is_it && weight.is_none_or(|weight| weight.is_ok_and(|weight| 0.0 < weight))
    })
}

/// Whether a list of tags names `tag`. A weak tag is as good: the content is the
/// same.
fn names(list: &HeaderValue, tag: &str) -> bool {
    let list = list.to_str().unwrap_or_default();
    list.split(',').map(str::trim).any(|it| it == "*" || it.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    static PACKED: File = File {
        name: "assets/main-1.js",
        tag: "\"1\"",
        plain: b"plain",
        brotli: Some(b"br"),
        gzip: Some(b"gz"),
    };
    static BARE: File =
        File { name: "index.html", tag: "\"2\"", plain: b"bare", brotli: None, gzip: None };

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_smallest_form_a_client_can_read() {
        #[rustfmt::skip]
        let table = [
            ("",                        Form::Plain),
            ("gzip, deflate, br, zstd", Form::Brotli),
            ("gzip, deflate",           Form::Gzip),
            ("GZIP;q=0.5",              Form::Gzip),
            ("br;q=0, gzip",            Form::Gzip),
            ("br;q=nonsense",           Form::Plain),
            ("brotli, x-gzip",          Form::Plain),
            ("*",                       Form::Plain),
        ];
        for (asked, expected) in table {
            let asked = headers(header::ACCEPT_ENCODING, asked);
            assert_eq!(chosen(&PACKED, &asked).0, expected, "{asked:?}");
            assert_eq!(chosen(&BARE, &asked).0, Form::Plain, "{asked:?}");
        }
    }

    #[test]
    fn what_browsers_may_keep() {
        let keeps = |it: &'static File| {
            let response = file(it, &HeaderMap::new());
            response.headers()[header::CACHE_CONTROL].to_str().unwrap().to_owned()
        };
        assert_eq!(keeps(&PACKED), "public, max-age=31536000, immutable");
        assert_eq!(keeps(&BARE), "no-cache");
    }

    #[test]
    fn what_is_known_is_not_sent_again() {
        for known in ["\"2\"", "W/\"2\"", "\"1\", \"2\"", "*"] {
            let response = file(&BARE, &headers(header::IF_NONE_MATCH, known));
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(response.headers()[header::ETAG], "\"2\"");
        }
        for unknown in ["\"1\"", "2", ""] {
            let response = file(&BARE, &headers(header::IF_NONE_MATCH, unknown));
            assert_eq!(response.status(), StatusCode::OK, "{unknown}");
        }
    }

    #[test]
    fn every_answer_is_guarded() {
        for response in [nothing(), only_look(), moved("/claw/"), file(&BARE, &HeaderMap::new())] {
            let response = guarded(response);
            for (name, value) in HEADERS {
                assert_eq!(response.headers()[name], value);
            }
        }
        assert!(!POLICY.contains("unsafe"));
        let mut other = nothing();
        let policy = HeaderValue::from_static("sandbox");
        other.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        assert_eq!(guarded(other).headers()[header::CONTENT_SECURITY_POLICY], "sandbox");
    }
}
