//! Packs what `src/schema.rs` unpacks: as text it would be a twentieth of the
//! program.

use std::{collections::HashMap, env, error::Error, fs, io::Write, path::Path};

use flate2::{Compression, write::DeflateEncoder};
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let read = |name: &str| {
        println!("cargo::rerun-if-changed=src/{name}");
        fs::read(Path::new("src").join(name))
    };
    pack("schema", &read("schema.json")?)?;
    let mut shapes = Shapes::default();
    let root = shapes.number_of(&serde_json::from_slice(&read("shape.json")?)?);
    assert_eq!(root + 1, shapes.all.len(), "the root is the last");
    pack("shapes", &serde_json::to_vec(&shapes.all)?)
}

fn pack(name: &str, text: &[u8]) -> Result<(), Box<dyn Error>> {
    let path = Path::new(&env::var("OUT_DIR")?).join(name).with_extension("deflate");
    let mut packer = DeflateEncoder::new(fs::File::create(path)?, Compression::best());
    packer.write_all(text)?;
    packer.finish()?;
    Ok(())
}

/// What schemas say about keys and lists, which is what every start needs. Most of
/// them say the same as another, so each is there once and goes by its number.
#[derive(Default)]
struct Shapes {
    all: Vec<Value>,
    numbers: HashMap<String, usize>,
}

impl Shapes {
    fn number_of(&mut self, schema: &Value) -> usize {
        let (mut items, mut objects, mut open) = (Vec::new(), Vec::new(), false);
        for schema in alternatives(schema) {
            let more = &schema["additionalProperties"];
            open |= *more == true;
            if schema["items"].is_object() {
                items.push(self.number_of(&schema["items"]));
            }
            if schema["properties"].is_object() || more.is_object() {
                let known = schema["properties"].as_object().into_iter().flatten();
                let keys: Map<_, _> = known
                    .map(|(name, below)| (name.clone(), self.number_of(below).into()))
                    .collect();
                let other = more.is_object().then(|| self.number_of(more));
                objects.push(json!({ "keys": keys, "other": other }));
            }
        }
        let shape = json!({ "open": open, "items": items, "objects": objects });
        *self.numbers.entry(shape.to_string()).or_insert_with(|| {
            self.all.push(shape);
            self.all.len() - 1
        })
    }
}

/// `schema` itself and what it offers as alternatives.
fn alternatives(schema: &Value) -> Vec<&Value> {
    let nested = ["anyOf", "oneOf", "allOf"]
        .into_iter()
        .flat_map(|kind| schema[kind].as_array().into_iter().flatten())
        .flat_map(alternatives);
    std::iter::once(schema).chain(nested).collect()
}
