//! What a change makes of values: the rule, without any text.

use serde_json::{Map, Value};

use super::path::spell_path;
use crate::{alias::MOVED, outline::index};

/// A change that can be carried out: everything in it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// This instead of everything.
    Replace(Value),
    /// This merged into it (RFC 7386).
    Merge(Map<String, Value>),
    /// This at this path.
    Set(Vec<String>, Value),
    /// Nothing at this path.
    Unset(Vec<String>),
}

impl Change {
    /// The same in today's spelling: a key that has moved is changed where it
    /// has moved to.
    pub(crate) fn modern(self) -> Self {
        match self {
            Self::Set(path, value) => Self::Set(moved(path), value),
            Self::Unset(path) => Self::Unset(moved(path)),
            Self::Merge(mut patch) => {
                for (from, to) in MOVED {
                    move_in_patch(&mut patch, from, to);
                }
                Self::Merge(patch)
            }
            replace @ Self::Replace(_) => replace,
        }
    }

    /// What `old` becomes. A key in an older spelling goes when the change is
    /// about what it says today, so that there are never two that contradict
    /// each other.
    pub(crate) fn apply(&self, old: &Value) -> Result<Value, String> {
        let mut new = old.clone();
        match self {
            Self::Replace(value) => return Ok(value.clone()),
            Self::Merge(patch) => {
                merge(&mut new, patch);
                for (from, to) in MOVED {
                    if says(patch, to) {
                        forget_old(&mut new, from, |it| says(patch, it));
                    }
                }
            }
            Self::Set(path, value) => set(&mut new, path, value.clone())?,
            Self::Unset(path) => {
                unset(&mut new, path);
            }
        }
        if let Self::Set(path, _) | Self::Unset(path) = self {
            for (from, to) in MOVED {
                let about = path.iter().zip(to).all(|(step, to)| step == to);
                if about && path.len() <= to.len() {
                    forget_old(&mut new, from, |_| false);
                }
            }
        }
        Ok(new)
    }
}

