//! What holds for every answer, whatever the agent says in which order.

use domain::{agent::FailureKind, run::Usage};
use futures_util::{FutureExt, StreamExt, stream};
use http_body_util::BodyExt;
use ports::{
    driven::FinishReason,
    driving::{Answer, Outcome, Reply},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use crate::{script::Label, sse, thinking::Shown, whole};

fn label(thoughts: Shown) -> Label {
    Label {
        id: "msg_1".to_owned(),
        model: "m".to_owned(),
        request_id: None,
        stops: Vec::new(),
        thoughts,
    }
}

fn answer(replies: Vec<Reply>) -> Answer {
    Box::pin(stream::iter(replies))
}

/// The events of the streamed answer, or the refusal it is instead.
fn streamed(replies: Vec<Reply>, thoughts: Shown) -> Option<Vec<Value>> {
    let mut answer = answer(replies);
    let first = answer.next().now_or_never().unwrap();
    let response = sse::response(label(thoughts), first, answer).ok()?;
    let body = response.into_body().collect().now_or_never().unwrap().unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let events = text.strip_suffix("\n\n").expect("whole events").split("\n\n").map(|event| {
        let (name, data) = event.split_once("\ndata: ").expect("a name and data");
        let data: Value = serde_json::from_str(data).expect("JSON in one line");
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
        data
    });
    Some(events.collect())
}

/// The blocks of a streamed answer as an SDK would put them together, having
/// checked that they follow each other as promised.
fn blocks(events: &[Value]) -> Vec<Value> {
    let [start, inner @ .., last] = events else { panic!("{events:?}") };
    assert_eq!(start["type"], "message_start");
    let inner = match last["type"].as_str() {
        Some("message_stop") => {
            let [inner @ .., end] = inner else { panic!("{events:?}") };
            assert_eq!(end["type"], "message_delta");
            inner
        }
        Some("error") => inner,
        other => panic!("an answer ends with {other:?}"),
    };
    let mut blocks: Vec<Value> = Vec::new();
    let mut open = false;
    for event in inner {
        let index = event["index"].as_u64().expect("an index");
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert!(!open, "one block at a time");
                assert_eq!(index, blocks.len() as u64, "no gaps");
                let mut block = event["content_block"].clone();
                if block["type"] == "tool_use" {
                    block["input"] = json!("");
                }
                blocks.push(block);
                open = true;
            }
            "content_block_delta" => {
                assert!(open && index + 1 == blocks.len() as u64, "a piece of the open block");
                let block = blocks.last_mut().unwrap();
                let kind = event["delta"]["type"].as_str().unwrap();
                let (of, from, to) = match kind {
                    "text_delta" => ("text", "text", "text"),
                    "thinking_delta" => ("thinking", "thinking", "thinking"),
                    "signature_delta" => ("thinking", "signature", "signature"),
                    "input_json_delta" => ("tool_use", "partial_json", "input"),
                    other => panic!("{other}"),
                };
                assert_eq!(block["type"], of);
                let piece = event["delta"][from].as_str().unwrap();
                assert!(!piece.is_empty());
                let text = format!("{}{piece}", block[to].as_str().unwrap());
                block[to] = text.into();
            }
            "content_block_stop" => {
                assert!(open && index + 1 == blocks.len() as u64, "the open block ends");
                open = false;
            }
            other => panic!("{other}"),
        }
    }
    assert!(!open || last["type"] == "error", "all blocks end");
    blocks
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let piece = r#"(\PC|["{}\[\]\\]|\n){0,6}"#;
    prop_oneof![
        piece.prop_map(Reply::Text),
        piece.prop_map(Reply::Thinking),
        (0..3_usize, "[a-z]{0,3}", "[a-z]{0,3}").prop_map(|(at, id, name)| Reply::CallBegun {
            at,
            id,
            name
        }),
        (0..3_usize, piece).prop_map(|(at, piece)| Reply::CallArguments { at, piece }),
    ]
}

fn any_end() -> impl Strategy<Value = Option<Reply>> {
    let done = |text: String| {
        Reply::End(Outcome::Done {
            text,
            calls: Vec::new(),
            finish: FinishReason::Stop,
            usage: Usage::default(),
        })
    };
    let failed = || {
        let kind = Some(FailureKind::Overloaded);
        Reply::End(Outcome::Failed { message: "no".to_owned(), kind })
    };
    prop_oneof![
        3 => r"\PC{0,9}".prop_map(move |text| Some(done(text))),
        1 => Just(Some(failed())),
        1 => Just(None),
    ]
}

