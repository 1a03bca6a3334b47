//! What differs between two configurations.

/// A value of a configuration file, as far as comparing goes: an object, or
/// something that is compared as a whole (a list, a text, a number).
///
/// The domain knows no JSON; whoever has some wraps a reference to it.
pub trait Tree: PartialEq + Sized {
    /// The names in an object, in any order; nothing for anything else.
    fn names(&self) -> Option<Vec<&str>>;

    /// The value of `name`, in an object that has one.
    fn get(&self, name: &str) -> Option<Self>;
}

/// What stands for the whole file among paths.
pub const ROOT: &str = "<root>";

/// The paths at which `before` and `after` differ, in order: `gateway.port`.
///
/// Objects are compared name by name, everything else as a whole. An object that
/// came or went is told by what is in it, so that a rule about one key sees it
/// whatever it came with; an empty one by its own path. Where an object is now
/// something else, or the other way round, its path is told; for the whole file
/// that is [`ROOT`].
pub fn diff<T: Tree>(before: &T, after: &T) -> Vec<String> {
    let mut changed = Vec::new();
    compare(before, after, "", &mut changed);
    changed.sort();
    changed
}

fn compare<T: Tree>(before: &T, after: &T, path: &str, changed: &mut Vec<String>) {
    let (Some(old), Some(new)) = (before.names(), after.names()) else {
        if before != after {
            changed.push(if path.is_empty() { ROOT.to_owned() } else { path.to_owned() });
        }
        return;
    };
    let came = new.into_iter().filter(|name| before.get(name).is_none());
    for name in old.into_iter().chain(came) {
        let below = step(path, name);
        match (before.get(name), after.get(name)) {
            (Some(before), Some(after)) => compare(&before, &after, &below, changed),
            (Some(only), None) | (None, Some(only)) => tell(&only, below, changed),
            (None, None) => (),
        }
    }
}

/// Tells what is in `tree`, which is on one side only.
fn tell<T: Tree>(tree: &T, path: String, changed: &mut Vec<String>) {
    match tree.names() {
        Some(names) if !names.is_empty() => {
            for name in names {
                if let Some(below) = tree.get(name) {
                    tell(&below, step(&path, name), changed);
                }
            }
        }
        Some(_) | None => changed.push(path),
    }
}

/// `path` with one name more. A name that could be taken for several is in
/// brackets: `a["b.c"]`.
fn step(path: &str, name: &str) -> String {
    let ambiguous = name.is_empty() || name.contains(['.', '[', ']', '"', '\\']);
    match (ambiguous, path.is_empty()) {
        (true, _) => format!("{path}[{name:?}]"),
        (false, true) => name.to_owned(),
        (false, false) => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_map, prelude::*};
    use serde_json::{Map, Value, json};

    use super::*;

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

    fn diff(before: &Value, after: &Value) -> Vec<String> {
        super::diff(&Json(before), &Json(after))
    }

    #[test]
    fn what_differs() {
        #[rustfmt::skip]
        let table = [
            (json!({}),                          json!({}),                            vec![]),
            (json!({"a": 1, "b": 2}),            json!({"b": 2, "a": 1}),              vec![]),
            (json!({"a": {"b": 1, "c": 2}}),     json!({"a": {"b": 1, "c": 3}}),       vec!["a.c"]),
            (json!({"z": 1, "a": {"b": 1}}),     json!({"z": 2, "a": {"b": 2}}),       vec!["a.b", "z"]),
            (json!({"a": [1, {"b": 2}]}),        json!({"a": [1, {"b": 3}]}),          vec!["a"]),
            (json!({"a": [1, 2]}),               json!({"a": [2, 1]}),                 vec!["a"]),
            (json!({}),                          json!({"a": {"b": {"c": 1}, "d": 2}}), vec!["a.b.c", "a.d"]),
            (json!({"a": {"b": 1}}),             json!({}),                            vec!["a.b"]),
            (json!({}),                          json!({"a": {}}),                     vec!["a"]),
            (json!({"a": {"b": 1}}),             json!({"a": {}}),                     vec!["a.b"]),
            (json!({"a": {"b": 1}}),             json!({"a": null}),                   vec!["a"]),
            (json!({"a": 1}),                    json!({"a": {"b": 1}}),               vec!["a"]),
            (json!({"a": 1}),                    json!({"a": 1.0}),                    vec!["a"]),
            (json!({"a": {"b.c": 1}}),           json!({}),                            vec!["a[\"b.c\"]"]),
            (json!({"a": 1}),                    json!([]),                            vec![ROOT]),
            (json!(null),                        json!({"a": 1}),                      vec![ROOT]),
            (json!(null),                        json!(null),                          vec![]),
        ];
        for (before, after, expected) in table {
            assert_eq!(diff(&before, &after), expected, "{before} and {after}");
        }
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            (0..3).prop_map(Value::from),
            prop::collection::vec((0..3).prop_map(Value::from), 0..3).prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            btree_map("[a-d]", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>()))
        })
    }

    proptest! {
        /// A tree differs from itself nowhere and from another one somewhere; it
        /// does not matter which of the two was there first; paths come in order
        /// and once.
        #[test]
        fn a_difference_is_found_from_both_sides(one in tree(), other in tree()) {
            let changed = diff(&one, &other);
            prop_assert_eq!(changed.is_empty(), one == other);
            prop_assert_eq!(&changed, &diff(&other, &one));
            prop_assert!(changed.is_sorted_by(|a, b| a < b), "{:?}", changed);
            prop_assert!(diff(&one, &one).is_empty());
        }
    }
}
