//! Requests that go straight to a provider of another protocol.

use domain::{agent::FailureKind, relay::Standing, session::Thinking};
use futures_util::stream;
use ports::{
    config::Config,
    driven::{ModelMessage, ModelPart, ModelRequest, ModelRole, ToolCall, ToolResult},
    driving::{Passing, Reply},
};
use serde_json::{Value, json};

use super::house::{
    BEARER, House, Said, asks_for, call_begins, done, failed, given, text, thought,
};

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const PNG: &str = "iVBORw0KGgoA";

async fn house() -> House {
    let config = json!({ "gateway": { "http": { "relay": { "enabled": true } } } });
    House::with(serde_json::from_value::<Config>(config).unwrap(), true).await
}

/// What is answered to `body` where the model says `replies`.
async fn told(house: &House, path: &str, body: &Value, replies: Vec<Reply>) -> Said {
    let (model, answer) = ("other/m".parse().unwrap(), Box::pin(stream::iter(replies)) as _);
    house.relay.says(Standing::default(), Ok(Passing::Told { model, answer }));
    house.request("POST", path, BEARER, &body.to_string()).await
}

async fn meant(path: &str, body: Value) -> ModelRequest {
    let house = house().await;
    let said = told(&house, path, &body, vec![done("yes")]).await;
    assert_eq!(said.status, 200, "{}", said.body);
    house.relay.meant().unwrap().request
}

fn part(text: &str) -> ModelPart {
    ModelPart::Text(text.to_owned())
}

fn picture() -> ModelPart {
    ModelPart::Image { mime: "image/png".to_owned(), data: PNG.to_owned() }
}

fn call(id: &str) -> ModelPart {
    let (name, arguments) = ("look".to_owned(), "{}".to_owned());
    ModelPart::Call(ToolCall { id: id.to_owned(), name, arguments })
}

fn result(call: &str) -> ModelPart {
    let text = "seen".to_owned();
    ModelPart::Result(ToolResult { call: call.to_owned(), text, failed: false })
}

fn user(parts: Vec<ModelPart>) -> ModelMessage {
    ModelMessage { role: ModelRole::User, parts }
}

fn model(parts: Vec<ModelPart>) -> ModelMessage {
    ModelMessage { role: ModelRole::Assistant, parts }
}

#[tokio::test]
async fn all_of_a_chat_is_meant_in_its_order() {
    let url = format!("data:image/png;base64,{PNG}");
    let shown = |text: &str| {
        json!([
            { "type": "text", "text": text },
            { "type": "image_url", "image_url": { "url": url } },
            { "type": "text", "text": "?" },
        ])
    };
    let calls = |ids: [&str; 2]| {
        ids.map(|id| {
            json!({ "id": id, "type": "function",
            "function": { "name": "look", "arguments": "{}" } })
        })
    };
    let tool = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": "seen" });
    let request = meant(
        CHAT,
        json!({
            "model": "lab/one", "max_tokens": 5, "temperature": 0.5, "reasoning_effort": "low",
            "stop": "END", "messages": [
                { "role": "system", "content": "be brief" },
                { "role": "user", "content": shown("one") },
                { "role": "assistant", "content": "look", "tool_calls": calls(["a", "b"]) },
                tool("a"), tool("b"),
                { "role": "assistant", "content": "two" },
                { "role": "developer", "content": "be kind" },
                { "role": "user", "content": shown("three") },
            ],
        }),
    )
    .await;
    assert_eq!(request.system.as_deref(), Some("be brief\n\nbe kind"));
    let said = |text: &str| user(vec![part(text), picture(), part("?")]);
    assert_eq!(
        request.messages,
        [
            said("one"),
            model(vec![part("look"), call("a"), call("b")]),
            user(vec![result("a"), result("b")]),
            model(vec![part("two")]),
            said("three"),
        ]
    );
    let sampling = &request.sampling;
    assert_eq!((sampling.max_tokens, sampling.temperature), (Some(5), Some(0.5)));
    assert_eq!((&*sampling.stop, request.thinking), (&["END".to_owned()][..], Some(Thinking::Low)));
}

