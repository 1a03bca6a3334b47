//! The provider against a server that answers as servers do, well or badly.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{error::Error, fmt::Write as _, time::Duration};

use domain::{agent::FailureKind, run::Usage, session::Thinking};
use futures_util::StreamExt;
use http_client::{
    HttpClient,
    fake::{self, FakeService, Happened, Step},
};
use ports::driven::{
    FinishReason, ModelError, ModelEvent, ModelInfo, ModelMessage, ModelProvider, ModelRequest,
    ModelRole, Sampling, ToolUse,
};
use provider_openai::{OpenAiProvider, Settings};

const KEY: &str = "sk-proj-0123456789";

fn settings(service: &FakeService) -> Settings {
    let mut settings = Settings::new("lab", service.url("/v1").parse().unwrap());
    settings.api_key = Some(KEY.parse().unwrap());
    settings
}

fn provider(service: &FakeService) -> OpenAiProvider {
    OpenAiProvider::new(settings(service), HttpClient::new())
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
async fn ask(provider: &OpenAiProvider) -> (Vec<ModelEvent>, Option<ModelError>) {
    ask_for(provider, request()).await
}

async fn ask_for(
    provider: &OpenAiProvider,
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
    ask(&provider(&service)).await
}

fn text(text: &str) -> ModelEvent {
    ModelEvent::Text(text.to_owned())
}

fn end(reason: FinishReason) -> ModelEvent {
    ModelEvent::End(reason)
}

/// Pieces that arrived apart, put together again.
fn joined(events: Vec<ModelEvent>) -> Vec<ModelEvent> {
    let mut joined: Vec<ModelEvent> = Vec::new();
    for event in events {
        match (joined.last_mut(), event) {
            (Some(ModelEvent::Text(text)), ModelEvent::Text(more))
            | (Some(ModelEvent::Thinking(text)), ModelEvent::Thinking(more)) => {
                text.push_str(&more);
            }
            (_, event) => joined.push(event),
        }
    }
    joined
}

const STREAM: &str = concat!(
    ": OPENROUTER PROCESSING\n\n",
    r#"data: {"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
    "\n\n",
    r#"data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm"}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"index":0,"delta":{"content":null,"reasoning":"m…"}}]}"#,
    "\n\n",
    r#"data: {"choices":[{"index":0,"delta":{"content":"Grüß "}},{"index":1,"delta":{"content":"no"}}]}"#,
    "\r\n\r\n",
    r#"data: {"choices":[{"index":0,"delta":{"content":"\ud83d\ude00\n\"you\""},"logprobs":null}]}"#,
    "\n\n",
    r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#,
    "\n\n",
    r#"data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":5}}}"#,
    "\n\n",
    "data: [DONE]\n\n",
);

fn expected() -> Vec<ModelEvent> {
    vec![
        ModelEvent::Thinking("Hmm…".to_owned()),
        text("Grüß 😀\n\"you\""),
        ModelEvent::Usage(Usage { input: 9, output: 4, cache_read: 5, cache_write: 0 }),
        end(FinishReason::Length),
    ]
}

#[tokio::test]
async fn an_answer_is_streamed() {
    let mut service = FakeService::start([fake::events(STREAM)]).await;
    let (events, error) = ask(&provider(&service)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(events, expected(), "what arrives together is passed on together");

    let (head, body) = service.asked().await;
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("authorization: Bearer {KEY}\r\n")), "{head}");
    assert_eq!(body["messages"][0]["content"], "hi");
    assert_eq!(
        (&body["stream"], &body["stream_options"]["include_usage"]),
        (&true.into(), &true.into())
    );
}

#[tokio::test]
async fn it_does_not_matter_how_the_network_cuts_an_answer() {
    let bytes = STREAM.as_bytes();
    let halves = (0..=bytes.len()).step_by(7).map(|cut| {
        let (a, b) = bytes.split_at(cut);
        fake::events_in_pieces([a, b])
    });
    let single = fake::events_in_pieces(bytes.chunks(1));
    let service = FakeService::start(halves.chain([single])).await;
    let provider = provider(&service);
    for _ in 0..=bytes.len() / 7 + 1 {
        let (events, error) = ask(&provider).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(joined(events), expected());
    }
}

