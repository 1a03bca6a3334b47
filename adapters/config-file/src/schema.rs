//! What may stand in the file, and finding one's way in it.

use std::{
    collections::BTreeMap,
    io::Read,
    sync::{Arc, LazyLock, Mutex, PoisonError, Weak},
};

use flate2::read::DeflateDecoder;
use ports::{config::Manual, driven::ConfigManual};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

/// The manual of the file, as it was made when somebody last changed the types.
///
/// Making it takes 70 milliseconds and three megabytes of program. A test
/// compares `schema.json` and `shape.json` with the types (`UPDATE=1` writes
/// them anew).
#[derive(Clone, Copy, Debug)]
pub struct FileManual;

impl ConfigManual for FileManual {
    fn manual(&self) -> Arc<Manual> {
        // 15 megabytes, which hardly anybody needs for long.
        static LENT: Mutex<Weak<Manual>> = Mutex::new(Weak::new());
        let mut lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
        lent.upgrade().unwrap_or_else(|| {
            let packed = include_bytes!(concat!(env!("OUT_DIR"), "/schema.deflate"));
            let manual = Arc::new(Manual::of(unpacked(packed)));
            *lent = Arc::downgrade(&manual);
            manual
        })
    }
}

/// What may stand at a place of the file: all that a start has to know of the
/// schema, in a hundredth of its memory. `build.rs` makes them.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    all: &'static [Said],
    said: &'static Said,
}

/// What a schema says. Others go by their numbers.
#[derive(Deserialize)]
struct Said {
    open: bool,
    items: Box<[u16]>,
    objects: Box<[Object]>,
}

/// Names in order, and what stands below them.
type Keys = Box<[(Box<str>, u16)]>;

/// One of the objects a schema lets be there.
#[derive(Deserialize)]
struct Object {
    #[serde(deserialize_with = "sorted")]
    keys: Keys,
    other: Option<u16>,
}

impl Shape {
    /// That of the whole file.
    pub(crate) fn of_file() -> Self {
        static ALL: LazyLock<Box<[Said]>> =
            LazyLock::new(|| unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/shapes.deflate"))));
        let [.., said] = &**ALL else { unreachable!("the file is one of them") };
        Self { all: &ALL, said }
    }

    fn at(self, number: u16) -> Self {
        Self { said: &self.all[usize::from(number)], ..self }
    }

    /// Whether an object may have keys that are nobody's business here.
    pub(crate) fn is_open(self) -> bool {
        self.said.open
    }

    /// Whether there may be an object whose keys are somebody's business.
    pub(crate) fn is_object(self) -> bool {
        !self.said.objects.is_empty()
    }

    /// What each element of a list may be.
    pub(crate) fn items(self) -> impl ExactSizeIterator<Item = Self> {
        self.said.items.iter().map(move |number| self.at(*number))
    }

    /// What the key `name` of an object may be.
    pub(crate) fn child(self, name: &str) -> Option<Self> {
        let number = self.said.objects.iter().find_map(|object| {
            let found = object.keys.binary_search_by(|(key, _)| (**key).cmp(name));
            found.ok().map(|index| object.keys[index].1).or(object.other)
        });
        number.map(|number| self.at(number))
    }
}

fn sorted<'de, D: Deserializer<'de>>(from: D) -> Result<Keys, D::Error> {
    Ok(BTreeMap::deserialize(from)?.into_iter().collect())
}

fn unpacked<T: DeserializeOwned>(packed: &[u8]) -> T {
    let mut text = Vec::new();
    DeflateDecoder::new(packed).read_to_end(&mut text).expect("the build has packed it");
    serde_json::from_slice(&text).expect("a test has read it")
}

#[test]
fn the_shape_is_that_of_the_types() {
    use serde::Serialize;
    use serde_json::{
        Value,
        ser::{PrettyFormatter, Serializer},
    };

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
