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
    driven::{ModelError, RelayError, Said},
    driving::{Copied, Passing, PassingBody, RelayRefusal},
};
use serde_json::json;

use super::house::{House, done};

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
        ("/v1/messages/count_tokens", KEY, HI, 403),
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
