//! Every event in every spelling.

use std::sync::Arc;

use domain::{agent::FailureKind, run::StopReason};
use ports::{
    Json,
    event::StateVersion,
    view::{
        AgentHealth, HealthSummary, HeartbeatPlan, PresenceEntry, SessionMessage, SessionsChanged,
        SessionsHealth,
    },
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const AT: Timestamp = Timestamp::from_millis(1_795_374_547_995);

fn chat(state: ChatState) -> Event {
    Event::new(Body::Chat(ChatRecord {
        run: "r1".parse().unwrap(),
        session_key: "main".into(),
        session: "agent:main:main".parse().unwrap(),
        agent: domain::ids::AgentId::main(),
        seq: 2,
        at: AT,
        state,
    }))
}

fn agent(step: AgentStep) -> Event {
    Event::new(Body::Agent(AgentRecord {
        run: "r1".parse().unwrap(),
        session_key: "main".into(),
        session: "agent:main:main".parse().unwrap(),
        session_id: "s1".parse().unwrap(),
        agent: domain::ids::AgentId::main(),
        seq: 2,
        at: AT,
        step,
    }))
}

fn delta(text: &str, from: usize) -> Delta {
    Delta { text: text.into(), from }
}

fn text(protocol: Protocol, what: &Event, form: Form, seq: Option<u64>) -> String {
    let mut out = event(protocol, what, form, &mut Answers::default()).to_vec();
    push_tail(&mut out, protocol, seq);
    String::from_utf8(out).unwrap()
}

/// Compared with what the gateway of January 2026 sent, byte for byte.
#[test]
fn protocol_3_as_recorded() {
    let plain = |what: &Event| text(Protocol::V3, what, Form::Plain, Some(113));
    assert_eq!(
        plain(&agent(AgentStep::Assistant(delta("alpha0 bravo1", 6)))),
        r#"{"type":"event","event":"agent","payload":{"runId":"r1","stream":"assistant","data":{"text":"alpha0 bravo1","delta":" bravo1"},"sessionKey":"main","seq":2,"ts":1795374547995},"seq":113}"#
    );
    assert_eq!(
        plain(&agent(AgentStep::Started { at: AT })),
        r#"{"type":"event","event":"agent","payload":{"runId":"r1","stream":"lifecycle","data":{"phase":"start","startedAt":1795374547995},"sessionKey":"main","seq":2,"ts":1795374547995},"seq":113}"#
    );
    assert_eq!(
        plain(&chat(ChatState::Delta(delta("alpha0", 0)))),
        r#"{"type":"event","event":"chat","payload":{"runId":"r1","sessionKey":"main","seq":2,"state":"delta","message":{"role":"assistant","content":[{"type":"text","text":"alpha0"}],"timestamp":1795374547995}},"seq":113}"#
    );
    let message = json!({"role": "assistant", "content": [], "timestamp": 1});
    let end =
        ChatState::Final { message: Some(Json::of(&message)), stop_reason: Some("stop".into()) };
    let end: Value = serde_json::from_str(&plain(&chat(end))).unwrap();
    assert_eq!(
        end["payload"],
        json!({"runId": "r1", "sessionKey": "main", "seq": 2, "state": "final", "message": message})
    );
    assert_eq!(
        plain(&chat(ChatState::Aborted { reason: StopReason::Rpc, text: Some("so far".into()) })),
        r#"{"type":"event","event":"chat","payload":{"runId":"r1","sessionKey":"main","seq":2,"state":"aborted","stopReason":"rpc"},"seq":113}"#
    );
    let shutdown = Body::Shutdown { reason: "gateway stopping", restart_expected_ms: None };
    assert_eq!(
        plain(&Event::new(shutdown)),
        r#"{"type":"event","event":"shutdown","payload":{"reason":"gateway stopping","restartExpectedMs":null},"seq":113}"#
    );
}

#[test]
fn protocol_4_as_recorded() {
    let plain = |what: &Event| text(Protocol::V4, what, Form::Plain, Some(13));
    assert_eq!(
        plain(&chat(ChatState::Delta(delta("alpha0 b", 6)))),
        r#"{"type":"event","event":"chat","payload":{"runId":"r1","sessionKey":"main","agentId":"main","seq":2,"state":"delta","deltaText":" b","message":{"role":"assistant","content":[{"type":"text","text":"alpha0 b"}],"timestamp":1795374547995}},"seq":13}"#
    );
    assert_eq!(
        plain(&chat(ChatState::Status("starting_model"))),
        r#"{"type":"event","event":"chat","payload":{"runId":"r1","sessionKey":"main","agentId":"main","seq":2,"state":"status","phase":"starting_model"},"seq":13}"#
    );
    let failed = ChatState::Error { message: "no".into(), kind: Some(FailureKind::Timeout) };
    assert_eq!(
        plain(&chat(failed)),
        r#"{"type":"event","event":"chat","payload":{"runId":"r1","sessionKey":"main","agentId":"main","seq":2,"state":"error","errorMessage":"no","errorKind":"timeout"},"seq":13}"#
    );
    let tick = Event {
        state: Some(StateVersion { presence: 1, health: 2 }),
        ..Event::new(Body::Tick(AT))
    };
    assert_eq!(
        plain(&tick),
        r#"{"type":"event","event":"tick","payload":{"ts":1795374547995},"stateVersion":{"presence":1,"health":2},"seq":13}"#
    );
    assert!(!is_known_to(Protocol::V3, &chat(ChatState::Status("starting_model"))));
}

#[test]
fn the_brief_has_data_and_no_numbers() {
    assert_eq!(
        text(Protocol::Brief, &Event::new(Body::Tick(AT)), Form::Plain, Some(7)),
        r#"{"type":"broadcast","event":"tick","data":{"ts":1795374547995}}"#
    );
}

#[test]
fn a_merged_delta_says_everything_again() {
    let said = chat(ChatState::Delta(delta("one two", 3)));
    let v4: Value = serde_json::from_str(&text(Protocol::V4, &said, Form::Merged, None)).unwrap();
    assert_eq!(v4["payload"]["deltaText"], "one two");
    assert_eq!(v4["payload"]["replace"], true);
    let v3 = text(Protocol::V3, &said, Form::Merged, None);
    assert_eq!(v3, text(Protocol::V3, &said, Form::Plain, None));
    let did = agent(AgentStep::Assistant(delta("one two", 3)));
    let v4: Value = serde_json::from_str(&text(Protocol::V4, &did, Form::Merged, None)).unwrap();
    assert_eq!(
        v4["payload"]["data"],
        json!({"text": "one two", "delta": "one two", "replace": true})
    );
}

#[test]
fn the_challenge_comes_first_and_has_no_number() {
    let mut out = Vec::new();
    push_challenge(&mut out, "n", AT);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1795374547995}}"#
    );
}

