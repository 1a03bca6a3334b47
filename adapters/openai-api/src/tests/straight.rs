//! Requests that go straight to a provider.

use std::time::Duration;

use bytes::Bytes;
use domain::{
    agent::FailureKind,
    relay::{Exhausted, Fault, Form, Period, Standing, Window},
};
use futures_util::stream;
use ports::{
    config::Config,
    driven::{ModelError, RelayError, Said},
    driving::{Copied, Passing, PassingBody, RelayRefusal},
};
use serde_json::{Value, json};

use super::house::{BEARER, House, done};

const KEY: &str = "Authorization: Bearer relay key\r\n";
const HI: &str = r#"{"model":"lab/one","messages":[{"role":"user","content":"hi"}]}"#;

/// A house in which requests go straight to providers, and to agents or not.
async fn house(agents: bool) -> House {
    let enabled = json!({ "enabled": agents });
    let config = json!({ "gateway": { "http": {
        "relay": { "enabled": true },
        "endpoints": { "chatCompletions": enabled, "responses": enabled, "messages": enabled },
    } } });
    House::with(serde_json::from_value::<Config>(config).unwrap(), true).await
}

fn passing(body: PassingBody) -> Passing {
    let model = "spare/two".parse().unwrap();
    Passing::Copied(Copied { status: 200, content_type: "application/x-odd".into(), model, body })
}

fn whole(text: &'static str) -> Passing {
    passing(PassingBody::Whole(Bytes::from_static(text.as_bytes())))
}

fn fails(fault: Fault, said: Option<&'static str>) -> RelayError {
    let mut error = ModelError::new(FailureKind::Overloaded, "lab: it broke");
    error.retry_after = (fault == Fault::Refused(429)).then(|| Duration::from_millis(6_200));
    let said = said.map(|said| Said { content_type: "application/json".into(), body: said.into() });
    let said = said.map(Box::new);
    RelayError { fault, error, said }
}

