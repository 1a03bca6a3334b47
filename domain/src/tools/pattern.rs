//! Lists of tools as the configuration has them.

use super::catalog::{canonical, is_group, is_member, natives};

/// A list of names, of groups (`group:web`), and of patterns in which `*` is
/// anything. Case does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolList(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Name(String),
    Group(String),
    Pattern(String),
}

impl ToolList {
    /// The list that `texts` are.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let entries = texts.into_iter().filter_map(|text| Entry::read(text.as_ref()));
        Self(entries.collect())
    }

    /// Whether nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `tool`, which is a [canonical](canonical) name, is on it.
    pub fn holds(&self, tool: &str) -> bool {
        self.0.iter().any(|entry| entry.holds(tool))
    }

    /// Whether it names any tool that belongs to OpenClaw itself. One that only
    /// names what plugins bring says nothing about the others.
    pub fn names_natives(&self) -> bool {
        natives().any(|tool| self.holds(tool))
    }

    /// With what is on `other`, too.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl Entry {
    fn read(text: &str) -> Option<Self> {
        let name = canonical(text);
        match name.as_str() {
            "" => None,
            _ if is_group(&name) => Some(Self::Group(name)),
            _ if name.contains('*') => Some(Self::Pattern(name)),
            _ => Some(Self::Name(name)),
        }
    }

    fn holds(&self, tool: &str) -> bool {
        match self {
            Self::Name(name) => name == tool,
            Self::Group(group) => is_member(group, tool),
            Self::Pattern(pattern) => fits(pattern.as_bytes(), tool.as_bytes()),
        }
    }
}

/// Whether `text` fits `pattern`. Without recursion: of several stars only the
/// last one has to be tried again.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(byte) if *byte == text[t] => (p, t) = (p + 1, t + 1),
            Some(_) | None => {
                let Some((after, from)) = star else { return false };
                star = Some((after, from + 1));
                (p, t) = (after, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[test]
fn what_is_on_a_list() {
    #[rustfmt::skip]
    let table: &[(&[&str], &str, bool)] = &[
        // list                        tool               on it
        (&[],                          "web_fetch",       false),
        (&["web_fetch"],               "web_fetch",       true),
        (&[" WEB_Fetch "],             "web_fetch",       true),
        (&["web_*"],                   "web_fetch",       true),
        (&["*_fetch"],                 "web_fetch",       true),
        (&["*"],                       "web_fetch",       true),
        (&["w*b*t*h"],                 "web_fetch",       true),
        (&["w*b*t*x"],                 "web_fetch",       false),
        (&["web"],                     "web_fetch",       false),
        (&["web_fetch*x"],             "web_fetch",       false),
        (&["bash"],                    "exec",            true),
        (&["apply-patch"],             "apply_patch",     true),
        (&["group:web"],               "web_fetch",       true),
        (&["Group:Web"],               "web_fetch",       true),
        (&["group:fs"],                "web_fetch",       false),
        (&["group:none"],              "web_fetch",       false),
        (&["group:*"],                 "web_fetch",       false),
        (&["", " "],                   "web_fetch",       false),
        (&["cron", "sessions_*"],      "sessions_list",   true),
    ];
    for (list, tool, on_it) in table {
        assert_eq!(ToolList::new(*list).holds(tool), *on_it, "{tool} on {list:?}");
    }
}

#[test]
fn a_list_of_plugins_names_no_natives() {
    #[rustfmt::skip]
    let table: &[(&[&str], bool)] = &[
        (&["lobster"],               false),
        (&["lobster", "web_fetch"],  true),
        (&["group:plugins"],         false),
        (&["group:web"],             true),
        (&["*"],                     true),
        (&[],                        false),
    ];
    for (list, names) in table {
        assert_eq!(ToolList::new(*list).names_natives(), *names, "{list:?}");
    }
}
