//! Who is told what, and what becomes of it when a client is slow.

use std::sync::atomic::Ordering::SeqCst;

use domain::{client::ClientId, event::EventKind, ids::AgentId, run::Delta, time::Timestamp};
use ports::{
    config::LimitsConfig,
    driven::EventSink,
    event::{Audience, Body, ChatRecord, ChatState, Event, Topic},
};
use serde_json::{Value, json};

use crate::tests::{client::Client, gateway::Gateway};

const AT: Timestamp = Timestamp::from_millis(5);

fn tick() -> Event {
    Event::new(Body::Tick(AT))
}

fn chat(session: &str, state: ChatState) -> Event {
    Event::new(Body::Chat(ChatRecord {
        run: "r1".parse().unwrap(),
        session_key: session.into(),
        session: session.parse().unwrap(),
        agent: AgentId::main(),
        seq: 1,
        at: AT,
        state,
    }))
}

fn delta(text: &str, from: usize) -> Event {
    chat("agent:main:main", ChatState::Delta(Delta { text: text.into(), from }))
}

fn end() -> Event {
    chat("agent:main:main", ChatState::Final { message: None, stop_reason: None })
}

/// A client that reads nothing while 8 MiB are on their way to it.
async fn slow_client(gateway: &Gateway) -> Client {
    let mut client = Client::operator(gateway.address).await;
    let before = gateway.methods.calls.load(SeqCst);
    client.request("blob", "blob", json!(8 * 1024 * 1024)).await;
    gateway.until(|gateway| before < gateway.methods.calls.load(SeqCst)).await;
    client
}

async fn events(client: &mut Client, count: usize) -> Vec<(Value, Value)> {
    let mut events = Vec::new();
    while events.len() < count {
        let event = client.json().await;
        if event["type"] == "event" {
            events.push((event["seq"].clone(), event["payload"].clone()));
        }
    }
    events
}

#[tokio::test]
async fn everybody_hears_what_they_may_hear() {
    let gateway = Gateway::start().await;
    let mut reader = Client::login(gateway.address, json!({ "scopes": ["operator.read"] })).await;
    let mut nobody = Client::login(gateway.address, json!({ "scopes": [] })).await;
    let mut node = Client::login(gateway.address, json!({ "role": "node" })).await;
    let scoped = json!({ "caps": ["session-scoped-events"] });
    let mut scoped = Client::login(gateway.address, scoped).await;
    let mut older = Client::login(gateway.address, json!({ "maxProtocol": 3 })).await;
    let other = "agent:main:other".parse().unwrap();
    gateway.hub.subscribe(ClientId(4), Topic::Messages(other));

    gateway.hub.publish(delta("hi", 0));
    gateway.hub.publish(chat("agent:main:other", ChatState::Status("starting_model")));
    gateway.hub.publish(Event {
        audience: Audience::Subscribers(Topic::Sessions),
        ..chat("agent:main:main", ChatState::Status("starting_model"))
    });
    gateway.hub.publish(Event { audience: Audience::Client(ClientId(1)), ..tick() });
    gateway.hub.publish(tick());

    let names = |events: Vec<(Value, Value)>| -> Vec<String> {
        let name = |(seq, payload): &(Value, Value)| format!("{seq} {}", payload["state"]);
        events.iter().map(name).collect()
    };
    let (tick_1, tick_2, tick_3) = ("1 null", "2 null", "3 null");
    assert_eq!(
        names(events(&mut reader, 4).await),
        ["1 \"delta\"", "2 \"status\"", "null null", tick_3]
    );
    assert_eq!(names(events(&mut nobody, 1).await), [tick_1]);
    assert_eq!(names(events(&mut node, 1).await), [tick_1]);
    assert_eq!(names(events(&mut scoped, 2).await), ["1 \"status\"", tick_2]);
    assert_eq!(names(events(&mut older, 2).await), ["1 \"delta\"", tick_2]);

    gateway.hub.unsubscribe(ClientId(4), &Topic::Messages("agent:main:other".parse().unwrap()));
    gateway.hub.publish(chat("agent:main:other", ChatState::Status("starting_model")));
    gateway.hub.publish(tick());
    assert_eq!(names(events(&mut scoped, 1).await), [tick_3]);
}

#[tokio::test]
async fn a_node_hears_what_is_answered_where_it_subscribed_and_nothing_else() {
    let gateway = Gateway::start().await;
    let mut node = Client::login(gateway.address, json!({ "role": "node" })).await;
    let mut other = Client::login(gateway.address, json!({ "role": "node" })).await;
    let mut nobody = Client::login(gateway.address, json!({ "scopes": [] })).await;
    let main = || Topic::Messages("agent:main:main".parse().unwrap());
    // Neither has a right to it: the list of sessions is not a session, and an
    // operator without scopes is not a node.
    for topic in [main(), Topic::Sessions] {
        gateway.hub.subscribe(ClientId(1), topic);
    }
    gateway.hub.subscribe(ClientId(3), main());

    gateway.hub.publish(delta("hi", 0));
    gateway.hub.publish(chat("agent:main:other", ChatState::Status("starting_model")));
    let to_subscribers = |topic, event| Event { audience: Audience::Subscribers(topic), ..event };
    let message = Event::notice(EventKind::SessionMessage, &json!({ "state": "message" }));
    gateway.hub.publish(to_subscribers(main(), message));
    gateway.hub.publish(to_subscribers(Topic::Sessions, end()));
    gateway.hub.publish(Event { audience: Audience::Client(ClientId(1)), ..end() });
    gateway.hub.publish(end());
    gateway.hub.publish(tick());

    let states = |events: Vec<(Value, Value)>| -> Vec<String> {
        events.iter().map(|(seq, payload)| format!("{seq} {}", payload["state"])).collect()
    };
    assert_eq!(states(events(&mut node, 3).await), ["1 \"delta\"", "2 \"final\"", "3 null"]);
    assert_eq!(states(events(&mut other, 1).await), ["1 null"]);
    assert_eq!(states(events(&mut nobody, 1).await), ["1 null"]);

    gateway.hub.unsubscribe(ClientId(1), &main());
    gateway.hub.publish(end());
    gateway.hub.publish(tick());
    assert_eq!(states(events(&mut node, 1).await), ["4 null"]);
}

