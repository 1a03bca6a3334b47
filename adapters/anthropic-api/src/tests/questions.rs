//! What the agent is asked.

use domain::session::Thinking;
use ports::{
    Json,
    driven::{
        AnswerFormat, ModelMessage, ModelPart, ModelRole, Sampling, ToolCall, ToolChoice,
        ToolResult, ToolSpec, ToolUse,
    },
};
use serde_json::{Value, json};

use super::house::{House, done};

async fn house() -> House {
    let house = House::open().await;
    house.says([done("ok")]);
    house
}

/// A request with these fields.
fn body(fields: &Value) -> String {
    let mut body = json!({
        "model": "claude-x",
        "max_tokens": 5000,
        "messages": [{ "role": "user", "content": "hi" }],
    });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string()
}

fn user(text: &str) -> ModelMessage {
    ModelMessage::text(ModelRole::User, text)
}

fn part(text: &str) -> ModelPart {
    ModelPart::Text(text.to_owned())
}

fn picture(data: &str) -> ModelPart {
    ModelPart::Image { mime: "image/png".to_owned(), data: data.to_owned() }
}

fn image(data: &str) -> Value {
    json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": data } })
}

fn result(call: &str, text: &str, failed: bool) -> ModelPart {
    ModelPart::Result(ToolResult { call: call.to_owned(), text: text.to_owned(), failed })
}

#[tokio::test]
async fn the_last_message_is_the_question_and_the_rest_is_history() {
    let house = house().await;
    let cached = json!({ "type": "ephemeral" });
    let messages = json!([
        { "role": "user", "content": "one" },
        { "role": "assistant", "content": [
            { "type": "thinking", "thinking": "hm", "signature": "x" },
            { "type": "redacted_thinking", "data": "x" },
            { "type": "text", "text": "two" },
        ] },
        { "role": "system", "content": "be kind" },
        { "role": "user", "content": [image("AAAA"), { "type": "text", "text": "three", "cache_control": cached }] },
        { "role": "user", "content": "four" },
    ]);
    let system = json!([
        { "type": "text", "text": "be brief", "cache_control": cached },
        { "type": "text", "text": "and plain" },
    ]);
    let said = house.create(&body(&json!({ "messages": messages, "system": system }))).await;
    assert_eq!(said.status, 200, "{}", said.body);
    let asked = house.asked();
    let two = ModelMessage::text(ModelRole::Assistant, "two");
    assert_eq!(asked.history, [user("one"), two]);
    let parts = vec![picture("AAAA"), part("three"), part("four")];
    assert_eq!(asked.message, ModelMessage { role: ModelRole::User, parts });
    assert_eq!(asked.instructions.as_deref(), Some("be brief\n\nand plain\n\nbe kind"));
    assert_eq!(asked.run.as_str(), "msg_0b5c");
}