#[tokio::test]
async fn a_model_of_a_provider_is_asked_and_its_answer_is_passed_on() {
    let house = house(true).await;
    for (path, form) in [
        ("/v1/chat/completions", Form::Chat),
        ("/v1/responses", Form::Responses),
        ("/v1/embeddings", Form::Embeddings),
    ] {
        let body = r#"{ "input":"hi", "model" : "lab/one" }"#;
        let window = |remaining| Window { limit: 9, remaining, reset: Duration::from_secs(1) };
        let standing = Standing { requests: Some(window(8)), tokens: Some(window(7)) };
        house.relay.says(standing, Ok(whole(r#"{ "odd" : 1.0 }"#)));
        let said = house.request("POST", path, KEY, body).await;
        assert_eq!((said.status, &*said.body), (200, r#"{ "odd" : 1.0 }"#));
        for line in [
            "content-type: application/x-odd",
            "content-length: 15",
            "x-openclaw-relay-model: spare/two",
            "x-request-id: req_0b5c",
            "x-ratelimit-remaining-requests: 8",
            "x-ratelimit-remaining-tokens: 7",
            "x-ratelimit-reset-tokens: 1s",
        ] {
            assert!(said.head.contains(line), "{line}: {}", said.head);
        }
        let (key, passed) = house.relay.asked().unwrap();
        assert_eq!((key.as_deref(), passed.form), (Some("ci"), form));
        assert_eq!(
            (&passed.body[..], passed.model.to_string()),
            (body.as_bytes(), "lab/one".into())
        );
        assert_eq!(&body[passed.name_at], r#""lab/one""#);
    }
}

#[tokio::test]
async fn a_stream_is_passed_on_and_one_that_breaks_off_says_so() {
    let house = house(true).await;
    let pieces = || [Ok(Bytes::from_static(b"data: {}\n\n")), Ok(Bytes::from_static(b"data: {"))];
    let broken = pieces().into_iter().chain([Err(fails(Fault::Broken, None))]);
    let stream = PassingBody::Stream(Box::pin(stream::iter(broken)));
    house.relay.says(Standing::default(), Ok(passing(stream)));
    let said = house.complete(HI).await;
    let end = r#"data: {"error":{"message":"lab: it broke","type":"api_error","code":"upstream_disconnected"}}"#;
    let expected = format!("data: {{}}\n\ndata: {{\n\n{end}\n\ndata: [DONE]\n\n");
    assert_eq!((said.status, said.body), (200, expected));
    assert!(!said.head.contains("x-ratelimit"), "{}", said.head);

    let stream = PassingBody::Stream(Box::pin(stream::iter(pieces())));
    house.relay.says(Standing::default(), Ok(passing(stream)));
    assert_eq!(house.complete(HI).await.body, "data: {}\n\ndata: {");
}

#[tokio::test]
async fn what_a_provider_refuses_is_passed_on_but_for_what_it_thinks_of_us() {
    let house = house(true).await;
    let odd = r#"{"error":{"message":"odd"}}"#;
    #[rustfmt::skip]
    let table = [
        (Fault::Refused(400), Some(odd), 400, "odd",           None),
        (Fault::Refused(404), Some(odd), 404, "odd",           None),
        (Fault::Refused(429), Some(odd), 429, "odd",           Some(7)),
        (Fault::Refused(429), None,      429, "lab: it broke", Some(7)),
        (Fault::Refused(500), Some(odd), 500, "odd",           None),
        (Fault::Refused(503), None,      503, "lab: it broke", None),
        (Fault::Refused(529), None,      529, "lab: it broke", None),
        (Fault::Refused(302), None,      502, "lab: it broke", None),
        (Fault::Refused(401), Some(odd), 502, "lab: it broke", None),
        (Fault::Refused(403), Some(odd), 502, "lab: it broke", None),
        (Fault::Unreachable,  None,      502, "lab: it broke", None),
        (Fault::Garbled,      None,      502, "lab: it broke", None),
        (Fault::Silent,       None,      504, "lab: it broke", None),
    ];
    for (fault, words, status, message, seconds) in table {
        house.relay.says(Standing::default(), Err(fails(fault, words).into()));
        let said = house.complete(HI).await;
        assert_eq!(
            (said.status, &said.json()["error"]["message"]),
            (status, &json!(message)),
            "{fault:?}"
        );
        let retry_after = said.head.lines().find_map(|line| line.strip_prefix("retry-after: "));
        assert_eq!(retry_after.map(|it| it.parse().unwrap()), seconds, "{fault:?}");
    }
}

#[tokio::test]
async fn what_happened_between_us_and_a_provider_has_a_word() {
    let house = house(true).await;
    #[rustfmt::skip]
    let table = [
        (Fault::Unreachable,  FailureKind::Unreachable,   502, "upstream_unreachable"),
        (Fault::Broken,       FailureKind::Disconnected,  502, "upstream_disconnected"),
        (Fault::Garbled,      FailureKind::Format,        502, "upstream_invalid_response"),
        (Fault::Silent,       FailureKind::Timeout,       504, "timeout"),
        (Fault::Refused(503), FailureKind::Overloaded,    503, "overloaded"),
        (Fault::Refused(400), FailureKind::ContextLength, 400, "context_length_exceeded"),
    ];
    for (fault, kind, status, code) in table {
        let error = ModelError::new(kind, "lab: it broke");
        let error = RelayError { fault, error, said: None };
        house.relay.says(Standing::default(), Err(error.into()));
        let said = house.complete(HI).await;
        assert_eq!(
            (said.status, &said.json()["error"]["code"]),
            (status, &json!(code)),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn a_key_that_may_not_is_told_when_it_may() {
    let house = house(true).await;
    let retry_after = Duration::from_millis(1_001);
    #[rustfmt::skip]
    let table = [
        (Exhausted::Requests { limit: 1, retry_after },             "requests",           "rate_limit_exceeded"),
        (Exhausted::Tokens { limit: 1, retry_after },               "tokens",             "rate_limit_exceeded"),
        (Exhausted::Budget { budget: 1, period: Period::Month },    "insufficient_quota", "insufficient_quota"),
    ];
    for (why, kind, code) in table {
        house.relay.says(Standing::default(), Err(RelayRefusal::Exhausted { why, retry_after }));
        let said = house.request("POST", "/v1/chat/completions", KEY, HI).await;
        let error = &said.json()["error"];
        assert_eq!(
            (said.status, &error["type"], &error["code"]),
            (429, &json!(kind), &json!(code))
        );
        assert!(said.head.contains("retry-after: 2"), "{}", said.head);
    }
}

#[tokio::test]
async fn a_key_for_models_opens_nothing_else() {
    let house = house(true).await;
    let chat = "/v1/chat/completions";
    let agent = HI.replace("lab/one", "openclaw");
    let other = HI.replace("lab/one", "gpt-5");
    let nobody = HI.replace("lab/one", "nobody/gpt-5");
    let nameless = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    let with_agent = format!("{KEY}x-openclaw-agent-id: main\r\n");
    let with_session = format!("{KEY}x-openclaw-session-key: agent:main:main\r\n");
    #[rustfmt::skip]
    let table = [
        ("POST",   chat,                         KEY,           &*agent,   404),
        ("POST",   chat,                         KEY,           &*other,   404),
        ("POST",   chat,                         KEY,           &*nobody,  404),
        ("POST",   chat,                         KEY,           nameless,  400),
        ("POST",   chat,                         KEY,           "{",       400),
        ("POST",   chat,                         &*with_agent,  HI,        404),
        ("POST",   chat,                         &*with_session, HI,       404),
        ("POST",   "/v1/responses",              KEY,           &*agent,   404),
        ("POST",   "/v1/embeddings",             KEY,           r#"{"model":"openclaw/work","input":"a"}"#, 404),
        ("GET",    "/v1/responses/x",            KEY,           "",        403),
        ("DELETE", "/v1/responses/x",            KEY,           "",        403),
        ("POST",   "/v1/responses/x/cancel",     KEY,           "",        403),
        ("GET",    "/v1/usage",                  KEY,           "",        403),
        ("GET",    "/v1/models/openclaw",        KEY,           "",        404),
        ("GET",    "/v1/models/lab/one",         KEY,           "",        200),
        ("GET",    "/v1/models/lab/two",         KEY,           "",        404),
    ];
    for (method, path, headers, body, status) in table {
        let said = house.request(method, path, headers, body).await;
        assert_eq!(said.status, status, "{method} {path} {body} {}", said.body);
        assert!(house.relay.asked().is_none(), "{method} {path} {body}");
    }
    // Where requests do not go straight to providers it opens nothing at all.
    let house = House::open().await;
    let said = house.request("POST", chat, KEY, HI).await;
    assert_eq!(said.status, 403);
}

#[tokio::test]
async fn agents_are_asked_as_before() {
    let house = house(true).await;
    for (headers, model) in [
        (BEARER, "openclaw"),
        (BEARER, "openai/gpt-5"),
        ("Authorization: Bearer all\r\nx-openclaw-agent: main\r\n", "lab/one"),
    ] {
        house.says([done("hello")]);
        let body = HI.replace("lab/one", model);
        let said = house.request("POST", "/v1/chat/completions", headers, &body).await;
        assert_eq!(said.json()["choices"][0]["message"]["content"], "hello", "{model}");
        assert!(house.relay.asked().is_none());
    }
    let said =
        house.request("POST", "/v1/chat/completions", "Authorization: Bearer read\r\n", HI).await;
    assert_eq!(said.status, 403);

    let house = House::open().await;
    house.says([done("hello")]);
    assert_eq!(house.complete(HI).await.json()["model"], "lab/one");
    for (method, path) in [("POST", "/v1/embeddings"), ("GET", "/v1/usage")] {
        let body = r#"{"model":"lab/one","input":"a"}"#;
        assert_eq!(house.request(method, path, BEARER, body).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn without_agents_only_models_are_served() {
    let house = house(false).await;
    assert_eq!(house.complete(&HI.replace("lab/one", "openclaw")).await.status, 404);
    house.relay.says(Standing::default(), Ok(whole("{}")));
    assert_eq!(house.complete(HI).await.status, 200);
    let list = house.request("GET", "/v1/models", BEARER, "").await.json();
    let ids: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert!(ids.contains(&&json!("lab/one")) && ids.contains(&&json!("openclaw")), "{ids:?}");
}

#[tokio::test]
async fn an_agent_looks_things_up_with_a_model_of_its_own() {
    let house = house(true).await;
    house.relay.says(Standing::default(), Ok(whole("{}")));
    let ask = |model: &str| format!(r#"{{"model":"{model}","input":["a","b"]}}"#);
    let said = house.request("POST", "/v1/embeddings", BEARER, &ask("openclaw/work")).await;
    assert_eq!(said.status, 200, "{}", said.body);
    assert_eq!(house.relay.asked().unwrap().1.model.to_string(), "lab/small");

    #[rustfmt::skip]
    let table = [
        (ask("openclaw/main"),   400, "agents.defaults.memorySearch.provider"),
        (ask("openclaw/nobody"), 404, "does not exist"),
        (ask("small"),           404, "does not exist"),
        (ask(""),                404, "does not exist"),
        (r#"{"input":"a"}"#.to_owned(), 400, "model: required"),
        (r#"{"model":"lab/one"}"#.to_owned(), 400, "input: must not be empty"),
    ];
    for (body, status, why) in table {
        let said = house.request("POST", "/v1/embeddings", BEARER, &body).await;
        assert_eq!(said.status, status, "{body}");
        assert!(said.body.contains(why), "{body}: {}", said.body);
    }
}

#[tokio::test]
async fn what_was_used_is_told() {
    let house = house(true).await;
    let said = house.request("GET", "/v1/usage?days=7", "Authorization: Bearer read\r\n", "").await;
    let row = json!({
        "object": "usage", "date": "2026-11-27", "key": "ci", "model": "lab/one",
        "requests": 3, "failures": 1, "input_tokens": 10, "output_tokens": 7,
    });
    assert_eq!(said.json(), json!({ "object": "list", "data": [row] }));
    assert_eq!(house.request("GET", "/v1/usage?days=0", BEARER, "").await.status, 400);
}
