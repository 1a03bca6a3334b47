//! What becomes of a request on its way to the agent.

use domain::session::Thinking;
use ports::{
    Json,
    config::{Config, HttpFilesConfig},
    driven::{
        AnswerFormat, ModelMessage, ModelPart, ModelRole, Sampling, ToolCall, ToolChoice,
        ToolResult, ToolSpec, ToolUse,
    },
};
use serde_json::{Value, json};

use super::house::{House, done};

async fn house() -> House {
    let house = House::open().await;
    house.says([done("x")]);
    house
}

fn user(text: &str) -> ModelMessage {
    ModelMessage::text(ModelRole::User, text)
}

#[tokio::test]
async fn messages_become_history_instructions_and_a_question() {
    let house = house().await;
    let messages = json!([
        { "role": "system", "content": "be brief" },
        { "role": "user", "content": "one", "name": "ada" },
        { "role": "assistant", "content": null, "tool_calls": [] },
        { "role": "assistant", "content": "two" },
        { "role": "tool", "content": [{ "type": "text", "text": "three" }] },
        { "role": "function", "content": "four", "name": "f" },
        { "role": "user", "content": "" },
        { "role": "developer", "content": [{ "type": "input_text", "text": "and kind" }] },
        { "role": "user", "content": [
            { "type": "text", "text": "five" },
            { "type": "image_url", "image_url": { "url": "data:image/png;base64,iVBORw0KGgoA", "detail": "low" } },
            { "input_text": "six" },
            { "type": "image_url", "image_url": "data:image/gif;base64,R0lGODlh" },
        ] },
        { "role": "assistant", "content": "not said yet" },
        { "role": "user", "content": [] },
    ]);
    house.complete(&json!({ "messages": messages }).to_string()).await;
    let asked = house.asked();
    let assistant = ModelMessage::text(ModelRole::Assistant, "two");
    assert_eq!(asked.history, [user("one"), assistant, user("Tool: three"), user("Tool: four")]);
    assert_eq!(asked.instructions.as_deref(), Some("be brief\n\nand kind"));
    let image = |mime: &str, data: &str| ModelPart::Image { mime: mime.into(), data: data.into() };
    let parts = vec![
        ModelPart::Text("five\nsix".into()),
        image("image/png", "iVBORw0KGgoA"),
        image("image/gif", "R0lGODlh"),
    ];
    assert_eq!(asked.message, ModelMessage { role: ModelRole::User, parts });
}

#[tokio::test]
async fn a_tool_may_have_the_last_word_and_old_pictures_are_not_shown_again() {
    let house = house().await;
    let messages = json!([
        { "role": "user", "content": [
            { "type": "text", "text": "look" },
            { "type": "image_url", "image_url": { "url": "https://example.com/old.png" } },
        ] },
        { "role": "tool", "content": "42" },
    ]);
    let said = house.complete(&json!({ "messages": messages }).to_string()).await;
    assert_eq!(said.status, 200, "{}", said.body);
    let asked = house.asked();
    assert_eq!((asked.history, asked.message), (vec![user("look")], user("Tool: 42")));
}

#[tokio::test]
async fn sampling_is_handed_on() {
    let house = house().await;
    let body = json!({
        "messages": [{ "role": "user", "content": "hi" }],
        "max_tokens": 5, "max_completion_tokens": 7, "temperature": 2, "top_p": 0.5,
        "frequency_penalty": -2.0, "presence_penalty": 2, "seed": -3, "stop": ["a", "b"],
        "reasoning_effort": "high", "n": 1, "tools": [], "logit_bias": {}, "unknown": [1],
    });
    house.complete(&body.to_string()).await;
    let asked = house.asked();
    let expected = Sampling {
        max_tokens: Some(7),
        temperature: Some(2.0),
        top_p: Some(0.5),
        top_k: None,
        frequency_penalty: Some(-2.0),
        presence_penalty: Some(2.0),
        seed: Some(-3),
        format: None,
        stop: vec!["a".into(), "b".into()],
    };
    assert_eq!((asked.sampling, asked.thinking), (expected, Some(Thinking::High)));
    assert_eq!(asked.run.as_str(), "chatcmpl_0b5c");

    let body = json!({
        "messages": [{ "role": "user", "content": "hi" }],
        "max_tokens": 5, "stop": "x", "temperature": null, "stream_options": null, "user": null,
        "tools": null, "tool_choice": "none", "response_format": { "type": "text" },
    });
    house.complete(&body.to_string()).await;
    let expected = Sampling { max_tokens: Some(5), stop: vec!["x".into()], ..Sampling::default() };
    assert_eq!(house.asked().sampling, expected);
}

