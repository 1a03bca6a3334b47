//! Requests that go straight to a provider.

use std::time::Duration;

use bytes::Bytes;
use domain::{
    agent::FailureKind,
    relay::{Exhausted, Fault, Form, Period, Standing},
};
use futures_util::stream;
use ports::{
    config::Config,
    driven::{
        FinishReason, ModelError, ModelMessage, ModelPart, ModelRole, RelayError, Said, ToolResult,
    },
    driving::{Copied, Passing, PassingBody, RelayRefusal, Reply, TokenCount},
};
use serde_json::{Value, json};

use super::house::{House, done, ended, failed, text};

const KEY: &str = "x-api-key: relay key\r\nanthropic-beta: new-things\r\nx-own: 1\r\n";
const OWNER: &str = "x-api-key: all\r\n";
const HI: &str =
    r#"{"model":"lab/one","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

async fn house() -> House {
    let config = json!({ "gateway": { "http": { "relay": { "enabled": true } } } });
    House::with(serde_json::from_value::<Config>(config).unwrap(), true).await
}

fn passing(body: PassingBody) -> Passing {
    let model = "lab/one".parse().unwrap();
    Passing::Copied(Copied { status: 200, content_type: "application/json".into(), model, body })
}

fn fails(fault: Fault, said: Option<&'static str>) -> RelayError {
    let error = ModelError::new(FailureKind::Overloaded, "lab: it broke");
    let said = said.map(|said| Said { content_type: "application/json".into(), body: said.into() });
    let said = said.map(Box::new);
    RelayError { fault, error, said }
}

