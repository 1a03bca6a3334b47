//! `$include`: other files in the place of a value.
//!
//! Only files below the directory of the configuration are read, wherever
//! their links lead, and what they contain is never quoted in an error.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value};

use crate::{
    problem::{Place, Problem, Severity},
    read::read,
};

/// How many files may include each other in a row.
const DEPTH: usize = 10;
/// How many files may be included in all.
const FILES: usize = 200;
/// How long a file may be, in bytes.
const BYTES: u64 = 4 * 1024 * 1024;

const KEY: &str = "$include";

/// Puts the included files into `value`, which was read from `file`, and tells
/// `places` where their keys stand.
pub(crate) fn include(
    value: Value,
    file: &Path,
    roots: Vec<PathBuf>,
    places: &mut BTreeMap<String, Place>,
) -> Result<Value, Problem> {
    let known = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let roots = roots.into_iter().filter_map(|root| root.canonicalize().ok());
    let roots = known.parent().map(Path::to_owned).into_iter().chain(roots).collect();
    Includes { roots, stack: vec![known], files: 0, places }.expand(value, "")
}

struct Includes<'a> {
    roots: Vec<PathBuf>,
    // Invariant: never empty; the last one is the file being read.
    stack: Vec<PathBuf>,
    files: usize,
    places: &'a mut BTreeMap<String, Place>,
}

impl Includes<'_> {
    fn expand(&mut self, value: Value, key: &str) -> Result<Value, Problem> {
        match value {
            Value::Object(map) => self.object(map, key),
            Value::Array(values) => values
                .into_iter()
                .enumerate()
                .map(|(index, value)| self.expand(value, &format!("{key}[{index}]")))
                .collect(),
            plain => Ok(plain),
        }
    }

    fn object(&mut self, mut map: Map<String, Value>, key: &str) -> Result<Value, Problem> {
        let included = match map.remove(KEY) {
            Some(named) => Some(self.named(&named, key)?),
            None => None,
        };
        let mut siblings = Map::new();
        for (name, value) in map {
            let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            siblings.insert(name, self.expand(value, &key)?);
        }
        match included {
            None => Ok(Value::Object(siblings)),
            Some(included) if siblings.is_empty() => Ok(included),
            Some(included @ Value::Object(_)) => Ok(merge(included, Value::Object(siblings))),
            Some(_) => Err(refuse(key, "an include beside other keys has to be an object")),
        }
    }

    fn named(&mut self, value: &Value, key: &str) -> Result<Value, Problem> {
        match value {
            Value::String(name) => self.file(name, key),
            Value::Array(names) => {
                let mut merged = Value::Null;
                for name in names {
                    let name = name.as_str().ok_or_else(|| refuse(key, "include names a file"))?;
                    merged = merge(merged, self.file(name, key)?);
                }
                Ok(merged)
            }
            _ => Err(refuse(key, "include names a file or several")),
        }
    }

    fn file(&mut self, name: &str, key: &str) -> Result<Value, Problem> {
        self.files += 1;
        if DEPTH < self.stack.len() || FILES < self.files {
            return Err(refuse(key, "too many includes"));
        }
        let from = self.stack.last().and_then(|file| file.parent()).unwrap_or(Path::new(""));
        let unreadable = |_| refuse(key, format!("include {name} cannot be read"));
        let file = from.join(name).canonicalize().map_err(unreadable)?;
        if !self.roots.iter().any(|root| file.starts_with(root)) {
            let message = format!("include {name} is outside of the configuration directory");
            return Err(refuse(key, message));
        }
        if self.stack.contains(&file) {
            return Err(refuse(key, format!("Circular include of {name}")));
        }
        let about = fs::metadata(&file).map_err(unreadable)?;
        if !about.is_file() || BYTES < about.len() {
            return Err(refuse(key, format!("include {name} is not a file of at most 4 MiB")));
        }
        let text = fs::read_to_string(&file).map_err(unreadable)?;
        let document = read(&text).map_err(|error| Problem {
            place: Some(Place { file: file.clone(), line: error.line }),
            ..refuse(key, format!("include {name}: {}", error.message))
        })?;
        for (below, line) in document.lines {
            let place = Place { file: file.clone(), line };
            let dot = if key.is_empty() || below.starts_with('[') { "" } else { "." };
            self.places.insert(format!("{key}{dot}{below}"), place);
        }
        self.stack.push(file);
        let value = self.expand(document.value, key);
        self.stack.pop();
        value
    }
}

