//! Where hooks are called.

/// Where a gateway's hooks begin, as in `/hooks`.
///
/// Invariant: begins with `/`, ends with none, has a segment and no empty one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookBase(Box<str>);

/// Why hooks cannot begin there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseHookBaseError {
    /// Everything else would be a hook as well.
    #[error("hooks.path may not be '/'")]
    Root,
    /// It is no path that could be asked for.
    #[error("hooks.path has to be a path, as in /hooks")]
    NoPath,
}

impl Default for HookBase {
    fn default() -> Self {
        Self("/hooks".into())
    }
}

impl std::str::FromStr for HookBase {
    type Err = ParseHookBaseError;

    fn from_str(raw: &str) -> Result<Self, ParseHookBaseError> {
        let inner = raw.trim().trim_matches('/');
        if inner.is_empty() {
            return Err(ParseHookBaseError::Root);
        }
        let tame = |letter: char| letter.is_ascii_graphic() && !"?#%\\".contains(letter);
        let is_path = inner.split('/').all(|segment| !matches!(segment, "" | "." | ".."));
        if !is_path || !inner.chars().all(tame) {
            return Err(ParseHookBaseError::NoPath);
        }
        Ok(Self(format!("/{inner}").into()))
    }
}

impl HookBase {
    /// Where hooks begin whatever the configuration says.
    pub const ALWAYS: &'static str = "/.openclaw/hooks";

    /// What follows in `path`, if it is one of hooks: taken as it was sent, and
    /// empty for the base itself.
    pub fn behind<'a>(&self, path: &'a str) -> Option<&'a str> {
        [&*self.0, Self::ALWAYS].into_iter().find_map(|base| match path.strip_prefix(base)? {
            "" => Some(""),
            rest => rest.strip_prefix('/'),
        })
    }
}

/// The base.
impl std::fmt::Display for HookBase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[test]
fn where_hooks_may_begin() {
    let base = |raw: &str| raw.parse::<HookBase>().map(|base| base.to_string());
    assert_eq!(base("/hooks"), Ok("/hooks".to_owned()));
    assert_eq!(base(" in/from/outside/ "), Ok("/in/from/outside".to_owned()));
    for root in ["/", "", "  ", "//"] {
        assert_eq!(base(root), Err(ParseHookBaseError::Root), "{root:?}");
    }
    for bad in ["/a//b", "/a/../b", "/.", "/a b", "/a?b", "/%61", "/ä"] {
        assert_eq!(base(bad), Err(ParseHookBaseError::NoPath), "{bad:?}");
    }
}

#[test]
fn what_follows_is_taken_as_it_was_sent() {
    let base: HookBase = "/in".parse().unwrap();
    #[rustfmt::skip]
    let table = [
        ("/in/wake",                Some("wake")),
        ("/in",                     Some("")),
        ("/in/",                    Some("")),
        ("/in//wake",               Some("/wake")),
        ("/in/a/b",                 Some("a/b")),
        ("/in/w%61ke",              Some("w%61ke")),
        ("/.openclaw/hooks/agent",  Some("agent")),
        ("/inner",                  None),
        ("/hooks/wake",             None),
        ("/.openclaw/hook",         None),
        ("/",                       None),
    ];
    for (path, expected) in table {
        assert_eq!(base.behind(path), expected, "{path}");
    }
}
