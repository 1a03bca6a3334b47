//! Requests that are passed on, against a service that says what it is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use bytes::Bytes;
use domain::relay::{Fault, Form};
use futures_util::StreamExt;
use http_client::{
    HttpClient, Limits,
    fake::{FakeService, Happened, Step, begun, chunk, events_in_pieces, json, status},
};
use ports::driven::{ModelProvider, RelayAnswer, RelayBody, RelayError, RelayRequest};
use provider_openai::{OpenAiProvider, Settings};
const KEY: &str = "sk-secret-0123456789";
const BODY: &str = r#"{"model":"lab/m","messages":[],"odd":[1.50]}"#;

async fn service(answers: Vec<Vec<Step>>) -> (FakeService, OpenAiProvider) {
    let service = FakeService::start(answers).await;
    let mut settings = Settings::new("lab", service.url("/v1").parse().unwrap());
    settings.api_key = Some(KEY.parse().unwrap());
    settings.limits = Limits { idle: Duration::from_millis(200), ..Limits::default() };
    (service, OpenAiProvider::new(settings, HttpClient::new()))
}

async fn relay(provider: &OpenAiProvider, form: Form) -> Result<RelayAnswer, RelayError> {
    let at = BODY.find(r#""lab/m""#).unwrap();
    let request = RelayRequest {
        form,
        model: "m".to_owned(),
        body: Bytes::from_static(BODY.as_bytes()),
        name_at: at..at + 7,
        headers: vec![("authorization".into(), "Bearer mine".into()), ("x-own".into(), "1".into())],
    };
    provider.relay(request).await
}

#[tokio::test]
async fn a_request_arrives_as_it_came_and_so_does_the_answer() {
    let said = r#"{"odd" : [ 1.0 ],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    let forms = [
        (Form::Chat, "/v1/chat/completions"),
        (Form::Embeddings, "/v1/embeddings"),
        (Form::Responses, "/v1/responses"),
    ];
    let (mut service, provider) = service(vec![json(said); 3]).await;
    for (form, path) in forms {
        assert!(provider.forms().contains(&form));
        let answer = relay(&provider, form).await.unwrap();
        assert_eq!((answer.status, &*answer.content_type), (200, "application/json"));
        let RelayBody::Whole { bytes, used } = answer.body else { panic!("not whole") };
        assert_eq!(bytes, said.as_bytes());
        assert_eq!(used.usage.map(|usage| (usage.input, usage.output)), Some((3, 4)));

        let (head, body) = service.asked().await;
        assert!(head.starts_with(&format!("POST {path} HTTP/1.1\r\n")), "{head}");
        assert!(head.contains(&format!("authorization: Bearer {KEY}\r\n")), "{head}");
        assert!(!head.contains("x-own") && !head.contains("mine"), "{head}");
        assert_eq!(body, serde_json::json!({ "model": "m", "messages": [], "odd": [1.50] }));
    }
}

