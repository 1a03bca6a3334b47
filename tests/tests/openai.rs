//! `POST /v1/chat/completions` over a real agent and a model that is made up.

use http_body_util::BodyExt;
use serde_json::{Value, json};
use tests::{TOKEN, TestGateway, text_of};

fn ask(message: &str, stream: bool) -> Value {
    json!({ "model": "openclaw", "messages": [{ "role": "user", "content": message }], "stream": stream })
}

#[tokio::test]
async fn an_answer_comes_in_one_piece_or_in_many() {
    let gateway = TestGateway::start().await;
    let body = ask("say Good  | morning.", false);
    let response = gateway.http("POST", "/v1/chat/completions", Some(TOKEN), Some(&body)).await;
    assert_eq!(response.status(), 200);
    let answer: Value = serde_json::from_str(&text_of(response).await).unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"], "Good morning.");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"]["prompt_tokens"], 7);

    let body = ask("say Good  | morning.", true);
    let response = gateway.http("POST", "/v1/chat/completions", Some(TOKEN), Some(&body)).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let text = text_of(response).await;
    let said: String = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter_map(|data| serde_json::from_str::<Value>(data).ok())
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(said, "Good morning.");
    assert!(text.contains(r#""finish_reason":"stop""#), "{text}");
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn nobody_asks_without_a_token() {
    let gateway = TestGateway::start().await;
    for token in [None, Some("wrong"), Some("")] {
        let body = ask("say no", false);
        let response = gateway.http("POST", "/v1/chat/completions", token, Some(&body)).await;
        assert_eq!(response.status(), 401);
        let error: Value = serde_json::from_str(&text_of(response).await).unwrap();
        assert_eq!(error["error"]["type"], "unauthorized");
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn hanging_up_stops_the_model() {
    let gateway = TestGateway::start().await;
    let body = ask("hang on", true);
    let mut response = gateway.http("POST", "/v1/chat/completions", Some(TOKEN), Some(&body)).await;
    let mut heard = String::new();
    while !heard.contains("on") {
        let frame = response.frame().await.unwrap().unwrap();
        heard.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    assert_eq!(gateway.model.answering(), 1);
    let mut watcher = gateway.connect().await;
    drop(response);
    assert_eq!(watcher.chat("aborted").await["stopReason"], "disconnected");
    while 0 < gateway.model.answering() {
        tokio::task::yield_now().await;
    }
    gateway.shutdown().await;
}

#[tokio::test]
async fn the_models_are_the_agents() {
    let gateway = TestGateway::start().await;
    let response = gateway.http("GET", "/v1/models", Some(TOKEN), None).await;
    let models: Value = serde_json::from_str(&text_of(response).await).unwrap();
    assert_eq!(models["object"], "list");
    let ids: Vec<_> = models["data"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert!(ids.contains(&&json!("openclaw")), "{ids:?}");
    gateway.shutdown().await;
}

#[tokio::test]
async fn a_failing_model_is_a_status() {
    let gateway = TestGateway::start().await;
    for (told, status) in [("fail 429", 429), ("fail 503", 503), ("fail 401", 502)] {
        let body = ask(told, false);
        let response = gateway.http("POST", "/v1/chat/completions", Some(TOKEN), Some(&body)).await;
        assert_eq!(response.status(), status, "{told}");
    }
    gateway.shutdown().await;
}
