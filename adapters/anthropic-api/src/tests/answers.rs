//! Answers, whole and in pieces.

use domain::{agent::FailureKind, run::StopReason};
use ports::{
    driven::FinishReason,
    driving::{Outcome, Reply, TokenCount},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

use super::house::{House, KEY, PATIENCE, begun, done, ended, failed, given, text};

const HI: &str =
    r#"{"model":"claude-x","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
const STREAM: &str =
    r#"{"model":"a\"b","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
const USAGE: &str = r#"{"input_tokens":9,"cache_creation_input_tokens":2,"cache_read_input_tokens":30,"output_tokens":15}"#;

fn thought(text: &str) -> Reply {
    Reply::Thinking(text.to_owned())
}

fn stopped(reason: StopReason) -> Reply {
    Reply::End(Outcome::Stopped { reason, text: "so far".to_owned() })
}

/// `HI` or `STREAM` with more fields.
fn with(body: &str, fields: &str) -> String {
    body.replacen('{', &format!("{{{fields},"), 1)
}

const THINKING: &str = r#""thinking":{"type":"adaptive"}"#;

/// The data of the events of a streamed answer. The name of an event is its
/// type.
fn events(body: &str) -> Vec<&str> {
    let events = body.strip_suffix("\n\n").unwrap().split("\n\n");
    events
        .map(|event| {
            let (name, data) = event.split_once('\n').unwrap();
            let data = data.strip_prefix("data: ").unwrap();
            let name = name.strip_prefix("event: ").unwrap();
            assert!(data.starts_with(&format!(r#"{{"type":"{name}""#)), "{event}");
            data
        })
        .collect()
}

#[tokio::test]
async fn a_whole_answer() {
    let house = House::open().await;
    house.says([text("Good "), text("\"morning\""), done("Good \"morning\"")]);
    let said = house.create(HI).await;
    assert_eq!(said.status, 200, "{}", said.body);
    assert!(said.head.contains("\r\nrequest-id: req_0b5c"), "{}", said.head);
    assert!(said.head.contains("\r\nx-request-id: req_0b5c"), "{}", said.head);
    assert_eq!(
        said.body,
        format!(
            r#"{{"id":"msg_0b5c","type":"message","role":"assistant","model":"claude-x","content":[{{"type":"text","text":"Good \"morning\""}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{USAGE}}}"#
        )
    );
}

#[tokio::test]
async fn an_answer_in_pieces() {
    let house = House::open().await;
    house.says([text("Good\n"), text(""), text("\"morning\" 😀"), done("Good\n\"morning\" 😀!")]);
    let said = house.create(STREAM).await;
    assert_eq!(said.status, 200, "{}", said.body);
    for header in [
        "content-type: text/event-stream; charset=utf-8",
        "cache-control: no-cache",
        "request-id: ",
    ] {
        assert!(said.head.contains(header), "{}", said.head);
    }
    let zero = r#"{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}"#;
    let start = format!(
        r#"{{"type":"message_start","message":{{"id":"msg_0b5c","type":"message","role":"assistant","model":"a\"b","content":[],"stop_reason":null,"stop_sequence":null,"usage":{zero}}}}}"#
    );
    let end = format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{USAGE}}}"#
    );
    let expected = [
        start.as_str(),
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Good\n"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\"morning\" 😀"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"!"}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        end.as_str(),
        r#"{"type":"message_stop"}"#,
    ];
    assert_eq!(events(&said.body), expected);
}