fn any_shown() -> impl Strategy<Value = Shown> {
    prop_oneof![Just(Shown::No), Just(Shown::Mentioned), Just(Shown::Yes)]
}

/// What an agent that keeps to its contract says: calls that are counted, with
/// arguments that are objects, in pieces that may be mixed up with each other.
fn orderly() -> impl Strategy<Value = Vec<Reply>> {
    let object = prop_oneof![
        Just("{}".to_owned()),
        r#"[a-z"\\{}]{0,6}"#.prop_map(|text| json!({ "k": text, "l": [{ "m": 1 }] }).to_string()),
    ];
    let calls = vec((object, 0..8_usize), 0..4);
    (calls, vec((any::<u8>(), 0..4_u8), 0..40)).prop_map(|(calls, dice)| {
        let mut left: Vec<(bool, String, usize)> =
            calls.into_iter().map(|(object, step)| (false, object, step + 1)).collect();
        let mut replies = Vec::new();
        for (number, kind) in dice {
            match kind {
                0 => replies.push(Reply::Text(format!("t{number}"))),
                1 => replies.push(Reply::Thinking(format!("h{number}"))),
                _ => speak(&mut left, number.into(), &mut replies),
            }
        }
        while left.iter().any(|(begun, rest, _)| !begun || !rest.is_empty()) {
            for number in 0..left.len() {
                speak(&mut left, number, &mut replies);
            }
        }
        replies
    })
}

/// Begins the next call, or says more of one that has begun.
fn speak(left: &mut [(bool, String, usize)], number: usize, replies: &mut Vec<Reply>) {
    let begun = left.iter().filter(|(begun, ..)| *begun).count();
    if left.is_empty() {
        return;
    }
    let at = number % left.len();
    let (is_begun, rest, step) = &mut left[at];
    if *is_begun {
        let piece: String = rest.drain(..(*step).min(rest.len())).collect();
        replies.push(Reply::CallArguments { at, piece });
    } else if at == begun {
        *is_begun = true;
        let (id, name) = (format!("call_{at}"), format!("tool_{at}"));
        replies.push(Reply::CallBegun { at, id, name });
    }
}

proptest! {
    /// Whatever the agent says, the events are well-formed: blocks follow each
    /// other, are counted without a gap, hold pieces of their own kind, and all
    /// of them end, unless the answer ends in an error.
    #[test]
    fn every_stream_is_well_formed(
        replies in vec(any_reply(), 0..24),
        end in any_end(),
        thoughts in any_shown(),
    ) {
        let replies: Vec<_> = replies.into_iter().chain(end).collect();
        if let Some(events) = streamed(replies, thoughts) {
            blocks(&events);
        }
    }

    /// An answer says the same in pieces as in one piece, and nothing is lost.
    #[test]
    fn pieces_and_whole_agree(replies in orderly(), thoughts in any_shown()) {
        let all = |wanted: fn(&Reply) -> Option<&str>| replies.iter().filter_map(wanted).collect();
        let text: String = all(|reply| match reply {
            Reply::Text(piece) => Some(piece),
            _ => None,
        });
        let end = Reply::End(Outcome::Done {
            text: text.clone(),
            calls: Vec::new(),
            finish: FinishReason::Stop,
            usage: Usage::default(),
        });
        let replies: Vec<_> = replies.iter().cloned().chain([end]).collect();

        let events = streamed(replies.clone(), thoughts).unwrap();
        let mut in_pieces = blocks(&events);
        for block in &mut in_pieces {
            if block["type"] == "tool_use" {
                let input = block["input"].as_str().unwrap();
                block["input"] = serde_json::from_str(input).unwrap();
            }
        }
        let response = whole::response(&label(thoughts), answer(replies)).now_or_never();
        let body = response.unwrap().unwrap().into_body().collect().now_or_never();
        let whole: Value = serde_json::from_slice(&body.unwrap().unwrap().to_bytes()).unwrap();

        prop_assert_eq!(whole["content"].as_array(), Some(&in_pieces));
        let said: String = in_pieces.iter().filter_map(|block| block["text"].as_str()).collect();
        prop_assert_eq!(said, text);
    }
}
