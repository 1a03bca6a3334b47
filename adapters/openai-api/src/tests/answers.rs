//! Answers, whole and in pieces.

use domain::{
    agent::FailureKind,
    run::{StopReason, Usage},
};
use ports::{
    driven::FinishReason,
    driving::{Outcome, Reply},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

use serde_json::json;

use super::house::{
    BEARER, House, PATIENCE, asks_for, call_begins, done, failed, given, text, thought,
};

const HI: &str = r#"{"model":"openclaw","messages":[{"role":"user","content":"hi"}]}"#;
const STREAM: &str =
    r#"{"model":"a\"b","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
const STREAM_USAGE: &str = r#"{"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}"#;

fn stopped(reason: StopReason) -> Reply {
    Reply::End(Outcome::Stopped { reason, text: "so far".to_owned() })
}

/// The pieces of a streamed answer, without what they have in common.
fn pieces(body: &str, model: &str) -> Vec<String> {
    let common = format!(
        r#"{{"id":"chatcmpl_0b5c","object":"chat.completion.chunk","created":1700000000,"model":"{model}","choices":["#
    );
    let events = body.strip_suffix("\n\n").unwrap().split("\n\n");
    events.map(|event| event.strip_prefix("data: ").unwrap().replace(&common, "~")).collect()
}

#[tokio::test]
async fn a_whole_answer() {
    let house = House::open().await;
    house.says([text("Good "), text("morning"), done("Good \"morning\"")]);
    let said = house.complete(HI).await;
    assert_eq!(said.status, 200);
    assert!(
        said.head.contains("\r\ncontent-type: application/json; charset=utf-8"),
        "{}",
        said.head
    );
    assert!(said.head.contains("\r\nx-request-id: req_0b5c"), "{}", said.head);
    assert_eq!(
        said.body,
        r#"{"id":"chatcmpl_0b5c","object":"chat.completion","created":1700000000,"model":"openclaw","choices":[{"index":0,"message":{"role":"assistant","content":"Good \"morning\""},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":0}}}"#
    );
}

#[tokio::test]
async fn an_answer_in_pieces() {
    let house = House::open().await;
    house.says([text("Good\n"), text(""), text("\"morning\" 😀"), done("all of it")]);
    let said = house.complete(STREAM).await;
    assert_eq!(said.status, 200);
    for header in [
        "content-type: text/event-stream; charset=utf-8",
        "cache-control: no-cache",
        "x-request-id: ",
    ] {
        assert!(said.head.contains(header), "{}", said.head);
    }
    let expected = [
        r#"~{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}"#,
        r#"~{"index":0,"delta":{"content":"Good\n"},"finish_reason":null}]}"#,
        r#"~{"index":0,"delta":{"content":"\"morning\" 😀"},"finish_reason":null}]}"#,
        r#"~{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        "[DONE]",
    ];
    assert_eq!(pieces(&said.body, r#"a\"b"#), expected);
}

#[tokio::test]
async fn what_an_answer_used_is_told_at_its_end_if_asked_for() {
    let house = House::open().await;
    house.says([text("x"), done("x")]);
    let said = house.complete(STREAM_USAGE).await;
    let pieces = pieces(&said.body, "openclaw");
    let expected = [
        r#"~{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        r#"~],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":0}}}"#,
        "[DONE]",
    ];
    assert_eq!(pieces[2..], expected);
}

const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"look"}},{"type":"function","function":{"name":"ask"}}],"messages":[{"role":"user","content":"hi"}]}"#;