#[tokio::test]
async fn thoughts_and_tools_have_blocks_of_their_own() {
    let house = House::open().await;
    let replies = [
        thought("Hm"),
        thought("m"),
        text("I look."),
        begun(0, "call_a", "look"),
        given(0, r#"{"at":"#),
        given(0, r#""sky"}"#),
        begun(1, "call_b", "wait"),
        ended("I look.", FinishReason::ToolCalls),
    ];
    house.says(replies);
    let said = house.create(&with(STREAM, THINKING)).await;
    let events = events(&said.body);
    let expected = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"m"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"b3BlbmNsYXc="}}"#,
        r#"{"type":"content_block_stop","index":0}"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"I look."}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"call_a","name":"look","input":{}}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"at\":"}}"#,
        r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"sky\"}"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"call_b","name":"wait","input":{}}}"#,
        r#"{"type":"content_block_stop","index":3}"#,
    ];
    assert_eq!(events[1..events.len() - 2], expected);
    assert!(said.body.contains(r#""stop_reason":"tool_use""#), "{}", said.body);

    let whole = house.create(&with(HI, THINKING)).await.json();
    let expected = json!([
        { "type": "thinking", "thinking": "Hmm", "signature": "b3BlbmNsYXc=" },
        { "type": "text", "text": "I look." },
        { "type": "tool_use", "id": "call_a", "name": "look", "input": { "at": "sky" } },
        { "type": "tool_use", "id": "call_b", "name": "wait", "input": {} },
    ]);
    assert_eq!((&whole["content"], &whole["stop_reason"]), (&expected, &json!("tool_use")));
}

#[tokio::test]
async fn thoughts_are_shown_to_those_who_asked() {
    let house = House::open().await;
    house.says([thought("Hmm"), text("yes"), done("yes")]);
    let thinking = |thinking: &str| json!({ "type": "thinking", "thinking": thinking, "signature": "b3BlbmNsYXc=" });
    let answer = json!({ "type": "text", "text": "yes" });
    let disabled = r#""thinking":{"type":"disabled"}"#;
    let omitted = r#""thinking":{"type":"adaptive","display":"omitted"}"#;
    #[rustfmt::skip]
    let table = [
        (r#""temperature":1"#,  json!([answer])),
        (disabled,              json!([answer])),
        (omitted,               json!([thinking(""), answer])),
        (THINKING,              json!([thinking("Hmm"), answer])),
    ];
    for (field, content) in table {
        let whole = house.create(&with(HI, field)).await.json();
        assert_eq!(whole["content"], content, "{field}");
        let streamed = house.create(&with(STREAM, field)).await.body;
        assert_eq!(streamed.contains("thinking_delta"), field == THINKING, "{streamed}");
        assert_eq!(streamed.contains("signature_delta"), content.get(1).is_some(), "{streamed}");
        assert!(streamed.contains("\"text\":\"yes\""), "{streamed}");
    }
}

#[tokio::test]
async fn two_calls_at_the_same_time_are_told_one_after_the_other() {
    let house = House::open().await;
    house.says([
        begun(0, "a", "look"),
        begun(1, "b", "wait"),
        given(1, r#"{"for":"#),
        given(0, r#"{"at":"}"#),
        text("?"),
        given(1, "2}"),
        given(0, r#""}"#),
        ended("?", FinishReason::ToolCalls),
    ]);
    let said = house.create(STREAM).await;
    let events = events(&said.body);
    let kinds: Vec<_> = events[1..events.len() - 2]
        .iter()
        .map(|data| {
            let event: Value = serde_json::from_str(data).unwrap();
            let piece = event["delta"]["partial_json"].as_str().or(event["delta"]["text"].as_str());
            let id = event["content_block"]["id"].as_str();
            (event["index"].as_u64().unwrap(), piece.or(id).unwrap_or_default().to_owned())
        })
        .collect();
    #[rustfmt::skip]
    let expected = [
        (0, "a"), (0, r#"{"at":"}"#), (0, r#""}"#), (0, ""),
        (1, "b"), (1, r#"{"for":2}"#), (1, ""),
        (2, ""), (2, "?"), (2, ""),
    ];
    assert_eq!(kinds, expected.map(|(index, piece)| (index, piece.to_owned())));
}

#[tokio::test]
async fn arguments_that_are_no_object_are_shown_as_such() {
    let house = House::open().await;
    #[rustfmt::skip]
    let table = [
        (r#"{"a":1}"#,  json!({ "a": 1 })),
        ("",            json!({})),
        (r#"{"a":"#,    json!({ "INVALID_JSON": r#"{"a":"# })),
        ("[1]",         json!({ "INVALID_JSON": "[1]" })),
    ];
    for (arguments, input) in table {
        house.says([begun(0, "a", "look"), given(0, arguments), ended("", FinishReason::Length)]);
        let whole = house.create(HI).await.json();
        assert_eq!(whole["content"][0]["input"], input, "{arguments}");
    }
}

#[tokio::test]
async fn how_an_answer_ends_well() {
    let house = House::open().await;
    let stops = r#""stop_sequences":["x","END"]"#;
    #[rustfmt::skip]
    let table = [
        (ended("all", FinishReason::Stop),             "all",     "end_turn",       Value::Null),
        (ended("cut", FinishReason::Length),           "cut",     "max_tokens",     Value::Null),
        (ended("hm", FinishReason::ContentFilter),     "hm",      "refusal",        Value::Null),
        (ended("a", FinishReason::StopText(1)),        "a",       "stop_sequence",  json!("END")),
        (ended("a", FinishReason::StopText(7)),        "a",       "end_turn",       Value::Null),
        (stopped(StopReason::Rpc),                     "so far",  "end_turn",       Value::Null),
        (stopped(StopReason::Stop),                    "so far",  "end_turn",       Value::Null),
    ];
    for (end, content, reason, sequence) in table {
        house.says([end]);
        let whole = house.create(&with(HI, stops)).await.json();
        assert_eq!(whole["content"], json!([{ "type": "text", "text": content }]));
        assert_eq!((&whole["stop_reason"], &whole["stop_sequence"]), (&json!(reason), &sequence));
        let details = json!({ "type": "refusal", "category": null, "explanation": null });
        assert_eq!(whole.get("stop_details"), (reason == "refusal").then_some(&details));

        // Nothing was said before the end, so all of it is said there.
        let streamed = house.create(&with(STREAM, stops)).await;
        let events = events(&streamed.body);
        assert!(events[2].contains(content), "{events:?}");
        let end: Value = serde_json::from_str(events[events.len() - 2]).unwrap();
        let delta = &end["delta"];
        assert_eq!((&delta["stop_reason"], &delta["stop_sequence"]), (&json!(reason), &sequence));
    }
    house.says([done("")]);
    assert_eq!(house.create(HI).await.json()["content"], json!([]), "silence is an answer");
    assert_eq!(events(&house.create(STREAM).await.body).len(), 3);
}

#[tokio::test]
async fn how_an_answer_fails() {
    use FailureKind::{
        Auth, Billing, ContextLength, Format, Overloaded, RateLimit, Timeout, UnknownModel,
    };

    let house = House::open().await;
    #[rustfmt::skip]
    let table = [
        // how                                  status  type                     worth another try
        (failed(Some(ContextLength)),           400,    "invalid_request_error", true),
        (failed(Some(Billing)),                 402,    "billing_error",         true),
        (failed(Some(RateLimit)),               429,    "rate_limit_error",      true),
        (failed(Some(Overloaded)),              529,    "overloaded_error",      true),
        (failed(Some(Timeout)),                 504,    "timeout_error",         true),
        (failed(Some(Auth)),                    500,    "api_error",             false),
        (failed(Some(Format)),                  500,    "api_error",             false),
        (failed(Some(UnknownModel)),            500,    "api_error",             false),
        (failed(None),                          500,    "api_error",             true),
        (stopped(StopReason::Timeout),          504,    "timeout_error",         true),
        (stopped(StopReason::Shutdown),         529,    "overloaded_error",      true),
        (stopped(StopReason::Interrupted),      500,    "api_error",             true),
    ];
    for (end, status, kind, again) in table {
        house.says([end.clone()]);
        for body in [HI, STREAM] {
            let said = house.create(body).await;
            assert_eq!(said.status, status, "{end:?}: {}", said.body);
            let error = said.json();
            assert_eq!((&error["type"], &error["error"]["type"]), (&json!("error"), &json!(kind)));
            assert_eq!(error["request_id"], "req_0b5c");
            assert_eq!(said.head.contains("\r\nx-should-retry: false"), !again, "{}", said.head);
        }
        // Once it has begun, the status is gone.
        house.says([text("a"), end.clone()]);
        let said = house.create(STREAM).await;
        assert_eq!(said.status, 200);
        let events = events(&said.body);
        let error: Value = serde_json::from_str(events.last().unwrap()).unwrap();
        assert_eq!((&error["type"], &error["error"]["type"]), (&json!("error"), &json!(kind)));
        assert_eq!(events.len(), 4, "what is open stays open: {events:?}");
    }
    house.says([text("a")]);
    let said = house.create(STREAM).await;
    assert!(said.body.contains("the answer broke off"), "{}", said.body);
    assert_eq!(house.create(HI).await.status, 500);
}

#[tokio::test]
async fn hanging_up_lets_the_agent_go() {
    let house = House::open().await;
    house.says([text("a")]);
    for body in [HI, STREAM] {
        let dropped = house.hangs();
        let socket = house.begin("POST", "/v1/messages", KEY, body).await;
        let mut lines = BufReader::new(socket).lines();
        if body == STREAM {
            while !timeout(PATIENCE, lines.next_line())
                .await
                .unwrap()
                .unwrap()
                .unwrap()
                .contains("text_delta")
            {}
        } else {
            house.wait_until_asked().await;
        }
        drop(lines);
        timeout(PATIENCE, dropped).await.unwrap().unwrap_err();
    }
}

#[tokio::test]
async fn what_there_is_to_read_is_counted() {
    let house = House::open().await;
    // Neither a limit nor a stream has a meaning here.
    let body =
        r#"{"model":"openclaw/work","messages":[{"role":"user","content":"hi"}],"stream":true}"#;
    let table = [(TokenCount::Counted(42), "counted"), (TokenCount::Estimated(7), "estimated")];
    for (count, how) in table {
        house.counts(Ok(count));
        let said =
            house.request("POST", "/v1/messages/count_tokens", "x-api-key: read\r\n", body).await;
        assert_eq!(said.status, 200, "{}", said.body);
        assert_eq!(said.json(), json!({ "input_tokens": count.tokens() }));
        let header = format!("\r\nx-openclaw-token-count: {how}");
        assert!(said.head.contains(&header), "{}", said.head);
        let asked = house.asked();
        assert_eq!((asked.agent.as_str(), asked.message.plain_text()), ("work", "hi".to_owned()));
    }
}
