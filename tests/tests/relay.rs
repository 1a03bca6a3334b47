//! Requests that go straight to a provider, through a real gateway.

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tests::{TOKEN, TestGateway, text_of};

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
