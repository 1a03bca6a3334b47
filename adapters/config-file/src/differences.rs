//! Which keys say something else.

use domain::reload::{Tree, diff};
use serde_json::Value;

/// The paths where `before` and `after` differ, in order. Lists compare as a
/// whole; of an object that came or went, what is in it is named.
pub(crate) fn differences(before: &Value, after: &Value) -> Vec<String> {
    diff(&Json(before), &Json(after))
}

#[derive(PartialEq)]
struct Json<'a>(&'a Value);

impl Tree for Json<'_> {
    fn names(&self) -> Option<Vec<&str>> {
        Some(self.0.as_object()?.keys().map(String::as_str).collect())
    }

    fn get(&self, name: &str) -> Option<Self> {
        self.0.as_object()?.get(name).map(Json)
    }
}

#[test]
fn paths_that_differ() {
    use serde_json::json;
    let before = json!({ "a": { "b": 1, "c": [1] }, "d": 1, "e": {}, "g": { "h.i": 1 } });
    let after = json!({ "a": { "b": 2, "c": [1, 2] }, "d": 1, "f": { "x": { "y": 1 } } });
    assert_eq!(differences(&before, &after), ["a.b", "a.c", "e", "f.x.y", "g[\"h.i\"]"]);
    assert_eq!(differences(&json!({ "a": 1 }), &json!({ "a": { "b": 1 } })), ["a"]);
    assert!(differences(&before, &before).is_empty());
}
