//! What shows A2UI: the official renderer, and a page for it, as the build put
//! them into the program.

use std::io::Read;

use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_kit::{
    Body, compute, empty,
    files::{self, Conditions, Wanted},
    text,
};

use crate::{
    answer::{not_found, words},
    bridge,
};

/// A file that came with the program.
pub(crate) struct Asset {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Another one as soon as the file is another one.
    pub(crate) version: &'static str,
    /// What is in it, packed.
    pub(crate) packed: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const INDEX: &str = "index.html";

/// What is said by a program that was built without the renderer.
const MISSING: &str = "A2UI is not available: this program was built without its renderer. \
    Build it again where Node.js and npm are installed.";

/// The answer to who asks for `path`, which begins with a slash.
pub(crate) async fn answer(path: &str, headers: &HeaderMap, is_live: bool) -> Response<Body> {
    answer_from(ASSETS, path, headers, is_live).await
}

async fn answer_from(
    assets: &'static [Asset],
    path: &str,
    headers: &HeaderMap,
    is_live: bool,
) -> Response<Body> {
    if assets.is_empty() {
        return words(StatusCode::SERVICE_UNAVAILABLE, MISSING);
    }
    let name = if path == "/" { INDEX } else { &path[1..] };
    let Some(asset) = assets.iter().find(|asset| asset.name == name) else { return not_found() };
    let is_page = name == INDEX;
    let is_packed = !is_page && takes_packed(headers);
    let form = match (is_page, is_live, is_packed) {
        (true, true, _) => "-l",
        (true, false, _) => "-b",
        (false, _, true) => "-z",
        (false, _, false) => "",
    };
    let tag = format!("\"{}{form}\"", asset.version);
    let is_known = Conditions::of(headers, false).wanted(&tag, 0) == Wanted::Nothing;
    let mut response = if is_known {
        empty(StatusCode::NOT_MODIFIED)
    } else if is_packed {
        text(StatusCode::OK, asset.packed)
    } else {
        // What is unpacked is some times as long.
        let unpacked = compute(asset.packed.len() * 4, || unpack(asset.packed)).await;
        let script = bridge::script(is_live);
        text(StatusCode::OK, if is_page { bridge::insert(&unpacked, script) } else { unpacked })
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !is_known {
        let extension = name.rsplit_once('.').map(|(_, extension)| extension);
        let kind = HeaderValue::from_static(files::kind(extension));
        headers.insert(header::CONTENT_TYPE, kind);
        if is_packed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    response
}

/// Whether the client unpacks by itself.
fn takes_packed(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter();
    let texts = accepted.filter_map(|value| value.to_str().ok());
    let refuses = |weight: &str| matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
    texts.flat_map(|text| text.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !refuses(weight)
    })
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    // The build packed it, so nothing is wrong with it.
    let _ = GzDecoder::new(packed).read_to_end(&mut unpacked);
    unpacked
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use flate2::{Compression, read::GzEncoder};
    use http_body_util::BodyExt;

    use super::*;

    const CODE: &str = "const a = 1; // </body>";

    static BUILT: LazyLock<Vec<Asset>> = LazyLock::new(|| {
        let asset = |name, version, text: &str| {
            let mut packed = Vec::new();
            let mut packer = GzEncoder::new(text.as_bytes(), Compression::fast());
            packer.read_to_end(&mut packed).unwrap();
            Asset { name, version, packed: packed.leak() }
        };
        vec![asset(INDEX, "1", "<body></body>"), asset("a.js", "2", CODE)]
    });

    async fn ask(path: &str, headers: &[(&'static str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let (head, body) = answer_from(&BUILT, path, &map, false).await.into_parts();
        (head.status, head.headers, body.collect().await.unwrap().to_bytes().into())
    }

    #[tokio::test]
    async fn a_program_without_the_renderer_says_what_to_do() {
        let response = answer_from(&[], "/", &HeaderMap::new(), false).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let said = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(said, MISSING);
    }

    #[tokio::test]
    async fn the_page_has_the_bridge_in_it() {
        let (status, headers, body) = ask("/", &[("accept-encoding", "gzip")]).await;
        assert_eq!(
            (status, &headers["content-type"]),
            (StatusCode::OK, &files::HTML.parse().unwrap())
        );
        assert_eq!(
            String::from_utf8(body).unwrap(),
            format!("<body>{}</body>", bridge::script(false))
        );
        assert_eq!(ask("/index.html", &[]).await.1["etag"], headers["etag"]);
    }

    #[tokio::test]
    async fn code_is_sent_as_the_client_takes_it() {
        let (_, plain, body) = ask("/a.js", &[]).await;
        assert_eq!(body, CODE.as_bytes());
        assert_eq!(plain.get("content-encoding"), None);
        let (_, packed, body) = ask("/a.js", &[("accept-encoding", "br, gzip;q=0.5")]).await;
        assert_eq!(packed["content-encoding"], "gzip");
        assert_eq!(unpack(&body), CODE.as_bytes());
        assert_ne!(plain["etag"], packed["etag"]);
        let refused = ask("/a.js", &[("accept-encoding", "gzip;q=0")]).await;
        assert_eq!(refused.2, CODE.as_bytes());

        let known = ask("/a.js", &[("if-none-match", plain["etag"].to_str().unwrap())]).await;
        assert_eq!((known.0, known.2.len()), (StatusCode::NOT_MODIFIED, 0));
        assert_eq!(ask("/b.js", &[]).await.0, StatusCode::NOT_FOUND);
        assert_eq!(ask("/../a.js", &[]).await.0, StatusCode::NOT_FOUND);
    }

    /// Whatever the build made is complete, or there is nothing.
    #[test]
    fn what_was_built_can_be_shown() {
        let mut names: Vec<_> = ASSETS.iter().map(|asset| asset.name).collect();
        names.sort_unstable();
        let all = ["a2ui-v0.9.js", "a2ui.bundle.js", "index.html", "licenses.txt"];
        assert!(names.is_empty() || names == all, "{names:?}");
        assert!(ASSETS.iter().all(|asset| !unpack(asset.packed).is_empty()));
    }
}
