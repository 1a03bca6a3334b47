//! Tools, as the protocol words them.

use std::collections::BTreeSet;

use ports::{
    Json,
    driven::{ModelPart, ModelRequest, ToolChoice, ToolSpec, ToolUse},
};
use serde::Serialize;

/// A tool the model may ask for.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Schema<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// What a tool takes.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Schema<'a> {
    Given(&'a Json),
    AnyObject {
        #[serde(rename = "type")]
        kind: &'static str,
    },
}

/// Whether the model shall ask for a tool.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Choice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

/// The tools of `request`. A conversation in which tools were used is refused
/// without any, so those it mentions are named when nothing is offered any more.
pub(crate) fn offered(request: &ModelRequest) -> Vec<Tool<'_>> {
    let offered = &request.tools.offered;
    if !offered.is_empty() {
        return offered.iter().map(Tool::of).collect();
    }
    let bare =
        |name| Tool { name, description: None, input_schema: Schema::of(None), strict: None };
    mentioned(request).into_iter().map(bare).collect()
}

fn mentioned(request: &ModelRequest) -> BTreeSet<&str> {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let names = parts.filter_map(|part| match part {
        ModelPart::Call(call) => Some(call.name.as_str()),
        ModelPart::Text(_) | ModelPart::Image { .. } | ModelPart::Result(_) => None,
    });
    names.collect()
}

impl<'a> Tool<'a> {
    fn of(spec: &'a ToolSpec) -> Self {
        Self {
            name: &spec.name,
            description: spec.description.as_deref(),
            input_schema: Schema::of(spec.parameters.as_ref()),
            strict: spec.strict,
        }
    }
}

impl<'a> Schema<'a> {
    /// A tool that says nothing about what it takes takes any object.
    fn of(given: Option<&'a Json>) -> Self {
        given.map_or(Self::AnyObject { kind: "object" }, Self::Given)
    }
}

impl<'a> Choice<'a> {
    /// What is to be said about it in `request`: nothing where it goes without
    /// saying.
    pub(crate) fn of(request: &'a ModelRequest) -> Option<Self> {
        let ToolUse { offered, choice, parallel } = &request.tools;
        if offered.is_empty() {
            let some = !mentioned(request).is_empty();
            return some.then(|| Self::plain("none"));
        }
        let one_at_a_time = (*parallel == Some(false)).then_some(true);
        let chosen = match choice {
            ToolChoice::Auto if one_at_a_time.is_none() => return None,
            ToolChoice::None => return Some(Self::plain("none")),
            ToolChoice::Auto => Self::plain("auto"),
            ToolChoice::Required => Self::plain("any"),
            ToolChoice::Named(name) => Self { name: Some(name), ..Self::plain("tool") },
        };
        Some(Self { disable_parallel_tool_use: one_at_a_time, ..chosen })
    }

    const fn plain(kind: &'static str) -> Self {
        Self { kind, name: None, disable_parallel_tool_use: None }
    }
}

#[cfg(test)]
mod tests {
    use ports::driven::{ModelMessage, ModelRole, Sampling, ToolCall};
    use serde_json::{Value, json};

    use super::*;

    fn spec(name: &str) -> ToolSpec {
        ToolSpec { name: name.to_owned(), description: None, parameters: None, strict: None }
    }

    fn request(tools: ToolUse) -> ModelRequest {
        ModelRequest {
            model: "m".to_owned(),
            system: None,
            messages: Vec::new(),
            thinking: None,
            sampling: Sampling::default(),
            tools,
        }
    }

    #[test]
    fn tools_are_described() {
        let schema = r#"{"type":"object","properties":{"z":{},"a":{}}}"#;
        let full = ToolSpec {
            description: Some("the weather".to_owned()),
            parameters: Some(Json::parse(schema.to_owned()).unwrap()),
            strict: Some(true),
            ..spec("weather")
        };
        let tools = ToolUse { offered: vec![full, spec("bare")], ..ToolUse::default() };
        let text = serde_json::to_string(&offered(&request(tools))).unwrap();
        let expected = format!(
            r#"[{{"name":"weather","description":"the weather","input_schema":{schema},"strict":true}},{{"name":"bare","input_schema":{{"type":"object"}}}}]"#
        );
        assert_eq!(text, expected, "the schema is sent as it was written");
    }

    #[test]
    fn whether_tools_are_asked_for() {
        let named = || ToolChoice::Named("a".to_owned());
        #[rustfmt::skip]
        let table = [
            // choice                parallel      said
            (ToolChoice::Auto,       None,         Value::Null),
            (ToolChoice::Auto,       Some(true),   Value::Null),
            (ToolChoice::Auto,       Some(false),  json!({ "type": "auto", "disable_parallel_tool_use": true })),
            (ToolChoice::None,       Some(false),  json!({ "type": "none" })),
            (ToolChoice::Required,   None,         json!({ "type": "any" })),
            (ToolChoice::Required,   Some(false),  json!({ "type": "any", "disable_parallel_tool_use": true })),
            (named(),                Some(true),   json!({ "type": "tool", "name": "a" })),
            (named(),                Some(false),  json!({ "type": "tool", "name": "a", "disable_parallel_tool_use": true })),
        ];
        for (choice, parallel, said) in table {
            let request = request(ToolUse { offered: vec![spec("a")], choice, parallel });
            assert_eq!(serde_json::to_value(Choice::of(&request)).unwrap(), said);
        }
        let none = request(ToolUse { choice: ToolChoice::Required, ..ToolUse::default() });
        assert_eq!(Choice::of(&none), None, "of no tools none can be asked for");
    }

    #[test]
    fn tools_that_were_used_are_named_but_not_offered() {
        let mut request = request(ToolUse::default());
        let call = |id: &str, name: &str| {
            ModelPart::Call(ToolCall { id: id.into(), name: name.into(), arguments: "{}".into() })
        };
        let parts = vec![call("1", "b"), call("2", "a"), call("3", "b")];
        request.messages = vec![ModelMessage { role: ModelRole::Assistant, parts }];
        let tools = serde_json::to_value(offered(&request)).unwrap();
        let any = json!({ "type": "object" });
        let expected =
            json!([{ "name": "a", "input_schema": any }, { "name": "b", "input_schema": any }]);
        assert_eq!(tools, expected);
        assert_eq!(Choice::of(&request), Some(Choice::plain("none")));
    }
}