#[tokio::test]
async fn headers_models_and_users_choose_agent_and_session() {
    let house = house().await;
    #[rustfmt::skip]
    let table = [
        // headers                                     fields                                  agent   session
        ("",                                           json!({}),                              "main", "agent:main:openai:0b5c"),
        ("",                                           json!({ "model": "gpt-5.2" }),          "main", "agent:main:openai:0b5c"),
        ("",                                           json!({ "model": "openclaw" }),         "main", "agent:main:openai:0b5c"),
        ("",                                           json!({ "model": "openclaw/default" }), "main", "agent:main:openai:0b5c"),
        ("",                                           json!({ "model": "OpenClaw:Work" }),    "work", "agent:work:openai:0b5c"),
        ("",                                           json!({ "model": "openclaw/work" }),    "work", "agent:work:openai:0b5c"),
        ("",                                           json!({ "model": "agent:work" }),       "work", "agent:work:openai:0b5c"),
        ("",                                           json!({ "model": "moltbot/work" }),     "work", "agent:work:openai:0b5c"),
        ("X-OpenClaw-Agent-Id: Work\r\n",              json!({ "model": "openclaw/main" }),    "work", "agent:work:openai:0b5c"),
        ("x-openclaw-agent: work\r\n",                 json!({}),                              "work", "agent:work:openai:0b5c"),
        ("x-clawdbot-agent-id: work\r\n",              json!({}),                              "work", "agent:work:openai:0b5c"),
        ("x-openclaw-agent-id:  \r\n",                 json!({}),                              "main", "agent:main:openai:0b5c"),
        ("",                                           json!({ "user": "Ada" }),               "main", "agent:main:openai-user:ada"),
        ("",                                           json!({ "user": " " }),                 "main", "agent:main:openai:0b5c"),
        ("x-openclaw-agent: work\r\n",                 json!({ "user": "ada" }),               "work", "agent:work:openai-user:ada"),
        ("x-openclaw-session-key: agent:main:x:y\r\n", json!({ "user": "ada" }),               "main", "agent:main:x:y"),
        ("x-openclaw-session-key: agent:work:x\r\n",   json!({}),                              "work", "agent:work:x"),
        ("x-openclaw-session-key: main\r\n",           json!({ "model": "agent:work" }),       "work", "agent:work:main"),
        ("x-moltbot-session-key: notes\r\n",           json!({}),                              "main", "agent:main:notes"),
    ];
    for (headers, fields, agent, session) in table {
        let mut body = json!({ "messages": [{ "role": "user", "content": "hi" }] });
        merge(&mut body, &fields);
        let said = house.complete_with(headers, &body.to_string()).await;
        assert_eq!(said.status, 200, "{headers:?} {fields}: {}", said.body);
        let asked = house.asked();
        let target = (asked.agent.as_str(), asked.session.as_str());
        assert_eq!(target, (agent, session), "{headers:?} {fields}");
        let model = fields["model"].as_str().unwrap_or("openclaw");
        assert_eq!(said.json()["model"], model, "repeated as it was sent");
    }
    let headers = "x-openclaw-model: OpenRouter/a/b\r\n";
    house.complete_with(headers, r#"{"messages":[{"role":"user","content":"hi"}]}"#).await;
    assert_eq!(house.asked().model.unwrap().to_string(), "openrouter/a/b");
}

#[tokio::test]
async fn tools_and_what_came_of_them_are_handed_on() {
    let house = house().await;
    let schema = json!({ "type": "object", "properties": {} });
    let body = json!({
        "messages": [
            { "role": "user", "content": "look" },
            { "role": "assistant", "content": null, "tool_calls": [
                { "id": "a", "type": "function", "function": { "name": "look", "arguments": "{}" } },
                { "id": "b", "type": "function", "function": { "name": "look", "arguments": "{\"x\":1}" } },
            ] },
            { "role": "tool", "tool_call_id": "a", "content": "" },
            { "role": "tool", "tool_call_id": "b", "content": "seen" },
        ],
        "tools": [
            { "type": "function", "function": { "name": "look", "description": "d", "parameters": schema, "strict": true } },
            { "type": "function", "name": "flat" },
        ],
        "tool_choice": { "type": "function", "function": { "name": "flat" } },
        "parallel_tool_calls": false,
        "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": schema } },
    });
    let said = house.complete(&body.to_string()).await;
    // The tool that was asked for by name was not called.
    assert_eq!(said.status, 502, "{}", said.body);
    let asked = house.asked();
    let call = |id: &str, arguments: &str| {
        let (id, name) = (id.to_owned(), "look".to_owned());
        ModelPart::Call(ToolCall { id, name, arguments: arguments.to_owned() })
    };
    let parts = vec![call("a", "{}"), call("b", "{\"x\":1}")];
    let calls = ModelMessage { role: ModelRole::Assistant, parts };
    assert_eq!(asked.history, [user("look"), calls]);
    let result = |call: &str, text: &str| {
        ModelPart::Result(ToolResult { call: call.into(), text: text.into(), failed: false })
    };
    let parts = vec![result("a", ""), result("b", "seen")];
    assert_eq!(asked.message, ModelMessage { role: ModelRole::User, parts });

    let schema = Json::of(&schema);
    let expected = ToolUse {
        offered: vec![
            ToolSpec {
                name: "look".to_owned(),
                description: Some("d".to_owned()),
                parameters: Some(schema.clone()),
                strict: Some(true),
            },
            ToolSpec { name: "flat".to_owned(), description: None, parameters: None, strict: None },
        ],
        choice: ToolChoice::Named("flat".to_owned()),
        parallel: Some(false),
    };
    assert_eq!(asked.tools, expected);
    let (name, description, strict) = ("n".to_owned(), None, None);
    let format = AnswerFormat::JsonSchema { name, description, schema, strict };
    assert_eq!(asked.sampling.format, Some(format));
}

