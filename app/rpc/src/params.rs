//! What parameters are made of. A value of one of these types is what it should
//! be: reading it was the check, and its schema says the same in words.

mod list;
mod nullable;
mod number;
mod text;

pub(crate) use self::{
    list::List,
    nullable::Nullable,
    number::{Count, Int},
    text::Text,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A session, by its key or a short name for it.
pub(crate) type SessionName = Text<1, 512>;
/// The name of an agent, a node, a person.
pub(crate) type Name = Text<1, 256>;
/// A key that makes repeating a call harmless. Names the run.
pub(crate) type IdempotencyKey = Text<1, 256>;
/// A name for a session.
pub(crate) type Label = Text<1, 64>;
/// A path of the configuration.
pub(crate) type SchemaPath = Text<1, 1024>;
/// Any text.
pub(crate) type Any = Text<0, { usize::MAX }>;
/// Any text but the empty one.
pub(crate) type NonEmpty = Text<1, { usize::MAX }>;

/// No parameters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Something later clients send and this gateway has no use for: taken note of,
/// without effect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Unused;

impl<'de> Deserialize<'de> for Unused {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for Unused {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Unused".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "description": "Accepted from later clients; without effect." })
    }
}
