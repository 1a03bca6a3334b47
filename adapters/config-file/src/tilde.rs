//! `~` in paths.

use serde_json::Value;

/// The last words of keys that hold paths.
const PATHS: [&str; 10] =
    ["path", "paths", "dir", "dirs", "file", "files", "root", "workspace", "cwd", "store"];

/// Keys that hold paths and do not say so.
const OTHERS: [&str; 3] = ["sshIdentity", "clientCert", "clientKey"];

/// Replaces `~` at the beginning of every path in `tree` by the home of the
/// user, which `lookup` knows.
pub(crate) fn expand(tree: &mut Value, lookup: &dyn Fn(&str) -> Option<String>) {
    if let Some(home) = home(lookup) {
        walk(tree, false, &home);
    }
}

/// `path` with `~` at its beginning replaced.
pub(crate) fn expanded(path: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    home(lookup).and_then(|home| replaced(path, &home)).unwrap_or_else(|| path.to_owned())
}

fn home(lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let set = |name: &str| lookup(name).filter(|home| !home.is_empty());
    let named = set("OPENCLAW_HOME").filter(|home| !home.starts_with('~'));
    named.or_else(|| set("HOME")).or_else(|| set("USERPROFILE"))
}

fn walk(value: &mut Value, is_path: bool, home: &str) {
    match value {
        Value::String(text) if is_path => {
            if let Some(path) = replaced(text, home) {
                *text = path;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, is_path, home)),
        Value::Object(map) => {
            map.iter_mut().for_each(|(name, value)| walk(value, holds_path(name), home));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

/// Whether a key called `name` holds a path: `agentDir` and `file` do, `profile`
/// does not.
fn holds_path(name: &str) -> bool {
    let last = name.rfind(|c: char| c.is_ascii_uppercase()).unwrap_or(0);
    PATHS.contains(&name[last..].to_ascii_lowercase().as_str()) || OTHERS.contains(&name)
}

fn replaced(path: &str, home: &str) -> Option<String> {
    let rest = path.strip_prefix('~')?;
    let is_home = rest.is_empty() || rest.starts_with(['/', '\\']);
    is_home.then(|| format!("{}{rest}", home.trim_end_matches('/')))
}

#[test]
fn only_paths_are_expanded() {
    let lookup = |name: &str| (name == "HOME").then(|| "/home/me".to_owned());
    let mut tree = serde_json::json!({
        "agents": { "defaults": { "workspace": "~/.openclaw/workspace", "repoRoot": "~" } },
        "skills": { "load": { "extraDirs": ["~/skills", "/srv/~/x"] } },
        "logging": { "file": "~other/log" },
        "browser": { "defaultProfile": "~/x" },
        "messages": { "responsePrefix": "~" },
        "gateway": { "remote": { "sshIdentity": "~/.ssh/id" } },
    });
    expand(&mut tree, &lookup);
    let expected = serde_json::json!({
        "agents": { "defaults": { "workspace": "/home/me/.openclaw/workspace", "repoRoot": "/home/me" } },
        "skills": { "load": { "extraDirs": ["/home/me/skills", "/srv/~/x"] } },
        "logging": { "file": "~other/log" },
        "browser": { "defaultProfile": "~/x" },
        "messages": { "responsePrefix": "~" },
        "gateway": { "remote": { "sshIdentity": "/home/me/.ssh/id" } },
    });
    assert_eq!(tree, expected);

    let homes = |name: &str| match name {
        "HOME" => Some("/home/me".to_owned()),
        "OPENCLAW_HOME" => Some("/srv/claw/".to_owned()),
        _ => None,
    };
    assert_eq!(expanded("~/x", &homes), "/srv/claw/x");
    assert_eq!(expanded("~/x", &|_| None), "~/x");
}
