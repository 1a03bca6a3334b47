//! Fields for which absent and `null` are two things.

use std::borrow::Cow;

use domain::session::Patch;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// Absent: leave it as it is. `null`: clear it. Otherwise: set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nullable<T>(pub(crate) Patch<T>);

impl<T> Nullable<T> {
    /// The same with the value turned into something else.
    pub(crate) fn map<U>(self, read: impl FnOnce(T) -> U) -> Patch<U> {
        match self.0 {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(value) => Patch::Set(read(value)),
        }
    }

    /// The same with the value read further, which may fail.
    pub(crate) fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self.0 {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(value) => Patch::Set(read(value)?),
        })
    }
}

impl<T> Default for Nullable<T> {
    fn default() -> Self {
        Self(Patch::Keep)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::<T>::deserialize(deserializer)?;
        Ok(Self(value.map_or(Patch::Clear, Patch::Set)))
    }
}

impl<T: JsonSchema> JsonSchema for Nullable<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Nullable{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [value, { "type": "null" }] })
    }
}

#[test]
fn absent_null_and_a_value_are_three_things() {
    #[derive(Deserialize)]
    struct Params {
        #[serde(default)]
        field: Nullable<u8>,
    }
    let read = |text: &str| serde_json::from_str::<Params>(text).unwrap().field.0;
    assert_eq!(read("{}"), Patch::Keep);
    assert_eq!(read(r#"{"field":null}"#), Patch::Clear);
    assert_eq!(read(r#"{"field":1}"#), Patch::Set(1));
}
