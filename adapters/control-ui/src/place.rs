//! What is where (`gateway-reference.md` 1.13).

use domain::plain_path::PlainPath;

use crate::files::{File, INDEX};

/// Which dashboard is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The one that is part of the program.
    Own,
    /// One in a directory.
    Directory,
}

/// What is under a path.
#[derive(Debug)]
pub(crate) enum Place {
    /// Not the dashboard's business.
    Elsewhere,
    /// Nothing, although it is below the dashboard's own path.
    Nothing,
    /// The dashboard is at this path instead, with a slash.
    Moved(String),
    /// A file.
    File(&'static File),
    /// A page: whatever the address bar says, the dashboard shows it, as long as
    /// a browser asks that wants to show a page.
    Page(&'static File),
    /// A file in the directory, or a page of the dashboard in there.
    InDirectory {
        /// Which file.
        path: PlainPath,
        /// Whether it is a page if there is no such file.
        may_be_page: bool,
    },
    /// The picture of an agent.
    Avatar(String),
    /// What the dashboard has to know before it may ask anything.
    Bootstrap,
}

/// What the dashboard reads first.
const BOOTSTRAP: &str = "control-ui-config.json";
/// Where it is besides, whatever the dashboard's own path is.
const BOOTSTRAP_TOO: &str = "/__openclaw__/control-ui-config.json";
/// First segments that are somebody else's even where nobody answers there, so
/// that a program hears that there is nothing instead of being shown a page. Some
/// are what clients ask for whose address lacks the `/v1`.
const NOT_PAGES: &[&str] = &[
    "api",
    "a2ui",
    "completions",
    "embeddings",
    "hooks",
    "integrations",
    "messages",
    "models",
    "responses",
    "slack",
    "tools",
    "v1",
];
/// The same in two words, the first of which is a page.
const CHAT_COMPLETIONS: &str = "chat/completions";

/// A configured path, with a slash before it and none behind it.
pub(crate) fn base(configured: Option<&str>) -> String {
    let trimmed = configured.unwrap_or_default().trim().trim_matches('/');
    if trimmed.is_empty() { String::new() } else { format!("/{trimmed}") }
}

impl Place {
    /// What is under `path`, as it was sent, when the dashboard `shown` is under
    /// `base`.
    pub(crate) fn of(shown: Shown, base: &str, path: &str) -> Self {
        if path == BOOTSTRAP_TOO {
            return Self::Bootstrap;
        }
        let Some(rest) = path.strip_prefix(base) else { return Self::Elsewhere };
        let Some(rest) = rest.strip_prefix('/') else {
            let is_here = rest.is_empty() && !base.is_empty();
            return if is_here { Self::Moved(format!("{base}/")) } else { Self::Elsewhere };
        };
        if base.is_empty() && (rest == "ui" || rest.starts_with("ui/")) {
            return Self::Elsewhere;
        }
        if rest == BOOTSTRAP {
            return Self::Bootstrap;
        }
        if let Some(agent) = rest.strip_prefix("avatar/") {
            let is_one = !agent.is_empty() && !agent.contains('/');
            return if is_one { Self::Avatar(agent.to_owned()) } else { Self::Nothing };
        }
        match shown {
            Shown::Own => Self::own(base, rest),
            Shown::Directory => Self::in_directory(base, rest),
        }
    }

    /// What is under `rest` of the dashboard in a directory.
    fn in_directory(base: &str, rest: &str) -> Self {
        let first = rest.split('/').next().unwrap_or_default();
        // What is somebody else's on the gateway's own paths stays so.
        if base.is_empty() && (NOT_PAGES.contains(&first) || first.starts_with("__openclaw__")) {
            return Self::Elsewhere;
        }
        let asset = format!("/{rest}").find("/assets/");
        let file = match asset {
            Some(at) => &rest[at..],
            None if rest.is_empty() => INDEX,
            None => rest.trim_end_matches('/'),
        };
        match PlainPath::parse(&format!("/{file}")) {
            Ok(path) => {
                let may_be_page = asset.is_none() && path.extension().is_none();
                Self::InDirectory { path, may_be_page }
            }
            Err(_) if base.is_empty() => Self::Elsewhere,
            Err(_) => Self::Nothing,
        }
    }

    /// What is under `rest` of the dashboard that is part of the program.
    fn own(base: &str, rest: &str) -> Self {
        if let Some(at) = format!("/{rest}").find("/assets/") {
            return File::called(&rest[at..]).map_or(Self::Nothing, Self::File);
        }
        match File::called(if rest.is_empty() { INDEX } else { rest }) {
            Some(file) => Self::File(file),
            None if is_page(rest) => File::called(INDEX).map_or(Self::Nothing, Self::Page),
            None if base.is_empty() => Self::Elsewhere,
            None => Self::Nothing,
        }
    }
}

/// Whether a page of the dashboard could be called that: plain words.
fn is_page(rest: &str) -> bool {
    let is_word = |segment: &str| {
        let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        !segment.is_empty() && segment.bytes().all(plain)
    };
    let first = rest.split('/').next().unwrap_or_default();
    let path = rest.trim_end_matches('/');
    path.split('/').all(is_word) && !NOT_PAGES.contains(&first) && path != CHAT_COMPLETIONS
}

#[test]
fn what_is_where() {
    let at = |base: &str, path: &str| match Place::of(Shown::Own, base, path) {
        Place::Elsewhere => "elsewhere".to_owned(),
        Place::Nothing => "nothing".to_owned(),
        Place::Moved(to) => format!("moved to {to}"),
        Place::File(file) => file.name.to_owned(),
        Place::Page(_) => "a page".to_owned(),
        Place::InDirectory { .. } => panic!("in a directory"),
        Place::Avatar(agent) => format!("avatar of {agent}"),
        Place::Bootstrap => "bootstrap".to_owned(),
    };
    #[rustfmt::skip]
    let table = [
        // under   path                                       is
        ("",       "/",                                       "index.html"),
        ("",       "/index.html",                             "index.html"),
        ("",       "/chat",                                   "a page"),
        ("",       "/nodes-and-devices/",                     "a page"),
        ("",       "/chat/older",                             "a page"),
        ("",       "/control-ui-config.json",                 "bootstrap"),
        ("",       "/__openclaw__/control-ui-config.json",    "bootstrap"),
        ("",       "/assets/nope.js",                         "nothing"),
        ("",       "/chat/assets/nope.js",                    "nothing"),
        ("",       "/assets/../index.html",                   "nothing"),
        ("",       "/ui",                                     "elsewhere"),
        ("",       "/ui/chat",                                "elsewhere"),
        ("",       "/v1/nope",                                "elsewhere"),
        ("",       "/api/nope",                               "elsewhere"),
        ("",       "/hooks/nope",                             "elsewhere"),
        ("",       "/tools/nope",                             "elsewhere"),
        ("",       "/chat/completions",                       "elsewhere"),
        ("",       "/responses",                              "elsewhere"),
        ("",       "/messages/count_tokens",                  "elsewhere"),
        ("",       "/avatar/main",                            "avatar of main"),
        ("",       "/avatar/",                                "nothing"),
        ("",       "/avatar/main/x",                          "nothing"),
        ("/claw",  "/claw/avatar/main",                       "avatar of main"),
        ("/claw",  "/avatar/main",                            "elsewhere"),
        ("",       "/.openclaw/nope",                         "elsewhere"),
        ("",       "/__openclaw__/nope",                      "elsewhere"),
        ("",       "/..%2fcontrol-ui-evil/x",                 "elsewhere"),
        ("",       "//evil.example",                          "elsewhere"),
        ("",       "/nope.php",                               "elsewhere"),
        ("",       "*",                                       "elsewhere"),
        ("/claw",  "/claw",                                   "moved to /claw/"),
        ("/claw",  "/claw/",                                  "index.html"),
        ("/claw",  "/claw/chat",                              "a page"),
        ("/claw",  "/claw/control-ui-config.json",            "bootstrap"),
        ("/claw",  "/claw/ui",                                "a page"),
        ("/claw",  "/claw/nope.php",                          "nothing"),
        ("/claw",  "/claws",                                  "elsewhere"),
        ("/claw",  "/",                                       "elsewhere"),
        ("/claw",  "/chat",                                   "elsewhere"),
        ("/claw",  "/control-ui-config.json",                 "elsewhere"),
        ("/claw",  "/__openclaw__/control-ui-config.json",    "bootstrap"),
    ];
    for (base, path, is) in table {
        assert_eq!(at(base, path), is, "{path} under {base}");
    }
}

#[test]
fn paths_as_people_write_them() {
    let table = [
        (None, ""),
        (Some(""), ""),
        (Some("/"), ""),
        (Some("claw"), "/claw"),
        (Some("/claw/"), "/claw"),
        (Some(" /a/b// "), "/a/b"),
    ];
    for (configured, expected) in table {
        assert_eq!(base(configured), expected, "{configured:?}");
    }
}

#[test]
fn what_is_where_in_a_directory() {
    let at = |base: &str, path: &str| match Place::of(Shown::Directory, base, path) {
        Place::Elsewhere => "elsewhere".to_owned(),
        Place::Nothing => "nothing".to_owned(),
        Place::Moved(to) => format!("moved to {to}"),
        Place::InDirectory { path, may_be_page } => {
            let names: Vec<_> = path.names().collect();
            format!("{}{}", names.join("/"), if may_be_page { " or a page" } else { "" })
        }
        Place::Avatar(agent) => format!("avatar of {agent}"),
        Place::Bootstrap => "bootstrap".to_owned(),
        Place::File(file) | Place::Page(file) => panic!("{file:?}"),
    };
    #[rustfmt::skip]
    let table = [
        // under   path                               is
        ("",       "/",                               "index.html"),
        ("",       "/favicon.ico",                    "favicon.ico"),
        ("",       "/settings/agents",                "settings/agents or a page"),
        ("",       "/settings/agents/",               "settings/agents or a page"),
        ("",       "/deep/assets/a%20b.js",           "assets/a b.js"),
        ("",       "/assets/a",                       "assets/a"),
        ("",       "/control-ui-config.json",         "bootstrap"),
        ("",       "/avatar/main",                    "avatar of main"),
        ("",       "/../etc/passwd",                  "elsewhere"),
        ("",       "/%2e%2e/etc/passwd",              "elsewhere"),
        ("",       "/..%2fetc%2fpasswd",              "elsewhere"),
        ("",       "/assets/../../etc/passwd",        "elsewhere"),
        ("",       "/assets/%2e%2e/%2e%2e/x",         "elsewhere"),
        ("",       "/.env",                           "elsewhere"),
        ("",       "/a/.git/config",                  "elsewhere"),
        ("",       "/a%00.js",                        "elsewhere"),
        ("",       "/a%5cb",                          "elsewhere"),
        ("",       "//etc/passwd",                    "elsewhere"),
        ("",       "/v1/models",                      "elsewhere"),
        ("",       "/hooks/x",                        "elsewhere"),
        ("",       "/__openclaw__/canvas/x",          "elsewhere"),
        ("",       "/ui/x",                           "elsewhere"),
        ("/claw",  "/claw",                           "moved to /claw/"),
        ("/claw",  "/claw/",                          "index.html"),
        ("/claw",  "/claw/v1/x.js",                   "v1/x.js"),
        ("/claw",  "/claw/../x",                      "nothing"),
        ("/claw",  "/claw/%2e%2e/x",                  "nothing"),
        ("/claw",  "/claws/x",                        "elsewhere"),
        ("/claw",  "/x",                              "elsewhere"),
    ];
    for (base, path, is) in table {
        assert_eq!(at(base, path), is, "{path} under {base}");
    }
}