/// The value at `path`.
pub(crate) fn get<'a>(tree: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(tree, |value, step| match value {
        Value::Object(map) => map.get(step),
        Value::Array(values) => values.get(index(step)?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// The value at `path`, to be changed.
pub(crate) fn get_mut<'a>(tree: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(tree, |value, step| match value {
        Value::Object(map) => map.get_mut(step),
        Value::Array(values) => values.get_mut(index(step)?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// `patch` merged into `target` by RFC 7386.
fn merge(target: &mut Value, patch: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else { return };
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(patch) => merge(target.entry(name).or_insert(Value::Null), patch),
            value => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Puts `value` at `path`. What is missing on the way is made, and a plain value
/// that is in the way becomes an object.
fn set(tree: &mut Value, path: &[String], value: Value) -> Result<(), String> {
    let mut place = tree;
    for (depth, step) in path.iter().enumerate() {
        let index = index(step);
        let bracketed = step.starts_with('[') && index.is_some();
        if place.is_null() && bracketed {
            *place = Value::Array(Vec::new());
        } else if !place.is_array() && !place.is_object() && !bracketed {
            *place = Value::Object(Map::new());
        }
        let so_far = || spell_path(&path[..depth]);
        place = match (place, index) {
            (Value::Object(map), _) if !bracketed => {
                map.entry(step.as_str()).or_insert(Value::Null)
            }
            (Value::Array(values), Some(index)) => {
                if values.len() < index {
                    return Err(format!("{} has only {} entries", so_far(), values.len()));
                }
                if index == values.len() {
                    values.push(Value::Null);
                }
                &mut values[index]
            }
            (Value::Array(_), None) => {
                return Err(format!("{} is a list: name one of its entries by [0]", so_far()));
            }
            _ => return Err(format!("{} is no list", so_far())),
        };
    }
    *place = value;
    Ok(())
}

/// Takes away what is at `path`. Whether there was something.
fn unset(tree: &mut Value, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else { return false };
    let parent = get_mut(tree, parents);
    match parent {
        Some(Value::Object(map)) => map.remove(last).is_some(),
        Some(Value::Array(values)) => match index(last) {
            Some(index) if index < values.len() => {
                values.remove(index);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

/// `path`, or where it has moved to.
fn moved(path: Vec<String>) -> Vec<String> {
    let found = MOVED.iter().find(|(from, _)| {
        from.len() <= path.len() && from.iter().zip(&path).all(|(from, step)| from == step)
    });
    match found {
        None => path,
        Some((from, to)) => {
            let to = to.iter().map(|&step| step.to_owned());
            to.chain(path[from.len()..].iter().cloned()).collect()
        }
    }
}

/// What a patch says about a key that has moved, said about where it is today,
/// unless it says something there as well.
fn move_in_patch(patch: &mut Map<String, Value>, from: &[&str], to: &[&str]) {
    let (Some((last, parents)), false) = (from.split_last(), says(patch, to)) else { return };
    let parent = parents
        .iter()
        .try_fold(&mut *patch, |map, step| map.get_mut(*step).and_then(Value::as_object_mut));
    let Some(value) = parent.and_then(|map| map.remove(*last)) else { return };
    prune(patch, parents);
    let today: Vec<_> = to.iter().map(|&step| step.to_owned()).collect();
    let mut tree = Value::Object(std::mem::take(patch));
    // The way there consists of keys, which never fails.
    let _ = set(&mut tree, &today, value);
    if let Value::Object(tree) = tree {
        *patch = tree;
    }
}

/// Takes the objects on the way of `steps` away that have nothing in them.
fn prune(patch: &mut Map<String, Value>, steps: &[&str]) {
    let Some((first, rest)) = steps.split_first() else { return };
    let Some(inner) = patch.get_mut(*first).and_then(Value::as_object_mut) else { return };
    prune(inner, rest);
    if inner.is_empty() {
        patch.remove(*first);
    }
}

/// Whether `patch` says something about what is at `steps`, or about all it is in.
fn says(patch: &Map<String, Value>, steps: &[&str]) -> bool {
    let Some((first, rest)) = steps.split_first() else { return true };
    match patch.get(*first) {
        None => false,
        Some(Value::Object(map)) => says(map, rest),
        Some(_) => true,
    }
}

/// Takes away the older spelling `from`, unless the change itself put it there.
fn forget_old(tree: &mut Value, from: &[&str], said: impl Fn(&[&str]) -> bool) {
    if !said(from) {
        let from: Vec<_> = from.iter().map(|&step| step.to_owned()).collect();
        unset(tree, &from);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> Vec<String> {
        super::super::path::parse_path(text).unwrap()
    }

    fn changed(change: Change, old: &Value) -> Result<Value, String> {
        change.modern().apply(old)
    }

    #[test]
    fn values_are_put_at_paths() {
        #[rustfmt::skip]
        let table = [
            (json!({}), "a.b", json!(1), Ok(json!({ "a": { "b": 1 } }))),
            (json!({ "a": 5 }), "a.b", json!(1), Ok(json!({ "a": { "b": 1 } }))),
            (json!({ "a": null }), "a[0].b", json!(1), Ok(json!({ "a": [{ "b": 1 }] }))),
            (json!({ "a": [1, 2] }), "a[1]", json!(3), Ok(json!({ "a": [1, 3] }))),
            (json!({ "a": [1, 2] }), "a.2", json!(3), Ok(json!({ "a": [1, 2, 3] }))),
            (json!({ "a": { "0": 1 } }), "a.0", json!(3), Ok(json!({ "a": { "0": 3 } }))),
            (json!({ "a": [1, 2] }), "a[3]", json!(3), Err("a has only 2 entries")),
            (json!({ "a": [1, 2] }), "a.b", json!(3), Err("a is a list: name one of its entries by [0]")),
            (json!({ "a": {} }), "a[0]", json!(3), Err("a is no list")),
        ];
        for (old, at, value, expected) in table {
            let found = changed(Change::Set(path(at), value), &old);
            assert_eq!(found, expected.map_err(str::to_owned), "{old} {at}");
        }
    }

    #[test]
    fn values_are_taken_away() {
        let table = [
            (json!({ "a": { "b": 1, "c": 2 } }), "a.b", json!({ "a": { "c": 2 } })),
            (json!({ "a": [1, 2] }), "a[0]", json!({ "a": [2] })),
            (json!({ "a": [1, 2] }), "a[2]", json!({ "a": [1, 2] })),
            (json!({ "a": 1 }), "a.b.c", json!({ "a": 1 })),
        ];
        for (old, at, expected) in table {
            assert_eq!(changed(Change::Unset(path(at)), &old), Ok(expected), "{at}");
        }
    }

    /// The examples of RFC 7386, appendix A, that have an object for a patch.
    #[test]
    fn a_patch_is_merged_as_the_rfc_says() {
        #[rustfmt::skip]
        let table = [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b" }), json!({ "a": null }), json!({})),
            (json!({ "a": "b", "b": "c" }), json!({ "a": null }), json!({ "b": "c" })),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "c" }), json!({ "a": ["b"] }), json!({ "a": ["b"] })),
            (json!({ "a": { "b": "c" } }), json!({ "a": { "b": "d", "c": null } }), json!({ "a": { "b": "d" } })),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
            (json!({ "a": "foo" }), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ];
        for (old, patch, expected) in table {
            let merge = Change::Merge(patch.as_object().unwrap().clone());
            assert_eq!(changed(merge, &old), Ok(expected), "{old} {patch}");
        }
    }

    #[test]
    fn no_change_leaves_two_spellings_that_contradict() {
        let old = || json!({ "gateway": { "token": "old", "port": 1 } });
        let both = || json!({ "gateway": { "token": "old", "port": 1, "auth": { "token": "x" } } });
        let today = json!({ "gateway": { "port": 1, "auth": { "token": "new" } } });
        let merge = |patch: Value| Change::Merge(patch.as_object().unwrap().clone());
        for file in [old(), both()] {
            for change in [
                Change::Set(path("gateway.auth.token"), json!("new")),
                Change::Set(path("gateway.token"), json!("new")),
                Change::Set(path("gateway.auth"), json!({ "token": "new" })),
                merge(json!({ "gateway": { "auth": { "token": "new" } } })),
                merge(json!({ "gateway": { "token": "new" } })),
            ] {
                let asked = format!("{file} {change:?}");
                assert_eq!(changed(change, &file), Ok(today.clone()), "{asked}");
            }
        }
        let model = merge(json!({ "agent": { "model": "a/b" } }));
        let modern = json!({ "agents": { "defaults": { "model": "a/b" } } });
        assert_eq!(changed(model, &json!({})), Ok(modern), "and nothing empty is left");
        let unset = changed(Change::Unset(path("gateway.token")), &old());
        assert_eq!(unset, Ok(json!({ "gateway": { "port": 1 } })));
        let untouched = merge(json!({ "gateway": { "auth": { "mode": "token" } } }));
        let kept = json!({ "gateway": { "token": "old", "port": 1, "auth": { "mode": "token" } } });
        assert_eq!(changed(untouched, &old()), Ok(kept), "nothing was said about the token");
    }
}
