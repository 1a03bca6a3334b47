//! A request, as the protocol words it.

use bytes::Bytes;
use ports::driven::{ModelMessage, ModelPart, ModelRequest, ModelRole};
use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::objections::Extras;

/// What the limit on tokens is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wording {
    /// `max_completion_tokens`.
    Official,
    /// `max_tokens`.
    Common,
}

impl Wording {
    /// The wording of the server on `host`.
    pub(crate) fn of(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        if host == "api.openai.com" || host.ends_with(".openai.azure.com") {
            Self::Official
        } else {
            Self::Common
        }
    }
}

/// The body of `request`.
pub(crate) fn body(request: &ModelRequest, wording: Wording, extras: Extras) -> Bytes {
    let sampling = &request.sampling;
    let max = |meant| sampling.max_tokens.filter(|_| wording == meant);
    let body = Body {
        model: &request.model,
        messages: Messages(request),
        stream: true,
        stream_options: extras.usage.then_some(StreamOptions { include_usage: true }),
        max_tokens: max(Wording::Common),
        max_completion_tokens: max(Wording::Official),
        temperature: sampling.temperature,
        top_p: sampling.top_p,
        frequency_penalty: sampling.frequency_penalty,
        presence_penalty: sampling.presence_penalty,
        seed: sampling.seed,
        stop: &sampling.stop,
        reasoning_effort: extras.effort,
    };
    serde_json::to_vec(&body).expect("text, numbers and lists can be written as JSON").into()
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: Messages<'a>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stop: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The instructions and what was said.
struct Messages<'a>(&'a ModelRequest);

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Content<'a>,
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
            let content = Content::Text(system);
            messages.serialize_element(&Message { role: "system", content })?;
        }
        for message in &self.0.messages {
            messages.serialize_element(&Message::from(message))?;
        }
        messages.end()
    }
}

impl<'a> From<&'a ModelMessage> for Message<'a> {
    fn from(message: &'a ModelMessage) -> Self {
        let role = match message.role {
            ModelRole::User => "user",
            ModelRole::Assistant => "assistant",
        };
        // Lists of parts are only understood by servers that see pictures, and
        // only in what people say.
        let pictures = message.parts.iter().any(|part| matches!(part, ModelPart::Image { .. }));
        let content = match message.parts.as_slice() {
            [ModelPart::Text(text)] => Content::Text(text),
            parts if pictures && message.role == ModelRole::User => {
                Content::Parts(parts.iter().filter_map(Part::of).collect())
            }
            _ => Content::Texts(message.plain_text()),
        };
        Self { role, content }
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

#[cfg(test)]
mod tests {
    use ports::driven::{Sampling, ToolUse};
    use serde_json::{Value, json};

    use super::*;

    const ALL: Extras = Extras { usage: true, effort: Some("high") };
    const NONE: Extras = Extras { usage: false, effort: None };

    fn write(request: &ModelRequest, wording: Wording, extras: Extras) -> Value {
        serde_json::from_slice(&body(request, wording, extras)).unwrap()
    }

    fn request() -> ModelRequest {
        let picture = ModelPart::Image { mime: "image/png".to_owned(), data: "AAAA".to_owned() };
        let text = |text: &str| ModelPart::Text(text.to_owned());
        ModelRequest {
            model: "m".to_owned(),
            system: Some("be \"brief\"".to_owned()),
            messages: vec![
                ModelMessage::text(ModelRole::User, "hi\n"),
                ModelMessage {
                    role: ModelRole::Assistant,
                    parts: vec![text("a"), text("b"), picture.clone()],
                },
                ModelMessage { role: ModelRole::User, parts: vec![text("what is this?"), picture] },
            ],
            thinking: None,
            sampling: Sampling::default(),
            tools: ToolUse::default(),
        }
    }

    #[test]
    fn what_is_not_chosen_is_not_mentioned() {
        let expected = json!({
            "model": "m",
            "messages": [
                { "role": "system", "content": "be \"brief\"" },
                { "role": "user", "content": "hi\n" },
                { "role": "assistant", "content": "a\nb" },
                { "role": "user", "content": [
                    { "type": "text", "text": "what is this?" },
                    { "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } },
                ] },
            ],
            "stream": true,
        });
        assert_eq!(write(&request(), Wording::Common, NONE), expected);
    }

    #[test]
    fn what_is_chosen_is_said() {
        let mut request = request();
        request.messages.clear();
        request.sampling = Sampling {
            max_tokens: Some(10),
            temperature: Some(0.5),
            top_p: Some(0.25),
            top_k: None,
            frequency_penalty: Some(-1.0),
            presence_penalty: Some(1.5),
            seed: Some(-7),
            stop: vec!["\n".to_owned()],
            format: None,
        };
        let mut expected = json!({
            "model": "m",
            "messages": [{ "role": "system", "content": "be \"brief\"" }],
            "stream": true,
            "stream_options": { "include_usage": true },
            "max_tokens": 10,
            "temperature": 0.5,
            "top_p": 0.25,
            "frequency_penalty": -1.0,
            "presence_penalty": 1.5,
            "seed": -7,
            "stop": ["\n"],
            "reasoning_effort": "high",
        });
        assert_eq!(write(&request, Wording::Common, ALL), expected);

        let object = expected.as_object_mut().unwrap();
        let max = object.remove("max_tokens").unwrap();
        object.insert("max_completion_tokens".to_owned(), max);
        assert_eq!(write(&request, Wording::Official, ALL), expected);
    }

    #[test]
    fn the_limit_has_two_names() {
        for host in ["api.openai.com", "API.openai.com", "lab.openai.azure.com"] {
            assert_eq!(Wording::of(host), Wording::Official, "{host}");
        }
        for host in ["127.0.0.1", "openrouter.ai", "api.openai.com.evil.example"] {
            assert_eq!(Wording::of(host), Wording::Common, "{host}");
        }
    }
}
