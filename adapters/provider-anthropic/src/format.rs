//! The form an answer has to have, as the protocol words it.

use std::borrow::Cow;

use ports::{Json, driven::AnswerFormat};
use serde::Serialize;

/// How a model learns of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// In the protocol's own words, where it has some: the service holds the
    /// model to it.
    Told,
    /// In the instructions, which models usually follow.
    AskedFor,
}

/// A form the protocol has words for.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Format<'a> {
    JsonSchema { schema: &'a Json },
}

/// What is said of `format` in the protocol's own words.
pub(crate) fn told(format: Option<&AnswerFormat>, form: Form) -> Option<Format<'_>> {
    match (format?, form) {
        (AnswerFormat::JsonSchema { strict: Some(false), .. } | AnswerFormat::JsonObject, _)
        | (_, Form::AskedFor) => None,
        (AnswerFormat::JsonSchema { schema, .. }, Form::Told) => {
            Some(Format::JsonSchema { schema })
        }
    }
}

/// What is said of `format` in the instructions, where the protocol has no words
/// for it.
pub(crate) fn instruction(format: Option<&AnswerFormat>, form: Form) -> Option<Cow<'static, str>> {
    let format = format.filter(|format| told(Some(format), form).is_none())?;
    Some(match format {
        AnswerFormat::JsonObject => {
            "Answer with one JSON object and nothing else, without a code fence.".into()
        }
        AnswerFormat::JsonSchema { description, schema, .. } => {
            let about = description.as_deref().map(|it| format!(" ({it})")).unwrap_or_default();
            format!(
                "Answer with JSON that matches this JSON schema{about} and nothing else, without \
                 a code fence:\n{}",
                schema.as_str(),
            )
            .into()
        }
    })
}
