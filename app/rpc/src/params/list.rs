//! Lists of some length.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

/// `MIN` to `MAX` values. A longer list is not read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List<T, const MIN: usize, const MAX: usize>(Vec<T>);

impl<T, const MIN: usize, const MAX: usize> List<T, MIN, MAX> {
    pub(crate) fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MIN: usize, const MAX: usize> Default for List<T, MIN, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>, const MIN: usize, const MAX: usize> Deserialize<'de>
    for List<T, MIN, MAX>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values<T, const MIN: usize, const MAX: usize>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>, const MIN: usize, const MAX: usize> Visitor<'de>
            for Values<T, MIN, MAX>
        {
            type Value = List<T, MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    if values.len() == MAX {
                        return Err(A::Error::custom("the list is too long"));
                    }
                    values.push(value);
                }
                if values.len() < MIN {
                    return Err(A::Error::custom("the list is too short"));
                }
                Ok(List(values))
            }
        }

        deserializer.deserialize_seq(Values(PhantomData))
    }
}

impl<T: JsonSchema, const MIN: usize, const MAX: usize> JsonSchema for List<T, MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("List{MIN}To{MAX}Of{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let items = generator.subschema_for::<T>();
        let mut schema = json_schema!({ "type": "array", "items": items });
        if 0 < MIN {
            schema.insert("minItems".into(), MIN.into());
        }
        if MAX < usize::MAX {
            schema.insert("maxItems".into(), MAX.into());
        }
        schema
    }
}

#[test]
fn lists_have_bounds() {
    let read = |text: &str| serde_json::from_str::<List<u8, 1, 3>>(text).map(List::into_vec).ok();
    assert_eq!(read("[1,2,3]"), Some(vec![1, 2, 3]));
    for bad in ["[]", "[1,2,3,4]", "{}", "[\"a\"]"] {
        assert_eq!(read(bad), None, "{bad}");
    }
}