#[tokio::test]
async fn the_pieces_of_a_stream_are_passed_on_as_they_come() {
    let pieces = [
        "data: {\"choices\":[]}\n\n",
        "data: {\"usage\":{\"prompt_tokens\":3,",
        "\"completion_tokens\":4}}\n\ndata: [DONE]\n\n",
    ];
    let said = events_in_pieces(pieces.map(str::as_bytes));
    let (_service, provider) = service(vec![said]).await;
    let answer = relay(&provider, Form::Chat).await.unwrap();
    assert_eq!(&*answer.content_type, "text/event-stream; charset=utf-8");
    let RelayBody::Stream(mut stream) = answer.body else { panic!("not a stream") };
    let mut heard = Vec::new();
    while let Some(piece) = stream.next().await {
        heard.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(String::from_utf8(heard).unwrap(), [":\n", &pieces.concat()].concat());
    let used = stream.used();
    assert_eq!(used.usage.map(|usage| (usage.input, usage.output)), Some((3, 4)));
    assert_eq!(used.events, 3);
}

#[tokio::test]
async fn what_a_service_says_instead_is_passed_on_without_the_key() {
    let complaint = format!(r#"{{"error":{{"message":"not {KEY}","code":"odd"}}}}"#);
    let is_json = ("content-type", "application/json");
    let answers = vec![
        status(400, &[is_json], &complaint),
        status(429, &[is_json, ("retry-after", "7")], &complaint),
        status(503, &[("content-type", "text/plain")], "down"),
        status(500, &[is_json], "{\"cut"),
        status(200, &[("content-type", "text/html")], "<html>"),
    ];
    let (_service, provider) = service(answers).await;
    let clean = complaint.replace(KEY, "***");
    #[rustfmt::skip]
    let table = [
        (Fault::Refused(400), Some(&*clean), None),
        (Fault::Refused(429), Some(&*clean), Some(7)),
        (Fault::Refused(503), None,          None),
        (Fault::Refused(500), None,          None),
        (Fault::Garbled,      None,          None),
    ];
    for (fault, said, seconds) in table {
        let refused = relay(&provider, Form::Chat).await.unwrap_err();
        assert_eq!(refused.fault, fault);
        let body = refused.said.as_ref().map(|said| said.body.as_ref());
        assert_eq!(body, said.map(str::as_bytes), "{fault:?}");
        assert_eq!(refused.error.retry_after, seconds.map(Duration::from_secs), "{fault:?}");
        assert!(!format!("{refused} {refused:?}").contains(KEY));
    }
}

#[tokio::test]
async fn each_way_of_not_answering_has_a_name() {
    let cut =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{".to_vec();
    let answers = vec![
        vec![Step::Break],
        vec![Step::Say(cut), Step::Break],
        vec![Step::Say(b"HTTP/9 what\r\n\r\n".to_vec()), Step::Hang],
        vec![
            Step::Say(b"HTTP/1.1 200 OK\r\n".to_vec()),
            Step::Repeat(b"x: yyyyyyyyyyyyyyyy\r\n".to_vec()),
        ],
        vec![Step::Hang],
    ];
    let (_service, provider) = service(answers).await;
    for fault in [Fault::Broken, Fault::Broken, Fault::Garbled, Fault::Garbled, Fault::Silent] {
        assert_eq!(relay(&provider, Form::Chat).await.unwrap_err().fault, fault);
    }
    let settings = Settings::new("lab", "http://127.0.0.1:1/v1".parse().unwrap());
    let nobody = OpenAiProvider::new(settings, HttpClient::new());
    let refused = relay(&nobody, Form::Chat).await.unwrap_err();
    assert_eq!(
        (refused.fault, &*refused.error.message),
        (Fault::Unreachable, "lab: cannot connect: the connection was refused")
    );
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_so_and_one_that_lingers_ends() {
    let broken = [begun("data: {}\n\n"), vec![Step::Break]].concat();
    let silent = [begun("data: {}\n\n"), vec![Step::Hang]].concat();
    let done = vec![Step::Say(chunk(b"data: [DONE]\n\n")), Step::Hang];
    let lingering = [begun("data: {}\n\n"), done].concat();
    let (_service, provider) = service(vec![broken, silent, lingering]).await;
    for fault in [Some(Fault::Broken), Some(Fault::Silent), None] {
        let RelayBody::Stream(stream) = relay(&provider, Form::Chat).await.unwrap().body else {
            panic!("not a stream")
        };
        let pieces: Vec<_> = stream.collect().await;
        let last = pieces.last().unwrap().as_ref().err().map(|error| error.fault);
        assert_eq!(last, fault);
        assert!(pieces[0].is_ok());
    }
}

#[tokio::test]
async fn whoever_leaves_takes_the_request_along() {
    let hanging = [begun("data: {}\n\n"), vec![Step::Hang]].concat();
    let (mut service, provider) = service(vec![hanging]).await;
    let answer = relay(&provider, Form::Chat).await.unwrap();
    assert!(matches!(service.happened().await, Happened::Asked { .. }));
    drop(answer);
    assert_eq!(service.happened().await, Happened::HungUp);
}
