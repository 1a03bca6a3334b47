//! The provider against a server that answers as servers do, well or badly.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use domain::{agent::FailureKind, run::Usage, session::Thinking};
use futures_util::StreamExt;
use http_client::{
    HttpClient,
    fake::{self, FakeService, Happened, Step},
};
use ports::{
    Json,
    driven::{
        AnswerFormat, FinishReason, ModelError, ModelEvent, ModelInfo, ModelMessage, ModelProvider,
        ModelRequest, ModelRole, Sampling, ToolUse,
    },
};
use provider_anthropic::{AnthropicProvider, Settings};

const KEY: &str = "sk-ant-0123456789";

fn settings(service: &FakeService) -> Settings {
    let mut settings = Settings::new("anthropic", service.url("").parse().unwrap());
    settings.api_key = Some(KEY.parse().unwrap());
    settings
}

fn provider(service: &FakeService) -> AnthropicProvider {
    AnthropicProvider::new(settings(service), HttpClient::new())
}

fn request() -> ModelRequest {
    ModelRequest {
        model: "m".to_owned(),
        system: None,
        messages: vec![ModelMessage::text(ModelRole::User, "hi")],
        thinking: None,
        sampling: Sampling::default(),
        tools: ToolUse::default(),
    }
}

/// Everything the provider says: events, and the error if there is one.
async fn ask(
    provider: &AnthropicProvider,
    request: ModelRequest,
) -> (Vec<ModelEvent>, Option<ModelError>) {
    let mut answer = match provider.stream(request).await {
        Ok(answer) => answer,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut events = Vec::new();
    while let Some(event) = answer.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(answer.next().await.is_none(), "an error is the end");
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

/// The provider's only answer to `steps`.
async fn answer_to(steps: Vec<Step>) -> (Vec<ModelEvent>, Option<ModelError>) {
    let service = FakeService::start([steps]).await;
    ask(&provider(&service), request()).await
}

fn text(text: &str) -> ModelEvent {
    ModelEvent::Text(text.to_owned())
}

/// Pieces that arrived apart, put together again, and only the last usage.
fn joined(events: Vec<ModelEvent>) -> Vec<ModelEvent> {
    let mut joined: Vec<ModelEvent> = Vec::new();
    let last_usage = events.iter().rposition(|event| matches!(event, ModelEvent::Usage(_)));
    for (position, event) in events.into_iter().enumerate() {
        match (joined.last_mut(), event) {
            (Some(ModelEvent::Text(text)), ModelEvent::Text(more))
            | (Some(ModelEvent::Thinking(text)), ModelEvent::Thinking(more)) => {
                text.push_str(&more);
            }
            (
                Some(ModelEvent::CallArguments { at, piece }),
                ModelEvent::CallArguments { at: same, piece: more },
            ) if *at == same => piece.push_str(&more),
            (_, ModelEvent::Usage(_)) if Some(position) != last_usage => (),
            (_, event) => joined.push(event),
        }
    }
    joined
}

fn event(data: &str) -> String {
    let kind = data.split('"').nth(3).unwrap();
    format!("event: {kind}\ndata: {data}\n\n")
}

fn stream() -> String {
    [
        r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"usage":{"input_tokens":9,"cache_creation_input_tokens":2,"cache_read_input_tokens":30,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hmm…"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"EqQB"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Grüß "}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"\ud83d\ude00\n\"you\""}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"something_new","delta":{"type":"x"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"output_tokens":15}}"#,
        r#"{"type":"message_stop"}"#,
    ]
    .map(event)
    .concat()
}

fn expected() -> Vec<ModelEvent> {
    vec![
        ModelEvent::Thinking("Hmm…".to_owned()),
        text("Grüß 😀\n\"you\""),
        ModelEvent::Usage(Usage { input: 41, output: 15, cache_read: 30, cache_write: 2 }),
        ModelEvent::End(FinishReason::Length),
    ]
}

