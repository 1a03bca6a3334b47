//! What is refused, and in which words.

use std::time::Duration;

use domain::agent::FailureKind;
use ports::{
    config::{Config, MessagesEndpointConfig},
    driving::{AskError, CountError},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::house::{House, KEY, done};
use crate::request::{self, Purpose};

const HI: &str =
    r#"{"model":"claude-x","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;

fn with(fields: &str) -> String {
    HI.replacen('{', &format!("{{{fields},"), 1)
}

/// A request with these messages.
fn saying(messages: &str) -> String {
    format!(r#"{{"model":"claude-x","max_tokens":9,"messages":{messages}}}"#)
}

/// A request of one person who says these blocks.
fn blocks(blocks: &str) -> String {
    saying(&format!(r#"[{{"role":"user","content":{blocks}}}]"#))
}

#[tokio::test]
async fn bodies_that_make_no_sense() {
    let house = House::open().await;
    let used =
        |id: &str| format!(r#"{{"type":"tool_use","id":"{id}","name":"look","input":{{}}}}"#);
    let result = |id: &str| format!(r#"{{"type":"tool_result","tool_use_id":"{id}"}}"#);
    let after = |calls: &str, results: &str| {
        saying(&format!(
            r#"[{{"role":"user","content":"x"}},{{"role":"assistant","content":[{calls}]}},{{"role":"user","content":[{results}]}}]"#
        ))
    };
    #[rustfmt::skip]
    let table = [
        (String::new(),                                       "body: invalid JSON: EOF while parsing a value at line 1 column 0"),
        ("[]".to_owned(),                                     "body: invalid type: sequence, expected an object at line 1 column 2"),
        ("\"hi\"".to_owned(),                                 "body: invalid type: string \"hi\", expected an object at line 1 column 4"),
        ("{".to_owned(),                                      "body: invalid JSON: EOF while parsing an object at line 1 column 1"),
        (format!("{HI}x"),                                    "body: invalid JSON: trailing characters at line 1 column 80"),
        ("{}".to_owned(),                                     "model: required"),
        (r#"{"model":" ","max_tokens":1}"#.to_owned(),        "model: required"),
        (r#"{"model":"m"}"#.to_owned(),                       "max_tokens: required, at least 1"),
        (r#"{"model":"m","max_tokens":0}"#.to_owned(),        "max_tokens: required, at least 1"),
        (r#"{"model":"m","max_tokens":1}"#.to_owned(),        "messages: at least one message is required"),
        (saying("[]"),                                        "messages: at least one message is required"),
        (saying("{}"),                                        "messages: invalid type: map, expected a sequence at line 1 column 46"),
        (saying(r#"[["user","hi"]]"#),                        "messages[0]: invalid type: sequence, expected an object at line 1 column 48"),
        (saying(r#"[{"role":"user"}]"#),                      "messages[0].content: required"),
        (saying(r#"[{"content":"x"}]"#),                      "messages[0].role: must be user, assistant or system"),
        (saying(r#"[{"role":"king","content":"x"}]"#),        "messages[0].role: must be user, assistant or system"),
        (saying(r#"[{"role":"user","content":7}]"#),          "messages[0].content: invalid type: integer `7`, expected a string or an array of blocks at line 1 column 73"),
        (saying(r#"[{"role":"user","content":" "}]"#),        "messages[0].content: must not be empty"),
        (saying(r#"[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]"#), "messages: the last message must be the user's; answers cannot be begun for the model"),
        (saying(r#"[{"role":"system","content":"x"}]"#),      "messages: the last message must be the user's; answers cannot be begun for the model"),
        (with(r#""max_tokens":1"#),                           "body: duplicate field `max_tokens` at line 1 column 47"),
        (with(r#""stream":1"#),                               "stream: invalid type: integer `1`, expected a boolean at line 1 column 11"),
        (with(r#""temperature":"hot""#),                      "temperature: invalid type: string \"hot\", expected f64 at line 1 column 20"),
        (with(r#""temperature":1.1"#),                        "temperature: must be between 0 and 1"),
        (with(r#""top_p":-0.1"#),                             "top_p: must be between 0 and 1"),
        (with(r#""top_p":1e999"#),                            "top_p: invalid JSON: number out of range at line 1 column 14"),
        (with(r#""top_k":-1"#),                               "top_k: invalid value: integer `-1`, expected u32 at line 1 column 11"),
        (with(r#""top_k":99999999999999999999"#),             "top_k: invalid type: floating point `1e+20`, expected u32 at line 1 column 29"),
        (with(r#""stop_sequences":"x""#),                     "stop_sequences: invalid type: string \"x\", expected a sequence at line 1 column 21"),
        (with(r#""stop_sequences":["a","b","c","d","e"]"#),   "stop_sequences: at most 4 texts"),
        (with(r#""stop_sequences":["a"," "]"#),               "stop_sequences[1]: must not be blank"),
        (with(r#""metadata":{"user_id":7}"#),                 "metadata.user_id: invalid type: integer `7`, expected a string at line 1 column 24"),
        (with(r#""thinking":{"type":"enabled","budget_tokens":1024}"#), "thinking.budget_tokens: must be less than max_tokens"),
        (with(r#""thinking":true"#),                          "thinking: invalid type: boolean `true`, expected an object at line 1 column 16"),
        (with(r#""output_config":{"format":{"type":"text"}}"#), "output_config.format.type: must be json_schema"),
        (with(r#""output_config":{"format":{"type":"json_schema","schema":[]}}"#), "output_config.format.schema: must be an object"),
        (with(r#""mcp_servers":[{}]"#),                       "mcp_servers: not supported here"),
        (with(r#""container":"c""#),                          "container: not supported here"),
        (with(r#""system":[{"type":"image"}]"#),              "system[0].type: not supported here"),
        (with(r#""tools":[{"type":"bash_20250124","name":"bash"}]"#), "tools[0].type: only tools of the caller are supported, type custom"),
        (with(r#""tool_choice":{"type":"any"}"#),             "tool_choice.type: there are no tools"),
        (blocks("[]"),                                        "messages[0].content: must not be empty"),
        (blocks(r#"["x"]"#),                                  "messages[0].content[0]: invalid type: string \"x\", expected an object at line 1 column 76"),
        (blocks("[{}]"),                                      "messages[0].content[0].type: required"),
        (blocks(r#"[{"type":"text"}]"#),                      "messages[0].content[0].text: required"),
        (blocks(r#"[{"type":"document"}]"#),                  "messages[0].content[0].type: documents are not supported"),
        (blocks(r#"[{"type":"tool_use"}]"#),                  "messages[0].content[0].type: not supported here"),
        (blocks(r#"[{"type":"image"}]"#),                     "messages[0].content[0].source: pictures are not fetched, send them as base64"),
        (blocks(r#"[{"type":"image","source":{"type":"url","url":"http://169.254.169.254/latest"}}]"#), "messages[0].content[0].source: pictures are not fetched, send them as base64"),
        (blocks(r#"[{"type":"image","source":{"type":"base64","media_type":"text/html","data":"AAAA"}}]"#), "messages[0].content[0].source.media_type: must be one of image/jpeg, image/png, image/gif, image/webp"),
        (blocks(r#"[{"type":"tool_result"}]"#),               "messages[0].content[0].tool_use_id: required"),
        (blocks(r#"[{"type":"tool_result","tool_use_id":"a","content":[{"type":"document"}]}]"#), "messages[0].content[0].content[0].type: documents are not supported"),
        (blocks(&format!("[{}]", result("a"))),               "messages: tool_result without a tool_use before it"),
        (after(&used("a"), &result("b")),                     "messages[2].content: tool_result without a tool_use before it: b"),
        (after(&used("a"), r#"{"type":"text","text":"x"}"#),  "messages[2].content: tool_use without a tool_result after it: a"),
        (after(&used("a"), &format!("{0},{0}", result("a"))), "messages[2].content: two tool_result blocks for a"),
        (after(&format!("{0},{0}", used("a")), &result("a")), "messages[1].content: two tool_use blocks with the same id"),
        (after(r#"{"type":"tool_use","id":"a","name":"x","input":[]}"#, &result("a")), "messages[1].content[0].input: must be an object"),
        (after(r#"{"type":"tool_use","name":"x","input":{}}"#, &result("a")), "messages[1].content[0].id: required"),
        (after(r#"{"type":"server_tool_use"}"#, &result("a")), "messages[1].content[0].type: not supported here"),
        (with(&format!(r#""tools":[{{"name":"a","input_schema":{}{}}}]"#, r#"{"a":"#.repeat(127), "}".repeat(127))), "the body must not be nested deeper than 128 levels"),
        ("[".repeat(100_000),                                 "the body must not be nested deeper than 128 levels"),
    ];
    for (body, message) in table {
        let said = house.create(&body).await;
        let expected = json!({
            "type": "error",
            "error": { "type": "invalid_request_error", "message": message },
            "request_id": "req_0b5c",
        });
        assert_eq!((said.status, said.json()), (400, expected), "{body:.200}");
    }
}

#[tokio::test]
async fn whom_nobody_knows() {
    let house = House::open().await;
    #[rustfmt::skip]
    let table = [
        ("x-openclaw-agent-id: nobody\r\n",                                     400, "unknown agent id \"nobody\""),
        ("x-openclaw-session-key: cron:x\r\n",                                  400, "the session key belongs to the gateway itself"),
        ("x-openclaw-session-key: agent:main:x\r\nx-openclaw-agent: work\r\n",  400, "the session belongs to another agent"),
        ("x-openclaw-model: gpt\r\n",                                           400, "a model is named provider/model, as in openai/gpt-5.2"),
    ];
    for (headers, status, message) in table {
        let said = house.create_with(headers, HI).await;
        let error = said.json();
        assert_eq!((said.status, &error["error"]["message"]), (status, &json!(message)));
    }
    let said = house.create(&HI.replace("claude-x", "openclaw/nobody")).await;
    let error = json!({ "type": "not_found_error", "message": "model: openclaw/nobody" });
    assert_eq!((said.status, &said.json()["error"]), (404, &error));
    let long = with(&format!(r#""metadata":{{"user_id":"{}"}}"#, "x".repeat(600)));
    let said = house.create(&long).await;
    let message = "metadata.user_id: session key must not be longer than 512 bytes";
    assert_eq!((said.status, &said.json()["error"]["message"]), (400, &json!(message)));
}

#[tokio::test]
async fn strangers() {
    let house = House::open().await;
    house.says([done("x")]);
    house.counts(Ok(ports::driving::TokenCount::Counted(1)));
    let (create, count) = ("/v1/messages", "/v1/messages/count_tokens");
    #[rustfmt::skip]
    let table = [
        // path    headers                                              status  type
        (create,   "",                                                  401,    Some("authentication_error")),
        (create,   "x-api-key: wrong\r\n",                              401,    Some("authentication_error")),
        (create,   "x-api-key: \r\n",                                   401,    Some("authentication_error")),
        (create,   "Authorization: Basic all\r\n",                      401,    Some("authentication_error")),
        (create,   "x-api-key: all\r\nAuthorization: Bearer wrong\r\n", 401,    Some("authentication_error")),
        (create,   "x-api-key: locked out\r\n",                         429,    Some("rate_limit_error")),
        (create,   "x-api-key: starting\r\n",                           529,    Some("overloaded_error")),
        (create,   "x-api-key: read\r\n",                               403,    Some("permission_error")),
        (create,   "x-api-key: write\r\nx-openclaw-model: a/b\r\n",     403,    Some("permission_error")),
        (create,   "x-api-key: write\r\n",                              200,    None),
        (create,   "Authorization: Bearer write\r\n",                   200,    None),
        (create,   "x-api-key: sk-ant\r\nAuthorization: Bearer write\r\n", 200, None),
        (count,    "x-api-key: wrong\r\n",                              401,    Some("authentication_error")),
        (count,    "x-api-key: nothing\r\n",                            403,    Some("permission_error")),
        (count,    "x-api-key: read\r\n",                               200,    None),
    ];
    for (path, headers, status, kind) in table {
        let said = house.request("POST", path, headers, HI).await;
        assert_eq!(said.status, status, "{path} {headers:?}: {}", said.body);
        assert_eq!(said.json()["error"]["type"].as_str(), kind, "{path} {headers:?}");
        assert_eq!(said.head.contains("\r\nretry-after: 5"), status == 429, "{}", said.head);
    }
}

/// A body is read only for those who may ask.
#[tokio::test]
async fn strangers_are_refused_before_their_body_is_read() {
    let house = House::open().await;
    let announced = "x-api-key: wrong\r\nExpect: 100-continue\r\n";
    let said = house.request("POST", "/v1/messages", announced, HI).await;
    assert_eq!(said.status, 401, "and not 100: {}", said.head);
}

#[tokio::test]
async fn bodies_that_are_too_much() {
    let mut config = Config::default();
    config.gateway.limits.messages_body_bytes = 1000;
    config.gateway.limits.http_body_ms = 50;
    let house = House::with(config, true).await;
    let too_long = "x".repeat(1001);
    #[rustfmt::skip]
    let table = [
        // headers                      body               status  type
        ("",                            too_long.as_str(), 413,    "request_too_large"),
        ("Content-Encoding: gzip\r\n",  HI,                415,    "invalid_request_error"),
        ("Content-Length: 10\r\n",      "",                408,    "timeout_error"),
    ];
    for (headers, body, status, kind) in table {
        let said = house.create_with(headers, body).await;
        assert_eq!((said.status, &said.json()["error"]["type"]), (status, &json!(kind)));
    }
}

#[tokio::test]
async fn what_the_agent_does_not_accept() {
    let house = House::open().await;
    #[rustfmt::skip]
    let table = [
        (AskError::QueueFull,  429, "rate_limit_error",      true),
        (AskError::Blocked,    403, "permission_error",      false),
        (AskError::Stopping,   529, "overloaded_error",      true),
        (AskError::KnownRun,   409, "invalid_request_error", false),
    ];
    for (error, status, kind, later) in table {
        house.refuses(error.clone());
        let said = house.create(HI).await;
        assert_eq!((said.status, &said.json()["error"]["type"]), (status, &json!(kind)), "{error}");
        assert_eq!(said.head.contains("\r\nretry-after: 1"), later, "{error}");
    }
}

#[tokio::test]
async fn whoever_can_count_may_not_want_to() {
    let house = House::open().await;
    house.counts(Err(CountError::Failed {
        message: "slow down".to_owned(),
        kind: FailureKind::RateLimit,
        retry_after: Some(Duration::from_secs(7)),
    }));
    let said = house.request("POST", "/v1/messages/count_tokens", KEY, HI).await;
    let error = json!({ "type": "rate_limit_error", "message": "slow down" });
    assert_eq!((said.status, &said.json()["error"]), (429, &error));
    assert!(said.head.contains("\r\nretry-after: 7"), "{}", said.head);
}

#[tokio::test]
async fn routes_that_are_not_served_are_not_there() {
    #[rustfmt::skip]
    let table = [
        // configured     loopback only    served
        (None,            true,            true),
        (None,            false,           false),
        (Some(true),      false,           true),
        (Some(false),     true,            false),
    ];
    for (enabled, loopback_only, served) in table {
        let mut config = Config::default();
        config.gateway.http.endpoints.messages = MessagesEndpointConfig { enabled };
        let house = House::with(config, loopback_only).await;
        house.says([done("x")]);
        house.counts(Ok(ports::driving::TokenCount::Counted(1)));
        for path in ["/v1/messages", "/v1/messages/count_tokens"] {
            let said = house.request("POST", path, KEY, HI).await;
            assert_eq!(said.status, if served { 200 } else { 404 }, "{enabled:?} {path}");
            assert!(served || said.body == "Not Found", "{}", said.body);
        }
    }
}

#[tokio::test]
async fn every_answer_is_named() {
    let house = House::open().await;
    house.says([done("x")]);
    for body in [HI, "{}"] {
        let said = house.create_with("x-request-id: mine\r\n", body).await;
        for header in ["\r\nrequest-id: mine\r\n", "\r\nx-request-id: mine\r\n"] {
            assert!(said.head.contains(header), "{}", said.head);
        }
        assert!(body == HI || said.json()["request_id"] == "mine", "{}", said.body);
    }
}

/// Anything that can stand where something else is expected.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        "user|assistant|text|image|tool_use|tool_result|enabled|auto".prop_map(Value::from),
    ];
    let key = "type|role|content|text|source|id|name|input|tool_use_id|data|media_type|x";
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(key, inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever stands in a field, the request is understood or refused in words
    /// that begin with a place in it.
    #[test]
    fn any_field_may_hold_anything(
        field in "model|max_tokens|messages|system|stream|thinking|tools|tool_choice|metadata|output_config|stop_sequences",
        value in any_json(),
    ) {
        let mut body: Value = serde_json::from_str(HI).unwrap();
        body[&field] = value;
        if let Err(refusal) = request::read(body.to_string().as_bytes(), 128, Purpose::Answer) {
            prop_assert!(refusal.message().starts_with(&field), "{}", refusal.message());
        }
    }

    /// Whatever the bytes, nothing falls over.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Err(refusal) = request::read(&bytes, 128, Purpose::Count) {
            prop_assert!(!refusal.message().is_empty());
        }
    }
}
