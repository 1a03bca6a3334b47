//! Texts of some length.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error};

/// A text of `MIN` to `MAX` characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// `text`, if it is neither too short nor too long.
    pub(crate) fn new(text: String) -> Option<Self> {
        // A character is at least one byte, so most texts need no counting.
        let fits = match text.len() {
            bytes if bytes < MIN => false,
            bytes if bytes <= MAX && MIN <= 1 => true,
            _ => (MIN..=MAX).contains(&text.chars().count()),
        };
        fits.then_some(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(text).ok_or_else(|| D::Error::custom("the text is too short or too long"))
    }
}

impl<const MIN: usize, const MAX: usize> JsonSchema for Text<MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Text{MIN}To{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "type": "string" });
        if 0 < MIN {
            schema.insert("minLength".into(), MIN.into());
        }
        if MAX < usize::MAX {
            schema.insert("maxLength".into(), MAX.into());
        }
        schema
    }
}

#[test]
fn length_is_counted_in_characters() {
    let read = |text: &str| serde_json::from_str::<Text<1, 3>>(text).is_ok();
    assert!(read("\"a\"") && read("\"äöü\"") && read("\"🦞🦞🦞\""));
    assert!(!read("\"\"") && !read("\"abcd\"") && !read("\"äöüß\"") && !read("1"));
}
