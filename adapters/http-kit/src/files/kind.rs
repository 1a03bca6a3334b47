//! What kind of file something is, by its name.

/// What is not known is not shown, but saved.
const UNKNOWN: &str = "application/octet-stream";

/// Kinds of files by their extensions.
#[rustfmt::skip]
const KINDS: &[(&str, &str)] = &[
    ("html",  HTML),
    ("htm",   HTML),
    ("js",    "text/javascript; charset=utf-8"),
    ("mjs",   "text/javascript; charset=utf-8"),
    ("css",   "text/css; charset=utf-8"),
    ("json",  "application/json; charset=utf-8"),
    ("map",   "application/json; charset=utf-8"),
    ("jsonl", "application/jsonl; charset=utf-8"),
    ("txt",   "text/plain; charset=utf-8"),
    ("md",    "text/markdown; charset=utf-8"),
    ("csv",   "text/csv; charset=utf-8"),
    ("xml",   "application/xml; charset=utf-8"),
    ("svg",   "image/svg+xml"),
    ("png",   "image/png"),
    ("jpg",   "image/jpeg"),
    ("jpeg",  "image/jpeg"),
    ("gif",   "image/gif"),
    ("webp",  "image/webp"),
    ("avif",  "image/avif"),
    ("ico",   "image/x-icon"),
    ("mp4",   "video/mp4"),
    ("webm",  "video/webm"),
    ("mov",   "video/quicktime"),
    ("mp3",   "audio/mpeg"),
    ("m4a",   "audio/mp4"),
    ("wav",   "audio/wav"),
    ("ogg",   "audio/ogg"),
    ("woff",  "font/woff"),
    ("woff2", "font/woff2"),
    ("ttf",   "font/ttf"),
    ("otf",   "font/otf"),
    ("wasm",  "application/wasm"),
    ("pdf",   "application/pdf"),
    ("zip",   "application/zip"),
    ("webmanifest", "application/manifest+json"),
];

/// Pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// The kind of file with this extension, in lower case.
pub fn kind(extension: Option<&str>) -> &'static str {
    let known = KINDS.iter().find(|(name, _)| Some(*name) == extension);
    known.map_or(UNKNOWN, |(_, kind)| kind)
}

#[test]
fn the_extension_tells() {
    assert_eq!(kind(Some("svg")), "image/svg+xml");
    assert_eq!(kind(Some("htm")), HTML);
    assert_eq!(kind(Some("exe")), UNKNOWN);
    assert_eq!(kind(None), UNKNOWN);
}