fn every_event(words: &str) -> Vec<Event> {
    let boxed = || Box::<str>::from(words);
    let sessions = SessionsHealth { path: words.to_owned(), count: 1, recent: vec![] };
    let heartbeat = HeartbeatPlan {
        enabled: false,
        every: words.to_owned(),
        every_ms: None,
        prompt: words.to_owned(),
        target: words.to_owned(),
        ack_max_chars: 300,
    };
    let health = HealthSummary {
        ok: true,
        ts: AT,
        duration_ms: 0,
        channels: [(words.to_owned(), Json::null())].into(),
        channel_order: vec![words.to_owned()],
        channel_labels: [(words.to_owned(), words.to_owned())].into(),
        heartbeat_seconds: 0,
        default_agent_id: words.to_owned(),
        agents: vec![AgentHealth {
            agent_id: words.to_owned(),
            name: None,
            is_default: true,
            heartbeat,
            sessions: sessions.clone(),
        }],
        sessions,
        problems: [(words.to_owned(), words.to_owned())].into(),
    };
    let presence =
        PresenceEntry { host: Some(words.to_owned()), ts: AT, ..PresenceEntry::default() };
    let changed = SessionsChanged {
        session_key: words.to_owned(),
        agent_id: None,
        reason: "patch",
        ts: AT,
        session: None,
    };
    let message = SessionMessage {
        session_key: words.to_owned(),
        agent_id: Some(words.to_owned()),
        message: Json::of(&words),
        message_id: words.to_owned(),
        message_seq: 1,
    };
    let mut events: Vec<_> = [
        Body::Tick(AT),
        Body::Health(Arc::new(health)),
        Body::Presence([presence].into()),
        Body::Heartbeat(Json::of(&json!({"ts": 1, "status": words}))),
        Body::Shutdown { reason: "stopping", restart_expected_ms: Some(1) },
        Body::SessionsChanged(Arc::new(changed)),
        Body::SessionMessage(Arc::new(message)),
    ]
    .map(Event::new)
    .into();
    events.extend(
        [
            AgentStep::Started { at: AT },
            AgentStep::Model { provider: boxed(), model: boxed() },
            AgentStep::Fallback { from: boxed(), reason: FailureKind::Auth },
            AgentStep::Assistant(delta(words, 0)),
            AgentStep::Usage { output_tokens: 1 },
            AgentStep::Ended { started_at: AT, ended_at: AT, stopped: Some(StopReason::Stop) },
            AgentStep::Failed { started_at: AT, ended_at: AT, error: boxed() },
        ]
        .map(agent),
    );
    events.extend(
        [
            ChatState::Status("starting_model"),
            ChatState::Delta(delta(words, 0)),
            ChatState::Final { message: Some(Json::of(&words)), stop_reason: Some(boxed()) },
            ChatState::Final { message: None, stop_reason: None },
            ChatState::Aborted { reason: StopReason::Rpc, text: Some(words.into()) },
            ChatState::Error { message: boxed(), kind: None },
        ]
        .map(chat),
    );
    let state = Some(StateVersion { presence: 1, health: 1 });
    for event in &mut events[1..3] {
        event.state = state;
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever words occur in it, every event is JSON in every spelling, and
    /// has only the keys clients of protocol 3 know, none of them `null`.
    #[test]
    fn every_event_is_json_and_closed(words in any::<String>(), seq in prop::option::of(any::<u64>())) {
        for what in every_event(&words) {
            for protocol in [Protocol::V3, Protocol::V4, Protocol::Brief] {
                for form in [Form::Plain, Form::Merged] {
                    let text = text(protocol, &what, form, seq);
                    let frame: Value = serde_json::from_str(&text).map_err(|error| {
                        TestCaseError::fail(format!("{error}: {text}"))
                    })?;
                    let frame = frame.as_object().unwrap();
                    let known: &[&str] = match protocol {
                        Protocol::Brief => &["type", "event", "data"],
                        _ => &["type", "event", "payload", "seq", "stateVersion"],
                    };
                    prop_assert!(frame.keys().all(|key| known.contains(&key.as_str())), "{text}");
                    prop_assert!(frame.values().all(|value| !value.is_null()), "{text}");
                    if protocol != Protocol::Brief {
                        prop_assert_eq!(frame.get("seq").and_then(Value::as_u64), seq);
                    }
                }
            }
        }
    }
}

/// What is written by hand here is what the dashboard is told about it, field by
/// field ([`ports::view::payload`]).
#[test]
fn what_is_written_is_what_is_declared() {
    let message = json!({ "role": "assistant", "content": [{ "type": "text", "text": "Hi." }], "timestamp": 1 });
    let message = Some(Json::of(&message));
    let chats = [
        ChatState::Status("starting_model"),
        ChatState::Delta(delta("Hello", 2)),
        ChatState::Final { message, stop_reason: Some("stop".into()) },
        ChatState::Final { message: None, stop_reason: None },
        ChatState::Aborted { reason: StopReason::Rpc, text: Some("Hel".into()) },
        ChatState::Error { message: "no".into(), kind: Some(FailureKind::Timeout) },
    ];
    for (state, form) in
        chats.into_iter().flat_map(|it| [(it.clone(), Form::Plain), (it, Form::Merged)])
    {
        let _: ports::view::ChatEvent = payload(&chat(state), form);
    }
    let steps = [
        AgentStep::Started { at: AT },
        AgentStep::Model { provider: "fake".into(), model: "one".into() },
        AgentStep::Fallback { from: "fake/one".into(), reason: FailureKind::Overloaded },
        AgentStep::Assistant(delta("Hello", 2)),
        AgentStep::Usage { output_tokens: 3 },
        AgentStep::Ended { started_at: AT, ended_at: AT, stopped: Some(StopReason::Rpc) },
        AgentStep::Failed { started_at: AT, ended_at: AT, error: "no".into() },
    ];
    for step in steps {
        let _: ports::view::AgentEvent = payload(&agent(step), Form::Plain);
    }
    let _: ports::view::Tick = payload(&Event::new(Body::Tick(AT)), Form::Plain);
    for restart_expected_ms in [None, Some(1500)] {
        let body = Body::Shutdown { reason: "gateway stopping", restart_expected_ms };
        let _: ports::view::Shutdown = payload(&Event::new(body), Form::Plain);
    }
}

/// What comes with an event, as it is declared.
fn payload<T: serde::de::DeserializeOwned>(event: &Event, form: Form) -> T {
    let frame = text(Protocol::V4, event, form, Some(1));
    let frame: Value = serde_json::from_str(&frame).unwrap();
    let payload = frame["payload"].clone();
    serde_json::from_value(payload.clone()).unwrap_or_else(|error| panic!("{error}: {payload}"))
}
