//! What the path of a request is about.

/// The names the product had, which old nodes still use.
const NAMES: [&str; 3] = ["openclaw", "moltbot", "clawdbot"];

/// Where passes stand in an address. Whatever comes behind one is reached with
/// it, and so is what a page refers to by relative addresses.
const PASS: &str = "/__openclaw__/cap/";

/// What the path of a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The pass in the path.
    pub pass: Option<&'a str>,
    /// What is behind it.
    pub room: Room<'a>,
}

/// What can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room<'a> {
    /// The pages of the canvas, and which: empty, or with a slash before it.
    Canvas(&'a str),
    /// What shows A2UI, and which part of it.
    A2ui(&'a str),
    /// Where pages learn that they changed.
    Live,
}

impl<'a> Place<'a> {
    /// What `path` is about, as it was sent, if it is about any of this.
    pub fn of(path: &'a str) -> Option<Self> {
        let (pass, path) = match path.strip_prefix(PASS) {
            None => (None, path),
            Some(rest) => {
                let (pass, _) = rest.split_once('/')?;
                (Some(pass), &rest[pass.len()..])
            }
        };
        Some(Self { pass, room: room(path)? })
    }
}

fn room(path: &str) -> Option<Room<'_>> {
    if let Some(rest) = below(path, "/a2ui") {
        return Some(Room::A2ui(rest));
    }
    let path = path.strip_prefix("/__")?;
    let rest = NAMES.iter().find_map(|name| path.strip_prefix(name))?;
    match rest.strip_prefix("__") {
        _ if rest == "/ws" || rest == "__/ws" => Some(Room::Live),
        None => None,
        Some(rest) => {
            let canvas = below(rest, "/canvas").map(Room::Canvas);
            canvas.or_else(|| below(rest, "/a2ui").map(Room::A2ui))
        }
    }
}

/// What comes behind `folder` in `path`: nothing, or something that begins with
/// a slash.
fn below<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    path.strip_prefix(folder).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether `path` is where pages learn that they changed.
pub fn is_live(path: &str) -> bool {
    Place::of(path).is_some_and(|place| place.room == Room::Live)
}

/// The pass in the address `url`, whoever it leads to.
pub fn pass_in(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once(PASS)?;
    let pass = rest.split(['/', '?', '#']).next()?;
    (!pass.is_empty()).then_some(pass)
}

/// The address that leads to `base` and brings `pass` along. Any path can be put
/// behind it.
pub fn with_pass(base: &str, pass: &str) -> String {
    format!("{}{PASS}{pass}", base.trim_end_matches('/'))
}

#[test]
fn a_path_is_about_one_thing() {
    use Room::{A2ui, Canvas, Live};

    #[rustfmt::skip]
    let table = [
        ("/__openclaw__/canvas",               Some((None, Canvas("")))),
        ("/__openclaw__/canvas/",              Some((None, Canvas("/")))),
        ("/__openclaw__/canvas/a/b.html",      Some((None, Canvas("/a/b.html")))),
        ("/__openclaw__/canvas/../x",          Some((None, Canvas("/../x")))),
        ("/__moltbot__/canvas/x",              Some((None, Canvas("/x")))),
        ("/__clawdbot__/a2ui/",                Some((None, A2ui("/")))),
        ("/__openclaw__/a2ui/a2ui.bundle.js",  Some((None, A2ui("/a2ui.bundle.js")))),
        ("/a2ui",                              Some((None, A2ui("")))),
        ("/a2ui/",                             Some((None, A2ui("/")))),
        ("/__openclaw/ws",                     Some((None, Live))),
        ("/__openclaw__/ws",                   Some((None, Live))),
        ("/__moltbot/ws",                      Some((None, Live))),
        ("/__openclaw__/cap/T/__openclaw__/canvas/x", Some((Some("T"), Canvas("/x")))),
        ("/__openclaw__/cap/T/__openclaw__/ws", Some((Some("T"), Live))),
        ("/__openclaw__/cap/T/a2ui/",          Some((Some("T"), A2ui("/")))),
        ("/__openclaw__/cap//a2ui/",           Some((Some(""), A2ui("/")))),
        ("/__openclaw__/cap/T",                None),
        ("/__openclaw__/cap/T/",               None),
        ("/__openclaw__/cap/T/v1/models",      None),
        ("/__openclaw__/cap/T/__openclaw__/cap/U/a2ui/", None),
        ("/__openclaw__/canvasx",              None),
        ("/__openclaw__canvas",                None),
        ("/__openclaw/canvas",                 None),
        ("/__openclaw/ws/",                    None),
        ("/__other__/canvas",                  None),
        ("/a2uix",                             None),
        ("/",                                  None),
    ];
    for (path, expected) in table {
        let found = Place::of(path).map(|Place { pass, room }| (pass, room));
        assert_eq!(found, expected, "{path}");
        assert_eq!(is_live(path), matches!(expected, Some((_, Live))), "{path}");
    }
}

#[test]
fn a_pass_can_be_found_again() {
    let url = with_pass("http://127.0.0.1:18789/", "T");
    assert_eq!(url, "http://127.0.0.1:18789/__openclaw__/cap/T");
    #[rustfmt::skip]
    let table = [
        (&*url,                                     Some("T")),
        ("http://h/__openclaw__/cap/U/a2ui/?x=1",   Some("U")),
        ("/__openclaw__/cap/?x",                    None),
        ("http://h/",                               None),
    ];
    for (url, pass) in table {
        assert_eq!(pass_in(url), pass, "{url}");
    }
}
