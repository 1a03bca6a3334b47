//! What was said, as the protocol words it.

use ports::driven::{ModelMessage, ModelPart, ModelRequest, ModelRole, ToolCall};
use serde::{Serialize, Serializer, ser::SerializeSeq};

/// The instructions and what was said.
pub(crate) struct Messages<'a>(pub(crate) &'a ModelRequest);

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(&'a str),
    Texts(String),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: DataUrl<'a>,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: &'a str,
}

/// Written straight into the body: pictures are large.
struct DataUrl<'a> {
    mime: &'a str,
    data: &'a str,
}

impl Serialize for DataUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("data:{};base64,{}", self.mime, self.data))
    }
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut messages = serializer.serialize_seq(None)?;
        if let Some(system) = &self.0.system {
            messages.serialize_element(&Message::of("system", Content::Text(system)))?;
        }
        for message in &self.0.messages {
            // What tools said has to follow the calls at once.
            for part in &message.parts {
                if let ModelPart::Result(result) = part {
                    let said = Message::of("tool", Content::Text(&result.text));
                    messages
                        .serialize_element(&Message { tool_call_id: Some(&result.call), ..said })?;
                }
            }
            if let Some(said) = Message::said(message) {
                messages.serialize_element(&said)?;
            }
        }
        messages.end()
    }
}

impl<'a> Message<'a> {
    fn of(role: &'static str, content: Content<'a>) -> Self {
        Self { role, content: Some(content), tool_calls: Vec::new(), tool_call_id: None }
    }

    /// What is said in `message`, unless only tools speak in it.
    fn said(message: &'a ModelMessage) -> Option<Self> {
        let calls = message.parts.iter().filter_map(|part| match part {
            ModelPart::Call(call) => Some(Call::from(call)),
            ModelPart::Text(_) | ModelPart::Image { .. } | ModelPart::Result(_) => None,
        });
        let tool_calls: Vec<_> = calls.collect();
        let spoken =
            |part: &ModelPart| matches!(part, ModelPart::Text(_) | ModelPart::Image { .. });
        let content = message.parts.iter().any(spoken).then(|| Content::of(message));
        let has_results = message.parts.iter().any(|part| matches!(part, ModelPart::Result(_)));
        if content.is_none() && tool_calls.is_empty() && has_results {
            return None;
        }
        // Only beside calls may the content be missing.
        let content = match content {
            None if tool_calls.is_empty() => Some(Content::Text("")),
            content => content,
        };
        let role = match message.role {
            ModelRole::User => "user",
            ModelRole::Assistant => "assistant",
        };
        Some(Self { role, content, tool_calls, tool_call_id: None })
    }
}

impl<'a> Content<'a> {
    fn of(message: &'a ModelMessage) -> Self {
        // Lists of parts are only understood by servers that see pictures, and
        // only in what people say.
        let pictures = message.parts.iter().any(|part| matches!(part, ModelPart::Image { .. }));
        match message.parts.as_slice() {
            [ModelPart::Text(text)] => Self::Text(text),
            parts if pictures && message.role == ModelRole::User => {
                Self::Parts(parts.iter().filter_map(Part::of).collect())
            }
            _ => Self::Texts(message.plain_text()),
        }
    }
}

impl<'a> Part<'a> {
    fn of(part: &'a ModelPart) -> Option<Self> {
        match part {
            ModelPart::Text(text) => Some(Self::Text { text }),
            ModelPart::Image { mime, data } => {
                Some(Self::ImageUrl { image_url: ImageUrl { url: DataUrl { mime, data } } })
            }
            ModelPart::Call(_) | ModelPart::Result(_) => None,
        }
    }
}

impl<'a> From<&'a ToolCall> for Call<'a> {
    fn from(call: &'a ToolCall) -> Self {
        // Servers parse it.
        let arguments = if call.arguments.is_empty() { "{}" } else { &call.arguments };
        Self { id: &call.id, kind: "function", function: Called { name: &call.name, arguments } }
    }
}
