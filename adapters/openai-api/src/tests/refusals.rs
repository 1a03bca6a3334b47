//! What is refused, and in which words.

use ports::{
    config::{Config, EndpointConfig},
    driving::AskError,
};
use serde_json::json;

use super::house::{BEARER, House, UUID, done};

const HI: &str = r#"{"messages":[{"role":"user","content":"hi"}]}"#;

#[tokio::test]
async fn bodies_that_make_no_sense() {
    let house = House::open().await;
    let with = |fields: &str| HI.replacen('{', &format!("{{{fields},"), 1);
    let content = |parts: &str| format!(r#"{{"messages":[{{"role":"user","content":{parts}}}]}}"#);
    let missing = "Missing user message in `messages`.";
    #[rustfmt::skip]
    let table = [
        // body                                           param                   message
        (String::new(),                                   Some("messages"),       missing),
        ("{}".to_owned(),                                 Some("messages"),       missing),
        ("[]".to_owned(),                                 Some("messages"),       missing),
        ("\"hi\"".to_owned(),                             Some("messages"),       missing),
        (r#"{"messages":[]}"#.to_owned(),                 Some("messages"),       missing),
        (r#"{"messages":null}"#.to_owned(),               Some("messages"),       missing),
        (r#"{"messages":[{"role":"system","content":"x"}]}"#.to_owned(), Some("messages"), missing),
        (content("\"  \""),                               Some("messages"),       missing),
        (content("[]"),                                   Some("messages"),       missing),
        ("{".to_owned(),                                  None,                   "Invalid JSON: EOF while parsing an object at line 1 column 1"),
        (format!("{HI}x"),                                None,                   "Invalid JSON: trailing characters at line 1 column 46"),
        (with("\"stream\":1"),                            Some("stream"),         "stream: invalid type: integer `1`, expected a boolean at line 1 column 11"),
        (with("\"temperature\":\"hot\""),                 Some("temperature"),    "temperature: invalid type: string \"hot\", expected f64 at line 1 column 20"),
        (r#"{"messages":[{"role":"user","content":7}]}"#.to_owned(), Some("messages[0].content"), "messages[0].content: invalid type: integer `7`, expected a string or an array of parts at line 1 column 39"),
        (r#"{"messages":[{"content":"x"}]}"#.to_owned(),  Some("messages[0]"),    "messages[0]: missing field `role` at line 1 column 28"),
        (r#"{"messages":[{"role":"king","content":"x"}]}"#.to_owned(), Some("messages[0].role"), "messages: unknown role"),
        (with("\"temperature\":2.1"),                     Some("temperature"),    "temperature must be between 0 and 2"),
        (with("\"temperature\":-0.1"),                    Some("temperature"),    "temperature must be between 0 and 2"),
        (with("\"top_p\":1.1"),                           Some("top_p"),          "top_p must be between 0 and 1"),
        (with("\"frequency_penalty\":-2.1"),              Some("frequency_penalty"), "frequency_penalty must be between -2 and 2"),
        (with("\"presence_penalty\":3"),                  Some("presence_penalty"), "presence_penalty must be between -2 and 2"),
        (with("\"max_tokens\":0"),                        Some("max_tokens"),     "max_tokens must be at least 1"),
        (with("\"max_completion_tokens\":0"),             Some("max_completion_tokens"), "max_completion_tokens must be at least 1"),
        (with("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"), Some("stop"),          "stop must have at most 4 texts"),
        (with("\"stop\":\"\""),                           Some("stop"),           "stop must not be empty"),
        (with("\"stop\":5"),                              Some("stop"),           "stop: expected a string or an array of strings at line 1 column 9"),
        (with("\"n\":2"),                                 Some("n"),              "n: only one answer at a time is supported"),
        (with("\"tools\":[{}]"),                          Some("tools[0].function.name"), "tools[0].function.name: up to 64 letters, digits, `_`, `-` and `.`"),
        (with("\"functions\":[{}]"),                      Some("functions"),      "functions: offer them as tools instead"),
        (with(r#""tools":[{"type":"web_search"}]"#),      Some("tools[0].type"),  "tools[0].type: only tools of type function are supported"),
        (with(r#""tools":[{"function":{"name":"a"}},{"name":"a"}]"#), Some("tools"), "tools: `a` is offered twice"),
        (with(r#""tools":[{"function":{"name":"a b"}}]"#), Some("tools[0].function.name"), "tools[0].function.name: up to 64 letters, digits, `_`, `-` and `.`"),
        (with(r#""tools":[{"function":{"name":"a","parameters":[1]}}]"#), Some("tools[0].function.parameters"), "tools[0].function.parameters: must be a JSON schema of an object"),
        (with(r#""tools":[{"function":{"name":"a","parameters":{"x":[1]}}}],"temperature":"hot""#), Some("temperature"), "temperature: invalid type: string \"hot\", expected f64 at line 1 column 79"),
        (with(r#""tool_choice":"required""#),             Some("tool_choice"),    "tool_choice=required but no tools were provided"),
        (with(r#""tool_choice":"sometimes""#),            Some("tool_choice"),    "tool_choice must be auto, none, required or name a function"),
        (with(r#""tool_choice":{"type":"function","function":{"name":"x"}}"#), Some("tool_choice"), "tool_choice requested unknown tool: x"),
        (with(r#""tool_choice":{"type":"allowed_tools"}"#), Some("tool_choice"),  "tool_choice must be auto, none, required or name a function"),
        (with(r#""response_format":{"type":"xml"}"#),     Some("response_format"), "response_format: type must be text, json_object or json_schema"),
        (with(r#""response_format":{"type":"json_schema","json_schema":{"name":"x"}}"#), Some("response_format"), "response_format: a json_schema needs a name and a schema"),
        (with("\"reasoning_effort\":\"huge\""),           Some("reasoning_effort"), "reasoning_effort must be equal to one of the allowed values: off, minimal, low, medium, high, xhigh"),
        (with("\"user\":\"a::b\""),                       Some("user"),           "user: session key must not have empty segments"),
        (content(r#"[{"type":"image_url","image_url":{"url":"http://169.254.169.254/latest"}}]"#), Some("messages[0].content"), "image_url: not fetched here, send it as a data: URL"),
        (content(r#"[{"type":"image_url","image_url":"data:text/html;base64,AAAA"}]"#), Some("messages[0].content"), "image_url: must be one of image/jpeg, image/png, image/gif, image/webp, image/heic, image/heif"),
        (content(r#"[{"type":"text","text":"x"},{"type":"input_audio","input_audio":{}}]"#), Some("messages[0].content"), "only text and image_url parts are supported"),
    ];
    for (body, param, message) in table {
        let said = house.complete(&body).await;
        let error = &said.json()["error"];
        let expected =
            json!({ "message": message, "type": "invalid_request_error", "param": param });
        let found =
            json!({ "message": error["message"], "type": error["type"], "param": error["param"] });
        assert_eq!((said.status, found), (400, expected), "{body}");
    }
}

#[tokio::test]
async fn headers_that_make_no_sense() {
    let house = House::open().await;
    #[rustfmt::skip]
    let table = [
        ("x-openclaw-agent-id: ../../etc\r\n",                                    "invalid agent id"),
        ("x-openclaw-agent-id: nobody\r\n",                                       "unknown agent id \"nobody\""),
        ("x-openclaw-agent: a b\r\n",                                             "invalid agent id"),
        ("x-openclaw-session-key: subagent:x\r\n",                                "the session key belongs to the gateway itself"),
        ("x-openclaw-session-key:  CRON:x\r\n",                                   "the session key belongs to the gateway itself"),
        ("x-openclaw-session-key: agent:main:acp:x\r\n",                          "the session key belongs to the gateway itself"),
        ("x-openclaw-session-key: agent:main:\r\n",                               "session key must not have empty segments"),
        ("x-openclaw-session-key: agent:../x:main\r\n",                           "session key names an invalid agent"),
        ("x-openclaw-session-key: agent:main:x\r\nx-openclaw-agent: work\r\n",    "the session belongs to another agent"),
        ("x-openclaw-model: gpt\r\n",                                             "a model is named provider/model, as in openai/gpt-5.2"),
    ];
    for (headers, message) in table {
        let said = house.complete_with(headers, HI).await;
        assert_eq!(said.status, 400, "{headers:?}: {}", said.body);
        assert_eq!(said.json()["error"]["message"], message, "{headers:?}");
    }
    let said = house.complete(&HI.replacen('{', r#"{"model":"openclaw/nobody","#, 1)).await;
    assert_eq!((said.status, &said.json()["error"]["code"]), (404, &json!("model_not_found")));
}

#[tokio::test]
async fn strangers() {
    let house = House::open().await;
    house.says([done("x")]);
    let unauthorized = json!({ "error": { "message": "Unauthorized", "type": "unauthorized" } });
    let denied = |scope: &str| json!({ "error": { "message": format!("missing scope: {scope}"), "type": "forbidden" } });
    let locked =
        json!({ "error": { "message": "too many failed attempts", "type": "rate_limited" } });
    let starting = json!({ "error": { "message": "not yet", "type": "api_error" } });
    #[rustfmt::skip]
    let table = [
        // path                     authorization          status  body
        ("/v1/chat/completions",    "",                    401,    Some(&unauthorized)),
        ("/v1/chat/completions",    "Bearer wrong",        401,    Some(&unauthorized)),
        ("/v1/chat/completions",    "Bearer ",             401,    Some(&unauthorized)),
        ("/v1/chat/completions",    "Basic all",           401,    Some(&unauthorized)),
        ("/v1/chat/completions",    "all",                 401,    Some(&unauthorized)),
        ("/v1/chat/completions",    "Bearer locked out",   429,    Some(&locked)),
        ("/v1/chat/completions",    "Bearer starting",     503,    Some(&starting)),
        ("/v1/chat/completions",    "Bearer read",         403,    Some(&denied("operator.write"))),
        ("/v1/chat/completions",    "bearer  write",       200,    None),
        ("/v1/models",              "Bearer wrong",        401,    Some(&unauthorized)),
        ("/v1/models",              "Bearer nothing",      403,    Some(&denied("operator.read"))),
        ("/v1/models",              "Bearer read",         200,    None),
        ("/v1/models/openclaw",     "Bearer wrong",        401,    Some(&unauthorized)),
        ("/v1/models/openclaw",     "Bearer read",         200,    None),
    ];
    for (path, authorization, status, body) in table {
        let method = if path.ends_with("completions") { "POST" } else { "GET" };
        let said =
            house.request(method, path, &format!("Authorization: {authorization}\r\n"), HI).await;
        assert_eq!(said.status, status, "{path} {authorization:?}: {}", said.body);
        if let Some(body) = body {
            assert_eq!(said.json(), *body, "{path} {authorization:?}");
        }
        assert_eq!(said.head.contains("\r\nretry-after: 5"), status == 429, "{}", said.head);
        assert_eq!(
            said.head.contains("\r\nwww-authenticate: Bearer"),
            status == 401,
            "{}",
            said.head
        );
    }
    let model = "Authorization: Bearer write\r\nx-openclaw-model: a/b\r\n";
    let said = house.request("POST", "/v1/chat/completions", model, HI).await;
    assert_eq!((said.status, said.json()), (403, denied("operator.admin")));
}

/// A body is read only for those who may ask.
#[tokio::test]
async fn strangers_are_refused_before_their_body_is_read() {
    let house = House::open().await;
    let announced = "Authorization: Bearer wrong\r\nExpect: 100-continue\r\n";
    let said = house.request("POST", "/v1/chat/completions", announced, HI).await;
    assert_eq!(said.status, 401, "and not 100: {}", said.head);
}

#[tokio::test]
async fn bodies_that_are_too_much() {
    let mut config = Config::default();
    config.gateway.limits.chat_completions_body_bytes = 1000;
    config.gateway.limits.http_body_ms = 50;
    let house = House::with(config, true).await;
    let said = house.complete(&"x".repeat(1001)).await;
    assert_eq!((said.status, &said.json()["error"]["message"]), (413, &json!("Payload too large")));
    let said = house.complete_with("Content-Encoding: gzip\r\n", HI).await;
    assert_eq!(
        (said.status, &said.json()["error"]["type"]),
        (415, &json!("invalid_request_error"))
    );
    let said = house.complete_with("Content-Length: 10\r\n", "").await;
    assert_eq!(
        (said.status, &said.json()["error"]["message"]),
        (408, &json!("Request body timeout"))
    );
}

#[tokio::test]
async fn what_the_agent_does_not_accept() {
    let house = House::open().await;
    #[rustfmt::skip]
    let table = [
        (AskError::QueueFull,  429, "rate_limited", true),
        (AskError::Blocked,    403, "forbidden",    false),
        (AskError::Stopping,   503, "api_error",    true),
        (AskError::KnownRun,   409, "invalid_request_error", false),
    ];
    for (error, status, kind, later) in table {
        house.refuses(error.clone());
        let said = house.complete(HI).await;
        assert_eq!((said.status, &said.json()["error"]["type"]), (status, &json!(kind)), "{error}");
        assert_eq!(said.head.contains("\r\nretry-after: 1"), later, "{error}");
    }
}

#[tokio::test]
async fn routes_that_are_not_served_are_not_there() {
    let on = Some(true);
    let off = Some(false);
    #[rustfmt::skip]
    let table = [
        // configured    loopback only    served
        (None,           true,            true),
        (None,           false,           false),
        (on,             false,           true),
        (off,            true,            false),
    ];
    for (enabled, loopback_only, served) in table {
        let mut config = Config::default();
        config.gateway.http.endpoints.chat_completions =
            EndpointConfig { enabled, ..EndpointConfig::default() };
        // The list of models is served beside any of them.
        config.gateway.http.endpoints.responses.enabled = enabled;
        config.gateway.http.endpoints.messages.enabled = enabled;
        let house = House::with(config, loopback_only).await;
        house.says([done("x")]);
        for (method, path) in [
            ("POST", "/v1/chat/completions"),
            ("GET", "/v1/models"),
            ("GET", "/v1/models/openclaw"),
        ] {
            let said = house.request(method, path, BEARER, HI).await;
            assert_eq!(said.status, if served { 200 } else { 404 }, "{enabled:?} {path}");
            assert!(served || said.body == "Not Found", "{}", said.body);
        }
    }
}

#[tokio::test]
async fn every_answer_can_be_named() {
    let house = House::open().await;
    house.says([done("x")]);
    let made = format!("req_{UUID}");
    let long = "x".repeat(129);
    #[rustfmt::skip]
    let table = [
        ("abc-1.2_3:4",  "abc-1.2_3:4"),
        ("a b",          made.as_str()),
        ("a<script>",    made.as_str()),
        (long.as_str(),  made.as_str()),
        ("",             made.as_str()),
    ];
    for (given, named) in table {
        for body in [HI, "{}"] {
            let said = house.complete_with(&format!("x-request-id: {given}\r\n"), body).await;
            assert!(said.head.contains(&format!("\r\nx-request-id: {named}\r\n")), "{}", said.head);
        }
    }
}
