//! Reading requests, and writing answers and events.

use std::sync::Arc;

use divan::{Bencher, black_box, counter::ItemsCount};
use domain::{client::Protocol, run::Delta, time::Timestamp};
use ports::{
    Json,
    event::{Body, ChatRecord, ChatState, Event},
};
use wire::{Answers, Dialect, Form, Request};

const REQUEST: &str = r#"{"type":"req","id":"1f0c3a52-7a3d-4a53-9a5e-6f6f3c1f7f11","method":"chat.history","params":{"sessionKey":"agent:main:main","limit":50}}"#;

fn main() {
    divan::main();
}

#[divan::bench]
fn decode_request() -> usize {
    let request = Request::decode(black_box(REQUEST), Some(Dialect::Real), 128);
    request.map_or(0, |request| request.method.len())
}

#[divan::bench]
fn encode_response(bencher: Bencher<'_, '_>) {
    let payload = Json::of(&serde_json::json!({ "ok": true, "ts": 1_769_600_000_000_u64 }));
    let mut out = Vec::with_capacity(256);
    bencher.bench_local(|| {
        out.clear();
        wire::push_response(&mut out, Protocol::V4, "1f0c3a52", Ok(&payload));
        out.len()
    });
}

/// Every delta of an answer of this many tokens, as it is written once for all
/// clients: each carries everything that was said so far.
#[divan::bench(args = [500, 3_000, 12_000])]
fn encode_answer(bencher: Bencher<'_, '_>, tokens: usize) {
    // 150 ms at a hundred tokens a second.
    const PER_DELTA: usize = 15;
    let text: Arc<str> = " token\n".repeat(tokens).into();
    let events: Vec<Event> = (1..=tokens / PER_DELTA)
        .map(|nth| {
            let (from, to) = ((nth - 1) * PER_DELTA * 7, nth * PER_DELTA * 7);
            chat(Delta { text: text[..to].into(), from })
        })
        .collect();
    bencher.counter(ItemsCount::new(events.len())).bench(|| {
        let mut answers = Answers::default();
        for event in &events {
            black_box(wire::event(Protocol::V4, event, Form::Plain, &mut answers));
        }
    });
}

fn chat(delta: Delta) -> Event {
    Event::new(Body::Chat(ChatRecord {
        run: "run".parse().expect("a name"),
        session_key: "agent:main:main".into(),
        session: "agent:main:main".parse().expect("a key"),
        agent: domain::ids::AgentId::main(),
        seq: 1,
        at: Timestamp::from_millis(1),
        state: ChatState::Delta(delta),
    }))
}