#[tokio::test]
async fn a_word_is_passed_on_before_the_next_one_is_said() {
    let word = |word: &str| {
        format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{word}\"}}}}]}}\n\n")
    };
    let mut steps = fake::begun(&word("one"));
    steps.push(Step::Hang);
    let mut service = FakeService::start([steps]).await;
    let mut answer = provider(&service).stream(request()).await.unwrap();
    assert_eq!(answer.next().await.unwrap().unwrap(), text("one"));

    service.asked().await;
    drop(answer);
    assert_eq!(service.happened().await, Happened::HungUp, "dropping the answer ends the request");
}

#[tokio::test]
async fn servers_end_in_different_ways() {
    let word = r#"data: {"choices":[{"delta":{"content":"a"}}]}"#;
    let finish = |reason: &str| {
        format!(r#"data: {{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#)
    };
    #[rustfmt::skip]
    let table = [
        // after the word                                              the end
        (finish("stop"),                                               FinishReason::Stop),
        (finish("tool_calls"),                                         FinishReason::Stop),
        (finish("content_filter"),                                     FinishReason::ContentFilter),
        (format!("{}\n\ndata: [DONE]", finish("length")),              FinishReason::Length),
        ("data: [DONE]".to_owned(),                                    FinishReason::Stop),
        ("data:[DONE]\r\n\r\ndata: after the end".to_owned(),          FinishReason::Stop),
        (format!("{}\n\ndata: {{\"broken\"", finish("stop")),          FinishReason::Stop),
    ];
    for (after, reason) in table {
        let (events, error) = answer_to(fake::events(&format!("{word}\n\n{after}\n\n"))).await;
        assert_eq!((events, error.is_none()), (vec![text("a"), end(reason)], true), "{after}");
    }
    // A connection that breaks after the last word does no harm.
    let mut steps = fake::begun(&format!("{word}\n\n{}\n\n", finish("stop")));
    steps.push(Step::Break);
    let (events, error) = answer_to(steps).await;
    assert_eq!((joined(events), error.is_none()), (vec![text("a"), end(FinishReason::Stop)], true));
}

/// Some servers keep the connection open after their last word.
#[tokio::test]
async fn a_server_that_has_finished_is_not_waited_for_long() {
    let last = r#"data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#;
    let steps = [fake::begun(&format!("{last}\n\n")), vec![Step::Hang]].concat();
    let service = FakeService::start([steps]).await;
    let mut answer = provider(&service).stream(request()).await.unwrap();
    assert_eq!(answer.next().await.unwrap().unwrap(), text("a"));

    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(answer.next().await.unwrap().unwrap(), end(FinishReason::Stop));
    assert!(answer.next().await.is_none());
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

/// The calls of an answer, put together, and how it ended.
fn calls(events: Vec<ModelEvent>) -> (Vec<(String, String, String)>, Option<FinishReason>) {
    let mut calls = Vec::new();
    let mut finish = None;
    for event in events {
        match event {
            ModelEvent::CallBegun { at, id, name } => {
                assert_eq!(at, calls.len(), "calls are counted without a gap");
                calls.push((id, name, String::new()));
            }
            ModelEvent::CallArguments { at, piece } => calls[at].2.push_str(&piece),
            ModelEvent::End(reason) => finish = Some(reason),
            ModelEvent::Text(_) | ModelEvent::Thinking(_) | ModelEvent::Usage(_) => (),
        }
    }
    (calls, finish)
}

#[tokio::test]
async fn servers_ask_for_tools_in_different_ways() {
    let stream = |deltas: &[&str], finish: &str| {
        let mut text = String::new();
        for calls in deltas {
            let delta = format!(r#"{{"choices":[{{"delta":{{"tool_calls":{calls}}}}}]}}"#);
            writeln!(text, "data: {delta}\n").unwrap();
        }
        format!(
            "{text}data: {{\"choices\":[{{\"delta\":{{}},\"finish_reason\":\"{finish}\"}}]}}\n\n"
        )
    };
    #[rustfmt::skip]
    let table = [
        // OpenAI: an index with every piece, two calls in turn.
        stream(&[
            r#"[{"index":0,"id":"a","type":"function","function":{"name":"look","arguments":""}}]"#,
            r#"[{"index":0,"function":{"arguments":"{\"x\":"}}]"#,
            r#"[{"index":0,"function":{"arguments":"1}"}},{"index":1,"id":"b","function":{"name":"ask","arguments":"{}"}}]"#,
        ], "tool_calls"),
        // Everything is repeated, and the pieces are mixed.
        stream(&[
            r#"[{"index":0,"id":"a","function":{"name":"look"}},{"index":1,"id":"b","function":{"name":"ask","arguments":"{"}}]"#,
            r#"[{"index":0,"id":"a","function":{"name":"look","arguments":"{\"x\":1}"}},{"index":1,"id":"b","function":{"name":"ask","arguments":"}"}}]"#,
        ], "tool_calls"),
        // Every call is the first.
        stream(&[
            r#"[{"index":0,"id":"a","function":{"name":"look","arguments":"{\"x\":1}"}}]"#,
            r#"[{"index":0,"id":"b","function":{"name":"ask","arguments":"{}"}}]"#,
        ], "stop"),
        // No index; arguments that are JSON, or are not there.
        stream(&[
            r#"[{"id":"a","function":{"name":"look","arguments":{"x":1}}}]"#,
            r#"[{"id":"b","function":{"name":"ask","arguments":null}}]"#,
        ], "stop"),
        // No index with the pieces that follow.
        stream(&[
            r#"[{"id":"a","function":{"name":"look","arguments":"{\"x\""}}]"#,
            r#"[{"function":{"arguments":":1}"}}]"#,
            r#"[{"id":"b","function":{"name":"ask"}}]"#,
        ], ""),
    ];
    let call = |id: &str, name: &str, arguments: &str| {
        (id.to_owned(), name.to_owned(), arguments.to_owned())
    };
    for text in table {
        let (events, error) = answer_to(fake::events(&text)).await;
        assert!(error.is_none(), "{error:?}: {text}");
        let expected = vec![call("a", "look", r#"{"x":1}"#), call("b", "ask", "{}")];
        assert_eq!(calls(events), (expected, Some(FinishReason::ToolCalls)), "{text}");
    }
}

#[tokio::test]
async fn a_call_without_a_name_of_its_own_gets_one() {
    let whole = r#"{"choices":[{"message":{"role":"assistant","content":"","tool_calls":[
        {"function":{"name":"look","arguments":{"x":1}}},{"function":{"name":"look","arguments":{}}}]},
        "finish_reason":"stop"}]}"#;
    let (events, error) = answer_to(fake::json(whole)).await;
    assert!(error.is_none(), "{error:?}");
    let (calls, finish) = calls(events);
    assert_eq!(finish, Some(FinishReason::ToolCalls));
    let [(first, _, one), (second, _, two)] = calls.as_slice() else { panic!("{calls:?}") };
    assert!(first.starts_with("call_") && second.starts_with("call_") && first != second);
    assert_eq!((one.as_str(), two.as_str()), (r#"{"x":1}"#, "{}"));
}

#[tokio::test]
async fn calls_that_make_no_sense_end_in_an_error() {
    let delta = |calls: &str| {
        fake::events(&format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":{calls}}}}}]}}\n\n"
        ))
    };
    let many: Vec<_> =
        (0..200).map(|at| format!(r#"{{"index":{at},"function":{{"name":"f"}}}}"#)).collect();
    let table = [
        (delta(r#"[{"index":0,"function":{"arguments":"{}"}}]"#), "a tool without a name"),
        (delta(&format!("[{}]", many.join(","))), "too many tools"),
    ];
    for (steps, message) in table {
        let (_, error) = answer_to(steps).await;
        let error = error.unwrap();
        assert_eq!(error.kind, FailureKind::Format);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[tokio::test]
async fn a_character_cut_in_two_does_not_end_an_answer() {
    let halves = r#"data: {"choices":[{"delta":{"content":"a\ud83d"}}]}

data: {"choices":[{"delta":{"content":"\ude00b"},"finish_reason":"stop"}]}

"#;
    let (events, error) = answer_to(fake::events(halves)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(events, [text("a\u{FFFD}\u{FFFD}b"), end(FinishReason::Stop)]);
}

#[tokio::test]
async fn an_answer_in_one_piece_is_an_answer() {
    let whole = r#"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"all",
        "reasoning_content":"hm"},"finish_reason":"stop"}],"prompt_eval_count":3,"eval_count":2}"#;
    let (events, error) = answer_to(fake::json(whole)).await;
    assert!(error.is_none(), "{error:?}");
    let usage = Usage { input: 3, output: 2, ..Usage::default() };
    let thought = ModelEvent::Thinking("hm".to_owned());
    assert_eq!(events, [thought, text("all"), ModelEvent::Usage(usage), end(FinishReason::Stop)]);

    for bad in ["{}", "[]", r#"{"choices":[]}"#, "<html>"] {
        let (events, error) = answer_to(fake::json(bad)).await;
        assert_eq!((events.len(), error.unwrap().kind), (0, FailureKind::Format), "{bad}");
    }
    let (_, error) = answer_to(fake::json(r#"{"error":{"message":"no","code":429}}"#)).await;
    assert_eq!(error.unwrap().to_string(), "lab: too many requests (429): no");
}

#[tokio::test]
async fn what_breaks_in_the_middle_is_an_error_after_what_was_said() {
    let word = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    let with = |more: &str| fake::events(&format!("{word}{more}"));
    let then = |step: Step| [fake::begun(word), vec![step]].concat();
    #[rustfmt::skip]
    let table = [
        // the answer                               kind                     the message
        (with(""),                                  FailureKind::Disconnected, "lab: the connection broke in the middle of the answer"),
        (then(Step::Break),                         FailureKind::Disconnected, "lab: the connection broke"),
        (with("data: {\"cut\": \"o\n\n"),           FailureKind::Format,     "lab: it sent something that is not an answer"),
        (with("data: \u{0}\u{7}\n\n"),              FailureKind::Format,     "lab: it sent something that is not an answer"),
        (with("data: {\"error\":{\"message\":\"busy\",\"code\":502},\"choices\":[{\"finish_reason\":\"error\"}]}\n\n"),
                                                    FailureKind::Overloaded, "lab: it cannot answer just now (502): busy"),
        (with("event: error\ndata: {\"message\":\"maximum context length\"}\n\n"),
                                                    FailureKind::ContextLength, "lab: the conversation does not fit into the model: maximum context length"),
    ];
    for (steps, kind, message) in table {
        let (events, error) = answer_to(steps).await;
        let error = error.unwrap();
        assert_eq!((error.kind, error.to_string().as_str()), (kind, message));
        assert_eq!(events, [text("a")], "{message}");
    }
    let (events, error) = answer_to(vec![Step::Say(b"\x00garbage\r\n\r\n".to_vec())]).await;
    assert_eq!((events.len(), error.unwrap().kind), (0, FailureKind::Format));
}

#[tokio::test]
async fn silence_ends_in_an_error() {
    let mut service =
        FakeService::start([vec![Step::Hang], [fake::begun(":\n\n"), vec![Step::Hang]].concat()])
            .await;
    let mut settings = settings(&service);
    settings.limits.idle = Duration::from_millis(50);
    let provider = OpenAiProvider::new(settings, HttpClient::new());
    for _ in 0..2 {
        let (events, error) = ask(&provider).await;
        let error = error.unwrap();
        assert_eq!((events.len(), error.kind), (0, FailureKind::Timeout));
        assert_eq!(error.to_string(), "lab: nothing was heard for 0.05 s");
        service.asked().await;
        assert_eq!(service.happened().await, Happened::HungUp);
    }
}

#[tokio::test]
async fn endless_talk_ends_in_an_error() {
    let endless =
        |bytes: &[u8]| [fake::begun(":\n"), vec![Step::Repeat(fake::chunk(bytes))]].concat();
    let mut service =
        FakeService::start([endless(&[b'x'; 4096]), endless(&b": still thinking\n\n".repeat(50))])
            .await;
    let mut settings = settings(&service);
    settings.limits.event = 100_000;
    settings.limits.bytes = 200_000;
    let provider = OpenAiProvider::new(settings, HttpClient::new());
    for message in [
        "lab: one event of the answer is larger than 100000 bytes",
        "lab: the answer is larger than 200000 bytes",
    ] {
        let (events, error) = ask(&provider).await;
        let error = error.unwrap();
        assert_eq!((events.len(), error.kind), (0, FailureKind::Format));
        assert_eq!(error.to_string(), message);
        service.asked().await;
        assert_eq!(service.happened().await, Happened::HungUp);
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    #[rustfmt::skip]
    let table = [
        // status  headers                     body                                                           kind                        retry  message
        (401, vec![],                          r#"{"error":{"message":"Incorrect API key provided: sk-proj-0123456789. See https://x"}}"#,
                                                                                                               FailureKind::Auth,          None,  "lab: the key was refused (401): Incorrect API key provided: ***. See https://x"),
        (401, vec![],                          r#"{"error":{"message":"wrong: sk-proj-****6789"}}"#,           FailureKind::Auth,          None,  "lab: the key was refused (401): wrong: ***"),
        (429, vec![("retry-after", "20")],     r#"{"error":{"message":"slow\ndown\u0007"}}"#,                  FailureKind::RateLimit,     Some(20), "lab: too many requests (429): slow down"),
        (429, vec![("x-ratelimit-reset-requests", "1m1s")], "",                                                FailureKind::RateLimit,     Some(61), "lab: too many requests (429)"),
        (429, vec![("retry-after", "20")],     r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#,   FailureKind::Billing,       None,  "lab: the account is out of credit (429): pay"),
        (503, vec![("retry-after", "2")],      "<html>Service Unavailable</html>",                             FailureKind::Overloaded,    Some(2), "lab: it cannot answer just now (503)"),
        (400, vec![],                          r#"{"error":{"code":"context_length_exceeded","message":"8193 > 8192"}}"#,
                                                                                                               FailureKind::ContextLength, None,  "lab: the conversation does not fit into the model (400): 8193 > 8192"),
        (404, vec![],                          r#"{"error":"model 'm' not found"}"#,                           FailureKind::UnknownModel,  None,  "lab: there is no such model (404): model 'm' not found"),
        (307, vec![("location", "http://127.0.0.1:1/")], "",                                                   FailureKind::Format,        None,  "lab: it refused the request (307)"),
        (200, vec![("content-type", "text/html; charset=utf-8")], "<html>",                                    FailureKind::Format,        None,  "lab: it answered with a web page; is the address right?"),
    ];
    for (status, headers, body, kind, retry, message) in table {
        let (events, error) = answer_to(fake::status(status, &headers, body)).await;
        let error = error.unwrap();
        assert_eq!((error.kind, error.to_string().as_str()), (kind, message));
        assert_eq!(error.retry_after, retry.map(Duration::from_secs), "{message}");
        assert!(events.is_empty());
    }
}

#[tokio::test]
async fn who_cannot_be_reached_is_named_without_secrets() {
    let mut settings = Settings::new("lab", "http://127.0.0.1:1/v1?key=secret".parse().unwrap());
    settings.api_key = Some(KEY.parse().unwrap());
    let (_, error) = ask(&OpenAiProvider::new(settings, HttpClient::new())).await;
    let error = error.unwrap();
    assert_eq!(error.kind, FailureKind::Unreachable);
    assert_eq!(
        error.to_string(),
        "lab: cannot connect to http://127.0.0.1:1/v1: the connection was refused"
    );
    let discreet = error.discreet.as_deref();
    assert_eq!(discreet, Some("lab: cannot connect: the connection was refused"));
    let mut all = format!("{error:?}");
    let mut cause = error.source();
    assert!(cause.is_some(), "the library's error is kept");
    while let Some(error) = cause {
        write!(all, "{error} {error:?}").unwrap();
        cause = error.source();
    }
    assert!(!all.contains("secret") && !all.contains(KEY), "{all}");
}

#[tokio::test]
async fn who_objects_to_stream_options_is_asked_without() {
    let objection =
        r#"{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#;
    let mut service = FakeService::start([
        fake::status(400, &[], objection),
        fake::events(STREAM),
        fake::events(STREAM),
        fake::status(400, &[], objection),
    ])
    .await;
    let provider = provider(&service);
    for _ in 0..2 {
        let (events, error) = ask(&provider).await;
        assert_eq!((events, error.is_none()), (expected(), true));
    }
    let mut asked_with = Vec::new();
    for _ in 0..3 {
        asked_with.push(service.asked().await.1.get("stream_options").is_some());
    }
    assert_eq!(asked_with, [true, false, false], "the objection is remembered");
    let (_, error) = ask(&provider).await;
    assert_eq!(error.unwrap().kind, FailureKind::Format, "it is not asked over and over");
}

#[tokio::test]
async fn only_models_that_can_think_are_told_to() {
    let objection =
        r#"{"error":{"message":"Unsupported value: 'reasoning_effort' does not support 'xhigh'"}}"#;
    let mut service = FakeService::start([
        fake::events(STREAM),
        fake::status(400, &[], objection),
        fake::events(STREAM),
        fake::events(STREAM),
        fake::events(STREAM),
    ])
    .await;
    let mut settings = settings(&service);
    let thinker = ModelInfo { id: "o9".to_owned(), reasoning: true, ..ModelInfo::default() };
    settings.models = vec![thinker];
    let provider = OpenAiProvider::new(settings, HttpClient::new());
    let asked = [
        ("m", Thinking::High),
        ("o9", Thinking::Xhigh),
        ("o9", Thinking::Xhigh),
        ("o9", Thinking::Off),
    ];
    for (model, thinking) in asked {
        let request =
            ModelRequest { model: model.to_owned(), thinking: Some(thinking), ..request() };
        let (_, error) = ask_for(&provider, request).await;
        assert!(error.is_none(), "{error:?}");
    }
    let mut efforts = Vec::new();
    for _ in 0..5 {
        efforts.push(service.asked().await.1["reasoning_effort"].as_str().map(str::to_owned));
    }
    let words = [None, Some("xhigh"), None, None, Some("none")];
    assert_eq!(efforts, words.map(|word| word.map(str::to_owned)));
}

#[tokio::test]
async fn models_are_listed() {
    let list = r#"{"object":"list","data":[{"id":"qwen3:8b"}]}"#;
    let mut service =
        FakeService::start([fake::json(list), fake::json("Ollama"), fake::status(401, &[], "")])
            .await;
    let mut settings = settings(&service);
    settings.api_key = None;
    let provider = OpenAiProvider::new(settings, HttpClient::new());
    assert_eq!(provider.list_models().await.unwrap()[0].id, "qwen3:8b");
    let (head, _) = service.asked().await;
    assert!(head.starts_with("GET /v1/models HTTP/1.1\r\n") && !head.contains("authorization"));
    assert_eq!(provider.list_models().await.unwrap_err().to_string(), "lab: it lists no models");
    let error = provider.list_models().await.unwrap_err();
    assert_eq!(error.to_string(), "lab: a key is needed (401)");
}