#[tokio::test]
async fn all_of_an_input_is_meant_in_its_order() {
    let url = format!("data:image/png;base64,{PNG}");
    let item = |id: &str| json!({ "type": "function_call", "call_id": id, "name": "look", "arguments": "{}" });
    let output =
        |id: &str| json!({ "type": "function_call_output", "call_id": id, "output": "seen" });
    let shown = json!([
        { "type": "input_text", "text": "one" }, { "type": "input_image", "image_url": url },
    ]);
    let request = meant(
        RESPONSES,
        json!({
            "model": "lab/one", "instructions": "be brief", "max_output_tokens": 5,
            "include": ["reasoning.encrypted_content"], "store": false, "input": [
                { "role": "user", "content": shown },
                { "type": "reasoning", "summary": [] },
                { "role": "assistant", "content": [{ "type": "output_text", "text": "look" }] },
                item("a"), item("b"), { "role": "assistant", "content": "" }, output("a"), output("b"),
                { "role": "developer", "content": "be kind" },
            ],
        }),
    )
    .await;
    assert_eq!(request.system.as_deref(), Some("be brief\n\nbe kind"));
    assert_eq!(
        request.messages,
        [
            user(vec![part("one"), picture()]),
            model(vec![part("look"), call("a"), call("b")]),
            user(vec![result("a"), result("b")]),
        ]
    );
    assert_eq!(request.sampling.max_tokens, Some(5));
}

#[tokio::test]
async fn the_answer_is_put_into_the_words_of_the_request() {
    let house = house().await;
    let chat = json!({ "model": "lab/one", "messages": [{ "role": "user", "content": "hi" }] });
    let said = told(&house, CHAT, &chat, vec![text("yes"), done("yes")]).await;
    assert!(said.head.contains("x-openclaw-relay-model: other/m"), "{}", said.head);
    let whole = said.json();
    assert_eq!((&whole["model"], &whole["object"]), (&json!("m"), &json!("chat.completion")));
    assert_eq!(whole["choices"][0]["message"], json!({ "role": "assistant", "content": "yes" }));
    // Nobody speaks for a model that says nothing.
    let silent = told(&house, CHAT, &chat, vec![done("")]).await.json();
    assert_eq!(silent["choices"][0]["message"]["content"], "");

    let mut streamed = chat.clone();
    streamed["stream"] = json!(true);
    streamed["stream_options"] = json!({ "include_usage": true });
    let replies = || {
        vec![
            thought("hm"),
            text("a"),
            call_begins(0, "look"),
            given(0, "{}"),
            asks_for("a", &[("look", "{}")]),
        ]
    };
    let body = told(&house, CHAT, &streamed, replies()).await.body;
    for piece in [
        r#""content":"a""#,
        r#""name":"look""#,
        r#""finish_reason":"tool_calls""#,
        r#""prompt_tokens":11"#,
    ] {
        assert!(body.contains(piece), "{piece}: {body}");
    }
    assert!(!body.contains("hm") && body.ends_with("data: [DONE]\n\n"), "{body}");

    let response = json!({ "model": "lab/one", "input": "hi" });
    let whole = told(&house, RESPONSES, &response, replies()).await.json();
    assert_eq!((&whole["model"], &whole["store"]), (&json!("m"), &json!(false)));
    assert_eq!(
        (&whole["status"], &whole["output"][1]["name"]),
        (&json!("completed"), &json!("look"))
    );
    let id = whole["id"].as_str().unwrap();
    let kept = house.request("GET", &format!("{RESPONSES}/{id}"), BEARER, "").await;
    assert_eq!(kept.status, 404, "nobody keeps it");
}