/// `over` on top of `under`: objects are joined, arrays follow each other,
/// anything else is replaced.
fn merge(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            for (name, value) in over {
                let below = under.remove(&name).unwrap_or_default();
                under.insert(name, merge(below, value));
            }
            Value::Object(under)
        }
        (Value::Array(mut under), Value::Array(over)) => {
            under.extend(over);
            Value::Array(under)
        }
        (_, over) => over,
    }
}

fn refuse(key: &str, message: impl Into<String>) -> Problem {
    Problem::new(Severity::Fatal, key, message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn included(files: &[(&str, &str)]) -> Result<Value, String> {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config");
        fs::create_dir_all(config.join("sub")).unwrap();
        for (name, text) in files {
            fs::write(config.join(name), text).unwrap();
        }
        let file = config.join("openclaw.json");
        let value = read(&fs::read_to_string(&file).unwrap()).unwrap().value;
        include(value, &file, Vec::new(), &mut BTreeMap::new()).map_err(|error| error.message)
    }

    #[test]
    fn files_are_merged_and_siblings_win() {
        let value = included(&[
            ("openclaw.json", "{ $include: ['a.json5', './sub/b.json5'], gateway: { port: 3 } }"),
            ("a.json5", "{ gateway: { port: 1, bind: 'lan' }, list: [1] }"),
            ("sub/b.json5", "{ $include: '../c.json5', list: [2] }"),
            ("c.json5", "{ gateway: { port: 2 } }"),
        ]);
        let expected = json!({ "gateway": { "port": 3, "bind": "lan" }, "list": [1, 2] });
        assert_eq!(value, Ok(expected));
    }

    #[test]
    fn an_include_stands_for_any_value() {
        let value = included(&[
            ("openclaw.json", "{ agents: { list: { $include: 'list.json5' } } }"),
            ("list.json5", "[{ id: 'a' }]"),
        ]);
        assert_eq!(value, Ok(json!({ "agents": { "list": [{ "id": "a" }] } })));
    }

    #[test]
    fn includes_stay_in_the_directory_and_end() {
        let outside = "{ $include: '../../etc/passwd' }";
        #[rustfmt::skip]
        let table = [
            (vec![("openclaw.json", "{ $include: '/etc/passwd' }")], "outside"),
            (vec![("openclaw.json", outside)], "cannot be read"),
            (vec![("openclaw.json", "{ $include: '..' }")], "outside"),
            (vec![("openclaw.json", "{ $include: 'sub' }")], "is not a file"),
            (vec![("openclaw.json", "{ $include: 'none' }")], "cannot be read"),
            (vec![("openclaw.json", "{ $include: './openclaw.json' }")], "Circular include"),
            (vec![("openclaw.json", "{ $include: 'a' }"), ("a", "{ b: { $include: 'openclaw.json' } }")], "Circular"),
            (vec![("openclaw.json", "{ $include: 5 }")], "include names a file"),
            (vec![("openclaw.json", "{ $include: 'a', b: 1 }"), ("a", "[1]")], "has to be an object"),
            (vec![("openclaw.json", "{ $include: 'a' }"), ("a", "sk-canary")], "include a: "),
        ];
        for (files, expected) in table {
            let error = included(&files).expect_err(expected);
            assert!(error.contains(expected), "{files:?}: {error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_link_that_leaves_the_directory_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config");
        fs::create_dir_all(&config).unwrap();
        fs::write(home.path().join("secret"), "{ a: 1 }").unwrap();
        std::os::unix::fs::symlink("../secret", config.join("link.json5")).unwrap();
        let named = json!({ "$include": "link.json5" });
        let file = config.join("openclaw.json");
        fs::write(&file, "").unwrap();

        let refused = include(named.clone(), &file, Vec::new(), &mut BTreeMap::new());
        assert!(refused.unwrap_err().message.contains("outside"));

        let allowed = include(named, &file, vec![home.path().into()], &mut BTreeMap::new());
        assert_eq!(allowed.unwrap(), json!({ "a": 1 }), "an extra root allows it");
    }

    #[test]
    fn a_long_chain_of_includes_is_refused() {
        let chain = |length: usize| {
            let texts: Vec<_> = (1..=length)
                .map(|n| (format!("f{n}"), format!("{{ $include: 'f{}' }}", n + 1)))
                .collect();
            let mut files: Vec<(&str, &str)> =
                texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            let end = format!("f{}", length + 1);
            files.push(("openclaw.json", "{ $include: 'f1' }"));
            files.push((&end, "{ a: 1 }"));
            included(&files)
        };
        assert_eq!(chain(9), Ok(json!({ "a": 1 })));
        assert!(chain(10).unwrap_err().contains("too many"));
    }
}