#[tokio::test]
async fn messages_are_passed_on_and_so_is_the_answer() {
    let house = house().await;
    let whole = PassingBody::Whole(Bytes::from_static(br#"{ "odd" : 1.0 }"#));
    house.relay.says(Standing::default(), Ok(passing(whole)));
    let said = house.request("POST", "/v1/messages", KEY, HI).await;
    assert_eq!((said.status, &*said.body), (200, r#"{ "odd" : 1.0 }"#));
    assert!(said.head.contains("\r\nrequest-id: req_0b5c"), "{}", said.head);
    let (key, passed) = house.relay.asked().unwrap();
    assert_eq!((key.as_deref(), passed.form), (Some("ci"), Form::Messages));
    assert_eq!(passed.headers, [("anthropic-beta".into(), "new-things".into())]);
    assert_eq!(&HI[passed.name_at], r#""lab/one""#);

    let pieces = [Ok(Bytes::from_static(b"data: {}\n\n")), Err(fails(Fault::Broken, None))];
    let stream = PassingBody::Stream(Box::pin(stream::iter(pieces)));
    house.relay.says(Standing::default(), Ok(passing(stream)));
    let body = house.request("POST", "/v1/messages", KEY, HI).await.body;
    let end = r#"{"type":"error","error":{"type":"api_error","message":"lab: it broke","code":"upstream_disconnected"},"request_id":null}"#;
    assert_eq!(body, format!("data: {{}}\n\nevent: error\ndata: {end}\n\n"));
}

#[tokio::test]
async fn what_goes_wrong_has_a_status() {
    let house = house().await;
    let odd = r#"{"type":"error","error":{"type":"odd","message":"odd"}}"#;
    let retry_after = Duration::from_secs(2);
    let exhausted = |why| RelayRefusal::Exhausted { why, retry_after };
    let wrong_form = RelayRefusal::WrongForm {
        model: "lab/one".parse().unwrap(),
        form: Form::Messages,
        takes: vec![Form::Chat],
    };
    #[rustfmt::skip]
    let table = [
        (fails(Fault::Refused(400), Some(odd)).into(), 400, "odd"),
        (fails(Fault::Refused(401), Some(odd)).into(), 502, "api_error"),
        (fails(Fault::Refused(529), None).into(),      529, "overloaded_error"),
        (fails(Fault::Refused(429), None).into(),      429, "rate_limit_error"),
        (fails(Fault::Unreachable, None).into(),       502, "api_error"),
        (fails(Fault::Silent, None).into(),            504, "timeout_error"),
        (exhausted(Exhausted::Requests { limit: 1, retry_after }), 429, "rate_limit_error"),
        (exhausted(Exhausted::Budget { budget: 1, period: Period::Day }), 429, "billing_error"),
        (RelayRefusal::UnknownModel("lab/one".parse().unwrap()), 404, "not_found_error"),
        (wrong_form,                                   400, "invalid_request_error"),
        (RelayRefusal::NoLedger,                       529, "overloaded_error"),
    ];
    for (refusal, status, kind) in table {
        let refusal: RelayRefusal = refusal;
        let shown = refusal.to_string();
        house.relay.says(Standing::default(), Err(refusal));
        let said = house.request("POST", "/v1/messages", KEY, HI).await;
        assert_eq!((said.status, &said.json()["error"]["type"]), (status, &json!(kind)), "{shown}");
    }
}

#[tokio::test]
async fn what_happened_between_us_and_a_provider_has_a_word() {
    let house = house().await;
    #[rustfmt::skip]
    let table = [
        (Fault::Unreachable,  502, Some("upstream_unreachable")),
        (Fault::Broken,       502, Some("upstream_disconnected")),
        (Fault::Garbled,      502, Some("upstream_invalid_response")),
        (Fault::Silent,       504, None),
        (Fault::Refused(529), 529, None),
    ];
    for (fault, status, code) in table {
        house.relay.says(Standing::default(), Err(fails(fault, None).into()));
        let said = house.request("POST", "/v1/messages", KEY, HI).await;
        let found = said.json()["error"].get("code").cloned();
        assert_eq!((said.status, found), (status, code.map(Into::into)), "{fault:?}");
    }
}

#[tokio::test]
async fn a_key_for_models_opens_nothing_else_and_agents_are_asked_as_before() {
    let house = house().await;
    let agent = HI.replace("lab/one", "openclaw");
    let with_agent = format!("{KEY}x-openclaw-agent-id: main\r\n");
    for (path, headers, body, status) in [
        ("/v1/messages", KEY, &*agent, 404),
        ("/v1/messages", KEY, "{}", 400),
        ("/v1/messages", &*with_agent, HI, 404),
        ("/v1/messages/count_tokens", KEY, &*agent, 404),
        ("/v1/messages/count_tokens", &*with_agent, HI, 404),
        ("/v1/messages/count_tokens", "x-api-key: read\r\n", HI, 403),
    ] {
        let said = house.request("POST", path, headers, body).await;
        assert_eq!(said.status, status, "{path} {body}: {}", said.body);
        assert!(house.relay.asked().is_none());
    }
    for (headers, body) in
        [(OWNER, &*agent), ("x-api-key: all\r\nx-openclaw-agent-id: main\r\n", HI)]
    {
        house.says([done("hello")]);
        let said = house.request("POST", "/v1/messages", headers, body).await;
        assert_eq!(said.json()["content"][0]["text"], "hello", "{}", said.body);
    }
}

#[tokio::test]
async fn what_goes_straight_is_counted_straight() {
    let house = house().await;
    for who in [KEY, OWNER] {
        let said = house.request("POST", "/v1/messages/count_tokens", who, HI).await;
        assert_eq!((said.status, said.json()), (200, json!({ "input_tokens": 2 })), "{who}");
        assert!(said.head.contains("\r\nx-openclaw-token-count: counted"), "{}", said.head);
    }
    let unknown = HI.replace("lab/one", "lab/unknown");
    let said = house.request("POST", "/v1/messages/count_tokens", KEY, &unknown).await;
    assert_eq!(said.status, 404, "{}", said.body);

    let agent = HI.replace("lab/one", "openclaw");
    house.counts(Ok(TokenCount::Counted(42)));
    let reader = "x-api-key: read\r\n";
    let said = house.request("POST", "/v1/messages/count_tokens", reader, &agent).await;
    assert_eq!(said.json(), json!({ "input_tokens": 42 }), "an agent reads more than that");
}

/// What is answered to `body` where a model of another protocol says `replies`.
async fn told(house: &House, body: &Value, replies: Vec<Reply>) -> http_kit::fake::Said {
    let (model, answer) = ("other/m".parse().unwrap(), Box::pin(stream::iter(replies)) as _);
    house.relay.says(Standing::default(), Ok(Passing::Told { model, answer }));
    house.request("POST", "/v1/messages", OWNER, &body.to_string()).await
}

fn asking(more: &Value) -> Value {
    let mut body: Value = serde_json::from_str(HI).unwrap();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn a_provider_of_another_protocol_is_told_what_is_meant() {
    let house = house().await;
    let result = json!([{ "type": "tool_result", "tool_use_id": "c", "content": "seen" }]);
    let body = asking(&json!({
        "system": "be brief", "stop_sequences": ["END"], "metadata": { "user_id": "u" },
        "messages": [
            { "role": "user", "content": "one" },
            { "role": "assistant", "content": [{ "type": "tool_use", "id": "c", "name": "look", "input": {} }] },
            { "role": "user", "content": result },
        ],
    }));
    let said =
        told(&house, &body, vec![text("yes"), ended("yes", FinishReason::StopText(0))]).await;
    assert!(said.head.contains("x-openclaw-relay-model: other/m"), "{}", said.head);
    let message = said.json();
    assert_eq!((&message["model"], &message["stop_sequence"]), (&json!("m"), &json!("END")));
    assert_eq!(message["content"], json!([{ "type": "text", "text": "yes" }]));
    let meant = house.relay.meant().unwrap();
    assert_eq!((meant.stream, meant.request.system.as_deref()), (false, Some("be brief")));
    assert_eq!(meant.request.messages.len(), 3);
    let result = ToolResult { call: "c".to_owned(), text: "seen".to_owned(), failed: false };
    let parts = vec![ModelPart::Result(result)];
    assert_eq!(meant.request.messages[2], ModelMessage { role: ModelRole::User, parts });

    let streamed = asking(&json!({ "stream": true }));
    let said = told(&house, &streamed, vec![text("yes"), done("yes")]).await;
    assert!(
        said.body.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        "{}",
        said.body
    );
    let breaks = vec![text("a"), failed(Some(FailureKind::Disconnected))];
    let said = told(&house, &streamed, breaks).await.body;
    assert!(said.contains(r#""code":"upstream_disconnected"}"#), "{said}");
}

#[tokio::test]
async fn what_would_be_lost_in_another_protocol_is_refused_and_named() {
    let house = house().await;
    let document = json!([{ "role": "user", "content": [{ "type": "document", "source": {} }] }]);
    let result =
        json!([{ "role": "user", "content": [{ "type": "tool_result", "tool_use_id": "c" }] }]);
    #[rustfmt::skip]
    let table = [
        (json!({ "inference_geo": "eu" }),                        "inference_geo: "),
        (json!({ "odd": 1 }),                                     "odd: "),
        (json!({ "container": "c" }),                             "container: "),
        (json!({ "mcp_servers": [{}] }),                          "mcp_servers: "),
        (json!({ "max_tokens": null }),                           "max_tokens: "),
        (json!({ "messages": document }),                         "messages[0].content[0].type: "),
        (json!({ "messages": result }),                           "messages: tool_result without"),
        (json!({ "messages": [{ "role": "user", "content": "a" }, { "role": "assistant", "content": "b" }] }), "messages: the last message"),
        (json!({ "tools": [{ "type": "web_search_20260318", "name": "web_search" }] }), "tools[0].type: "),
    ];
    for (more, why) in table {
        let said = told(&house, &asking(&more), vec![done("yes")]).await;
        let error = &said.json()["error"];
        assert_eq!((said.status, &error["type"]), (400, &json!("invalid_request_error")), "{why}");
        let message = error["message"].as_str().unwrap();
        assert!(message.starts_with(why), "{message}");
    }
}