#[tokio::test]
async fn an_answer_is_streamed() {
    let mut service = FakeService::start([fake::events(&stream())]).await;
    let (events, error) = ask(&provider(&service), request()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(joined(events), expected());

    let (head, body) = service.asked().await;
    assert!(head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{head}");
    for header in [&format!("x-api-key: {KEY}\r\n"), "anthropic-version: 2023-06-01\r\n"] {
        assert!(head.contains(header), "{head}");
    }
    assert_eq!(body["messages"][0]["content"][0]["text"], "hi");
    assert_eq!((&body["stream"], &body["max_tokens"]), (&true.into(), &8192.into()));
}

#[tokio::test]
async fn a_base_address_may_name_the_version() {
    let mut service = FakeService::start([fake::events(&stream())]).await;
    let mut settings = settings(&service);
    settings.base_url = service.url("/proxy/v1/").parse().unwrap();
    ask(&AnthropicProvider::new(settings, HttpClient::new()), request()).await;
    let (head, _) = service.asked().await;
    assert!(head.starts_with("POST /proxy/v1/messages HTTP/1.1\r\n"), "{head}");
}

#[tokio::test]
async fn it_does_not_matter_how_the_network_cuts_an_answer() {
    let stream = stream();
    let bytes = stream.as_bytes();
    let cuts: Vec<usize> = (0..=bytes.len()).step_by(13).collect();
    let halves = cuts.iter().map(|cut| fake::events_in_pieces([&bytes[..*cut], &bytes[*cut..]]));
    let service = FakeService::start(halves.chain([fake::events_in_pieces(bytes.chunks(1))])).await;
    let provider = provider(&service);
    for _ in 0..=cuts.len() {
        let (events, error) = ask(&provider, request()).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(joined(events), expected());
    }
}

#[tokio::test]
async fn answers_end_for_different_reasons() {
    let word = event(r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}"#);
    #[rustfmt::skip]
    let table = [
        ("end_turn",                      FinishReason::Stop),
        ("stop_sequence",                 FinishReason::Stop),
        // Without a call there is nothing to be done.
        ("tool_use",                      FinishReason::Stop),
        ("pause_turn",                    FinishReason::Stop),
        ("max_tokens",                    FinishReason::Length),
        ("model_context_window_exceeded", FinishReason::Length),
        ("refusal",                       FinishReason::ContentFilter),
    ];
    for (reason, finish) in table {
        let delta = format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#);
        for stop in ["", r#"{"type":"message_stop"}"#] {
            let stop = if stop.is_empty() { String::new() } else { event(stop) };
            let stream = format!("{word}{}{stop}", event(&delta));
            let (events, error) = answer_to(fake::events(&stream)).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(events, [text("a"), ModelEvent::End(finish)], "{reason}");
        }
    }
}

#[tokio::test]
async fn what_breaks_in_the_middle_is_an_error_after_what_was_said() {
    let word = event(r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}"#);
    let failing = |kind: &str, message: &str| {
        let error =
            format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}"#);
        fake::events(&format!("{word}{}", event(&error)))
    };
    let then = |step: Step| [fake::begun(&word), vec![step]].concat();
    #[rustfmt::skip]
    let table = [
        // the answer                                          kind                        the message
        (failing("overloaded_error", "Overloaded"),            FailureKind::Overloaded,    "it cannot answer just now: Overloaded"),
        (failing("rate_limit_error", "Slow down"),             FailureKind::RateLimit,     "too many requests: Slow down"),
        (failing("authentication_error", KEY),                 FailureKind::Auth,          "the key was refused: ***"),
        (failing("billing_error", "Pay"),                      FailureKind::Billing,       "the account is out of credit: Pay"),
        (failing("timeout_error", "Late"),                     FailureKind::Timeout,       "it took too long: Late"),
        (failing("invalid_request_error", "prompt is too long: 9 > 8"),
                                                               FailureKind::ContextLength, "the conversation does not fit into the model: prompt is too long: 9 > 8"),
        (failing("invalid_request_error", "No"),               FailureKind::Format,        "it refused the request: No"),
        (fake::events(&word),                                  FailureKind::Disconnected,  "the connection broke in the middle of the answer"),
        (then(Step::Break),                                    FailureKind::Disconnected,  "the connection broke"),
        (fake::events(&format!("{word}data: nonsense\n\n")),   FailureKind::Format,        "it sent something that is not an answer"),
    ];
    for (steps, kind, message) in table {
        let (events, error) = answer_to(steps).await;
        let error = error.unwrap();
        assert_eq!((error.kind, error.to_string()), (kind, format!("anthropic: {message}")));
        assert_eq!(events, [text("a")], "{message}");
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let body = |kind: &str, message: &str| {
        format!(
            r#"{{"type":"error","error":{{"type":"{kind}","message":"{message}"}},"request_id":"r"}}"#
        )
    };
    #[rustfmt::skip]
    let table = [
        // status  retry-after  body                                                              kind                        retry     message
        (401, None,       body("authentication_error", "invalid x-api-key sk-ant-0123456789"),    FailureKind::Auth,          None,     "the key was refused (401): invalid x-api-key ***"),
        (403, None,       body("permission_error", "not you"),                                    FailureKind::Auth,          None,     "the key was refused (403): not you"),
        (400, None,       body("invalid_request_error", "Your credit balance is too low"),        FailureKind::Billing,       None,     "the account is out of credit (400): Your credit balance is too low"),
        (400, None,       body("invalid_request_error", "prompt is too long: 9 > 8"),             FailureKind::ContextLength, None,     "the conversation does not fit into the model (400): prompt is too long: 9 > 8"),
        (400, None,       body("invalid_request_error", "max_tokens: required"),                  FailureKind::Format,        None,     "it refused the request (400): max_tokens: required"),
        (404, None,       body("not_found_error", "model: m"),                                    FailureKind::UnknownModel,  None,     "there is no such model (404): model: m"),
        (413, None,       body("request_too_large", "Too large"),                                 FailureKind::ContextLength, None,     "the conversation does not fit into the model (413): Too large"),
        (429, Some("7"),  body("rate_limit_error", "slow"),                                       FailureKind::RateLimit,     Some(7),  "too many requests (429): slow"),
        (500, None,       body("api_error", "oops"),                                              FailureKind::Overloaded,    None,     "it cannot answer just now (500): oops"),
        (529, Some("3"),  body("overloaded_error", "Overloaded"),                                 FailureKind::Overloaded,    Some(3),  "it cannot answer just now (529): Overloaded"),
    ];
    for (status, retry_after, body, kind, retry, message) in table {
        let headers: Vec<_> = retry_after.map(|value| ("retry-after", value)).into_iter().collect();
        let (events, error) = answer_to(fake::status(status, &headers, &body)).await;
        let error = error.unwrap();
        assert_eq!((error.kind, error.to_string()), (kind, format!("anthropic: {message}")));
        assert_eq!(error.retry_after, retry.map(Duration::from_secs), "{message}");
        assert!(events.is_empty());
    }
}

#[tokio::test]
async fn silence_ends_in_an_error_and_dropping_hangs_up() {
    let ping = event(r#"{"type":"ping"}"#);
    let word = event(r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}"#);
    let mut service = FakeService::start([
        [fake::begun(&ping), vec![Step::Hang]].concat(),
        [fake::begun(&word), vec![Step::Hang]].concat(),
    ])
    .await;
    let mut settings = settings(&service);
    settings.limits.idle = Duration::from_millis(50);
    let (events, error) =
        ask(&AnthropicProvider::new(settings, HttpClient::new()), request()).await;
    assert_eq!(error.unwrap().to_string(), "anthropic: nothing was heard for 0.05 s");
    assert!(events.is_empty());
    service.asked().await;
    assert_eq!(service.happened().await, Happened::HungUp);

    let mut answer = provider(&service).stream(request()).await.unwrap();
    assert_eq!(answer.next().await.unwrap().unwrap(), text("a"));
    service.asked().await;
    drop(answer);
    assert_eq!(service.happened().await, Happened::HungUp);
}

#[tokio::test]
async fn models_that_refuse_budgets_are_told_otherwise() {
    let refusal = r#"{"type":"error","error":{"type":"invalid_request_error","message":"thinking.type.enabled is not supported for this model; use thinking.type.adaptive"}}"#;
    let good = fake::events(&stream());
    let mut service =
        FakeService::start([fake::status(400, &[], refusal), good.clone(), good.clone(), good])
            .await;
    let mut settings = settings(&service);
    settings.models =
        vec![ModelInfo { id: "thinker".to_owned(), reasoning: true, ..ModelInfo::default() }];
    let provider = AnthropicProvider::new(settings, HttpClient::new());
    for model in ["thinker", "thinker", "other"] {
        let thinking = Some(Thinking::High);
        let request = ModelRequest { model: model.to_owned(), thinking, ..request() };
        let (_, error) = ask(&provider, request).await;
        assert!(error.is_none(), "{error:?}");
    }
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(service.asked().await.1["thinking"]["type"].as_str().map(str::to_owned));
    }
    let words = [Some("enabled"), Some("adaptive"), Some("adaptive"), None];
    assert_eq!(told, words.map(|word| word.map(str::to_owned)));
}

fn calls_stream() -> String {
    [
        r#"{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":9,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"I look."}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"srv","name":"web_search","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"mine\":1}"}}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_a","name":"look","input":{}}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"at\": \"s"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"ky\"}"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_b","name":"wait","input":{"for":2}}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":15}}"#,
        r#"{"type":"message_stop"}"#,
    ]
    .map(event)
    .concat()
}

#[tokio::test]
async fn tools_are_asked_for() {
    let begun = |at, id: &str, name: &str| ModelEvent::CallBegun {
        at,
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let given = |at, piece: &str| ModelEvent::CallArguments { at, piece: piece.to_owned() };
    let expected = [
        text("I look."),
        begun(0, "toolu_a", "look"),
        given(0, r#"{"at": "sky"}"#),
        begun(1, "toolu_b", "wait"),
        given(1, r#"{"for":2}"#),
        ModelEvent::Usage(Usage { input: 9, output: 15, ..Usage::default() }),
        ModelEvent::End(FinishReason::ToolCalls),
    ];
    let stream = calls_stream();
    let bytes = stream.as_bytes();
    for steps in [fake::events(&stream), fake::events_in_pieces(bytes.chunks(7))] {
        let (events, error) = answer_to(steps).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(joined(events), expected);
    }
}

#[tokio::test]
async fn the_text_that_ended_an_answer_is_named() {
    let ended = |stop: &str| {
        event(&format!(
            r#"{{"type":"message_delta","delta":{{"stop_reason":"stop_sequence","stop_sequence":{stop}}}}}"#
        ))
    };
    let table = [
        (r#""END""#, FinishReason::StopText(1)),
        (r#""\n""#, FinishReason::StopText(0)),
        (r#""else""#, FinishReason::Stop),
        ("null", FinishReason::Stop),
    ];
    for (stop, finish) in table {
        let service = FakeService::start([fake::events(&ended(stop))]).await;
        let sampling =
            Sampling { stop: vec!["\n".to_owned(), "END".to_owned()], ..Sampling::default() };
        let asked = ModelRequest { sampling, ..request() };
        let (events, _) = ask(&provider(&service), asked).await;
        assert_eq!(events, [ModelEvent::End(finish)], "{stop}");
    }
}

#[tokio::test]
async fn models_that_refuse_a_form_are_asked_for_it() {
    let refusal = |about: &str| {
        let body = format!(
            r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"{about}: Extra inputs are not permitted"}}}}"#
        );
        fake::status(400, &[], &body)
    };
    let mut service = FakeService::start([
        refusal("output_config"),
        fake::events(&stream()),
        refusal("messages"),
    ])
    .await;
    let format = AnswerFormat::JsonSchema {
        name: "n".to_owned(),
        description: None,
        schema: Json::parse(r#"{"type":"object"}"#.to_owned()).unwrap(),
        strict: Some(true),
    };
    let sampling = Sampling { format: Some(format), ..Sampling::default() };
    let asked = ModelRequest { sampling, ..request() };
    let provider = provider(&service);
    let (_, error) = ask(&provider, asked.clone()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(service.asked().await.1["output_config"]["format"]["type"], "json_schema");
    let (_, body) = service.asked().await;
    assert_eq!(body.get("output_config"), None);
    assert!(body["system"].as_str().unwrap().contains(r#"{"type":"object"}"#), "{body}");

    let (_, error) = ask(&provider, asked).await;
    assert_eq!(error.unwrap().kind, FailureKind::Format, "another refusal is one");
}

#[tokio::test]
async fn tokens_are_counted_where_the_service_can() {
    let mut service = FakeService::start([
        fake::status(200, &[("content-type", "application/json")], r#"{"input_tokens":42}"#),
        fake::status(404, &[], "{}"),
        fake::status(429, &[("retry-after", "7")], "{}"),
        fake::status(200, &[("content-type", "application/json")], "{}"),
    ])
    .await;
    let provider = provider(&service);
    assert_eq!(provider.count_tokens(request()).await.unwrap(), Some(42));
    let (head, body) = service.asked().await;
    assert!(head.starts_with("POST /v1/messages/count_tokens HTTP/1.1\r\n"), "{head}");
    assert_eq!((body.get("max_tokens"), body.get("stream")), (None, None));

    assert_eq!(provider.count_tokens(request()).await.unwrap(), None);
    let error = provider.count_tokens(request()).await.unwrap_err();
    assert_eq!(
        (error.kind, error.retry_after),
        (FailureKind::RateLimit, Some(Duration::from_secs(7)))
    );
    let error = provider.count_tokens(request()).await.unwrap_err();
    assert_eq!(error.to_string(), "anthropic: it counts no tokens");
}