#[tokio::test]
async fn a_whole_answer_with_calls() {
    let house = House::open().await;
    let calls = [("look", r#"{"x":1}"#), ("ask", "{}")];
    let call = |at: usize| {
        let (name, arguments) = calls[at];
        json!({ "id": format!("call_{at}"), "type": "function", "function": { "name": name, "arguments": arguments } })
    };
    for (text, content) in [("", json!(null)), ("let me see", json!("let me see"))] {
        house.says([asks_for(text, &calls)]);
        let whole = house.complete(&format!("{{{TOOLS}")).await.json();
        let expected = json!({
            "index": 0,
            "message": { "role": "assistant", "content": content, "tool_calls": [call(0), call(1)] },
            "finish_reason": "tool_calls",
        });
        assert_eq!(whole["choices"], json!([expected]));
        assert_eq!(whole["usage"]["prompt_tokens_details"]["cached_tokens"], 3);
    }
}

#[tokio::test]
async fn calls_in_pieces() {
    let house = House::open().await;
    house.says([
        call_begins(0, "look"),
        given(0, "{\"x\""),
        call_begins(1, "ask"),
        given(1, "{}"),
        given(0, ":1}"),
        asks_for("", &[("look", r#"{"x":1}"#), ("ask", "{}")]),
    ]);
    let said = house.complete(&format!(r#"{{"stream":true,{TOOLS}"#)).await;
    let call = |call: &str| {
        format!(r#"~{{"index":0,"delta":{{"tool_calls":[{call}]}},"finish_reason":null}}]}}"#)
    };
    let expected = [
        r#"~{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}"#.to_owned(),
        call(
            r#"{"index":0,"id":"call_0","type":"function","function":{"name":"look","arguments":""}}"#,
        ),
        call(r#"{"index":0,"function":{"arguments":"{\"x\""}}"#),
        call(
            r#"{"index":1,"id":"call_1","type":"function","function":{"name":"ask","arguments":""}}"#,
        ),
        call(r#"{"index":1,"function":{"arguments":"{}"}}"#),
        call(r#"{"index":0,"function":{"arguments":":1}"}}"#),
        r#"~{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#.to_owned(),
        "[DONE]".to_owned(),
    ];
    assert_eq!(pieces(&said.body, "openclaw"), expected);
}

#[tokio::test]
async fn an_answer_without_a_call_that_was_required_is_none() {
    let house = House::open().await;
    let named = r#"{"type":"function","function":{"name":"ask"}}"#;
    for choice in [r#""required""#, named] {
        let body = format!(r#"{{"tool_choice":{choice},{TOOLS}"#);
        house.says([done("no")]);
        let said = house.complete(&body).await;
        assert_eq!((said.status, &said.json()["error"]["code"]), (502, &json!("tool_not_called")));

        house.says([asks_for("", &[("ask", "{}")])]);
        assert_eq!(house.complete(&body).await.status, 200);
    }
}

#[tokio::test]
async fn what_a_model_thinks_is_shown_to_whoever_asked_for_it() {
    let house = House::open().await;
    let replies = [thought("Hm"), thought("m…"), text("yes"), done("yes")];
    let ask = |stream: bool, effort: &str| {
        let effort = json!(Some(effort).filter(|it| !it.is_empty()));
        json!({ "stream": stream, "reasoning_effort": effort, "messages": [{ "role": "user", "content": "hi" }] }).to_string()
    };
    #[rustfmt::skip]
    let table = [("", None), ("none", None), ("high", Some("Hmm…"))];
    for (effort, shown) in table {
        house.says(replies.clone());
        let whole = house.complete(&ask(false, effort)).await.json();
        let message = &whole["choices"][0]["message"];
        assert_eq!(message["reasoning_content"].as_str(), shown, "{effort}");
        assert_eq!(message["content"], "yes");

        house.says(replies.clone());
        let said = house.complete(&ask(true, effort)).await;
        let events = pieces(&said.body, "openclaw");
        let thoughts: Vec<_> =
            events.iter().filter(|it| it.contains("reasoning_content")).collect();
        match shown {
            None => assert!(thoughts.is_empty() && events[1].contains("yes"), "{events:?}"),
            Some(_) => assert_eq!(
                thoughts,
                [
                    r#"~{"index":0,"delta":{"reasoning_content":"Hm"},"finish_reason":null}]}"#,
                    r#"~{"index":0,"delta":{"reasoning_content":"m…"},"finish_reason":null}]}"#,
                ]
            ),
        }
    }
    // A thought nobody sees does not take the status away from a failure.
    house.says([thought("Hm"), failed(Some(FailureKind::Overloaded))]);
    assert_eq!(house.complete(&ask(true, "")).await.status, 503);
}

#[tokio::test]
async fn how_an_answer_ends_well() {
    let house = House::open().await;
    let ended = |text: &str, finish| {
        Reply::End(Outcome::Done {
            text: text.to_owned(),
            calls: Vec::new(),
            finish,
            usage: Usage::default(),
        })
    };
    #[rustfmt::skip]
    let table = [
        (ended("all", FinishReason::Stop),            "all",                       "stop"),
        (ended("cut", FinishReason::Length),          "cut",                       "length"),
        (ended("hm", FinishReason::ContentFilter),    "hm",                        "content_filter"),
        (ended("", FinishReason::Stop),               "No response from OpenClaw.", "stop"),
        (stopped(StopReason::Rpc),                    "so far",                    "stop"),
        (stopped(StopReason::Stop),                   "so far",                    "stop"),
    ];
    for (end, content, finish) in table {
        house.says([end]);
        let whole = house.complete(HI).await.json();
        let choice = &whole["choices"][0];
        assert_eq!(choice["message"]["content"], content);
        assert_eq!(choice["finish_reason"], finish);

        // Nothing was said before the end, so all of it is said there.
        let streamed = house.complete(STREAM_USAGE).await;
        let pieces = pieces(&streamed.body, "openclaw");
        assert!(pieces[1].contains(&format!(r#""content":"{content}""#)), "{pieces:?}");
        assert!(pieces[2].contains(&format!(r#""finish_reason":"{finish}""#)), "{pieces:?}");
    }
}

#[tokio::test]
async fn a_failure_before_the_first_word_has_a_status_and_a_later_one_an_event() {
    use FailureKind as Kind;

    let house = House::open().await;
    #[rustfmt::skip]
    let table = [
        (failed(None),                       502, "api_error",             None),
        (failed(Some(Kind::Auth)),           502, "api_error",             Some("auth")),
        (failed(Some(Kind::Billing)),        402, "insufficient_quota",    Some("billing")),
        (failed(Some(Kind::RateLimit)),      429, "rate_limit_error",      Some("rate_limit")),
        (failed(Some(Kind::Overloaded)),     503, "api_error",             Some("overloaded")),
        (failed(Some(Kind::Timeout)),        504, "api_error",             Some("timeout")),
        (failed(Some(Kind::ContextLength)),  400, "invalid_request_error", Some("context_length_exceeded")),
        (failed(Some(Kind::Format)),         502, "api_error",             Some("format")),
        (failed(Some(Kind::UnknownModel)),   502, "api_error",             Some("unknown_model")),
        (stopped(StopReason::Timeout),       504, "api_error",             None),
        (stopped(StopReason::Shutdown),      503, "api_error",             None),
        (stopped(StopReason::Interrupted),   500, "api_error",             None),
    ];
    for (end, status, kind, code) in table {
        house.says([end.clone()]);
        for body in [HI, STREAM] {
            let said = house.complete(body).await;
            assert_eq!(said.status, status, "{end:?}");
            let error = &said.json()["error"];
            assert_eq!((error["type"].as_str(), error["code"].as_str()), (Some(kind), code));
        }
        house.says([text("begun"), end.clone()]);
        assert_eq!(house.complete(HI).await.status, status, "{end:?}");
        let said = house.complete(STREAM).await;
        assert_eq!(said.status, 200, "{end:?}");
        let events = pieces(&said.body, r#"a\"b"#);
        assert_eq!(events.len(), 4, "{events:?}");
        let error: serde_json::Value = serde_json::from_str(&events[2]).unwrap();
        assert_eq!(error["error"]["type"], kind);
        assert_eq!(events[3], "[DONE]");
    }
    house.says([]);
    assert_eq!(house.complete(HI).await.status, 502, "an answer without an end");
    assert_eq!(house.complete(STREAM).await.status, 502, "an answer without an end");
}

/// Whoever hangs up drops the answer, and with it the run.
#[tokio::test]
async fn hanging_up_drops_the_answer() {
    let house = House::open().await;
    for (body, replies) in [(HI, vec![]), (HI, vec![text("a")]), (STREAM, vec![])] {
        house.says(replies);
        let dropped = house.hangs();
        let socket = house.begin("POST", "/v1/chat/completions", BEARER, body).await;
        house.wait_until_asked().await;
        drop(socket);
        let gone = timeout(PATIENCE, dropped).await.expect("the answer is dropped");
        assert!(gone.is_err());
    }
    house.says([text("first")]);
    let dropped = house.hangs();
    let socket = house.begin("POST", "/v1/chat/completions", BEARER, STREAM).await;
    let mut lines = BufReader::new(socket).lines();
    while !lines.next_line().await.unwrap().unwrap().contains("first") {}
    drop(lines);
    let gone = timeout(PATIENCE, dropped).await.expect("the answer is dropped");
    assert!(gone.is_err());
}

/// What is ready at the same time leaves together, up to a limit.
#[tokio::test]
async fn a_long_answer_arrives_complete() {
    let house = House::open().await;
    let words: Vec<_> = (0..20_000).map(|n| format!("word{n} ")).collect();
    let all = words.concat();
    house.says(words.iter().map(|word| text(word)).chain([done(&all)]));
    let said = house.complete(STREAM).await;
    let mut heard = String::new();
    for piece in pieces(&said.body, r#"a\"b"#) {
        let Some(rest) = piece.strip_prefix(r#"~{"index":0,"delta":{"content":""#) else {
            continue;
        };
        heard.push_str(rest.strip_suffix(r#""},"finish_reason":null}]}"#).unwrap());
    }
    assert!(heard == all, "every word once and in order");
}
