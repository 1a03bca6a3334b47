//! The form an answer has to have, as requests ask for it.

use ports::{Json, driven::AnswerFormat};
use serde::Deserialize;

use crate::refusal::Refusal;

/// A form. Chat completions nest the schema, responses do not; both are read
/// from both.
#[derive(Debug, Deserialize)]
pub(crate) struct Format {
    #[serde(rename = "type")]
    kind: String,
    json_schema: Option<Shape>,
    name: Option<String>,
    description: Option<String>,
    schema: Option<Json>,
    strict: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Shape {
    name: Option<String>,
    description: Option<String>,
    schema: Option<Json>,
    strict: Option<bool>,
}

impl Format {
    /// What it means; `param` is what it is called in the request.
    pub(crate) fn read(self, param: &'static str) -> Result<Option<AnswerFormat>, Refusal> {
        match self.kind.as_str() {
            "text" => Ok(None),
            "json_object" => Ok(Some(AnswerFormat::JsonObject)),
            "json_schema" => {
                let nested = self.json_schema.unwrap_or_default();
                let schema = nested.schema.or(self.schema);
                let schema = schema.filter(|schema| schema.as_str().starts_with('{'));
                let (Some(name), Some(schema)) = (nested.name.or(self.name), schema) else {
                    let why = format!("{param}: a json_schema needs a name and a schema");
                    return Err(Refusal::invalid(param, why));
                };
                Ok(Some(AnswerFormat::JsonSchema {
                    name,
                    description: nested.description.or(self.description),
                    schema,
                    strict: nested.strict.or(self.strict),
                }))
            }
            _ => {
                let why = format!("{param}: type must be text, json_object or json_schema");
                Err(Refusal::invalid(param, why))
            }
        }
    }
}