#[tokio::test]
async fn an_event_is_written_once_per_protocol_and_never_for_nobody() {
    let gateway = Gateway::start().await;
    gateway.hub.publish(tick());
    let mut clients = Vec::new();
    for newest in [4, 4, 4, 3] {
        clients.push(Client::login(gateway.address, json!({ "maxProtocol": newest })).await);
    }
    let nobody = json!({ "scopes": [] });
    clients.push(Client::login(gateway.address, nobody).await);
    assert_eq!(gateway.hub.counters().encodes, 0);

    gateway.hub.publish(delta("hi", 0));
    for client in &mut clients[..4] {
        assert_eq!(events(client, 1).await[0].0, 1);
    }
    let counters = gateway.hub.counters();
    assert_eq!((counters.encodes, counters.deliveries), (2, 4));

    gateway.hub.publish(Event { audience: Audience::Subscribers(Topic::Sessions), ..tick() });
    gateway.hub.publish(Event { audience: Audience::Client(ClientId(99)), ..tick() });
    gateway.hub.publish(tick());
    events(&mut clients[4], 1).await;
    assert_eq!(gateway.hub.counters().encodes, 4, "one more for each protocol");
}

#[tokio::test]
async fn deltas_that_wait_are_replaced_by_newer_ones() {
    let limits = LimitsConfig { max_buffered_bytes: 64 * 1024 * 1024, ..LimitsConfig::default() };
    let gateway = Gateway::with(limits).await;
    let mut slow = slow_client(&gateway).await;
    for (text, from) in [("a", 0), ("ab", 1), ("abc", 2)] {
        gateway.hub.publish(delta(text, from));
        gateway.hub.publish(tick());
    }
    gateway.hub.publish(end());
    gateway.until(|gateway| gateway.hub.counters().deliveries == 7).await;
    assert_eq!(gateway.hub.counters().coalesced, 2);

    let heard = events(&mut slow, 5).await;
    let numbers: Vec<_> = heard.iter().map(|(seq, _)| seq.as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 4, 5, 6, 7], "what was replaced leaves a gap");
    let delta = &heard[2].1;
    assert_eq!((&delta["deltaText"], &delta["replace"]), (&json!("abc"), &json!(true)));
    assert_eq!(delta["message"]["content"][0]["text"], "abc");
    assert_eq!(heard[4].1["state"], "final");
}

#[tokio::test]
async fn what_may_be_left_out_is_left_out_and_counted() {
    let limits = LimitsConfig { max_buffered_bytes: 1024 * 1024, ..LimitsConfig::default() };
    let gateway = Gateway::with(limits).await;
    let mut slow = slow_client(&gateway).await;
    gateway.hub.publish(tick());
    gateway.hub.publish(delta("a", 0));
    gateway.until(|gateway| gateway.hub.counters().dropped == 2).await;

    assert_eq!(slow.json().await["id"], "blob");
    gateway.hub.publish(delta("ab", 1));
    let (seq, delta) = events(&mut slow, 1).await.remove(0);
    assert_eq!(seq, 3, "the numbers tell that two are missing");
    assert_eq!(delta["deltaText"], "ab", "and the text is whole again");
    assert_eq!(gateway.hub.counters().slow_closed, 0);
}

#[tokio::test]
async fn a_client_without_room_for_what_must_arrive_is_closed() {
    let limits = LimitsConfig { max_buffered_bytes: 1024 * 1024, ..LimitsConfig::default() };
    let gateway = Gateway::with(limits).await;
    let mut quick = Client::operator(gateway.address).await;
    let mut slow = slow_client(&gateway).await;
    gateway.hub.publish(end());
    assert_eq!(events(&mut quick, 1).await[0].1["state"], "final");
    assert_eq!(slow.closed().await, (1008, "slow consumer".to_owned()));
    gateway.until(|gateway| gateway.hub.counters().slow_closed == 1).await;
    assert_eq!(gateway.hub.clients(), 1);
}

#[tokio::test]
async fn events_of_one_moment_arrive_in_order_with_answers_between_them() {
    let gateway = Gateway::start().await;
    let mut client = Client::operator(gateway.address).await;
    for round in 0..50 {
        for _ in 0..20 {
            gateway.hub.publish(tick());
        }
        client.request("e", "echo", json!(round)).await;
        let mut answers = 0;
        let mut seen = 0;
        while answers < 1 || seen < 20 {
            let said = client.json().await;
            if said["type"] == "res" {
                answers += 1;
            } else {
                seen += 1;
                assert_eq!(said["seq"], round * 20 + seen);
            }
        }
    }
}
