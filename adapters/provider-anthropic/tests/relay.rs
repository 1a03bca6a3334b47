//! Requests that are passed on, against a service that says what it is told.

use bytes::Bytes;
use domain::relay::Form;
use http_client::{HttpClient, fake};
use ports::driven::{ModelProvider, RelayBody, RelayRequest};
use provider_anthropic::{AnthropicProvider, Settings};

#[tokio::test]
async fn messages_are_passed_on_with_the_key_of_the_gateway() {
    let said = r#"{"usage":{"input_tokens":3,"output_tokens":4}}"#;
    let mut service = fake::FakeService::start([fake::json(said)]).await;
    let mut settings = Settings::new("anthropic", service.url("").parse().unwrap());
    settings.api_key = Some("sk-ant-0123456789".parse().unwrap());
    let provider = AnthropicProvider::new(settings, HttpClient::new());
    assert_eq!(provider.forms(), [Form::Messages]);

    let body = r#"{"max_tokens":1,"model":"anthropic/m"}"#;
    let request = RelayRequest {
        form: Form::Messages,
        model: "m".to_owned(),
        body: Bytes::from_static(body.as_bytes()),
        name_at: 24..body.len() - 1,
        headers: vec![
            ("anthropic-beta".into(), "new-things".into()),
            ("anthropic-version".into(), "1999-01-01".into()),
            ("x-api-key".into(), "mine".into()),
        ],
    };
    let answer = provider.relay(request).await.unwrap();
    let RelayBody::Whole { bytes, used } = answer.body else { panic!("not whole") };
    assert_eq!(bytes, said.as_bytes());
    assert_eq!(used.usage.map(|usage| (usage.input, usage.output)), Some((3, 4)));

    let (head, body) = service.asked().await;
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    for line in [
        "x-api-key: sk-ant-0123456789",
        "anthropic-beta: new-things",
        "anthropic-version: 2023-06-01",
    ] {
        assert!(head.contains(&format!("{line}\r\n")), "{line}: {head}");
    }
    assert!(!head.contains("mine"), "{head}");
    assert_eq!(body, serde_json::json!({ "max_tokens": 1, "model": "m" }));
}