#[tokio::test]
async fn an_answer_that_breaks_off_says_so() {
    let house = house().await;
    let chat = |stream: bool| {
        json!({ "model": "lab/one", "stream": stream,
        "messages": [{ "role": "user", "content": "hi" }] })
    };
    let breaks = || vec![text("a"), failed(Some(FailureKind::Disconnected))];
    let whole = told(&house, CHAT, &chat(false), breaks()).await;
    let code = json!("upstream_disconnected");
    assert_eq!((whole.status, &whole.json()["error"]["code"]), (502, &code));
    let body = told(&house, CHAT, &chat(true), breaks()).await.body;
    assert!(body.contains(r#""code":"upstream_disconnected"}}"#), "{body}");
    let first = told(&house, CHAT, &chat(true), vec![failed(Some(FailureKind::Timeout))]).await;
    assert_eq!(first.status, 504, "{}", first.body);

    let input = json!({ "model": "lab/one", "input": "hi", "stream": true });
    let body = told(&house, RESPONSES, &input, breaks()).await.body;
    assert!(body.contains("event: response.failed"), "{body}");
}

#[tokio::test]
async fn what_would_be_lost_is_refused_and_named() {
    let picture =
        json!([{ "type": "image_url", "image_url": { "url": "data:image/png;base64,AAAA" } }]);
    let sound = json!([{ "type": "input_audio", "input_audio": { "data": "" } }]);
    let last =
        |message: Value| json!({ "messages": [{ "role": "user", "content": "a" }, message] });
    let part = json!([{ "type": "input_image", "image_url": "data:image/png;base64,AAAA" }]);
    #[rustfmt::skip]
    let table = [
        (CHAT,      json!({ "odd": 1 }),                                                            "odd"),
        (CHAT,      json!({ "logprobs": true }),                                                    "logprobs"),
        (CHAT,      json!({ "modalities": ["text", "audio"] }),                                     "modalities"),
        (CHAT,      json!({ "verbosity": "low" }),                                                  "verbosity"),
        (CHAT,      json!({ "web_search_options": {} }),                                            "web_search_options"),
        (CHAT,      json!({ "messages": [] }),                                                      "messages"),
        (CHAT,      json!({ "messages": [{ "role": "system", "content": "a" }] }),                  "messages"),
        (CHAT,      last(json!({ "role": "assistant", "content": "b" })),                           "messages"),
        (CHAT,      last(json!({ "role": "assistant", "content": "b", "function_call": {} })),      "messages[1].function_call"),
        (CHAT,      last(json!({ "role": "tool", "tool_call_id": "c", "content": picture })),       "messages[1].content"),
        (CHAT,      last(json!({ "role": "user", "content": sound })),                              "messages[1].content"),
        (CHAT,      last(json!({ "role": "wizard", "content": "b" })),                              "messages[1].role"),
        (RESPONSES, json!({ "previous_response_id": "resp_1" }),                                    "previous_response_id"),
        (RESPONSES, json!({ "include": ["message.output_text.logprobs"] }),                         "include"),
        (RESPONSES, json!({ "top_logprobs": 2 }),                                                   "top_logprobs"),
        (RESPONSES, json!({ "text": { "verbosity": "high" } }),                                     "text.verbosity"),
        (RESPONSES, json!({ "odd": 1 }),                                                            "odd"),
        (RESPONSES, json!({ "input": [{ "type": "item_reference", "id": "a" }] }),                  "input[0].type"),
        (RESPONSES, json!({ "input": [{ "type": "function_call_output", "call_id": "a", "output": part }] }), "input[0].output"),
        (RESPONSES, json!({ "input": [{ "role": "assistant", "content": "b" }] }),                  "input"),
    ];
    let house = house().await;
    for (path, more, param) in table {
        let mut body = match path {
            RESPONSES => json!({ "model": "lab/one", "input": "hi" }),
            _ => json!({ "model": "lab/one", "messages": [{ "role": "user", "content": "hi" }] }),
        };
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = told(&house, path, &body, vec![done("yes")]).await;
        assert_eq!(said.status, 400, "{param}: {}", said.body);
        assert_eq!(said.json()["error"]["param"], param, "{}", said.body);
    }
}
