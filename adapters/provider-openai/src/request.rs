//! A request, as the protocol words it.

use bytes::Bytes;
use ports::{
    Json,
    driven::{AnswerFormat, ModelRequest, ToolChoice, ToolSpec, ToolUse},
};
use serde::Serialize;

use crate::{messages::Messages, objections::Extras};

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
        response_format: sampling.format.as_ref().map(Format::from),
        tools: request.tools.offered.iter().map(Tool::from).collect(),
        tool_choice: choice(&request.tools),
        parallel_tool_calls: request.tools.parallel.filter(|_| !request.tools.offered.is_empty()),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Format<'a> {
    JsonObject,
    JsonSchema { json_schema: Shape<'a> },
}

#[derive(Serialize)]
struct Shape<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    schema: &'a Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
struct Tool<'a> {
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    Word(&'static str),
    Named(Tool<'a>),
}

/// Whether one of the tools has to be asked for. It goes without saying that a
/// model may do as it likes.
fn choice(tools: &ToolUse) -> Option<Choice<'_>> {
    if tools.offered.is_empty() {
        return None;
    }
    match &tools.choice {
        ToolChoice::Auto => None,
        ToolChoice::None => Some(Choice::Word("none")),
        ToolChoice::Required => Some(Choice::Word("required")),
        ToolChoice::Named(name) => {
            let function = Function { name, description: None, parameters: None, strict: None };
            Some(Choice::Named(Tool { function }))
        }
    }
}

impl<'a> From<&'a ToolSpec> for Tool<'a> {
    fn from(tool: &'a ToolSpec) -> Self {
        Self {
            function: Function {
                name: &tool.name,
                description: tool.description.as_deref(),
                parameters: tool.parameters.as_ref(),
                strict: tool.strict,
            },
        }
    }
}

impl<'a> From<&'a AnswerFormat> for Format<'a> {
    fn from(format: &'a AnswerFormat) -> Self {
        match format {
            AnswerFormat::JsonObject => Self::JsonObject,
            AnswerFormat::JsonSchema { name, description, schema, strict } => Self::JsonSchema {
                json_schema: Shape {
                    name,
                    description: description.as_deref(),
                    schema,
                    strict: *strict,
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use ports::driven::{
        ModelMessage, ModelPart, ModelRole, Sampling, ToolCall, ToolResult, ToolUse,
    };
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

    fn schema() -> Json {
        Json::parse(r#"{"type":"object"}"#.to_owned()).unwrap()
    }

    fn with_tools(choice: ToolChoice) -> ModelRequest {
        let tool = |name: &str, parameters: Option<Json>, strict| ToolSpec {
            name: name.to_owned(),
            description: parameters.is_some().then(|| "what it does".to_owned()),
            parameters,
            strict,
        };
        let offered = vec![tool("look", Some(schema()), Some(true)), tool("bare", None, None)];
        let tools = ToolUse { offered, choice, parallel: Some(false) };
        ModelRequest { tools, ..request() }
    }

    #[test]
    fn tools_are_offered_and_may_be_wanted() {
        let body = write(&with_tools(ToolChoice::Auto), Wording::Common, NONE);
        let look = json!({ "name": "look", "description": "what it does", "parameters": { "type": "object" }, "strict": true });
        let expected = json!([
            { "type": "function", "function": look },
            { "type": "function", "function": { "name": "bare" } },
        ]);
        assert_eq!((&body["tools"], &body["parallel_tool_calls"]), (&expected, &json!(false)));
        assert!(body.get("tool_choice").is_none());

        let named = json!({ "type": "function", "function": { "name": "look" } });
        let table = [
            (ToolChoice::None, json!("none")),
            (ToolChoice::Required, json!("required")),
            (ToolChoice::Named("look".to_owned()), named),
        ];
        for (choice, expected) in table {
            let body = write(&with_tools(choice), Wording::Common, NONE);
            assert_eq!(body["tool_choice"], expected);
        }
    }

    #[test]
    fn without_tools_nothing_is_said_about_them() {
        let mut request = with_tools(ToolChoice::Required);
        request.tools.offered.clear();
        let body = write(&request, Wording::Common, NONE);
        for field in ["tools", "tool_choice", "parallel_tool_calls", "response_format"] {
            assert!(body.get(field).is_none(), "{field}");
        }
    }

    #[test]
    fn calls_and_what_came_of_them_are_messages_of_their_own() {
        let call = |id: &str, arguments: &str| {
            let (id, arguments) = (id.to_owned(), arguments.to_owned());
            ModelPart::Call(ToolCall { id, name: "look".to_owned(), arguments })
        };
        let result = |call: &str, text: &str| {
            let (call, text) = (call.to_owned(), text.to_owned());
            ModelPart::Result(ToolResult { call, text, failed: false })
        };
        let text = |text: &str| ModelPart::Text(text.to_owned());
        let message = |role, parts| ModelMessage { role, parts };
        let messages = vec![
            message(ModelRole::Assistant, vec![call("a", "{\"x\":1}"), call("b", "")]),
            message(ModelRole::User, vec![text("news"), result("a", "1"), result("b", "2")]),
            message(ModelRole::Assistant, vec![text("hm"), call("c", "{}")]),
            message(ModelRole::User, vec![result("c", "3")]),
        ];
        let body = write(&ModelRequest { messages, ..request() }, Wording::Common, NONE);
        let called = |id: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "name": "look", "arguments": arguments } });
        let expected = json!([
            { "role": "system", "content": "be \"brief\"" },
            { "role": "assistant", "content": null, "tool_calls": [called("a", "{\"x\":1}"), called("b", "{}")] },
            { "role": "tool", "content": "1", "tool_call_id": "a" },
            { "role": "tool", "content": "2", "tool_call_id": "b" },
            { "role": "user", "content": "news" },
            { "role": "assistant", "content": "hm", "tool_calls": [called("c", "{}")] },
            { "role": "tool", "content": "3", "tool_call_id": "c" },
        ]);
        assert_eq!(body["messages"], expected);
    }

    #[test]
    fn an_answer_may_have_to_be_json() {
        let write = |format| {
            let sampling = Sampling { format: Some(format), ..Sampling::default() };
            write(&ModelRequest { sampling, ..request() }, Wording::Common, NONE)
        };
        let object = write(AnswerFormat::JsonObject);
        assert_eq!(object["response_format"], json!({ "type": "json_object" }));
        let format = AnswerFormat::JsonSchema {
            name: "person".to_owned(),
            description: None,
            schema: schema(),
            strict: Some(true),
        };
        let expected = json!({ "type": "json_schema", "json_schema": {
            "name": "person", "schema": { "type": "object" }, "strict": true,
        } });
        assert_eq!(write(format)["response_format"], expected);
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
