//! Another dashboard, out of a directory (`gateway.controlUi.root`).
//!
//! Whoever writes the configuration put it there, so it may have what ours has
//! not: scripts and styles in its page. The scripts in there run because they are
//! named in the policy by their fingerprints; none that comes in later does.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::plain_path::PlainPath;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use http_kit::{
    Body, empty,
    files::{self, Conditions, Content, Found, HTML, Lost, Wanted, find, kind},
    text,
};
use ports::driven::Digests;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::{
    answer::{self, ASK_FIRST},
    files::INDEX,
};

/// How many files are looked for at a time: a disk that hangs holds up the
/// dashboard, and nothing else that is done on the same threads.
const AT_ONCE: usize = 32;

/// How large the page may be that everything begins with, in bytes: it is read
/// as a whole.
const LARGEST_PAGE: u64 = 4 * 1024 * 1024;

/// What somebody is told where there is no page.
const MISSING: &str = "There is no dashboard in the directory that gateway.controlUi.root names: \
    it has no index.html that can be read. Build one into it, or take the setting out of the \
    configuration to have the dashboard that comes with the gateway.";

/// What such a page may do: as ours, and what is in it when it is sent.
fn policy(scripts: &[String]) -> String {
    let scripts = scripts.concat();
    format!(
        "default-src 'self'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: blob: https:; media-src 'self' data: blob:; font-src 'self' data:; \
         connect-src 'self' data:; manifest-src 'self'; worker-src 'self'; frame-src 'self'; \
         object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Serves a directory.
pub(crate) struct Directory {
    seats: Semaphore,
    digests: Arc<dyn Digests>,
}

/// What somebody asks for.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) path: PlainPath,
    /// Whether the page is shown where there is no such file.
    pub(crate) is_page: bool,
    /// The path of the dashboard.
    pub(crate) base: &'a str,
}

impl Directory {
    pub(crate) fn new(digests: Arc<dyn Digests>) -> Self {
        Self { seats: Semaphore::new(AT_ONCE), digests }
    }

    /// The answer to who asks for something below `root`.
    pub(crate) async fn answer(&self, root: &Path, asked: Asked<'_>) -> Response<Body> {
        let Asked { method, headers, path, is_page, base } = asked;
        let conditions = Conditions::of(headers, *method == Method::GET);
        let (root, base) = (root.to_owned(), base.to_owned());
        let digests = Arc::clone(&self.digests);
        let Ok(_seat) = self.seats.acquire().await else { return answer::nothing() };
        let looking = tokio::task::spawn_blocking(move || {
            let index = |found| page(found, &base, &conditions, &*digests);
            match find(&root, &path) {
                Ok(found) if is_index(&path) => index(found),
                Ok(found) => plain(found, &conditions),
                Err(Lost::Nothing | Lost::Folder | Lost::NoIndex) if is_page => {
                    let begin = PlainPath::written(INDEX).map_err(|_| Lost::Nothing)?;
                    index(find(&root, &begin)?)
                }
                Err(lost) => Err(lost),
            }
        });
        match looking.await {
            Ok(Ok(response)) => response,
            Ok(Err(Lost::Nothing | Lost::Folder | Lost::NoIndex)) if is_page => {
                text(StatusCode::SERVICE_UNAVAILABLE, MISSING)
            }
            Ok(Err(Lost::Nothing | Lost::Folder | Lost::NoIndex)) => answer::nothing(),
            Ok(Err(Lost::Disk(error))) => {
                warn!(%error, "a file of gateway.controlUi.root cannot be read");
                text(StatusCode::INTERNAL_SERVER_ERROR, "error")
            }
            // Panics go on where they belong; nobody cancels this task.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// Whether `path` is that of the page everything begins with.
fn is_index(path: &PlainPath) -> bool {
    path.names().eq([INDEX])
}

/// A file as it is. Browsers ask each time whether it is still so: nothing says
/// that what is in a directory changes its name with its content.
fn plain(found: Found, conditions: &Conditions) -> Result<Response<Body>, Lost> {
    let Found { file, length, version, extension } = found;
    let kind = kind(extension.as_deref());
    let mut response =
        files::answer(Content::new(file, length), &format!("\"{version}\""), kind, conditions)?;
    response.headers_mut().insert(header::CACHE_CONTROL, ASK_FIRST);
    if kind == HTML || kind == "image/svg+xml" {
        // Other documents than the page have no scripts of their own.
        set(&mut response, header::CONTENT_SECURITY_POLICY, &policy(&[]));
    }
    Ok(response)
}

/// The page everything begins with. It is told under which path it is, the way
/// OpenClaw's own looks for it.
fn page(
    found: Found,
    base: &str,
    conditions: &Conditions,
    digests: &dyn Digests,
) -> Result<Response<Body>, Lost> {
    let page = told(&whole(found.file, found.length)?, base);
    let tag = format!("\"{}\"", digests.sha256(page.as_bytes()));
    let is_known = conditions.wanted(&tag, 0) == Wanted::Nothing;
    let policy = policy(&scripts(&page, digests));
    let mut response = if is_known {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        Response::new(Full::from(page).boxed_unsync())
    };
    set(&mut response, header::ETAG, &tag);
    set(&mut response, header::CONTENT_SECURITY_POLICY, &policy);
    response.headers_mut().insert(header::CACHE_CONTROL, ASK_FIRST);
    if !is_known {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    }
    Ok(response)
}

fn set(response: &mut Response<Body>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}

/// All of a page, unless it is too large for one.
fn whole(file: File, length: u64) -> Result<String, Lost> {
    if LARGEST_PAGE < length {
        return Err(Lost::Nothing);
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_PAGE + 1).read_to_end(&mut bytes)?;
    if LARGEST_PAGE < bytes.len() as u64 {
        return Err(Lost::Nothing);
    }
    let text = String::from_utf8(bytes).map_err(|_| io::Error::other("the page is no text"))?;
    Ok(text)
}

/// `page`, told that it is under `base`.
fn told(page: &str, base: &str) -> String {
    const HTML: &str = "<html";
    let Some(at) = position(page, 0, HTML) else { return page.to_owned() };
    let (before, after) = page.split_at(at + HTML.len());
    let base = base.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!("{before} data-openclaw-control-ui-base-path=\"{base}\"{after}")
}

/// The scripts that stand in `page`, as the policy names them.
fn scripts(page: &str, digests: &dyn Digests) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = position(page, at, "<script") {
        let Some(open) = page[begin..].find('>').map(|end| begin + end + 1) else { break };
        let Some(close) = position(page, open, "</script") else { break };
        let attributes = page[begin..open].to_ascii_lowercase();
        if !attributes.contains(" src=") {
            found.push(format!(" 'sha256-{}'", fingerprint(&page[open..close], digests)));
        }
        at = close;
    }
    found
}

/// The fingerprint of a script, in base64.
fn fingerprint(script: &str, digests: &dyn Digests) -> String {
    // Browsers take the fingerprint of what they read, and they read lines that
    // end in one way only.
    let hex = digests.sha256(script.replace("\r\n", "\n").replace('\r', "\n").as_bytes());
    let byte = |pair: &[u8]| {
        let digit = |it: u8| char::from(it).to_digit(16).unwrap_or_default();
        u8::try_from(digit(pair[0]) * 16 + digit(pair[1])).unwrap_or_default()
    };
    let bytes: Vec<u8> = hex.as_bytes().chunks_exact(2).map(byte).collect();
    BASE64_STANDARD.encode(bytes)
}

/// Where `what`, in lower case, is in `text` from `from` on, however it is spelled.
fn position(text: &str, from: usize, what: &str) -> Option<usize> {
    let same = |window: &[u8]| window.eq_ignore_ascii_case(what.as_bytes());
    Some(from + text.as_bytes()[from..].windows(what.len()).position(same)?)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{FileExt, symlink},
    };

    use ports::driven::MockDigests;

    use super::*;

    fn digests() -> MockDigests {
        let mut digests = MockDigests::new();
        digests.expect_sha256().returning(|bytes| format!("{:064x}", bytes.len()));
        digests
    }

    struct World {
        home: tempfile::TempDir,
        directory: Directory,
    }

    impl World {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            fs::create_dir_all(home.path().join("ui/assets")).unwrap();
            Self { home, directory: Directory::new(Arc::new(digests())) }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.home.path().join("ui").join(name), text).unwrap();
        }

        async fn ask(&self, path: &str, headers: &[(&'static str, &str)]) -> Response<Body> {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            let path = PlainPath::parse(path).unwrap();
            let is_page = path.extension().is_none() || is_index(&path);
            let asked = Asked { method: &Method::GET, headers: &map, path, is_page, base: "/claw" };
            self.directory.answer(&self.home.path().join("ui"), asked).await
        }
    }

    async fn body(response: Response<Body>) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.into()).unwrap()
    }

    #[tokio::test]
    async fn files_are_served_as_what_they_are_and_not_twice() {
        let world = World::new();
        world.write("assets/a.js", "let a;");
        let response = world.ask("/assets/a.js", &[]).await;
        let headers = response.headers().clone();
        assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
        assert_eq!(headers["cache-control"], "no-cache");
        assert_eq!(body(response).await, "let a;");
        let known = [("if-none-match", headers["etag"].to_str().unwrap())];
        assert_eq!(world.ask("/assets/a.js", &known).await.status(), StatusCode::NOT_MODIFIED);
        world.write("assets/a.js", "let b; let c;");
        assert_eq!(body(world.ask("/assets/a.js", &known).await).await, "let b; let c;");
        let part = world.ask("/assets/a.js", &[("range", "bytes=0-2")]).await;
        assert_eq!((part.status(), &*body(part).await), (StatusCode::PARTIAL_CONTENT, "let"));
    }

    #[tokio::test]
    async fn pages_are_the_page_and_what_is_missing_is_not() {
        let world = World::new();
        world.write("index.html", "<!doctype html><HTML lang=\"en\"></html>");
        for path in ["/index.html", "/settings/agents", "/assets"] {
            let response = world.ask(path, &[]).await;
            assert_eq!(response.headers()["content-type"], HTML, "{path}");
            let expected = "<!doctype html><HTML data-openclaw-control-ui-base-path=\"/claw\" \
                 lang=\"en\"></html>";
            assert_eq!(body(response).await, expected, "{path}");
        }
        let tag = world.ask("/index.html", &[]).await.headers()["etag"].clone();
        let known = [("if-none-match", tag.to_str().unwrap())];
        assert_eq!(world.ask("/settings", &known).await.status(), StatusCode::NOT_MODIFIED);
        for path in ["/nope.js", "/assets/nope.css"] {
            assert_eq!(world.ask(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_directory_without_a_page_says_what_to_do() {
        let world = World::new();
        let response = world.ask("/index.html", &[]).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body(response).await, MISSING);
        assert_eq!(world.ask("/a.js", &[]).await.status(), StatusCode::NOT_FOUND);
        fs::remove_dir_all(world.home.path().join("ui")).unwrap();
        let gone = world.ask("/chat", &[]).await;
        assert_eq!(gone.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    /// V-111.
    #[tokio::test]
    async fn nothing_leads_out_and_nothing_is_too_large() {
        let world = World::new();
        let ui = world.home.path().join("ui");
        fs::write(world.home.path().join("secret.js"), "secret").unwrap();
        symlink("../secret.js", ui.join("link.js")).unwrap();
        symlink("..", ui.join("up")).unwrap();
        symlink("../secret.js", ui.join("index.html")).unwrap();
        for path in ["/link.js", "/up/secret.js"] {
            assert_eq!(world.ask(path, &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let index = world.ask("/index.html", &[]).await;
        assert_eq!(index.status(), StatusCode::SERVICE_UNAVAILABLE, "a link is no page");
        fs::remove_file(ui.join("index.html")).unwrap();
        File::create(ui.join("index.html")).unwrap().set_len(LARGEST_PAGE + 1).unwrap();
        let index = world.ask("/index.html", &[]).await;
        assert_eq!(index.status(), StatusCode::SERVICE_UNAVAILABLE, "too large for a page");

        // What is huge is read as it is sent.
        let huge = File::create(ui.join("huge.bin")).unwrap();
        huge.set_len(1 << 40).unwrap();
        huge.write_at(b"end", (1 << 40) - 3).unwrap();
        let response = world.ask("/huge.bin", &[]).await;
        assert_eq!(response.headers()["content-length"], (1_u64 << 40).to_string());
        let frame = response.into_body().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap().len(), 64 * 1024);
        let end = world.ask("/huge.bin", &[("range", "bytes=-3")]).await;
        assert_eq!(body(end).await, "end");
    }

    #[tokio::test]
    async fn a_drawing_with_a_script_in_it_runs_nothing() {
        let world = World::new();
        world.write("evil.svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>");
        let response = world.ask("/evil.svg", &[]).await;
        assert_eq!(response.headers()["content-type"], "image/svg+xml");
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("script-src 'self';"), "{policy}");
    }

    #[test]
    fn scripts_in_a_page_are_named_and_those_elsewhere_are_not() {
        let page = "<script>a</script><SCRIPT type=\"module\" src=\"./x.js\"></SCRIPT>\
            <script data-x>b\r\nc</script ><script>never ends";
        let mut digests = MockDigests::new();
        digests.expect_sha256().returning(|bytes| match bytes {
            b"a" => "00".repeat(32),
            b"b\nc" => "ff".repeat(32),
            other => panic!("{other:?}"),
        });
        let zeros = format!(" 'sha256-{}='", "A".repeat(43));
        let ones = format!(" 'sha256-{}8='", "/".repeat(42));
        assert_eq!(scripts(page, &digests), [zeros, ones]);
    }

    #[test]
    fn the_path_is_an_attribute_and_nothing_else() {
        assert_eq!(
            told("<html>", "/a\"><script>"),
            "<html data-openclaw-control-ui-base-path=\"/a&quot;>&lt;script>\">",
        );
        assert_eq!(told("no page", "/a"), "no page");
    }
}
