//! `messages`: what was said, and what is said now.

use std::fmt;

use ports::driven::{ModelMessage, ModelPart, ModelRole};
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};

use crate::{image, refusal::Refusal};

/// A message as it is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A part of a message. Which fields it has depends on its type.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Part {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    input_text: Option<String>,
    image_url: Option<ImageUrl>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a URL or an object with one")]
enum ImageUrl {
    Plain(String),
    Wrapped { url: String },
}

/// What `messages` says.
#[derive(Debug, PartialEq)]
pub(crate) struct Talk {
    /// What was said before.
    pub(crate) history: Vec<ModelMessage>,
    /// What is said now.
    pub(crate) message: ModelMessage,
    /// What system and developer say.
    pub(crate) instructions: Option<String>,
}

/// Whoever speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    System,
    User,
    Assistant,
    Tool,
}

impl Talk {
    /// Makes sense of `messages`: the newest one of a user or a tool is what is
    /// said now, those before it are history, and what system and developer say
    /// anywhere are instructions. Messages that say nothing do not count.
    pub(crate) fn read(messages: Vec<Message>) -> Result<Self, Refusal> {
        let mut instructions = Vec::new();
        let mut said = Vec::new();
        for (at, Message { role, content }) in messages.into_iter().enumerate() {
            let speaker = speaker(&role).ok_or_else(|| {
                Refusal::invalid(format!("messages[{at}].role"), "messages: unknown role")
            })?;
            let Some(content) = content.filter(|content| !content.is_empty()) else { continue };
            match speaker {
                Speaker::System => instructions.push(content.into_text()),
                speaker => said.push((at, speaker, content)),
            }
        }
        let now = said
            .iter()
            .rposition(|(_, speaker, _)| matches!(speaker, Speaker::User | Speaker::Tool))
            .ok_or_else(|| Refusal::invalid("messages", "Missing user message in `messages`."))?;
        said.truncate(now + 1);
        let message = match said.pop() {
            Some((at, Speaker::User, content)) => ModelMessage {
                role: ModelRole::User,
                parts: content.into_parts().map_err(|error| {
                    Refusal::invalid(format!("messages[{at}].content"), error.to_string())
                })?,
            },
            Some((_, speaker, content)) => plain(speaker, content),
            None => unreachable!("`now` is a position in `said`"),
        };
        Ok(Self {
            history: said
                .into_iter()
                .map(|(_, speaker, content)| plain(speaker, content))
                .collect(),
            message,
            instructions: (!instructions.is_empty()).then(|| instructions.join("\n\n")),
        })
    }
}

fn speaker(role: &str) -> Option<Speaker> {
    match role {
        "system" | "developer" => Some(Speaker::System),
        "user" => Some(Speaker::User),
        "assistant" => Some(Speaker::Assistant),
        "tool" | "function" => Some(Speaker::Tool),
        _ => None,
    }
}

/// The text of a message. Models know two speakers; what a tool said is told
/// them by the user.
fn plain(speaker: Speaker, content: Content) -> ModelMessage {
    let text = content.into_text();
    match speaker {
        Speaker::Assistant => ModelMessage::text(ModelRole::Assistant, text),
        Speaker::Tool => ModelMessage::text(ModelRole::User, format!("Tool: {text}")),
        Speaker::User | Speaker::System => ModelMessage::text(ModelRole::User, text),
    }
}

impl Content {
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::Parts(parts) => parts.iter().all(|part| match part.text() {
                Some(text) => text.trim().is_empty(),
                None => part.image_url.is_none() && !part.is_foreign(),
            }),
        }
    }

    /// The text, its parts separated by line breaks.
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => {
                let texts: Vec<_> = parts.iter().filter_map(Part::text).collect();
                texts.join("\n")
            }
        }
    }

    /// The text as one part, then the pictures.
    fn into_parts(self) -> Result<Vec<ModelPart>, image::ImageError> {
        let Self::Parts(parts) = self else {
            return Ok(vec![ModelPart::Text(self.into_text())]);
        };
        if parts.iter().any(Part::is_foreign) {
            return Err(image::ImageError::Foreign);
        }
        let mut allowance = image::Allowance::default();
        let mut pictures = Vec::new();
        let mut texts = Vec::new();
        for part in parts {
            match (part.text().is_some(), part.image_url) {
                (true, _) => texts.extend(part.text.or(part.input_text)),
                (false, Some(ImageUrl::Plain(url) | ImageUrl::Wrapped { url })) => {
                    pictures.push(allowance.take(url)?);
                }
                (false, None) => (),
            }
        }
        let text = texts.join("\n");
        let text = (!text.is_empty()).then_some(ModelPart::Text(text));
        Ok(text.into_iter().chain(pictures).collect())
    }
}

impl Part {
    fn text(&self) -> Option<&str> {
        match self.kind.as_deref() {
            Some("text" | "input_text") => self.text.as_deref().or(self.input_text.as_deref()),
            _ => self.input_text.as_deref(),
        }
    }

    /// Whether it is something nobody here can read, such as sound.
    fn is_foreign(&self) -> bool {
        let known = matches!(
            self.kind.as_deref(),
            None | Some("text" | "input_text" | "image_url" | "refusal")
        );
        !known && self.input_text.is_none()
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrParts;

        impl<'de> Visitor<'de> for TextOrParts {
            type Value = Content;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of parts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Content, E> {
                Ok(Content::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Content, E> {
                Ok(Content::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Content, A::Error> {
                let mut all = Vec::new();
                while let Some(part) = parts.next_element()? {
                    all.push(part);
                }
                Ok(Content::Parts(all))
            }
        }

        deserializer.deserialize_any(TextOrParts)
    }
}
