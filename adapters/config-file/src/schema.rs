//! What may stand in the file, and finding one's way in it.

use std::{io::Read, sync::LazyLock};

use flate2::read::DeflateDecoder;
use ports::{config::Manual, driven::ConfigManual};
use serde_json::Value;

/// The manual of the file, as it was made when somebody last changed the types.
///
/// Making it takes 70 milliseconds and three megabytes of program. A test
/// compares `schema.json` and `shape.json` with the types (`UPDATE=1` writes
/// them anew).
#[derive(Clone, Copy, Debug)]
pub struct FileManual;

impl ConfigManual for FileManual {
    fn manual(&self) -> &Manual {
        static MANUAL: LazyLock<Manual> = LazyLock::new(|| {
            Manual::of(unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/schema.deflate"))))
        });
        &MANUAL
    }
}

/// The schema of the file, without what is only for people: every start reads it.
pub(crate) fn schema() -> &'static Value {
    static SHAPE: LazyLock<Value> =
        LazyLock::new(|| unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/shape.deflate"))));
    &SHAPE
}

fn unpacked(packed: &[u8]) -> Value {
    let mut text = Vec::new();
    DeflateDecoder::new(packed).read_to_end(&mut text).expect("the build has packed it");
    serde_json::from_slice(&text).expect("a test has read it")
}

#[test]
fn the_shape_is_that_of_the_types() {
    use serde::Serialize;
    use serde_json::ser::{PrettyFormatter, Serializer};

    // A line each, so that two changes can be merged.
    let lines = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        let mut lines = Vec::new();
        let formatter = PrettyFormatter::with_indent(b"");
        value.serialize(&mut Serializer::with_formatter(&mut lines, formatter)).unwrap();
        lines.push(b'\n');
        lines
    };
    let made = Manual::generated();
    let files = [("schema.json", made.schema()), ("shape.json", made.shape())];
    for (name, made) in files {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, lines(made.as_str())).unwrap();
        } else {
            let kept = std::fs::read(path).unwrap();
            assert!(
                kept == lines(made.as_str()),
                "{name}: UPDATE=1 cargo test -p config-file shape"
            );
        }
    }
    if std::env::var_os("UPDATE").is_none() {
        assert_eq!(FileManual.manual().schema(), made.schema());
    }
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
