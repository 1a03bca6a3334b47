//! Values of more than one shape, values others know the shape of, and secrets.

use std::{collections::BTreeMap, fmt, ops::Deref};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::channel::ChannelConfig;
use crate::Json;

/// A text nobody is shown.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("writeOnly" = true))]
pub struct Secret(String);

impl Deref for Secret {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(a secret)")
    }
}

/// A value whose shape is the business of whoever reads it. There may be
/// secrets in it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Anything(pub Json);

impl fmt::Debug for Anything {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(anything)")
    }
}

/// How a service calls somebody or something: a text, or a number, which
/// becomes a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Handle(pub String);

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Handle;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Handle, E> {
                Ok(Handle(text.into()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Handle, E> {
                Ok(Handle(number.to_string()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Handle, E> {
                Ok(Handle(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Handle, E> {
                Ok(Handle(number.to_string()))
            }

            fn visit_bool<E: de::Error>(self, is_so: bool) -> Result<Handle, E> {
                Ok(Handle(is_so.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Handle {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Handle".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

/// Yes, no, or what is usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AutoSwitch {
    /// What is usual.
    Auto,
    /// Yes or no.
    #[serde(untagged)]
    Is(bool),
}

/// A program, or a program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Command {
    /// The program.
    Program(String),
    /// The program and its arguments.
    WithArguments(Vec<String>),
}

/// Accounts of a channel by name. They have the keys of their channel, which
/// `channels.rs` puts into the schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accounts(pub BTreeMap<String, ChannelConfig>);

impl Accounts {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl JsonSchema for Accounts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Accounts".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": true })
    }
}

/// Whether nothing is said that does not hold anyway.
pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[test]
fn secrets_and_what_may_hold_some_are_not_shown() {
    let secret: Secret = serde_json::from_str(r#""hush""#).unwrap();
    let anything: Anything = serde_json::from_str(r#"{ "token": "hush" }"#).unwrap();
    assert!(!format!("{secret:?} {anything:?}").contains("hush"));
    assert_eq!(&*secret, "hush");
}

#[test]
fn values_of_several_shapes_are_read() {
    let handles: Vec<Handle> = serde_json::from_str(r#"["+43", 5, -6, true]"#).unwrap();
    let texts: Vec<&str> = handles.iter().map(|handle| handle.0.as_str()).collect();
    assert_eq!(texts, ["+43", "5", "-6", "true"]);
    assert!(serde_json::from_str::<Handle>("{}").is_err());

    let switch = |text: &str| serde_json::from_str::<AutoSwitch>(text).ok();
    assert_eq!(switch(r#""auto""#), Some(AutoSwitch::Auto));
    assert_eq!(switch("false"), Some(AutoSwitch::Is(false)));
    assert_eq!(switch(r#""on""#), None);

    let command = |text: &str| serde_json::from_str::<Command>(text).ok();
    assert_eq!(command(r#""op""#), Some(Command::Program("op".into())));
    assert_eq!(command(r#"["op"]"#), Some(Command::WithArguments(vec!["op".into()])));
}
