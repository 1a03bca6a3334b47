//! What was said, in turns.

use std::borrow::Cow;

use ports::driven::{ModelMessage, ModelPart, ModelRole, ToolCall, ToolResult};
use serde::Serialize;
use serde_json::value::RawValue;

/// What comes before a conversation that begins with the model.
const BEGINNING: &str = "(The conversation began earlier.)";

/// What one side says before the other one does.
#[derive(Serialize)]
pub(crate) struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Input<'a>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "str::is_empty")]
        content: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
}

/// What a tool was given. It has to be an object.
#[derive(Serialize)]
#[serde(untagged)]
enum Input<'a> {
    Object(&'a RawValue),
    Nothing {},
    /// How the service wants to be shown what its model made of the arguments
    /// when they are no object.
    Invalid {
        #[serde(rename = "INVALID_JSON")]
        text: &'a str,
    },
}

/// `messages` in turns.
pub(crate) fn turns(messages: &[ModelMessage]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::with_capacity(messages.len() + 1);
    for message in messages {
        let content: Vec<Block<'_>> =
            message.parts.iter().filter_map(|part| block(part, message.role)).collect();
        let role = match message.role {
            ModelRole::User => "user",
            ModelRole::Assistant => "assistant",
        };
        match turns.last_mut() {
            _ if content.is_empty() => (),
            Some(last) if last.role == role => last.content.extend(content),
            Some(_) => turns.push(Turn { role, content }),
            None => {
                if message.role == ModelRole::Assistant {
                    let content = vec![Block::Text { text: BEGINNING }];
                    turns.push(Turn { role: "user", content });
                }
                turns.push(Turn { role, content });
            }
        }
    }
    for turn in &mut turns {
        // What tools said has to come first; what models ask for, last.
        turn.content.sort_by_key(|block| match block {
            Block::ToolResult { .. } => 0,
            Block::Text { .. } | Block::Image { .. } => 1,
            Block::ToolUse { .. } => 2,
        });
    }
    turns
}

fn block(part: &ModelPart, role: ModelRole) -> Option<Block<'_>> {
    match (part, role) {
        (ModelPart::Text(text), _) if text.trim().is_empty() => None,
        (ModelPart::Text(text), _) => Some(Block::Text { text }),
        (ModelPart::Image { mime, data }, ModelRole::User) => {
            Some(Block::Image { source: Source::Base64 { media_type: mime, data } })
        }
        (ModelPart::Call(call), ModelRole::Assistant) => {
            let ToolCall { id, name, arguments } = call;
            Some(Block::ToolUse { id: tame(id), name, input: Input::of(arguments) })
        }
        (ModelPart::Result(result), ModelRole::User) => {
            let ToolResult { call, text, failed } = result;
            let tool_use_id = tame(call);
            Some(Block::ToolResult { tool_use_id, content: text, is_error: *failed })
        }
        // Only people show pictures and tell of tools, and only models ask for
        // them.
        (ModelPart::Image { .. } | ModelPart::Result(_), ModelRole::Assistant)
        | (ModelPart::Call(_), ModelRole::User) => None,
    }
}

/// `id` as the service accepts it: other services use more characters.
fn tame(id: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if id.chars().all(plain) {
        return id.into();
    }
    id.chars().map(|c| if plain(c) { c } else { '_' }).collect::<String>().into()
}

impl<'a> Input<'a> {
    fn of(arguments: &'a str) -> Self {
        match serde_json::from_str::<&RawValue>(arguments) {
            Ok(raw) if raw.get().starts_with('{') => Self::Object(raw),
            _ if arguments.trim().is_empty() => Self::Nothing {},
            _ => Self::Invalid { text: arguments },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ModelRole::{Assistant, User};

    fn write(messages: &[ModelMessage]) -> Value {
        serde_json::to_value(turns(messages)).unwrap()
    }

    fn text(text: &str) -> Value {
        json!({ "type": "text", "text": text })
    }

    fn call(id: &str, arguments: &str) -> ModelPart {
        let (id, arguments) = (id.to_owned(), arguments.to_owned());
        ModelPart::Call(ToolCall { id, name: "look".to_owned(), arguments })
    }

    fn result(call: &str, text: &str, failed: bool) -> ModelPart {
        ModelPart::Result(ToolResult { call: call.to_owned(), text: text.to_owned(), failed })
    }

    #[test]
    fn people_and_model_take_turns() {
        let picture = ModelPart::Image { mime: "image/png".to_owned(), data: "AAAA".to_owned() };
        let messages = [
            ModelMessage::text(Assistant, "hello"),
            ModelMessage::text(User, "one"),
            ModelMessage::text(User, " "),
            ModelMessage {
                role: User,
                parts: vec![ModelPart::Text("two".to_owned()), picture.clone()],
            },
            ModelMessage { role: Assistant, parts: vec![picture] },
            ModelMessage::text(User, "three"),
        ];
        let source = json!({ "type": "base64", "media_type": "image/png", "data": "AAAA" });
        let expected = json!([
            { "role": "user", "content": [text(BEGINNING)] },
            { "role": "assistant", "content": [text("hello")] },
            { "role": "user", "content": [
                text("one"), text("two"), { "type": "image", "source": source }, text("three"),
            ] },
        ]);
        assert_eq!(write(&messages), expected);
    }

    #[test]
    fn what_tools_said_comes_first() {
        let messages = [
            ModelMessage::text(User, "look"),
            ModelMessage {
                role: Assistant,
                parts: vec![call("a", r#"{"at": "sky"}"#), ModelPart::Text("I look".to_owned())],
            },
            ModelMessage { role: Assistant, parts: vec![call("b", ""), result("a", "x", false)] },
            ModelMessage::text(User, "well?"),
            ModelMessage { role: User, parts: vec![result("a", "blue", false), call("c", "{}")] },
            ModelMessage { role: User, parts: vec![result("b", "", true)] },
        ];
        let used = |id: &str, input: Value| json!({ "type": "tool_use", "id": id, "name": "look", "input": input });
        let expected = json!([
            { "role": "user", "content": [text("look")] },
            { "role": "assistant", "content": [
                text("I look"), used("a", json!({ "at": "sky" })), used("b", json!({})),
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "a", "content": "blue" },
                { "type": "tool_result", "tool_use_id": "b", "is_error": true },
                text("well?"),
            ] },
        ]);
        assert_eq!(write(&messages), expected);
    }

    #[test]
    fn what_a_tool_is_given_is_an_object() {
        #[rustfmt::skip]
        let table = [
            (r#"{"a":[1]}"#,  json!({ "a": [1] })),
            (" {} ",          json!({})),
            ("",              json!({})),
            (" ",             json!({})),
            (r#"{"a":"#,      json!({ "INVALID_JSON": r#"{"a":"# })),
            ("[1]",           json!({ "INVALID_JSON": "[1]" })),
            ("null",          json!({ "INVALID_JSON": "null" })),
        ];
        for (arguments, input) in table {
            let message = ModelMessage { role: Assistant, parts: vec![call("a", arguments)] };
            assert_eq!(write(&[message])[1]["content"][0]["input"], input, "{arguments:?}");
        }
    }

    #[test]
    fn names_of_calls_are_what_the_service_accepts() {
        let messages = [
            ModelMessage { role: Assistant, parts: vec![call("functions.look:0", "{}")] },
            ModelMessage { role: User, parts: vec![result("functions.look:0", "x", false)] },
        ];
        let said = write(&messages);
        assert_eq!(said[1]["content"][0]["id"], "functions_look_0");
        assert_eq!(said[2]["content"][0]["tool_use_id"], "functions_look_0");
    }
}
