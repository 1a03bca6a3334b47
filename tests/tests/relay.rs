//! Requests that go straight to a provider, through a real gateway.

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tests::{FakeModel, TOKEN, TestGateway, text_of};

const KEY: &str = "a-key-that-is-good-for-models-only";

fn settings() -> Value {
    let key = json!({ "token": KEY, "requestsPerMinute": 3, "models": ["fake/*"] });
    json!({ "gateway": { "http": { "relay": { "enabled": true, "keys": { "ci": key } } } } })
}

fn ask(model: &str, message: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": message }], "stream": true })
}

async fn chat(
    gateway: &TestGateway,
    token: &str,
    body: &Value,
) -> http::Response<hyper::body::Incoming> {
    gateway.http("POST", "/v1/chat/completions", Some(token), Some(body)).await
}

async fn used(gateway: &TestGateway) -> Value {
    let response = gateway.http("GET", "/v1/usage", Some(TOKEN), None).await;
    let mut list: Value = serde_json::from_str(&text_of(response).await).expect("a list");
    list["data"].take()
}

#[tokio::test]
async fn a_key_asks_a_model_and_what_it_used_survives() {
    let gateway = TestGateway::start_with(settings()).await;
    let response = chat(&gateway, KEY, &ask("fake/fake", "say Good  | morning.")).await;
    assert_eq!(response.status(), 200);
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["x-openclaw-relay-model"], "fake/fake");
    assert_eq!(headers["x-ratelimit-remaining-requests"], "2");
    let text = text_of(response).await;
    assert!(text.starts_with("data: {") && text.contains(r#""id":"fake""#), "as it came: {text}");
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");

    for (message, status) in [("fail 400", 400), ("fail 401", 502), ("say no", 429)] {
        let response = chat(&gateway, KEY, &ask("fake/fake", message)).await;
        assert_eq!(response.status(), status, "{message}");
    }
    let rows = used(&gateway).await;
    let row = &rows[0];
    assert_eq!((&row["key"], &row["model"]), (&json!("ci"), &json!("fake/fake")));
    assert_eq!((&row["requests"], &row["failures"]), (&json!(3), &json!(2)));
    assert_eq!((&row["input_tokens"], &row["output_tokens"]), (&json!(7), &json!(2)));
    let gateway = gateway.restart().await;
    assert_eq!(used(&gateway).await, rows);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_key_for_models_opens_nothing_else() {
    let gateway = TestGateway::start_with(settings()).await;
    for model in ["openclaw", "openclaw/main", "nobody/fake", "gpt-5"] {
        assert_eq!(chat(&gateway, KEY, &ask(model, "say no")).await.status(), 404, "{model}");
    }
    for (method, path) in [("GET", "/v1/usage"), ("GET", "/v1/responses/x")] {
        let response = gateway.http(method, path, Some(KEY), None).await;
        assert_eq!(response.status(), 403, "{path}");
    }
    let response = gateway.http("GET", "/v1/models", Some(KEY), None).await;
    let models: Value = serde_json::from_str(&text_of(response).await).unwrap();
    let ids: Vec<_> = models["data"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, ["fake/fake"]);
    for wrong in ["a-key-that-is-good-for-models-onlY", ""] {
        let response = chat(&gateway, wrong, &ask("fake/fake", "say no")).await;
        assert_eq!(response.status(), 401);
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn the_owner_asks_models_and_agents_and_leaving_ends_the_request() {
    let gateway = TestGateway::start_with(settings()).await;
    let agent = text_of(chat(&gateway, TOKEN, &ask("openclaw", "say hello")).await).await;
    assert!(agent.contains(r#""id":"chatcmpl_"#), "{agent}");
    let other = text_of(chat(&gateway, TOKEN, &ask("nobody/x", "say hello")).await).await;
    assert!(other.contains(r#""id":"chatcmpl_"#), "a foreign name means the agent: {other}");

    let mut response = chat(&gateway, TOKEN, &ask("fake/fake", "hang on")).await;
    let mut heard = String::new();
    while !heard.contains("on") {
        let frame = response.frame().await.unwrap().unwrap();
        heard.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    assert_eq!(gateway.model.answering(), 1);
    drop(response);
    while 0 < gateway.model.answering() {
        tokio::task::yield_now().await;
    }
    // Before the first byte or after it, as it happens: it is told in either case.
    let text = text_of(chat(&gateway, TOKEN, &ask("fake/fake", "break on")).await).await;
    assert!(text.contains(r#""type":"api_error""#), "{text}");
    let rows = used(&gateway).await;
    assert_eq!((&rows[0]["key"], &rows[0]["requests"]), (&Value::Null, &json!(2)));
    gateway.shutdown().await;
}

#[tokio::test]
async fn names_of_providers_mean_the_agent_unless_the_configuration_says_otherwise() {
    let gateway = TestGateway::start().await;
    let text = text_of(chat(&gateway, TOKEN, &ask("fake/fake", "say hello")).await).await;
    assert!(text.contains(r#""id":"chatcmpl_"#), "{text}");
    assert_eq!(chat(&gateway, KEY, &ask("fake/fake", "say no")).await.status(), 401);
    assert_eq!(gateway.http("GET", "/v1/usage", Some(TOKEN), None).await.status(), 404);
    gateway.shutdown().await;
}

/// A gateway with a provider of either kind, `fake` and `claude`, and a model that
/// stands in for each.
async fn both_kinds() -> (TestGateway, FakeModel) {
    let other = FakeModel::start().await;
    let base = other.url();
    let key = json!({ "token": KEY, "requestsPerMinute": 100 });
    let settings = json!({
        "gateway": { "http": { "relay": { "enabled": true, "keys": { "ci": key }, "fallbacks": {
            "nobody/stood-in-for": ["claude/fake"],
            "nobodys-claude/stood-in-for": ["fake/fake"],
        } } } },
        "models": { "providers": {
            "claude": { "baseUrl": base, "api": "anthropic-messages", "models": [{ "id": "fake" }] },
            "nobody": { "baseUrl": "http://127.0.0.1:1/v1" },
            "nobodys-claude": { "baseUrl": "http://127.0.0.1:1", "api": "anthropic-messages" },
        } },
    });
    (TestGateway::start_with(settings).await, other)
}

/// What is answered to `message` on `path`, asked of `model`, as JSON.
async fn told(gateway: &TestGateway, path: &str, model: &str, message: &str) -> (u16, Value) {
    let body = match path {
        "/v1/responses" => json!({ "model": model, "input": message }),
        _ => json!({ "model": model, "max_tokens": 99,
            "messages": [{ "role": "user", "content": message }] }),
    };
    told_with(gateway, path, body).await
}

async fn told_with(gateway: &TestGateway, path: &str, body: Value) -> (u16, Value) {
    let response = gateway.http("POST", path, Some(KEY), Some(&body)).await;
    let status = response.status().as_u16();
    let text = text_of(response).await;
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}")))
}

const CHAT: &str = "/v1/chat/completions";
const MESSAGES: &str = "/v1/messages";
const RESPONSES: &str = "/v1/responses";

#[tokio::test]
async fn a_provider_of_another_kind_answers_in_the_words_of_whoever_asked() {
    let (gateway, _claude) = both_kinds().await;
    let (status, chat) = told(&gateway, CHAT, "claude/fake", "say Good  | morning.").await;
    assert_eq!((status, &chat["model"]), (200, &json!("fake")), "{chat}");
    let choice = &chat["choices"][0];
    assert_eq!(choice["message"]["content"], "Good morning.");
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(chat["usage"]["total_tokens"], 9);

    let (status, message) = told(&gateway, MESSAGES, "fake/fake", "say Good  | morning.").await;
    assert_eq!((status, &message["content"][0]["text"]), (200, &json!("Good morning.")));
    assert_eq!(message["usage"]["input_tokens"], 7, "{message}");

    // A provider of the other kind, and one of the same that has no such path.
    for model in ["claude/fake", "fake/fake"] {
        let (status, response) = told(&gateway, RESPONSES, model, "say Good  | morning.").await;
        assert_eq!((status, &response["status"]), (200, &json!("completed")), "{response}");
        assert_eq!(response["output"][0]["content"][0]["text"], "Good morning.");
        assert_eq!((&response["model"], &response["store"]), (&json!("fake"), &json!(false)));
    }
    let rows = used(&gateway).await;
    let counts: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["model"].as_str().unwrap(),
                row["requests"].as_u64().unwrap(),
                row["input_tokens"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(counts, [("claude/fake", 2, 14), ("fake/fake", 2, 14)]);
    gateway.shutdown().await;
}

#[tokio::test]
async fn streams_tools_and_silence_are_the_same_at_any_provider() {
    let (gateway, claude) = both_kinds().await;
    let tool = json!({ "type": "function", "function": { "name": "look", "parameters": { "type": "object" } } });
    let mut body = ask("claude/fake", "call look");
    body["tools"] = json!([tool]);
    let stream = text_of(chat(&gateway, KEY, &body).await).await;
    assert!(
        stream.contains(r#""id":"toolu_fake""#) && stream.contains(r#""tool_calls""#),
        "{stream}"
    );
    assert!(stream.ends_with("data: [DONE]\n\n"), "{stream}");

    let tool = json!({ "name": "look", "input_schema": { "type": "object" } });
    let mut body = json!({ "model": "fake/fake", "max_tokens": 99, "tools": [tool],
        "messages": [{ "role": "user", "content": "call look" }] });
    let (_, message) = told_with(&gateway, MESSAGES, body.clone()).await;
    let call =
        json!({ "type": "tool_use", "id": "call_fake", "name": "look", "input": { "at": 1 } });
    assert_eq!(
        (&message["content"], &message["stop_reason"]),
        (&json!([call]), &json!("tool_use"))
    );
    body["stream"] = json!(true);
    let response = gateway.http("POST", MESSAGES, Some(KEY), Some(&body)).await;
    assert_eq!(response.headers()["x-openclaw-relay-model"], "fake/fake");
    let stream = text_of(response).await;
    assert!(
        stream.contains("event: message_stop") && stream.contains("input_json_delta"),
        "{stream}"
    );

    // The whole conversation is told, not the last message alone.
    let said = json!([
        { "role": "system", "content": "be brief" }, { "role": "user", "content": "one" },
        { "role": "assistant", "content": "two" }, { "role": "user", "content": "recall" },
    ]);
    let (_, chat_said) =
        told_with(&gateway, CHAT, json!({ "model": "claude/fake", "messages": said })).await;
    assert_eq!(chat_said["choices"][0]["message"]["content"], "3");
    // Nobody speaks where the model does not.
    let (_, silent) = told(&gateway, CHAT, "claude/fake", "say ").await;
    assert_eq!(silent["choices"][0]["message"]["content"], "");

    let mut response = chat(&gateway, KEY, &ask("claude/fake", "hang on")).await;
    let mut heard = String::new();
    while !heard.contains("on") {
        let frame = response.frame().await.unwrap().unwrap();
        heard.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    drop(response);
    while 0 < claude.answering() {
        tokio::task::yield_now().await;
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_goes_wrong_elsewhere_is_told_in_the_words_of_whoever_asked() {
    let (gateway, _claude) = both_kinds().await;
    #[rustfmt::skip]
    let table = [
        (CHAT,      "claude/fake",        "fail 400",  400, "format"),
        (CHAT,      "claude/fake",        "fail 401",  502, "auth"),
        (CHAT,      "claude/fake",        "fail 404",  404, "unknown_model"),
        (CHAT,      "claude/fake",        "break on",  502, "upstream_disconnected"),
        (CHAT,      "nobody/x",           "say hi",    502, "upstream_unreachable"),
        (CHAT,      "nobodys-claude/x",   "say hi",    502, "upstream_unreachable"),
        (MESSAGES,  "fake/fake",          "break on",  502, "upstream_disconnected"),
        (MESSAGES,  "nobody/x",           "say hi",    502, "upstream_unreachable"),
        (MESSAGES,  "nobodys-claude/x",   "say hi",    502, "upstream_unreachable"),
        (RESPONSES, "nobodys-claude/x",   "say hi",    502, "upstream_unreachable"),
    ];
    for (path, model, message, status, code) in table {
        let (found, said) = told(&gateway, path, model, message).await;
        assert_eq!(
            (found, &said["error"]["code"]),
            (status, &json!(code)),
            "{path} {model}: {said}"
        );
        assert!(!said.to_string().contains("127.0.0.1"), "{said}");
    }
    let stream = text_of(chat(&gateway, KEY, &ask("claude/fake", "break on")).await).await;
    assert!(stream.contains(r#""code":"upstream_disconnected""#), "{stream}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn what_would_be_lost_on_the_way_is_refused_and_named() {
    let (gateway, _claude) = both_kinds().await;
    let picture =
        json!([{ "type": "image_url", "image_url": { "url": "https://example.com/a.png" } }]);
    #[rustfmt::skip]
    let table = [
        (CHAT,      "claude/fake", json!({ "seed": 1 }),                        "seed"),
        (CHAT,      "claude/fake", json!({ "logprobs": true }),                 "logprobs"),
        (CHAT,      "claude/fake", json!({ "logit_bias": { "1": 1 } }),         "logit_bias"),
        (CHAT,      "claude/fake", json!({ "n": 2 }),                           "n"),
        (CHAT,      "claude/fake", json!({ "presence_penalty": 1 }),            "presence_penalty"),
        (CHAT,      "claude/fake", json!({ "temperature": 1.5 }),               "temperature"),
        (CHAT,      "claude/fake", json!({ "stop": "\n" }),                     "stop"),
        (CHAT,      "claude/fake", json!({ "min_p": 0.1 }),                     "min_p"),
        (CHAT,      "claude/fake", json!({ "messages": [] }),                   "messages"),
        (CHAT,      "claude/fake", json!({ "messages": [{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }] }), "messages"),
        (CHAT,      "claude/fake", json!({ "messages": [{ "role": "user", "content": picture }] }), "messages[0].content"),
        (CHAT,      "claude/fake", json!({ "messages": [{ "role": "system", "content": picture }, { "role": "user", "content": "a" }] }), "messages[0].content"),
        (MESSAGES,  "fake/fake",   json!({ "top_k": 5 }),                       "top_k"),
        (MESSAGES,  "fake/fake",   json!({ "inference_geo": "eu" }),            "inference_geo"),
        (MESSAGES,  "fake/fake",   json!({ "messages": [{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }] }), "messages"),
        (RESPONSES, "claude/fake", json!({ "previous_response_id": "resp_1" }), "previous_response_id"),
        (RESPONSES, "claude/fake", json!({ "include": ["message.output_text.logprobs"] }), "include"),
        (RESPONSES, "claude/fake", json!({ "text": { "verbosity": "low" } }),   "text.verbosity"),
        (RESPONSES, "claude/fake", json!({ "input": [{ "type": "item_reference", "id": "a" }] }), "input[0].type"),
    ];
    for (path, model, more, param) in table {
        let mut body = match path {
            RESPONSES => json!({ "model": model, "input": "say no" }),
            _ => json!({ "model": model, "max_tokens": 9,
                "messages": [{ "role": "user", "content": "say no" }] }),
        };
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, said) = told_with(&gateway, path, body).await;
        assert_eq!(status, 400, "{param}: {said}");
        assert_eq!(said["error"]["type"], "invalid_request_error");
        let message = said["error"]["message"].as_str().unwrap();
        assert!(message.contains(param.split(['[', '.']).next().unwrap()), "{param}: {message}");
        if path != MESSAGES {
            assert_eq!(said["error"]["param"], param, "{message}");
        }
    }
    // What changes nothing is no reason to refuse.
    let body = json!({ "model": "claude/fake", "user": "u", "store": true, "logprobs": false,
        "service_tier": "auto", "presence_penalty": 0, "n": 1, "top_logprobs": null,
        "messages": [{ "role": "user", "content": "say yes" }] });
    assert_eq!(told_with(&gateway, CHAT, body).await.0, 200);
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_model_of_another_kind_stands_in() {
    let (gateway, _claude) = both_kinds().await;
    for (path, model, answerer) in [
        (CHAT, "nobody/stood-in-for", "claude/fake"),
        (MESSAGES, "nobodys-claude/stood-in-for", "fake/fake"),
        (CHAT, "nobodys-claude/stood-in-for", "fake/fake"),
    ] {
        let body = json!({ "model": model, "max_tokens": 9,
            "messages": [{ "role": "user", "content": "say hi" }] });
        let response = gateway.http("POST", path, Some(KEY), Some(&body)).await;
        assert_eq!(response.status(), 200, "{path} {model}");
        assert_eq!(response.headers()["x-openclaw-relay-model"], answerer);
        assert!(text_of(response).await.contains("hi"), "{path} {model}");
    }
    gateway.shutdown().await;
}