#[tokio::test]
async fn pictures_are_fetched_where_the_configuration_says_so() {
    let mut config = Config::default();
    let images = HttpFilesConfig { allow_url: Some(true), ..HttpFilesConfig::default() };
    config.gateway.http.endpoints.chat_completions.images = Some(images);
    let house = House::with(config, true).await;
    house.says([done("x")]);
    let ask = async |url: &str| {
        let content = json!([{ "type": "text", "text": "what?" }, { "type": "image_url", "image_url": { "url": url } }]);
        house
            .complete(&json!({ "messages": [{ "role": "user", "content": content }] }).to_string())
            .await
    };
    #[rustfmt::skip]
    let table = [
        ("https://a.example/cat.png",         Ok(("image/png", "iVBORw0KGgo="))),
        ("https://a.example/octets",          Ok(("image/png", "iVBORw0KGgo="))),
        ("https://a.example/bare",            Ok(("image/jpeg", "/9j/4A=="))),
        ("https://a.example/disguised.jpg",   Err("image_url: the bytes are not image/jpeg")),
        ("https://a.example/page",            Err("image_url: must be one of image/jpeg, image/png, image/gif, image/webp, image/heic, image/heif")),
        ("https://a.example/nothing",         Err("image_url: the server answered with status 404")),
        ("http://169.254.169.254/latest",     Err("image_url: the address is private or reserved")),
        ("file:///etc/passwd",                Err("image_url: only http and https addresses are fetched")),
    ];
    for (url, expected) in table {
        let said = ask(url).await;
        match expected {
            Ok((mime, data)) => {
                assert_eq!(said.status, 200, "{url}: {}", said.body);
                let picture = ModelPart::Image { mime: mime.to_owned(), data: data.to_owned() };
                let parts = vec![ModelPart::Text("what?".to_owned()), picture];
                assert_eq!(house.asked().message.parts, parts);
            }
            Err(message) => {
                let error = &said.json()["error"];
                assert_eq!((said.status, &error["message"]), (400, &json!(message)), "{url}");
                assert_eq!(error["param"], "messages[0].content");
            }
        }
    }
}

fn merge(body: &mut Value, fields: &Value) {
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
}
