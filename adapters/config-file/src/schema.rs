//! Finding one's way in the schema of the file.

use std::sync::LazyLock;

use serde_json::Value;

/// The schema of the file, without what is only for people.
///
/// Making it takes 70 milliseconds, which every command would have to wait for;
/// `shape.json` is what was made when somebody last changed the tree, and a test
/// compares it (`UPDATE=1` writes it anew).
pub(crate) fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
        serde_json::from_str(include_str!("shape.json")).expect("a test has read it")
    });
    &SCHEMA
}

#[test]
fn the_shape_is_that_of_the_types() {
    let made: Value = serde_json::from_str(ports::config::shape().as_str()).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/shape.json");
        std::fs::write(path, made.to_string() + "\n").unwrap();
        return;
    }
    assert!(*schema() == made, "shape.json is old: UPDATE=1 cargo test -p config-file shape");
}

/// Whether `schema` lets an object have keys that are nobody's business here.
pub(crate) fn is_open(schema: &Value) -> bool {
    alternatives(schema).any(|schema| schema["additionalProperties"] == true)
}

/// What `schema` says about lists: what each of their elements is.
pub(crate) fn items(schema: &Value) -> impl Iterator<Item = &Value> {
    alternatives(schema).map(|schema| &schema["items"]).filter(|items| items.is_object())
}

/// What `schema` says about objects.
pub(crate) fn objects(schema: &Value) -> impl Iterator<Item = &Value> {
    let more = |schema: &Value| schema["additionalProperties"].is_object();
    alternatives(schema).filter(move |schema| schema["properties"].is_object() || more(schema))
}

/// What `schema` says about the key `name` of an object.
pub(crate) fn child<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    objects(schema).find_map(|object| {
        let named = object["properties"].get(name);
        named.or(object.get("additionalProperties").filter(|more| more.is_object()))
    })
}

/// `schema` itself and what it offers as alternatives.
fn alternatives(schema: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    let nested = ["anyOf", "oneOf", "allOf"]
        .into_iter()
        .flat_map(|kind| schema[kind].as_array().into_iter().flatten())
        .flat_map(alternatives);
    Box::new(std::iter::once(schema).chain(nested))
}
