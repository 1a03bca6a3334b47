//! Which keys say something else.

use serde_json::Value;

use crate::read::spell;

/// The paths where `before` and `after` differ, in order. Lists compare as a
/// whole; of an object that came or went, what is in it is named.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(Some(before), Some(after), &mut Vec::new(), &mut found);
    found
}

fn compare(
    before: Option<&Value>,
    after: Option<&Value>,
    path: &mut Vec<String>,
    found: &mut Vec<String>,
) {
    if before == after {
        return;
    }
    let inside = |value: Option<&'_ Value>| {
        let keys = value.and_then(Value::as_object).into_iter().flatten();
        keys.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    let plain = |value: Option<&Value>| value.is_some_and(|value| !value.is_object());
    let mut names = inside(before);
    names.extend(inside(after));
    names.sort();
    names.dedup();
    if plain(before) || plain(after) || names.is_empty() {
        found.push(spell(path));
        return;
    }
    for name in names {
        let below = |value: Option<&'_ Value>| value.and_then(|value| value.get(&name)).cloned();
        let (before, after) = (below(before), below(after));
        path.push(name);
        compare(before.as_ref(), after.as_ref(), path, found);
        path.pop();
    }
}

#[test]
fn paths_that_differ() {
    use serde_json::json;
    let before = json!({ "a": { "b": 1, "c": [1] }, "d": 1, "e": {}, "g": { "h.i": 1 } });
    let after = json!({ "a": { "b": 2, "c": [1, 2] }, "d": 1, "f": { "x": { "y": 1 } } });
    assert_eq!(differences(&before, &after), ["a.b", "a.c", "e", "f.x.y", "g.h.i"]);
    assert_eq!(differences(&json!({ "a": 1 }), &json!({ "a": { "b": 1 } })), ["a"]);
    assert!(differences(&before, &before).is_empty());
}