#[tokio::test]
async fn tools_go_round() {
    let house = house().await;
    let used = |id: &str, input: Value| json!({ "type": "tool_use", "id": id, "name": "look", "input": input });
    let messages = json!([
        { "role": "user", "content": "look" },
        { "role": "assistant", "content": [
            { "type": "text", "text": "I look." },
            used("a", json!({ "at": "sky" })),
            used("b", json!({})),
            used("c", json!({})),
        ] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "b", "content": [
                image("AAAA"),
            ], "is_error": false },
            { "type": "tool_result", "tool_use_id": "a", "content": "blue", "cache_control": null },
            { "type": "tool_result", "tool_use_id": "c", "is_error": true },
            { "type": "text", "text": "well?" },
        ] },
    ]);
    let tools = json!([{ "name": "look", "input_schema": { "type": "object" } }]);
    let choice = json!({ "type": "any", "disable_parallel_tool_use": true });
    let fields = json!({ "messages": messages, "tools": tools, "tool_choice": choice });
    let said = house.create(&body(&fields)).await;
    assert_eq!(said.status, 200, "{}", said.body);
    let asked = house.asked();
    let call = |id: &str, arguments: &str| {
        let (id, arguments) = (id.to_owned(), arguments.to_owned());
        ModelPart::Call(ToolCall { id, name: "look".to_owned(), arguments })
    };
    let parts =
        vec![part("I look."), call("a", r#"{"at":"sky"}"#), call("b", "{}"), call("c", "{}")];
    let calls = ModelMessage { role: ModelRole::Assistant, parts };
    assert_eq!(asked.history, [user("look"), calls]);
    let parts = vec![
        result("b", "(See the picture.)", false),
        picture("AAAA"),
        result("a", "blue", false),
        result("c", "", true),
        part("well?"),
    ];
    assert_eq!(asked.message, ModelMessage { role: ModelRole::User, parts });
    let offered = vec![ToolSpec {
        name: "look".to_owned(),
        description: None,
        parameters: Some(Json::parse(r#"{"type":"object"}"#.to_owned()).unwrap()),
        strict: None,
    }];
    let tools = ToolUse { offered, choice: ToolChoice::Required, parallel: Some(false) };
    assert_eq!(asked.tools, tools);
}

/// The question for it stands in the transcript.
#[tokio::test]
async fn a_result_may_come_alone_where_the_conversation_is_known() {
    let house = house().await;
    let content = json!([{ "type": "tool_result", "tool_use_id": "a", "content": "blue" }]);
    let messages = json!([{ "role": "user", "content": content }]);
    let said = house.create(&body(&json!({ "messages": messages }))).await;
    assert_eq!(said.status, 400);
    let fields = json!({ "messages": messages, "metadata": { "user_id": "ada" } });
    let said = house.create(&body(&fields)).await;
    assert_eq!(said.status, 200, "{}", said.body);
    assert_eq!(house.asked().message.parts, [result("a", "blue", false)]);
}

#[tokio::test]
async fn what_is_chosen_is_handed_on() {
    let house = house().await;
    let schema = json!({ "type": "object" });
    let fields = json!({
        "temperature": 0.5, "top_p": 1, "top_k": 40, "stop_sequences": ["a", "b"],
        "thinking": { "type": "enabled", "budget_tokens": 2048 },
        "output_config": { "effort": "high", "format": { "type": "json_schema", "schema": schema } },
        "service_tier": "auto", "cache_control": null, "container": null, "mcp_servers": [],
        "unknown": [1],
    });
    let said = house.create(&body(&fields)).await;
    assert_eq!(said.status, 200, "{}", said.body);
    let asked = house.asked();
    let expected = Sampling {
        max_tokens: Some(5000 - 2048),
        temperature: Some(0.5),
        top_p: Some(1.0),
        top_k: Some(40),
        stop: vec!["a".into(), "b".into()],
        format: Some(AnswerFormat::JsonSchema {
            name: "answer".to_owned(),
            description: None,
            schema: Json::parse(r#"{"type":"object"}"#.to_owned()).unwrap(),
            strict: Some(true),
        }),
        ..Sampling::default()
    };
    assert_eq!((asked.sampling, asked.thinking), (expected, Some(Thinking::Low)));

    house.create(&body(&json!({ "temperature": null, "metadata": null, "tools": null }))).await;
    let asked = house.asked();
    let expected = Sampling { max_tokens: Some(5000), ..Sampling::default() };
    assert_eq!((asked.sampling, asked.thinking), (expected, None));
}

#[tokio::test]
async fn headers_models_and_users_choose_agent_and_session() {
    let house = house().await;
    let known = |id: &str| json!({ "metadata": { "user_id": id } });
    #[rustfmt::skip]
    let table = [
        // headers                                     fields                              agent   session
        ("",                                           json!({}),                          "main", "agent:main:anthropic:0b5c"),
        ("",                                           json!({ "model": "openclaw/work" }), "work", "agent:work:anthropic:0b5c"),
        ("x-openclaw-agent-id: work\r\n",              json!({}),                          "work", "agent:work:anthropic:0b5c"),
        ("",                                           known("Ada"),                       "main", "agent:main:anthropic-user:ada"),
        ("",                                           known(" "),                         "main", "agent:main:anthropic:0b5c"),
        ("",                                           json!({ "metadata": {} }),          "main", "agent:main:anthropic:0b5c"),
        ("",                                           known(r#"{"id":"x::y"}"#),          "main", "agent:main:anthropic-user:%7b%22id%22%3a%22x%3a%3ay%22%7d"),
        ("x-openclaw-session-key: agent:main:x\r\n",   known("ada"),                       "main", "agent:main:x"),
    ];
    for (headers, fields, agent, session) in table {
        let said = house.create_with(headers, &body(&fields)).await;
        assert_eq!(said.status, 200, "{headers:?} {fields}: {}", said.body);
        let asked = house.asked();
        let target = (asked.agent.as_str(), asked.session.as_str());
        assert_eq!(target, (agent, session), "{headers:?} {fields}");
        assert_eq!(asked.fresh, session.ends_with(":0b5c"));
        let model = fields["model"].as_str().unwrap_or("claude-x");
        assert_eq!(said.json()["model"], model, "repeated as it was sent");
    }
    house.create_with("x-openclaw-model: OpenRouter/a/b\r\n", &body(&json!({}))).await;
    assert_eq!(house.asked().model.unwrap().to_string(), "openrouter/a/b");
}
