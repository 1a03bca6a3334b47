//! The body of `POST /v1/responses`.

use std::collections::BTreeMap;

use domain::session::Thinking;
use ports::{
    Json,
    driven::{Sampling, ToolUse},
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{
    format::Format,
    refusal::Refusal,
    request::{parse, thinking, within},
    responses::input::Input,
    tools::{Choice, Hosted, Tool, tool_use},
};

/// The body as it is sent. Anything else is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Body {
    model: Option<String>,
    input: Option<Json>,
    instructions: Option<String>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Choice>,
    parallel_tool_calls: Option<bool>,
    stream: Option<bool>,
    user: Option<String>,
    max_output_tokens: Option<u32>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    metadata: Option<BTreeMap<String, String>>,
    store: Option<bool>,
    previous_response_id: Option<String>,
    reasoning: Option<Reasoning>,
    text: Option<Text>,
    truncation: Option<Truncation>,
    // Refused.
    background: Option<bool>,
    conversation: Option<IgnoredAny>,
    prompt: Option<IgnoredAny>,
    // Understood, and without effect here.
    #[serde(rename = "max_tool_calls")]
    _max_tool_calls: Option<u64>,
    #[serde(rename = "stream_options")]
    _stream_options: Option<IgnoredAny>,
    #[serde(rename = "include")]
    _include: Option<Vec<String>>,
    #[serde(rename = "top_logprobs")]
    _top_logprobs: Option<u64>,
    #[serde(rename = "service_tier")]
    _service_tier: Option<String>,
    #[serde(rename = "safety_identifier")]
    _safety_identifier: Option<String>,
    #[serde(rename = "prompt_cache_key")]
    _prompt_cache_key: Option<String>,
    #[serde(rename = "prompt_cache_retention")]
    _prompt_cache_retention: Option<String>,
    #[serde(rename = "client_metadata")]
    _client_metadata: Option<IgnoredAny>,
    #[serde(rename = "context_management")]
    _context_management: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reasoning {
    effort: Option<String>,
    summary: Option<Summary>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Summary {
    Auto,
    Concise,
    Detailed,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Text {
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Truncation {
    Auto,
    #[default]
    Disabled,
}

/// The body, checked. What is repeated in the answer is as it was sent.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) model: String,
    pub(crate) input: Input,
    /// The same as it was sent.
    pub(crate) raw_input: Json,
    pub(crate) instructions: Option<String>,
    pub(crate) stream: bool,
    pub(crate) user: Option<String>,
    pub(crate) sampling: Sampling,
    pub(crate) tools: ToolUse,
    pub(crate) thinking: Option<Thinking>,
    pub(crate) effort: Option<String>,
    pub(crate) summary: Option<Summary>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) store: bool,
    pub(crate) previous: Option<String>,
    pub(crate) truncation: Truncation,
}

/// Reads and checks `body`.
pub(crate) fn read(body: &[u8]) -> Result<Asked, Refusal> {
    let body: Body = parse(body)?;
    let refuse =
        |param: &'static str, why: &str| Refusal::invalid(param, format!("{param}: {why}"));
    let model = body
        .model
        .filter(|model| !model.trim().is_empty())
        .ok_or_else(|| refuse("model", "Invalid input: expected string, received undefined"))?;
    if body.background == Some(true) {
        return Err(refuse("background", "responses are made while one waits, or streamed"));
    }
    if body.conversation.is_some() {
        return Err(refuse("conversation", "not supported, use previous_response_id"));
    }
    if body.prompt.is_some() {
        return Err(refuse("prompt", "there are no stored prompts here, use instructions"));
    }
    if body.max_output_tokens == Some(0) {
        return Err(refuse("max_output_tokens", "must be at least 1"));
    }
    let raw_input =
        body.input.ok_or_else(|| Refusal::invalid("input", "Missing user message in `input`."))?;
    let reasoning = body.reasoning.unwrap_or_default();
    let format = match body.text.and_then(|text| text.format) {
        Some(format) => format.read("text.format")?,
        None => None,
    };
    Ok(Asked {
        model,
        input: read_input(&raw_input)?,
        raw_input,
        instructions: body.instructions,
        stream: body.stream.unwrap_or_default(),
        user: body.user,
        sampling: Sampling {
            max_tokens: body.max_output_tokens,
            temperature: within("temperature", body.temperature, 0.0, 2.0)?,
            top_p: within("top_p", body.top_p, 0.0, 1.0)?,
            format,
            ..Sampling::default()
        },
        tools: tool_use(
            body.tools.unwrap_or_default(),
            body.tool_choice,
            body.parallel_tool_calls,
            Hosted::LeftOut,
        )?,
        thinking: thinking("reasoning.effort", reasoning.effort.as_deref())?,
        effort: reasoning.effort,
        summary: reasoning.summary,
        metadata: body.metadata.unwrap_or_default(),
        store: body.store.unwrap_or(true),
        previous: body.previous_response_id.filter(|id| !id.is_empty()),
        truncation: body.truncation.unwrap_or_default(),
    })
}

fn read_input(raw: &Json) -> Result<Input, Refusal> {
    serde_json::from_str(raw.as_str()).map_err(|_| {
        let mut json = serde_json::Deserializer::from_str(raw.as_str());
        let found = serde_path_to_error::deserialize::<_, Input>(&mut json);
        match found {
            Err(error) => {
                let path = error.path().to_string();
                // The whole of it has no path.
                let path = if path == "." { "input".to_owned() } else { format!("input{path}") };
                let why: String = format!("{path}: {}", error.inner()).chars().take(300).collect();
                Refusal::invalid(path, why)
            }
            Ok(_) => Refusal::invalid("input", "input: cannot be read"),
        }
    })
}
